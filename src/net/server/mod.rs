//! A server on the network: listeners, a task for each connection, an orderly stop.

mod accept;
mod address;
mod connection;
mod control;
mod crowd;
mod expiry;
mod figures;
mod greeting;
mod guesses;
mod inspect;
mod journal;
mod listen;
mod listener;
mod log;
#[cfg(unix)]
mod lot;
mod open;
mod options;
mod origin;
mod outbox;
mod passwords;
mod proxy;
mod sharded;
mod shared;
mod sys;
mod traffic;
#[cfg(unix)]
mod unix_listener;
mod violations;
mod wire;
mod writer;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use control::Control;
pub use figures::{BoundFigures, Figures};
pub use inspect::{ConnectionInfo, Disconnected, RetainedInfo, SessionInfo, SessionSums};
pub use listen::{InvalidListen, Listen};
pub use listener::Inherited;
pub use options::ServerOptions;
pub use passwords::CheckPassword;
pub use traffic::Moved;
pub use violations::ViolationCount;
pub use writer::{Durable, Keeping};

use self::crowd::Crowd;
use self::figures::Counters;
use self::greeting::Greeting;
use self::listener::Listener;
#[cfg(unix)]
use self::lot::{Keeper, Lot};
use self::open::{Open, Phase};
use self::passwords::Passwords;
use self::shared::Shared;
use self::writer::Writer;
#[cfg(feature = "tls")]
use super::transport::tls::Acceptor;
use crate::broker::Broker;
use crate::store::StoreError;

/// A server that is listening.
///
/// # Examples
///
/// ```
/// use mqttspec::net::{Server, ServerOptions};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let mut options = ServerOptions::default();
/// options.listen = vec!["127.0.0.1:0".parse().unwrap(), "ws://127.0.0.1:0/mqtt".parse().unwrap()];
/// let server = Server::bind(options).await.unwrap();
/// assert_ne!(server.addresses()[0].port(), 0);
/// assert!(server.listening().nth(1).unwrap().to_string().starts_with("ws://127.0.0.1:"));
/// let stopped = server.run(async { /* until this ends */ }).await;
/// assert_eq!(stopped.abandoned, 0);
/// # });
/// ```
#[derive(Debug)]
pub struct Server {
    listeners: Vec<(Listener, Greeting)>,
    addresses: Vec<SocketAddr>,
    common: Arc<Common>,
    #[cfg(unix)]
    keeper: Option<Keeper>,
    writer: Option<Writer>,
}

/// What all connections of a server have in common.
#[derive(Debug)]
struct Common {
    broker: Broker<Shared>,
    options: ServerOptions,
    #[cfg(feature = "tls")]
    tls: Option<Arc<Acceptor>>,
    open: Open,
    connections: TaskTracker,
    counters: Counters,
    passwords: Arc<Passwords>,
    crowd: Arc<Crowd>,
    /// Ends the handshakes that are still under way.
    stopping: CancellationToken,
    /// Tracks the connections whose Will may still have to be published when the server stops.
    wills: TaskTracker,
}

/// How a server came to its end.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct ServerStopped {
    /// How many connections were open.
    pub connections: usize,
    /// How many of them did not take what was left for them in time.
    pub abandoned: usize,
    /// Why state could not be kept any more, if that was why the server stopped.
    ///
    /// What was acknowledged is kept all the same.
    pub not_kept: Option<StoreError>,
}

impl Server {
    /// Binds all that `options` ask to listen on.
    ///
    /// # Errors
    ///
    /// The system's error for the first that cannot be bound, with its URL in it;
    /// [`io::ErrorKind::InvalidInput`] when the options ask for what cannot be, certificates that
    /// cannot be read among it.
    pub async fn bind(options: ServerOptions) -> io::Result<Self> {
        Self::bind_with(options, None).await
    }

    /// The same for a server that goes on from what an earlier one has kept, and keeps what has to
    /// outlive it.
    ///
    /// # Errors
    ///
    /// As [`bind`](Self::bind); the store has not been written to then.
    pub async fn bind_durable(options: ServerOptions, durable: Durable) -> io::Result<Self> {
        Self::bind_with(options, Some(durable)).await
    }

