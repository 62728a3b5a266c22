//! What a Client has beside its Network Connection, and keeps when it loses it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::{Notify, mpsc, oneshot, watch};
use tracing::{debug, warn};

use super::error::Ended;
use super::keeping::Keeping;
use super::link::{CLIENT, PACKETS};
use super::request::{Reply, Request};
use super::routes::Routes;
use super::unacknowledged::Word;
use super::unsent::Unsent;
use super::{ClientError, ConnectionState};
use crate::client::{Client, CloseReason, Input, Outcome, Output, Token};

/// The Client proper, and the ends of the channels that lead to it.
pub(super) struct Core {
    pub(super) machine: Client,
    pub(super) unsent: Unsent,
    pub(super) requests: mpsc::Receiver<Request>,
    pub(super) leave: Arc<Notify>,
    /// No handle is left.
    pub(super) is_abandoned: bool,
    pub(super) routes: Routes,
    /// What the program says of messages. It never closes, since the routes hold the other end.
    pub(super) words: mpsc::UnboundedReceiver<Word>,
    /// Told when there may be room in a stream.
    pub(super) room: Arc<Notify>,
    pub(super) keeping: Option<Keeping>,
    /// Until there has been a connection.
    pub(super) connected: Option<oneshot::Sender<bool>>,
    pub(super) state: watch::Sender<ConnectionState>,
    /// When the connection was accepted that there is.
    pub(super) accepted: Option<Instant>,
    pub(super) replies: BTreeMap<Token, Reply>,
    /// Those whose commands ended with a connection.
    pub(super) given_up: Vec<Reply>,
    /// Why the connection is over.
    pub(super) end: Option<ClientError>,
}

impl Core {
    /// Serves the handles while there is no connection, until there shall be none any more: why.
    ///
    /// Cancel-safe.
    pub(super) async fn stay_without_connection(&mut self) -> ClientError {
        loop {
            if self.is_abandoned && self.machine.is_idle() {
                return CloseReason::Disconnected.into();
            }
            let takes_requests = !self.is_abandoned && !self.machine.is_full();
            let Self { requests, leave, keeping, words, .. } = self;
            tokio::select! {
                Some(word) = words.recv() => self.hear(now(), word),
                request = requests.recv(), if takes_requests => match request {
                    None => self.is_abandoned = true,
                    Some(request) => self.take(now(), request),
                },
                () = leave.notified() => return CloseReason::Disconnected.into(),
                kept = more_kept(keeping.as_ref()) => match kept {
                    Ok(units) => self.unsent.kept(units),
                    Err(error) => return error,
                },
            }
        }
    }

    /// Hands an event to the Client, and does what it says.
    pub(super) fn input(&mut self, now: Instant, input: Input) {
        // A violation comes out once more, as the reason to close.
        let _ = self.machine.handle(now, input);
        self.carry_out();
    }

    /// Takes in what the program says of a message, and all that it has said of others.
    pub(super) fn hear(&mut self, now: Instant, word: Word) {
        self.take_in(now, word);
        self.hear_all(now);
    }

    /// Takes in all that the program has said of messages.
    pub(super) fn hear_all(&mut self, now: Instant) {
        while let Ok(word) = self.words.try_recv() {
            self.take_in(now, word);
        }
        self.carry_out();
    }

    fn take_in(&mut self, now: Instant, word: Word) {
        match word {
            Word::Given(receipt) => self.machine.acknowledge(now, receipt),
            Word::Never(receipt) => self.machine.let_go(receipt),
        }
    }

