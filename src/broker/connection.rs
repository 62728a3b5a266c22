//! One Network Connection, as the Server sees it.
//!
//! Clauses: [MQTT-3.1.0-1], [MQTT-3.1.0-2], [MQTT-3.1.2-2], [MQTT-3.1.2-24], [MQTT-3.1.3-8],
//! [MQTT-3.1.3-9], [MQTT-3.1.4-1], [MQTT-3.1.4-4], [MQTT-3.1.4-5], [MQTT-3.2.0-1],
//! [MQTT-3.2.2-5], [MQTT-3.2.2-6], [MQTT-3.12.4-1], [MQTT-3.14.4-3], [MQTT-4.8.0-1],
//! [MQTT-6.0.0-1], U-3.1.4-1.

mod admission;

use std::collections::VecDeque;
use std::time::Instant;

pub use self::admission::Proof;
use super::keep_alive::KeepAlive;
use super::pace::Pace;
use super::{
    Broker, CloseReason, Holder, Note, Position, SessionName, UnauthorizedPublish, Unit, Violation,
};
use crate::packet::{
    Connack, Connect, ConnectRefusal, Credentials, DecodeError, Packet, Pingresp, Publish, QoS,
    Text,
};
use crate::session::Message;

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
    /// A WebSocket data frame has come that is not binary.
    NotBinary,
    /// The deadline has passed, or may have.
    Timeout,
    /// The network has closed the connection.
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
    /// Let nothing that follows leave before the journal is durable up to here.
    ///
    /// What follows tells the Client something that must still be true after a crash.
    Hold(Position),
    /// Send this packet, after those before it.
    Send(Packet),
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
    /// Not before an [`Output::Authenticate`] is answered.
    AfterAnswer,
}

/// One Network Connection, from its first octet to its end.
///
/// To drive it: pass what happens to [`handle`](Self::handle), then take
/// [`poll_output`](Self::poll_output) until it gives `None`; call `handle` with
/// [`Input::Timeout`] when [`deadline`](Self::deadline) has come, and poll when the holder is asked
/// to wake this connection. Packets are passed in while it is
/// [`listening`](Self::listening). A connection that is given up must be told so, by
/// [`Input::NetworkClosed`]: its Will and its Session depend on it.
#[derive(Debug)]
pub struct Connection<H: Holder> {
    /// How the holder reaches this connection.
    me: H::Connection,
    /// Who the transport knows it to be.
    user: Option<Text>,
    stage: Stage<H>,
    outgoing: VecDeque<Output>,
    /// The last [`Output::Hold`].
    held: Option<Position>,
}

#[derive(Debug)]
enum Stage<H: Holder> {
    /// Before CONNECT.
    Opened { deadline: Instant },
    /// After a CONNECT whose credentials are being checked.
    Asking { connect: Connect, deadline: Instant },
    /// After a CONNECT that was accepted.
    Connected { name: SessionName, session: H::Session, keep_alive: KeepAlive, pace: Pace },
    /// Nothing that comes is looked at any more.
    Closed,
}

/// How many packets are fetched from the Session at a time.
const BATCH: usize = 64;

impl<H: Holder> Connection<H> {
    /// A Network Connection that was opened just now.
    pub fn new(me: H::Connection, now: Instant, broker: &Broker<H>) -> Self {
        let deadline = now + broker.limits().connect_timeout;
        let stage = Stage::Opened { deadline };
        Self { me, user: None, stage, outgoing: VecDeque::new(), held: None }
    }

    /// The same connection of a Client that the transport knows to be `user`, by a certificate for
    /// example; its CONNECT then proves nothing more.
    #[must_use]
    pub fn of_user(mut self, user: Text) -> Self {
        self.user = Some(user);
        self
    }

