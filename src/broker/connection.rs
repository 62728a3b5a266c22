//! One Network Connection, as the Server sees it.
//!
//! Clauses: [MQTT-3.1.0-1], [MQTT-3.1.0-2], [MQTT-3.1.2-2], [MQTT-3.1.2-24], [MQTT-3.1.4-1],
//! [MQTT-3.1.4-5], [MQTT-3.2.2-6], [MQTT-4.8.0-1], [MQTT-6.0.0-1]. Not here: who is let in
//! (`admission`), what a Client that is may say (`connected`), what goes to it (`outgoing`), what is
//! left of it while it is silent (`dormant`), and how it ends (`ending`).

mod admission;
mod connected;
mod dormant;
mod ending;
mod outgoing;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use bytes::BytesMut;

pub use self::admission::Proof;
pub use self::dormant::Dormant;
use super::keep_alive::KeepAlive;
use super::pace::Pace;
use super::route::Route;
use super::{Bound, Broker, CloseReason, Holder, Note, Position, SessionName, Unit, Violation};
use crate::packet::{Connect, ConnectRefusal, Credentials, DecodeError, Packet, PublishRun, Text};

/// What can happen to a Network Connection.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Input {
    /// A packet has come.
    Packet(Packet),
    /// Octets have come that are no packet.
    Undecodable(DecodeError),
    /// What has come of an [`Output::Authenticate`].
    Authenticated(Proof),
    /// What an [`Output::Hold`] waits for will not become durable.
    NotKept,
    /// All that had come by an [`Output::HearOut`] was passed in.
    HeardOut,
    /// A WebSocket data frame has come that is not binary.
    NotBinary,
    /// The deadline has passed, or may have.
    Timeout,
    /// The holder has woken this connection: it may be its turn to have the Session.
    Woken,
    /// Nothing can be sent any more; an [`Output::HearOut`] asks for what has come already.
    NetworkFailing,
    /// The network has closed the connection, and all that had come before was passed in.
    NetworkClosed,
    /// The server is about to stop: the Will is published now, while others can still get it.
    Stopping,
    /// The server stops.
    Stop,
}

/// What a connection wants done.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Output {
    /// Find out whether this is true, and say so by [`Input::Authenticated`].
    Authenticate(Credentials),
    /// Say this to whoever runs the server.
    Note(Note),
    /// Pass in what has come already, which may be a DISCONNECT, and then say so by
    /// [`Input::HeardOut`]: the same Client waits on another connection for this one to end, or
    /// nothing can be sent on it any more.
    ///
    /// A Client that goes on sending is not to be heard for ever. One that is ahead of its rate is
    /// listened to at once, and what it has published too early is not taken over.
    HearOut,
    /// Let nothing that follows leave before the journal is durable up to here.
    ///
    /// What follows tells the Client something that must still be true after a crash.
    Hold(Position),
    /// Send this packet, after those before it.
    Send(Packet),
    /// Send these packets in the same way.
    SendRun(PublishRun),
    /// Close the Network Connection, once what came before is sent. There is no further output.
    Close(CloseReason),
}

/// Whether a connection is ready for a packet.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Listening {
    /// It is.
    Now,
    /// It will be at this time, unless something happens before.
    From(Instant),
    /// Not before an [`Output::Authenticate`] is answered, or the older connection of the Client
    /// has ended.
    AfterAnswer,
}

