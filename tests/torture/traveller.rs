//! A client on a runtime of its own, which can be killed with all that it has in memory.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use mqttspec::net::{Client, ClientOptions, Messages, Reconnect};
use mqttspec::packet::{ClientId, Connect, Text};
use mqttspec::store::{Redb, Syncing};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

use crate::proxy::Proxy;
use crate::tally::Tally;

/// A client that goes on over lost connections, and from its store.
pub(crate) struct Traveller {
    name: &'static str,
    folder: Arc<TempDir>,
    runtime: Own,
    pub(crate) client: Client,
    pub(crate) messages: Messages,
}

/// A runtime that may be dropped within another, whose threads must not block.
struct Own(Option<Runtime>);

impl Drop for Own {
    fn drop(&mut self) {
        self.0.take().into_iter().for_each(Runtime::shutdown_background);
    }
}

impl Traveller {
    pub(crate) async fn start(name: &'static str, proxy: &Proxy) -> Self {
        let folder = Arc::new(tempfile::tempdir().expect("a folder"));
        Self::go_on(name, folder, proxy).await
    }

    async fn go_on(name: &'static str, folder: Arc<TempDir>, proxy: &Proxy) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a thread");
        let connecting = Client::connect_durable(options(name, proxy), store(folder.path()));
        let connected = runtime.spawn(connecting).await.expect("no panic");
        let (client, messages) = connected.expect("a connection, sooner or later");
        Self { name, folder, runtime: Own(Some(runtime)), client, messages }
    }

    /// Kills it, and goes on from what it has left; gives what the program had not looked at.
    pub(crate) async fn killed(self, proxy: &Proxy) -> (Self, Messages) {
        let Self { name, folder, mut runtime, client, messages } = self;
        let runtime = runtime.0.take().expect("it is alive");
        let end = move || runtime.shutdown_timeout(Duration::from_secs(10));
        tokio::task::spawn_blocking(end).await.expect("no panic");
        drop(client);
        (Self::go_on(name, folder, proxy).await, messages)
    }

    /// Takes down what has come, without waiting for more.
    pub(crate) fn read(&mut self, tally: &mut Tally) {
        use std::future::Future as _;
        use std::pin::pin;
        use std::task::{Context, Poll, Waker};

        let mut context = Context::from_waker(Waker::noop());
        while let Poll::Ready(next) = pin!(self.messages.next()).poll(&mut context) {
            tally.received(&next.expect("a client").expect("nobody has left"));
        }
    }
}

fn store(folder: &Path) -> Redb {
    Redb::open_client(folder, Syncing::Never).expect("a store that nobody else has")
}

fn options(name: &'static str, proxy: &Proxy) -> ClientOptions {
    let address = proxy.address();
    let mut options = ClientOptions::new(address.ip().to_string(), address.port());
    let client_id = ClientId::new(Text::new(name).expect("a name"));
    options.connect =
        Connect::new(&client_id).with_clean_session(false).with_keep_alive_seconds(30);
    let mut reconnect = Reconnect::default();
    reconnect.first_wait = Duration::from_millis(1);
    reconnect.longest_wait = Duration::from_millis(5);
    reconnect.from_the_start = true;
    options.reconnect = Some(reconnect);
    options.limits.in_flight = crate::IN_FLIGHT;
    // None is acknowledged that the program has not asked for.
    options.messages = 0;
    options
}
