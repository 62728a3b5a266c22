//! The task behind the handles: one Network Connection after the other, as long as there is a
//! reason for another.

use std::time::Duration;

use tokio::io::split;
use tokio::time::sleep;
use tracing::debug;

use super::core::{Core, now};
use super::error::Ended;
use super::link::{CLIENT, Link};
use super::opening::Opener;
use super::reconnect::Backoff;
use super::{ClientError, ClientOptions, ConnectionState};
use crate::net::transport::Stream;

/// A Client, and the way to its Network Connections.
pub(super) struct Task {
    pub(super) options: ClientOptions,
    pub(super) opener: Opener,
    pub(super) core: Core,
}

impl Task {
    /// Connects, and does so again, until there is no reason for it.
    pub(super) async fn run(mut self, ended: Ended) {
        let mut backoff = self.options.reconnect.map(Backoff::new);
        let reason = loop {
            let reason = self.connect_once().await;
            let Some(wait) = self.next_wait(backoff.as_mut(), &reason) else { break reason };
            self.core.tell_given_up();
            debug!(target: CLIENT, "{reason}; trying again in {wait:?}");
            self.core.state.send_replace(ConnectionState::Lost { error: reason, wait });
            tokio::select! {
                () = sleep(wait) => {}
                reason = self.core.stay_without_connection() => break reason,
            }
        };
        self.core.finish(ended, reason).await;
    }

    /// One Network Connection, from its opening to its end: why it ended.
    async fn connect_once(&mut self) -> ClientError {
        let Self { options, opener, core } = self;
        core.state.send_replace(ConnectionState::Connecting);
        let opened = tokio::select! {
            opened = opener.open(options) => opened,
            reason = core.stay_without_connection() => Err(reason),
        };
        let stream = match opened {
            Ok(stream) => stream,
            Err(reason) => return reason,
        };
        if let Err(refused) = core.machine.connect(now(), options.connect.clone()) {
            return refused.into();
        }
        match stream {
            // Its halves go without a lock between them.
            Stream::Tcp(stream) => {
                let (reader, writer) = stream.into_split();
                Link::new(core, reader, writer, options).run().await
            }
            #[cfg(any(unix, feature = "tls", feature = "ws", test))]
            stream => {
                let (reader, writer) = split(stream);
                Link::new(core, reader, writer, options).run().await
            }
        }
    }

    /// How long to wait before the next connection; `None` when there shall be none.
    fn next_wait(
        &mut self,
        backoff: Option<&mut Backoff>,
        reason: &ClientError,
    ) -> Option<Duration> {
        let accepted = self.core.accepted.take();
        let backoff = backoff.filter(|_| reason.may_pass())?;
        if self.core.connected.is_some() && !backoff.rule().from_the_start {
            return None;
        }
        if let Some(accepted) = accepted {
            backoff.lasted(now() - accepted);
        }
        backoff.next()
    }
}