/// One Network Connection, from its first octet to its end.
///
/// To drive it: pass what happens to [`handle`](Self::handle), then take
/// [`poll_output`](Self::poll_output) until it gives `None`; call `handle` with
/// [`Input::Timeout`] when [`deadline`](Self::deadline) has come, and poll when the holder is asked
/// to wake this connection, with [`Input::Woken`] before it as long as there is no
/// [`session_name`](Self::session_name). Packets are passed in while it is
/// [`listening`](Self::listening), and the end of the network behind all that have come before it.
/// A connection that is given up must be told so, by [`Input::NetworkClosed`]: its Will and its
/// Session depend on it.
#[derive(Debug)]
pub struct Connection<H: Holder> {
    /// How the holder reaches this connection.
    me: H::Connection,
    /// Who the transport knows it to be.
    user: Option<Box<Text>>,
    stage: Stage<H>,
    outgoing: VecDeque<Output>,
    /// The last [`Output::Hold`].
    held: Option<Position>,
    /// Where the last message went, until all that came with it has been worked on.
    route: Option<Box<Route<H::Session>>>,
}

#[derive(Debug)]
enum Stage<H: Holder> {
    /// Before CONNECT.
    Opened { deadline: Instant },
    /// After a CONNECT whose credentials are being checked.
    Asking { connect: Connect, deadline: Instant },
    /// After a CONNECT of a Client whose older connection is about to end.
    Waiting(Box<Waiting>),
    /// After a CONNECT that was accepted.
    Connected {
        name: SessionName,
        session: H::Session,
        keep_alive: KeepAlive,
        pace: Pace,
        /// Nothing can be sent any more.
        failing: bool,
    },
    /// Nothing that comes is looked at any more.
    Closed,
}

/// A Client that is let in once its older connection has ended.
#[derive(Debug)]
struct Waiting {
    connect: Connect,
    user: Option<Text>,
    deadline: Instant,
}

impl<H: Holder> Connection<H> {
    /// A Network Connection that was opened just now.
    pub fn new(me: H::Connection, now: Instant, broker: &Broker<H>) -> Self {
        let deadline = now + broker.limits().connect_timeout;
        Self { stage: Stage::Opened { deadline }, ..Self::blank(me) }
    }

    /// One with nothing under way, and at no stage yet.
    fn blank(me: H::Connection) -> Self {
        let (stage, outgoing) = (Stage::Closed, VecDeque::new());
        Self { me, user: None, stage, outgoing, held: None, route: None }
    }

    /// The same connection of a Client that the transport knows to be `user`, by a certificate for
    /// example; its CONNECT then proves nothing more.
    #[must_use]
    pub fn of_user(mut self, user: Text) -> Self {
        self.user = Some(Box::new(user));
        self
    }

    /// Takes in what happens at time `now`.
    pub fn handle(&mut self, now: Instant, input: Input, broker: &Broker<H>) {
        // One packet, one unit: all that it changes is kept, or nothing of it.
        broker.holder().unit(|unit| self.handle_within(now, input, broker, unit));
        self.pass_on(now, broker);
    }

    /// Takes a PUBLISH off the front of what was `read`, if it differs in its payload alone from
    /// those that have gathered: how many octets that has. All else is to be decoded, and handled.
    ///
    /// It may be asked before each packet that is not wanted as a value.
    #[inline]
    pub fn take_alike(
        &mut self,
        now: Instant,
        read: &mut BytesMut,
        broker: &Broker<H>,
    ) -> Option<usize> {
        let Stage::Connected { keep_alive, pace, .. } = &mut self.stage else { return None };
        // In haste each is asked whether it is in time.
        let route = self.route.as_mut().filter(|_| !pace.is_hasty())?;
        let payload = route.take_alike(read, &broker.limits)?;
        // [MQTT-4.3.1-1] At QoS 0 there is nothing else to be done about it.
        // [MQTT-3.1.2-24] As after any other packet.
        keep_alive.heard(now);
        let is_taken = pace.published(now);
        debug_assert!(is_taken, "without haste each is");
        Some(payload)
    }

    /// As [`handle`](Self::handle), for a packet that has come together with others: messages of
    /// QoS 0 may gather, to be handed on together by [`pass_on`](Self::pass_on).
    pub fn handle_among(&mut self, now: Instant, packet: Packet, broker: &Broker<H>) {
        broker.holder().unit(|unit| {
            self.handle_within(now, Input::Packet(packet), broker, unit);
        });
    }

