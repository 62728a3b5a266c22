//! A proxy that cuts Network Connections at octets that nobody has foreseen.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::AbortHandle;

/// A proxy on a port of its own. Dropping it closes all that it carries.
#[derive(Debug)]
pub(crate) struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: AbortHandle,
}

#[derive(Debug)]
struct Shared {
    /// Where the server is at the moment.
    server: Mutex<SocketAddr>,
    random: Random,
    /// A connection is cut after fewer octets than this, both directions together; 0 for never.
    most_octets: AtomicU64,
    cuts: AtomicU64,
    /// Tells all connections to end.
    cut: Notify,
}

/// Numbers that follow from a seed.
#[derive(Debug)]
pub(crate) struct Random(Mutex<u64>);

impl Random {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(Mutex::new(seed))
    }

    /// A number below `end`, which is not 0: splitmix64.
    pub(crate) fn below(&self, end: u64) -> u64 {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = *state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }
}

impl Proxy {
    /// Carries connections to `server`, and cuts each after fewer than `most_octets`.
    pub(crate) async fn start(server: SocketAddr, seed: u64, most_octets: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(Shared {
            server: Mutex::new(server),
            random: Random::new(seed),
            most_octets: AtomicU64::new(most_octets),
            cuts: AtomicU64::new(0),
            cut: Notify::new(),
        });
        let accepting = tokio::spawn(accept(listener, shared.clone())).abort_handle();
        Self { address, shared, accepting }
    }

    /// Where it listens.
    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The server is somewhere else from here on.
    pub(crate) fn lead_to(&self, server: SocketAddr) {
        *self.shared.server.lock().unwrap_or_else(PoisonError::into_inner) = server;
    }

    /// Connections to come are carried to their end.
    pub(crate) fn stop_cutting(&self) {
        self.shared.most_octets.store(0, Ordering::Relaxed);
    }

    /// Cuts the connections that there are.
    pub(crate) fn cut_all(&self) {
        self.shared.cut.notify_waiters();
    }

    /// How many connections it has cut.
    pub(crate) fn cuts(&self) -> u64 {
        self.shared.cuts.load(Ordering::Relaxed)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((client, _)) = listener.accept().await {
        let shared = shared.clone();
        tokio::spawn(async move {
            let address = *shared.server.lock().unwrap_or_else(PoisonError::into_inner);
            // Without a server the client finds its connection closed, which is a cut too.
            if let Ok(server) = TcpStream::connect(address).await {
                let most = shared.most_octets.load(Ordering::Relaxed);
                let octets = if most == 0 { u64::MAX } else { shared.random.below(most) };
                tokio::select! {
                    carried = carry(client, server, octets) => {
                        shared.cuts.fetch_add(u64::from(carried.unwrap_or(false)), Ordering::Relaxed);
                    }
                    () = shared.cut.notified() => {}
                }
            }
        });
    }
}

/// Carries octets both ways, so many in all: whether they came to an end before the peers did.
async fn carry(mut client: TcpStream, mut server: TcpStream, octets: u64) -> io::Result<bool> {
    let mut left = octets;
    let (mut up, mut down) = (vec![0; 4096], vec![0; 4096]);
    while left > 0 {
        let most = usize::try_from(left).unwrap_or(usize::MAX);
        let count = tokio::select! {
            read = client.read(&mut up) => {
                let count = read?.min(most);
                server.write_all(&up[..count]).await?;
                count
            }
            read = server.read(&mut down) => {
                let count = read?.min(most);
                client.write_all(&down[..count]).await?;
                count
            }
        };
        if count == 0 {
            return Ok(false);
        }
        left -= count as u64;
    }
    Ok(true)
}
