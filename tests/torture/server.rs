//! The broker of a test, within its process, with a store.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use mqttspec::net::{Durable, Keeping, Server, ServerOptions, ServerStopped};
use mqttspec::store::{Redb, Syncing};
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub(crate) struct Broker {
    folder: Arc<TempDir>,
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    running: JoinHandle<ServerStopped>,
}

impl Broker {
    pub(crate) async fn start() -> Self {
        Self::go_on(Arc::new(tempfile::tempdir().expect("a folder"))).await
    }

    async fn go_on(folder: Arc<TempDir>) -> Self {
        let store = Redb::open(folder.path(), Syncing::Never).expect("a store");
        let durable = Durable::load(store, Keeping::Always).expect("a whole store");
        let mut options = ServerOptions::default();
        options.listen = vec!["127.0.0.1:0".parse().expect("a place")];
        // What is sent again at once has to fit into what a connection carries, or nothing ever gets
        // through.
        options.limits.max_in_flight = crate::IN_FLIGHT;
        options.stop_timeout = Duration::from_secs(1);
        let server = Server::bind_durable(options, durable).await.expect("a port");
        let address = server.addresses()[0];
        let (stop, stopped) = oneshot::channel();
        let running = tokio::spawn(server.run(async { drop(stopped.await) }));
        Self { folder, address, stop, running }
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops it, and starts another on what it has left.
    pub(crate) async fn restarted(self) -> Self {
        let Self { folder, stop, running, .. } = self;
        drop(stop);
        let stopped = running.await.expect("no panic");
        assert_eq!(stopped.not_kept, None);
        Self::go_on(folder).await
    }
}
