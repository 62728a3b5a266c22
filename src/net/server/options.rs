//! How to run a server: every option, with its default and its reason.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::listen::Listen;
use super::listener::Inherited;
use super::passwords::CheckPassword;
use crate::broker::{Access, Limits, Policy};
#[cfg(feature = "tls")]
use crate::net::transport::tls::ServerTls;

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
    /// How long a plain connection may have nothing to do before it gives its task back, and waits
    /// in as little memory as that takes; zero for never. Default: 10 seconds.
    ///
    /// That is the most: one that was never busy waits for 50 ms, and each time it has something to
    /// do again, four times as long. Only on Unix, and not under TLS or a WebSocket.
    pub park_after: Duration,
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
            park_after: Duration::from_secs(10),
            stop_timeout: Duration::from_secs(5),
        }
    }
}

fn half_of_the_cores() -> usize {
    std::thread::available_parallelism().map_or(1, |cores| cores.get().div_ceil(2))
}