    /// Takes in what happens at time `now`.
    pub fn handle(&mut self, now: Instant, input: Input, broker: &Broker<H>) {
        // One packet, one unit: all that it changes is kept, or nothing of it.
        broker.holder().unit(|unit| match input {
            Input::Packet(packet) => self.handle_packet(now, packet, broker, unit),
            Input::Authenticated(proof) => self.handle_proof(now, proof, broker, unit),
            Input::Undecodable(error) => self.handle_undecodable(error, broker, unit),
            // [MQTT-6.0.0-1] Whoever gets one closes the connection.
            Input::NotBinary => self.violate(Violation::NotBinary, broker, unit),
            Input::Timeout => self.handle_timeout(now, broker, unit),
            Input::NotKept => self.handle_not_kept(broker, unit),
            Input::NetworkClosed => self.close(CloseReason::NetworkClosed, broker, unit),
            Input::Stopping => self.handle_stopping(broker, unit),
            Input::Stop => self.handle_stop(broker, unit),
        });
    }

    /// What to do next; `None` until something happens or the holder wakes this connection.
    pub fn poll_output(&mut self, broker: &Broker<H>) -> Option<Output> {
        if self.outgoing.is_empty() {
            broker.holder().unit(|unit| self.fetch(broker, unit));
        }
        self.outgoing.pop_front()
    }

    /// How much output there is to poll, apart from what the Session has.
    pub fn waiting(&self) -> usize {
        self.outgoing.len()
    }

    /// When to call [`handle`](Self::handle) with [`Input::Timeout`], if nothing comes before.
    pub fn deadline(&self) -> Option<Instant> {
        match &self.stage {
            Stage::Opened { deadline } | Stage::Asking { deadline, .. } => Some(*deadline),
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
            Stage::Asking { .. } => Listening::AfterAnswer,
            Stage::Opened { .. } | Stage::Closed => Listening::Now,
        }
    }