    /// Takes a command.
    pub(super) fn take(&mut self, now: Instant, request: Request) {
        let (taken, reply) = match request {
            Request::Publish(message, reply) => {
                let qos = message.qos;
                (self.machine.publish(now, message), Reply::Published(qos, reply))
            }
            Request::Subscribe { filters, stream, reply } => {
                let taken = self.machine.subscribe(now, filters.clone());
                // From here on, because messages may come before the answer.
                let route = taken.is_ok().then_some(stream).flatten();
                let route = route.map(|(inbox, over)| self.routes.add(&filters, inbox, over));
                (taken, Reply::Subscribed(route, reply))
            }
            Request::Unsubscribe(filters, reply) => {
                let taken = self.machine.unsubscribe(now, filters.clone());
                (taken, Reply::Unsubscribed(filters, reply))
            }
        };
        match taken {
            Ok(token) => drop(self.replies.insert(token, reply)),
            Err(refused) => reply.failed(refused.into()),
        }
        self.carry_out();
    }

    /// Does what the Client says, until it says nothing.
    pub(super) fn carry_out(&mut self) {
        while let Some(output) = self.machine.poll_output() {
            match output {
                Output::Send(packet) => {
                    debug!(target: PACKETS, "server ← {packet}");
                    self.unsent.push(&packet);
                }
                Output::Keep(change) => {
                    if let Some(keeping) = &mut self.keeping {
                        self.unsent.hold(keeping.record(change));
                    }
                }
                Output::Received(message) => self.routes.put(message, None),
                Output::Entrusted { receipt, message } => self.routes.put(message, Some(receipt)),
                Output::Refused(filter) => {
                    warn!(target: CLIENT, "the Server does not grant {filter} any more");
                    self.routes.refused(&filter);
                }
                Output::Completed { token, outcome } => self.completed(token, outcome),
                Output::Connected { session_present } => {
                    self.accepted = Some(now());
                    self.state.send_replace(ConnectionState::Connected { session_present });
                    if let Some(connected) = self.connected.take() {
                        // Nobody waits when the caller has thought better of it.
                        let _ = connected.send(session_present);
                    }
                }
                Output::Close(reason) => self.end = Some(reason.into()),
            }
        }
        if let Some(keeping) = &mut self.keeping {
            keeping.end_unit();
        }
    }

    fn completed(&mut self, token: Token, outcome: Outcome) {
        let Some(reply) = self.replies.remove(&token) else { return };
        match (&reply, &outcome) {
            (Reply::Subscribed(Some(route), _), Outcome::Subscribed(codes)) => {
                self.routes.answered(*route, codes);
            }
            (Reply::Unsubscribed(filters, _), Outcome::Unsubscribed) => {
                filters.iter().for_each(|filter| self.routes.unsubscribed(filter));
            }
            _ => {}
        }
        match outcome {
            Outcome::GivenUp => self.given_up.push(reply),
            _ if reply.is_for_sending() => self.unsent.then(reply),
            outcome => reply.completed(outcome),
        }
    }

    /// The connection is gone: what was not sent on it never will be.
    pub(super) fn connection_ended(&mut self) {
        self.given_up.extend(self.unsent.clear());
        if let Some(keeping) = &self.keeping {
            // What is sent again relies on what was recorded before.
            let (units, kept) = keeping.progress();
            self.unsent.hold(units);
            self.unsent.kept(kept);
        }
    }

    /// Tells those whose commands ended with the connection. When the Client ends with it too, it
    /// has better words for them.
    pub(super) fn tell_given_up(&mut self) {
        self.given_up.drain(..).for_each(|reply| reply.completed(Outcome::GivenUp));
    }

    /// The end: all that is recorded is kept, and who finds the channels closed knows why.
    pub(super) async fn finish(mut self, ended: Ended, reason: ClientError) {
        if let Some(keeping) = self.keeping.take() {
            keeping.finish().await;
        }
        self.state.send_replace(ConnectionState::Ended(reason.clone()));
        ended.because(reason);
    }
}

/// Waits until more is kept; for ever when nothing has to be.
pub(super) async fn more_kept(keeping: Option<&Keeping>) -> Result<u64, ClientError> {
    match keeping {
        Some(keeping) => keeping.more().await,
        None => std::future::pending().await,
    }
}

/// Tokio's clock, which tests can stop.
pub(super) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}
