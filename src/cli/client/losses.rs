//! Telling that the connection is lost, and that it is back.

use anstream::eprintln;
use mqttspec::net::{Client, ConnectionState};
use tokio::task::JoinHandle;

/// Tells it on standard error until it is dropped.
pub(in crate::cli) struct Reporting(JoinHandle<()>);

impl Reporting {
    /// Begins with a client that is connected.
    pub(in crate::cli) fn begin(client: Client) -> Self {
        Self(tokio::spawn(report(client)))
    }
}

impl Drop for Reporting {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn report(mut client: Client) {
    let mut is_lost = false;
    loop {
        match client.state_changed().await {
            ConnectionState::Lost { error, wait } => {
                eprintln!("{error}; trying again in {:.1} s", wait.as_secs_f64());
                is_lost = true;
            }
            ConnectionState::Connected { .. } if is_lost => {
                eprintln!("connected again");
                is_lost = false;
            }
            // What it ended for is told by whoever waits for something.
            ConnectionState::Ended(_) => return,
            _ => {}
        }
    }
}