    /// Whose connection it is, once a CONNECT was accepted.
    pub fn session_name(&self) -> Option<&SessionName> {
        match &self.stage {
            Stage::Connected { name, .. } => Some(name),
            Stage::Opened { .. } | Stage::Asking { .. } | Stage::Closed => None,
        }
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
            Stage::Asking { .. } => debug_assert!(false, "a packet before it was asked for"),
            Stage::Connected { session, keep_alive, pace, .. } => {
                // [MQTT-3.1.2-24] Every whole packet shows that the Client is there.
                keep_alive.heard(now);
                if let Packet::Publish(_) = packet {
                    pace.published(now);
                }
                let session = session.clone();
                self.handle_connected(&session, packet, broker, unit);
            }
            // [MQTT-3.1.4-5] After a refusal nothing is looked at, nor after any other end.
            Stage::Closed => {}
        }
    }

    fn handle_connected(
        &mut self,
        session: &H::Session,
        packet: Packet,
        broker: &Broker<H>,
        unit: &mut Unit<'_>,
    ) {
        if must_be_kept(&packet) && !broker.holder().can_keep() {
            return self.close(CloseReason::NotKept, broker, unit);
        }
        let holder = broker.holder();
        let done = match packet {
            Packet::Publish(publish) => {
                self.handle_publish(session, publish, broker, unit);
                Ok(())
            }
            Packet::Puback(puback) => {
                holder.with_session(session, |state| state.puback(puback, unit))
            }
            // [MQTT-4.3.3-1] After PUBREL the PUBLISH must never come again, so PUBREL waits until
            // that is certain.
            Packet::Pubrec(pubrec) => holder
                .with_session(session, |state| state.pubrec(pubrec, unit))
                .map(|pubrel| self.send_when_kept(pubrel, unit)),
            // [MQTT-4.3.3-2] After PUBCOMP the identifier stands for another message.
            Packet::Pubrel(pubrel) => {
                let pubcomp = holder.with_session(session, |state| state.pubrel(pubrel, unit));
                self.send_when_kept(pubcomp, unit);
                Ok(())
            }
            Packet::Pubcomp(pubcomp) => {
                holder.with_session(session, |state| state.pubcomp(pubcomp, unit))
            }
            Packet::Subscribe(subscribe) => {
                let suback = broker.subscribe(session, &self.me, subscribe, unit);
                self.send_when_kept(suback, unit);
                Ok(())
            }
            Packet::Unsubscribe(unsubscribe) => {
                let unsuback = broker.unsubscribe(session, &unsubscribe, unit);
                self.send_when_kept(unsuback, unit);
                Ok(())
            }
            Packet::Pingreq(_) => {
                // [MQTT-3.12.4-1] Each one is answered.
                self.send(Pingresp);
                Ok(())
            }
            Packet::Disconnect(_) => {
                // [MQTT-3.14.4-3] The Will goes unpublished, and then the connection (U-3.14.4-1).
                holder.with_session(session, |state| drop(state.take_will(unit)));
                self.hold(unit.recorded());
                self.close(CloseReason::Disconnected, broker, unit);
                Ok(())
            }
            // [MQTT-3.1.0-2] Once is enough.
            Packet::Connect(_) => return self.violate(Violation::SecondConnect, broker, unit),
            Packet::Connack(_) | Packet::Suback(_) | Packet::Unsuback(_) | Packet::Pingresp(_) => {
                let violation = Violation::ServerPacket(packet.packet_type());
                return self.violate(violation, broker, unit);
            }
        };
        if let Err(unexpected) = done {
            self.violate(Violation::UnexpectedAck(unexpected), broker, unit);
        }
    }

    fn handle_publish(
        &mut self,
        session: &H::Session,
        publish: Publish,
        broker: &Broker<H>,
        unit: &mut Unit<'_>,
    ) {
        if !broker.takes_levels(&publish.topic) {
            return self.close(CloseReason::TooManyLevels, broker, unit);
        }
        let may_go_on = broker.policy().unauthorized_publish == UnauthorizedPublish::Acknowledge;
        let taken = broker.holder().with_session(session, |state| {
            let is_allowed = state.rights().may_write(&publish.topic);
            (is_allowed || may_go_on)
                .then(|| (is_allowed, state.publish(publish.delivery, unit), state.recorded()))
        });
        let Some((is_allowed, received, recorded)) = taken else {
            // [MQTT-3.3.5-2] One way: the connection ends, and nothing is acknowledged.
            return self.close(CloseReason::NotAllowed, broker, unit);
        };
        if !is_allowed {
            // [MQTT-3.3.5-2] The other way: it is acknowledged like all else, and goes nowhere.
            self.outgoing.push_back(Output::Note(Note::Unauthorized(publish.topic)));
        } else if received.is_new {
            broker.publish_for_client(Message::from_publish(publish), unit);
        }
        // Answered only now that the message has been taken over.
        if let Some(answer) = received.answer {
            // A message that came before is not recorded anew, and may not be durable yet.
            if !received.is_new {
                self.hold(recorded);
            }
            self.send_when_kept(answer, unit);
        }
    }

    fn handle_undecodable(&mut self, error: DecodeError, broker: &Broker<H>, unit: &mut Unit<'_>) {
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
            Stage::Opened { .. } => CloseReason::ConnectTimeout,
            // [MQTT-3.1.2-24] As if the network had failed.
            Stage::Connected { .. } | Stage::Closed => CloseReason::KeepAliveExpired,
            Stage::Asking { .. } => return self.handle_proof(now, Proof::Deferred, broker, unit),
        };
        self.close(reason, broker, unit);
    }

    /// What the Client would be told next would not be true after a crash: it is told nothing.
    fn handle_not_kept(&mut self, broker: &Broker<H>, unit: &mut Unit<'_>) {
        let was_closed = matches!(self.stage, Stage::Closed);
        self.outgoing.clear();
        self.close(CloseReason::NotKept, broker, unit);
        if was_closed {
            self.outgoing.push_back(Output::Close(CloseReason::NotKept));
        }
    }

    fn handle_stopping(&self, broker: &Broker<H>, unit: &mut Unit<'_>) {
        let Stage::Connected { session, .. } = &self.stage else { return };
        let will = broker.holder().with_session(session, |state| {
            state.is_attached_to(&self.me).then(|| state.take_will(unit)).flatten()
        });
        if let Some(will) = will {
            broker.publish_will(will, unit);
        }
    }

    fn handle_stop(&mut self, broker: &Broker<H>, unit: &mut Unit<'_>) {
        // What the Session holds for the Client now goes first: the Wills of those who left just
        // before it are the last of it.
        let mut fetched = usize::MAX;
        while fetched != self.outgoing.len() {
            fetched = self.outgoing.len();
            self.fetch(broker, unit);
        }
        self.close(CloseReason::ServerStopping, broker, unit);
    }

    fn send(&mut self, packet: impl Into<Packet>) {
        self.outgoing.push_back(Output::Send(packet.into()));
    }

    /// Sends a packet that tells the Client what must still be true after a crash.
    fn send_when_kept(&mut self, packet: impl Into<Packet>, unit: &Unit<'_>) {
        self.hold(unit.recorded());
        self.send(packet);
    }

    /// Keeps back what follows until `recorded` is durable.
    fn hold(&mut self, recorded: Option<Position>) {
        if let (Some(position), true) = (recorded, recorded > self.held) {
            self.held = recorded;
            self.outgoing.push_back(Output::Hold(position));
        }
    }

    /// Refuses a CONNECT.
    fn refuse(
        &mut self,
        refusal: ConnectRefusal,
        statement: &'static str,
        broker: &Broker<H>,
        unit: &mut Unit<'_>,
    ) {
        // [U-3.1.4-1] What is well formed and not wanted is told why.
        self.send(Connack::Refused(refusal));
        // [MQTT-3.2.2-5] A refusal is followed by the end.
        self.close(CloseReason::Refused { refusal, statement }, broker, unit);
    }

    /// Ends the connection of a Client that broke the protocol.
    fn violate(&mut self, violation: Violation, broker: &Broker<H>, unit: &mut Unit<'_>) {
        // [MQTT-4.8.0-1] The connection on which it came, and no other.
        self.close(CloseReason::Violation(violation), broker, unit);
    }

    /// Ends the connection, and parts from the Session.
    fn close(&mut self, reason: CloseReason, broker: &Broker<H>, unit: &mut Unit<'_>) {
        match std::mem::replace(&mut self.stage, Stage::Closed) {
            Stage::Closed => return,
            Stage::Opened { .. } | Stage::Asking { .. } => {}
            Stage::Connected { name, session, .. } => {
                broker.detach(&name, &session, &self.me, unit);
            }
        }
        self.outgoing.push_back(Output::Close(reason));
    }

    /// Fetches what the Session has to send.
    fn fetch(&mut self, broker: &Broker<H>, unit: &mut Unit<'_>) {
        let Stage::Connected { session, .. } = &self.stage else { return };
        let begin = self.outgoing.len();
        let mut recorded = None;
        let ended = broker.holder().with_session(session, |state| {
            // [MQTT-3.1.4-2] Another connection has the Session now: this one ends.
            if !state.is_attached_to(&self.me) {
                return Some(CloseReason::Displaced);
            }
            if let Some(reason) = state.dismissed() {
                return Some(reason);
            }
            let dropped = state.dropped_news().map(|count| Output::Note(Note::Dropped(count)));
            self.outgoing.extend(dropped);
            let packets = std::iter::from_fn(|| state.next_packet(unit)).take(BATCH);
            self.outgoing.extend(packets.map(|(packet, after)| {
                recorded = recorded.max(after);
                Output::Send(packet)
            }));
            None
        });
        // One wait for all of them.
        if let (Some(position), true) = (recorded, recorded > self.held) {
            self.held = recorded;
            self.outgoing.insert(begin, Output::Hold(position));
        }
        if let Some(reason) = ended {
            self.close(reason, broker, unit);
        }
    }
}

/// Whether a packet of a Client asks for something that has to be kept.
fn must_be_kept(packet: &Packet) -> bool {
    match packet {
        Packet::Publish(publish) => publish.retain || publish.delivery.qos() != QoS::AtMostOnce,
        Packet::Subscribe(_) | Packet::Unsubscribe(_) => true,
        _ => false,
    }
}