    fn handle_within(
        &mut self,
        now: Instant,
        input: Input,
        broker: &Broker<H>,
        unit: &mut Unit<'_>,
    ) {
        if !matches!(input, Input::Packet(Packet::Publish(_))) {
            self.pass_on(now, broker);
        }
        match input {
            Input::Packet(packet) => self.handle_packet(now, packet, broker, unit),
            Input::Authenticated(proof) => self.handle_proof(now, proof, broker, unit),
            Input::Undecodable(error) => self.handle_undecodable(error, broker, unit),
            // [MQTT-6.0.0-1] Whoever gets one closes the connection.
            Input::NotBinary => self.violate(Violation::NotBinary, broker, unit),
            Input::Timeout => self.handle_timeout(now, broker, unit),
            Input::Woken => self.handle_woken(now, broker, unit),
            Input::HeardOut => self.handle_heard_out(broker, unit),
            Input::NotKept => self.handle_not_kept(broker, unit),
            Input::NetworkFailing => self.handle_failing(broker, unit),
            Input::NetworkClosed => self.close(CloseReason::NetworkClosed, broker, unit),
            Input::Stopping => self.handle_stopping(broker, unit),
            Input::Stop => self.handle_stop(broker, unit),
        }
    }

    /// Hands on what has gathered; to be called when no further packet is at hand. So does
    /// whatever happens next to the connection.
    pub fn pass_on(&mut self, now: Instant, broker: &Broker<H>) {
        let pause = self.hand_over(broker);
        self.pause(now, pause);
    }

    /// The same, and for how long nothing more should be looked at.
    fn hand_over(&mut self, broker: &Broker<H>) -> Duration {
        match &mut self.route {
            Some(route) if !route.is_empty() => broker.hand_over_gathered(route),
            _ => Duration::ZERO,
        }
    }

    /// Listens to nothing for a while.
    fn pause(&mut self, now: Instant, pause: Duration) {
        if let (Stage::Connected { pace, .. }, false) = (&mut self.stage, pause.is_zero()) {
            pace.pause(now + pause);
        }
    }

    /// What to do next; `None` until something happens or the holder wakes this connection.
    pub fn poll_output(&mut self, broker: &Broker<H>) -> Option<Output> {
        if self.outgoing.is_empty() {
            self.hand_over(broker);
            self.route = None;
            broker.holder().unit(|unit| self.fetch(broker, unit));
        }
        let output = self.outgoing.pop_front();
        if output.is_none() {
            // A silent connection keeps no memory for what it might have to say.
            self.outgoing = VecDeque::new();
        }
        output
    }

    /// How much output there is to poll, apart from what the Session has.
    pub fn waiting(&self) -> usize {
        self.outgoing.len()
    }

    /// When to call [`handle`](Self::handle) with [`Input::Timeout`], if nothing comes before.
    pub fn deadline(&self) -> Option<Instant> {
        match &self.stage {
            Stage::Opened { deadline } | Stage::Asking { deadline, .. } => Some(*deadline),
            Stage::Waiting(waiting) => Some(waiting.deadline),
            Stage::Connected { keep_alive, .. } => keep_alive.deadline(),
            Stage::Closed => None,
        }
    }

    /// Whether it is ready for a packet at time `now`.
    pub fn listening(&self, now: Instant) -> Listening {
        match &self.stage {
            Stage::Connected { pace, .. } => {
                pace.resumes(now).map_or(Listening::Now, Listening::From)
            }
            Stage::Asking { .. } | Stage::Waiting(_) => Listening::AfterAnswer,
            Stage::Opened { .. } | Stage::Closed => Listening::Now,
        }
    }

    /// Whose connection it is, once a CONNECT was accepted.
    pub fn session_name(&self) -> Option<&SessionName> {
        match &self.stage {
            Stage::Connected { name, .. } => Some(name),
            Stage::Opened { .. } | Stage::Asking { .. } | Stage::Waiting(_) | Stage::Closed => None,
        }
    }