    async fn bind_with(options: ServerOptions, durable: Option<Durable>) -> io::Result<Self> {
        #[cfg(feature = "tls")]
        let tls = options.tls.clone().map(Acceptor::new).transpose()?.map(Arc::new);
        let mut listeners = Vec::with_capacity(options.listen.len());
        let greeting = |listen| {
            Greeting::new(
                listen,
                #[cfg(feature = "tls")]
                tls.as_ref(),
            )
        };
        for listen in &options.listen {
            let greeting = greeting(listen)?;
            listeners.push((Listener::bind(listen.clone()).await?, greeting));
        }
        for inherited in &options.inherited {
            listeners.push((Listener::adopt(inherited)?, greeting(inherited.listen())?));
        }
        let addresses = listeners.iter().filter_map(|(listener, _)| listener.address()).collect();
        let journal = durable.as_ref().map(|durable| Arc::new(durable.journal()));
        let holder = Shared::new(journal.clone());
        #[cfg(unix)]
        let (holder, keeper) = match options.park_after.is_zero() {
            true => (holder, None),
            false => {
                let (lot, keeper) = Lot::new()?;
                (holder.with_lot(lot), Some(keeper))
            }
        };
        let mut policy = options.policy;
        policy.check_passwords |= options.passwords.is_some();
        let broker = Broker::new(holder, options.limits).with_policy(policy);
        // Before anything is restored: the Wills of those who were connected are under them too.
        broker.replace_access(options.access.clone());
        let writer = durable.zip(journal).map(|(Durable { kept, store, keeping }, journal)| {
            broker.restore(kept);
            Writer::start(store, keeping, journal)
        });
        broker.publish(sys::version());
        let (open, stopping, wills) = (Open::new(), CancellationToken::new(), TaskTracker::new());
        let passwords = Arc::new(Passwords::new(&options));
        let common = Arc::new(Common {
            broker,
            options,
            #[cfg(feature = "tls")]
            tls,
            open,
            connections: TaskTracker::new(),
            counters: Counters::new(),
            passwords,
            crowd: Arc::default(),
            stopping,
            wills,
        });
        Ok(Self {
            listeners,
            addresses,
            common,
            #[cfg(unix)]
            keeper,
            writer,
        })
    }

    /// The addresses it listens on over TCP, with the ports that the system chose.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// All that it listens on, in the order of [`ServerOptions::listen`] and
    /// [`ServerOptions::inherited`], with the ports that the
    /// system chose.
    pub fn listening(&self) -> impl Iterator<Item = &Listen> {
        self.listeners.iter().map(|(listener, _)| listener.listen())
    }

    /// A way to change what can be changed while it runs.
    pub fn control(&self) -> Control {
        Control(self.common.clone())
    }

    /// Serves until `stop` ends, and then ends in good order: no new connections, the Wills of
    /// those that are open are published, what is left to send is sent, what is left to keep is kept.
    ///
    /// It also ends when state cannot be kept any more.
    pub async fn run(self, stop: impl Future<Output = ()>) -> ServerStopped {
        // Without a thread for it nobody is parked.
        #[cfg(unix)]
        let _closing = self.keeper.map(Keeper::start);
        let Self { listeners, common, mut writer, .. } = self;
        let connections = &common.connections;
        let mut accepting = JoinSet::new();
        for (listener, greeting) in listeners {
            let greeting = Arc::new(greeting);
            accepting.spawn(accept::accept(listener, greeting, common.clone()));
        }
        tokio::select! {
            () = stop => {}
            () = say_of_itself(&common) => {}
            () = expiry::expire_sessions(&common) => {}
            () = failed(writer.as_mut()) => {}
        }

        accepting.shutdown().await;
        common.stopping.cancel();
        let open = connections.len();
        common.open.enter(Phase::Stopping);
        // Of both waits together: what the first one takes is no longer there for the second.
        let deadline = tokio::time::Instant::now() + common.options.stop_timeout;
        // Wills first, so that those who are still connected get the Wills of all others.
        common.wills.close();
        let _ = tokio::time::timeout_at(deadline, common.wills.wait()).await;
        common.open.enter(Phase::Stopped);
        connections.close();
        let _ = tokio::time::timeout_at(deadline, connections.wait()).await;
        let abandoned = connections.len();
        expiry::look(&common).await;
        let not_kept = match writer {
            Some(writer) => writer.finish().await.err(),
            None => None,
        };
        ServerStopped { connections: open, abandoned, not_kept }
    }
}

/// Ends when there is a writer and it has failed.
async fn failed(writer: Option<&mut Writer>) {
    match writer {
        Some(writer) => writer.failed().await,
        None => std::future::pending().await,
    }
}

/// Publishes what the server counts, if that is wished; for ever.
async fn say_of_itself(common: &Common) {
    match common.options.sys_interval.filter(|every| !every.is_zero()) {
        Some(every) => sys::publish_figures(common, every).await,
        None => std::future::pending().await,
    }
}
