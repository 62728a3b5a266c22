//! A server on the network: listeners, a task for each connection, an orderly stop.

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
mod open;
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
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use control::Control;
pub use figures::{BoundFigures, Figures};
pub use inspect::{ConnectionInfo, Disconnected, RetainedInfo, SessionInfo, SessionSums};
pub use listen::{InvalidListen, Listen};
pub use listener::Inherited;
pub use passwords::CheckPassword;
pub use traffic::Moved;
pub use violations::ViolationCount;
pub use writer::{Durable, Keeping};

use self::crowd::{Crowd, Member};
use self::figures::Counters;
use self::greeting::{Greeting, Guest};
use self::listener::Listener;
use self::open::{Open, Phase};
use self::origin::Origin;
use self::passwords::Passwords;
use self::shared::Shared;
use self::writer::Writer;
use super::transport::Stream;
#[cfg(feature = "tls")]
use super::transport::tls::{Acceptor, ServerTls};
use crate::broker::{Access, Broker, Limits, Policy};
use crate::store::StoreError;

/// How to run a server.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ServerOptions {
    /// Where to listen, and what to expect there. Default: MQTT over TCP on 127.0.0.1:1883.
    pub listen: Vec<Listen>,
    /// Sockets that listen already, served beside those of `listen`. Default: none.
    pub inherited: Vec<Inherited>,
    /// What all that listen with TLS show of themselves, and ask of clients. Default: nothing, and
    /// then none can.
    #[cfg(feature = "tls")]
    pub tls: Option<ServerTls>,
    /// The bounds that the protocol side keeps to.
    pub limits: Limits,
    /// What it does where the standard leaves it the choice.
    pub policy: Policy,
    /// Who may do what. Default: everybody everything.
    pub access: Access,
    /// How often to publish what the server counts, under `$SYS/broker/`; `None` for never, and then
    /// there is only the version. Default: 10 seconds.
    pub sys_interval: Option<Duration>,
    /// Users and their passwords. Default: none, and then a user name is nobody's. With them
    /// [`Policy::check_passwords`] is set.
    pub passwords: Option<Arc<dyn CheckPassword>>,
    /// How many passwords may be checked at once. Default: half as many as there are cores, at
    /// least 1: each takes a core and, with Argon2id, 19 MiB, and those who are connected go on.
    pub max_password_checks: usize,
    /// How many wrong passwords may come from one address at once; 0 for no bound. Default: 10.
    /// Above it each CONNECT with a password is told that the server is not available.
    ///
    /// An IPv6 address counts with all others of its network (64 bits), whose owner may choose
    /// among them.
    pub max_wrong_passwords: u32,
    /// How long it takes until one more may come. Default: 6 seconds, so that nobody tries more
    /// than ten a minute.
    pub wrong_password_pause: Duration,
    /// How many Network Connections may be open at once. Default: 100,000; above it new ones are
    /// closed without a word, which costs nothing but the accept.
    pub max_connections: usize,
    /// How many of them may come from one address. Default: 50,000, half of all, so that no
    /// address shuts out the others; above it new ones are closed like those.
    ///
    /// Addresses are those that a proxy tells, where one is asked; Unix sockets have none.
    pub max_connections_per_address: usize,
    /// How long a peer may take not a single octet of what is sent to it. Default: 30 seconds.
    ///
    /// Who never reads is not there, whatever it sends.
    pub stall_timeout: Duration,
    /// How long a stop may take: to publish the Wills of all, and for connections to take what is
    /// left for them. Default: 5 seconds.
    pub stop_timeout: Duration,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self {
            listen: vec![SocketAddr::from(([127, 0, 0, 1], 1883)).into()],
            inherited: Vec::new(),
            #[cfg(feature = "tls")]
            tls: None,
            limits: Limits::default(),
            policy: Policy::default(),
            access: Access::open(),
            sys_interval: Some(Duration::from_secs(10)),
            passwords: None,
            max_password_checks: half_of_the_cores(),
            max_wrong_passwords: 10,
            wrong_password_pause: Duration::from_secs(6),
            max_connections: 100_000,
            max_connections_per_address: 50_000,
            stall_timeout: Duration::from_secs(30),
            stop_timeout: Duration::from_secs(5),
        }
    }
}

fn half_of_the_cores() -> usize {
    std::thread::available_parallelism().map_or(1, |cores| cores.get().div_ceil(2))
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
    connections: TaskTracker,
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

/// How long to wait before accepting again when the system has nothing left to accept with.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

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
            counters: Counters::new(),
            passwords,
            crowd: Arc::default(),
            stopping,
            wills,
        });
        Ok(Self { listeners, addresses, common, connections: TaskTracker::new(), writer })
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
        let Self { listeners, common, connections, mut writer, .. } = self;
        let mut accepting = JoinSet::new();
        for (listener, greeting) in listeners {
            let greeting = Arc::new(greeting);
            accepting.spawn(accept(listener, greeting, common.clone(), connections.clone()));
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

/// Accepts connections for ever.
async fn accept(
    listener: Listener,
    greeting: Arc<Greeting>,
    common: Arc<Common>,
    connections: TaskTracker,
) {
    loop {
        match listener.accept().await {
            Ok((stream, origin)) if connections.len() < common.options.max_connections => {
                // Behind a proxy it is not known yet who comes.
                let member = (!greeting.is_behind_proxy()).then(|| common.enter(origin));
                if let Some(None) = member {
                    continue;
                }
                let begin = Instant::now();
                let common = common.clone();
                match member.flatten() {
                    Some(member) if greeting.is_plain() => {
                        let guest = Guest { stream, origin, user_name: None };
                        connections.spawn(connection::serve(guest, begin, common, member));
                    }
                    member => {
                        let greeting = greeting.clone();
                        connections.spawn(serve(stream, origin, begin, member, greeting, common));
                    }
                }
            }
            Ok((_, origin)) => {
                common.counters.turned_away();
                log::too_many_connections(&origin, common.options.max_connections);
            }
            Err(error) => {
                // Out of descriptors, mostly: those who are connected go on, and so does this.
                log::cannot_accept(&error);
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Serves a connection that begins with something else than MQTT.
async fn serve(
    stream: Stream,
    origin: Origin,
    begin: Instant,
    member: Option<Member>,
    greeting: Arc<Greeting>,
    common: Arc<Common>,
) {
    // In a box that goes when MQTT begins: a handshake is large, and short.
    let Some(guest) = Box::pin(greeting.greet(stream, origin, begin, &common)).await else {
        return;
    };
    if let Some(member) = member.or_else(|| common.enter(guest.origin)) {
        connection::serve(guest, begin, common, member).await;
    }
}

impl Common {
    /// Counts another connection from `origin`; `None` when there are too many from there.
    fn enter(&self, origin: Origin) -> Option<Member> {
        let most = self.options.max_connections_per_address;
        let member = self.crowd.enter(origin.into(), most);
        if member.is_none() {
            self.counters.crowded();
            log::too_many_connections_from(&origin, most);
        }
        member
    }
}