    /// Whether another connection of the same Client waits for this one to end.
    #[cfg(test)]
    pub(super) fn is_wanted(&self, broker: &Broker<H>) -> bool {
        let Stage::Connected { session, .. } = &self.stage else { return false };
        broker.holder().with_session(session, |state| state.is_wanted())
    }

    fn handle_packet(
        &mut self,
        now: Instant,
        packet: Packet,
        broker: &Broker<H>,
        unit: &mut Unit<'_>,
    ) {
        match &mut self.stage {
            Stage::Opened { .. } => match packet {
                Packet::Connect(connect) => self.handle_connect(now, connect, broker, unit),
                // [MQTT-3.1.0-1] CONNECT comes first.
                other => {
                    let violation = Violation::FirstPacketNotConnect(other.packet_type());
                    self.close(CloseReason::Violation(violation), broker, unit);
                }
            },
            Stage::Asking { .. } | Stage::Waiting(_) => {
                debug_assert!(false, "a packet before it was asked for");
            }
            Stage::Connected { session, keep_alive, pace, .. } => {
                // [MQTT-3.1.2-24] Every whole packet shows that the Client is there.
                keep_alive.heard(now);
                if matches!(packet, Packet::Publish(_)) && !pace.published(now) {
                    // As if the connection had ended before it: nobody is told that it came.
                    return broker.holder().reached(Bound::MaxPublishRate, 1);
                }
                let session = session.clone();
                self.handle_connected(now, &session, packet, broker, unit);
            }
            // [MQTT-3.1.4-5] After a refusal nothing is looked at, nor after any other end.
            Stage::Closed => {}
        }
    }

    fn handle_undecodable(&mut self, error: DecodeError, broker: &Broker<H>, unit: &mut Unit<'_>) {
        if let DecodeError::TooLarge(_) = error {
            broker.holder().reached(Bound::MaxPacketSize, 1);
        }
        match (&self.stage, error) {
            (Stage::Opened { .. }, DecodeError::UnsupportedProtocolLevel { .. }) => {
                // [MQTT-3.1.2-2] Another version of MQTT is told so.
                let refusal = ConnectRefusal::UnacceptableProtocolVersion;
                self.refuse(refusal, "MQTT-3.1.2-2", broker, unit);
            }
            // [MQTT-3.1.0-2] A second CONNECT stays one, whatever it asks for.
            (Stage::Connected { .. }, DecodeError::UnsupportedProtocolLevel { .. }) => {
                self.violate(Violation::SecondConnect, broker, unit);
            }
            // [MQTT-3.1.4-1] A CONNECT that cannot be read has no answer,
            // [MQTT-3.2.2-6] for which there would be no return code either,
            // [MQTT-4.8.0-1] and what cannot be read ends the connection.
            _ => self.close(CloseReason::Decode(error), broker, unit),
        }
    }

    fn handle_timeout(&mut self, now: Instant, broker: &Broker<H>, unit: &mut Unit<'_>) {
        if self.deadline().is_none_or(|deadline| now < deadline) {
            return;
        }
        let reason = match self.stage {
            Stage::Opened { .. } => {
                broker.holder().reached(Bound::ConnectTimeout, 1);
                CloseReason::ConnectTimeout
            }
            // [MQTT-3.1.2-24] As if the network had failed.
            Stage::Connected { .. } | Stage::Closed => CloseReason::KeepAliveExpired,
            Stage::Asking { .. } => return self.handle_proof(now, Proof::Deferred, broker, unit),
            // [U-3.2.2.3-1] The older connection does not come to its end.
            Stage::Waiting(_) => {
                let refusal = ConnectRefusal::ServerUnavailable;
                return self.refuse(refusal, "U-3.2.2.3-1", broker, unit);
            }
        };
        self.close(reason, broker, unit);
    }
}
