//! A server on the network: listeners, a task for each connection, an orderly stop.

mod connection;
mod log;
mod open;
mod outbox;
mod shared;
mod wire;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::task::TaskTracker;

use self::open::{Open, Phase};
use self::shared::Shared;
use crate::broker::{Broker, Limits, Policy};
use crate::packet::QoS;
use crate::session::Message;
use crate::topic::TopicName;

/// How to run a server.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ServerOptions {
    /// Where to listen; port 0 lets the system choose. Default: 127.0.0.1:1883.
    pub bind: Vec<SocketAddr>,
    /// The bounds that the protocol side keeps to.
    pub limits: Limits,
    /// What it does where the standard leaves it the choice.
    pub policy: Policy,
    /// How many Network Connections may be open at once. Default: 100,000; above it new ones are
    /// closed without a word, which costs nothing but the accept.
    pub max_connections: usize,
    /// How long a peer may take not a single octet of what is sent to it. Default: 30 seconds.
    ///
    /// Who never reads is not there, whatever it sends.
    pub stall_timeout: Duration,
    /// How long a stop waits for connections to take what is left for them. Default: 5 seconds.
    pub stop_timeout: Duration,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self {
            bind: vec![SocketAddr::from(([127, 0, 0, 1], 1883))],
            limits: Limits::default(),
            policy: Policy::default(),
            max_connections: 100_000,
            stall_timeout: Duration::from_secs(30),
            stop_timeout: Duration::from_secs(5),
        }
    }
}

/// A server that is listening.
///
/// # Examples
///
/// ```
/// use mqttspec::net::{Server, ServerOptions};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let mut options = ServerOptions::default();
/// options.bind = vec!["127.0.0.1:0".parse().unwrap()];
/// let server = Server::bind(options).await.unwrap();
/// assert_ne!(server.addresses()[0].port(), 0);
/// let stopped = server.run(async { /* until this ends */ }).await;
/// assert_eq!(stopped.abandoned, 0);
/// # });
/// ```
#[derive(Debug)]
pub struct Server {
    listeners: Vec<TcpListener>,
    addresses: Vec<SocketAddr>,
    common: Arc<Common>,
    connections: TaskTracker,
}

/// What all connections of a server have in common.
#[derive(Debug)]
struct Common {
    broker: Broker<Shared>,
    options: ServerOptions,
    open: Open,
    /// Tracks the connections whose Will may still have to be published when the server stops.
    wills: TaskTracker,
}

/// How a server came to its end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct ServerStopped {
    /// How many connections were open.
    pub connections: usize,
    /// How many of them did not take what was left for them in time.
    pub abandoned: usize,
}

/// How long to wait before accepting again when the system has nothing left to accept with.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

impl Server {
    /// Binds all addresses of `options`.
    ///
    /// # Errors
    ///
    /// The system's error for the first address that cannot be bound, with the address in it.
    pub async fn bind(options: ServerOptions) -> io::Result<Self> {
        let mut listeners = Vec::with_capacity(options.bind.len());
        let mut addresses = Vec::with_capacity(options.bind.len());
        for &address in &options.bind {
            let listener = listen(address).map_err(|e| {
                io::Error::new(e.kind(), format!("cannot listen on {address}: {e}"))
            })?;
            addresses.push(listener.local_addr()?);
            listeners.push(listener);
        }
        let broker = Broker::new(Shared::new(), options.limits).with_policy(options.policy);
        broker.publish(version());
        let common = Common { broker, options, open: Open::new(), wills: TaskTracker::new() };
        let connections = TaskTracker::new();
        Ok(Self { listeners, addresses, common: Arc::new(common), connections })
    }

    /// The addresses it listens on, with the ports that the system chose.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Serves until `stop` ends, and then ends in good order: no new connections, the Wills of
    /// those that are open are published, what is left to send is sent.
    pub async fn run(self, stop: impl Future<Output = ()>) -> ServerStopped {
        let Self { listeners, common, connections, .. } = self;
        let mut accepting = JoinSet::new();
        for listener in listeners {
            accepting.spawn(accept(listener, common.clone(), connections.clone()));
        }
        stop.await;

        accepting.shutdown().await;
        let open = connections.len();
        common.open.enter(Phase::Stopping);
        let limit = common.options.stop_timeout;
        // Wills first, so that those who are still connected get the Wills of all others.
        common.wills.close();
        let _ = tokio::time::timeout(limit, common.wills.wait()).await;
        common.open.enter(Phase::Stopped);
        connections.close();
        let _ = tokio::time::timeout(limit, connections.wait()).await;
        ServerStopped { connections: open, abandoned: connections.len() }
    }
}

/// The retained message by which brokers say what they are.
fn version() -> Message {
    let topic = TopicName::new("$SYS/broker/version").expect("it is a Topic Name");
    let payload = Bytes::from_static(concat!("mqttspec ", env!("CARGO_PKG_VERSION")).as_bytes());
    Message { topic, payload, qos: QoS::AtMostOnce, retain: true }
}

/// Binds `address` with a backlog for a crowd that comes all at once.
fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    const BACKLOG: i32 = 4_096;
    let domain = socket2::Domain::for_address(address);
    let socket = socket2::Socket::new(domain, socket2::Type::STREAM, None)?;
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

/// Accepts connections for ever.
// [MQTT-7.1.1-1] TCP gives an ordered, lossless stream of octets both ways.
async fn accept(listener: TcpListener, common: Arc<Common>, connections: TaskTracker) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) if connections.len() < common.options.max_connections => {
                connections.spawn(serve(stream, peer, common.clone()));
            }
            Ok((_, peer)) => log::too_many_connections(peer, common.options.max_connections),
            Err(error) => {
                // Out of descriptors, mostly: those who are connected go on, and so does this.
                log::cannot_accept(&error);
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn serve(stream: TcpStream, peer: SocketAddr, common: Arc<Common>) {
    // Packets are gathered before they are written: waiting for more of them gains nothing.
    let _ = stream.set_nodelay(true);
    connection::serve(stream, peer, &common).await;
}
