//! One Network Connection, as the Server sees it.
//!
//! Clauses: [MQTT-3.1.0-1], [MQTT-3.1.0-2], [MQTT-3.1.2-2], [MQTT-3.1.2-24], [MQTT-3.1.3-8],
//! [MQTT-3.1.3-9], [MQTT-3.1.4-1], [MQTT-3.1.4-4], [MQTT-3.1.4-5], [MQTT-3.2.0-1],
//! [MQTT-3.2.2-5], [MQTT-3.2.2-6], [MQTT-3.12.4-1], [MQTT-3.14.4-3], [MQTT-4.8.0-1], U-3.1.4-1.

use std::collections::VecDeque;
use std::time::Instant;

use super::keep_alive::KeepAlive;
use super::sessions::Attached;
use super::{Broker, CloseReason, Holder, SessionName, Violation};
use crate::packet::{Connack, Connect, ConnectRefusal, DecodeError, Packet, Pingresp, Publish};
use crate::session::Message;

/// What can happen to a Network Connection.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Input {
    /// A packet has come.
    Packet(Packet),
    /// Octets have come that are no packet.
    Undecodable(DecodeError),
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
    /// Send this packet, after those before it.
    Send(Packet),
    /// Close the Network Connection, once what came before is sent. There is no further output.
    Close(CloseReason),
}

/// One Network Connection, from its first octet to its end.
///
/// To drive it: pass what happens to [`handle`](Self::handle), then take
/// [`poll_output`](Self::poll_output) until it gives `None`; call `handle` with
/// [`Input::Timeout`] when [`deadline`](Self::deadline) has come, and poll when the holder is asked
/// to wake this connection. A connection that is given up must be told so, by
/// [`Input::NetworkClosed`]: its Will and its Session depend on it.
#[derive(Debug)]
pub struct Connection<H: Holder> {
    /// How the holder reaches this connection.
    me: H::Connection,
    stage: Stage<H>,
    outgoing: VecDeque<Output>,
}

#[derive(Debug)]
enum Stage<H: Holder> {
    /// Before CONNECT.
    Opened { deadline: Instant },
    /// After a CONNECT that was accepted.
    Connected { name: SessionName, session: H::Session, keep_alive: KeepAlive },
    /// Nothing that comes is looked at any more.
    Closed,
}

/// How many packets are fetched from the Session at a time.
const BATCH: usize = 64;

impl<H: Holder> Connection<H> {
    /// A Network Connection that was opened just now.
    pub fn new(me: H::Connection, now: Instant, broker: &Broker<H>) -> Self {
        let deadline = now + broker.limits().connect_timeout;
        Self { me, stage: Stage::Opened { deadline }, outgoing: VecDeque::new() }
    }

    /// Takes in what happens at time `now`.
    pub fn handle(&mut self, now: Instant, input: Input, broker: &Broker<H>) {
        match input {
            Input::Packet(packet) => self.handle_packet(now, packet, broker),
            Input::Undecodable(error) => self.handle_undecodable(error, broker),
            Input::Timeout => self.handle_timeout(now, broker),
            Input::NetworkClosed => self.close(CloseReason::NetworkClosed, broker),
            Input::Stopping => self.handle_stopping(broker),
            Input::Stop => self.handle_stop(broker),
        }
    }

    /// What to do next; `None` until something happens or the holder wakes this connection.
    pub fn poll_output(&mut self, broker: &Broker<H>) -> Option<Output> {
        if self.outgoing.is_empty() {
            self.fetch(broker);
        }
        self.outgoing.pop_front()
    }

    /// When to call [`handle`](Self::handle) with [`Input::Timeout`], if nothing comes before.
    pub fn deadline(&self) -> Option<Instant> {
        match &self.stage {
            Stage::Opened { deadline } => Some(*deadline),
            Stage::Connected { keep_alive, .. } => keep_alive.deadline(),
            Stage::Closed => None,
        }
    }

    /// Whose connection it is, once a CONNECT was accepted.
    pub fn session_name(&self) -> Option<&SessionName> {
        match &self.stage {
            Stage::Connected { name, .. } => Some(name),
            Stage::Opened { .. } | Stage::Closed => None,
        }
    }

    fn handle_packet(&mut self, now: Instant, packet: Packet, broker: &Broker<H>) {
        match &mut self.stage {
            Stage::Opened { .. } => match packet {
                Packet::Connect(connect) => self.handle_connect(now, connect, broker),
                // [MQTT-3.1.0-1] CONNECT comes first.
                other => {
                    let violation = Violation::FirstPacketNotConnect(other.packet_type());
                    self.close(CloseReason::Violation(violation), broker);
                }
            },
            Stage::Connected { session, keep_alive, .. } => {
                // [MQTT-3.1.2-24] Every whole packet shows that the Client is there.
                keep_alive.heard(now);
                let session = session.clone();
                self.handle_connected(&session, packet, broker);
            }
            // [MQTT-3.1.4-5] After a refusal nothing is looked at, nor after any other end.
            Stage::Closed => {}
        }
    }

    fn handle_connect(&mut self, now: Instant, connect: Connect, broker: &Broker<H>) {
        // [MQTT-3.1.3-8] Without an identifier there is nothing to find the Session by later.
        if connect.client_id.is_empty() && !connect.clean_session {
            // [MQTT-3.1.3-9] The return code for a Client Identifier that is not taken.
            let refusal = ConnectRefusal::IdentifierRejected;
            return self.refuse(refusal, "MQTT-3.1.3-8", broker);
        }
        let keep_alive = KeepAlive::new(now, connect.keep_alive_seconds);
        let Ok(attached) = broker.attach(&self.me, connect) else {
            // [U-3.2.2.3-1] A CONNECT that cannot be served is told so.
            let refusal = ConnectRefusal::ServerUnavailable;
            return self.refuse(refusal, "U-3.2.2.3-1", broker);
        };
        let Attached { name, session, session_present } = attached;
        self.stage = Stage::Connected { name, session, keep_alive };
        // [MQTT-3.1.4-4] An accepted CONNECT is answered with return code 0,
        // [MQTT-3.2.0-1] before anything else.
        self.send(Connack::Accepted { session_present });
    }

    fn handle_connected(&mut self, session: &H::Session, packet: Packet, broker: &Broker<H>) {
        let done = match packet {
            Packet::Publish(publish) => {
                self.handle_publish(session, publish, broker);
                Ok(())
            }
            Packet::Puback(puback) => {
                broker.holder().with_session(session, |state| state.puback(puback))
            }
            Packet::Pubrec(pubrec) => broker
                .holder()
                .with_session(session, |state| state.pubrec(pubrec))
                .map(|pubrel| self.send(pubrel)),
            Packet::Pubrel(pubrel) => {
                let pubcomp = broker.holder().with_session(session, |state| state.pubrel(pubrel));
                self.send(pubcomp);
                Ok(())
            }
            Packet::Pubcomp(pubcomp) => {
                broker.holder().with_session(session, |state| state.pubcomp(pubcomp))
            }
            Packet::Subscribe(subscribe) => {
                self.send(broker.subscribe(session, &self.me, subscribe));
                Ok(())
            }
            Packet::Unsubscribe(unsubscribe) => {
                self.send(broker.unsubscribe(session, &unsubscribe));
                Ok(())
            }
            Packet::Pingreq(_) => {
                // [MQTT-3.12.4-1] Each one is answered.
                self.send(Pingresp);
                Ok(())
            }
            Packet::Disconnect(_) => {
                // [MQTT-3.14.4-3] The Will goes unpublished, and then the connection (U-3.14.4-1).
                broker.holder().with_session(session, super::Session::discard_will);
                self.close(CloseReason::Disconnected, broker);
                Ok(())
            }
            // [MQTT-3.1.0-2] Once is enough.
            Packet::Connect(_) => return self.violate(Violation::SecondConnect, broker),
            Packet::Connack(_) | Packet::Suback(_) | Packet::Unsuback(_) | Packet::Pingresp(_) => {
                return self.violate(Violation::ServerPacket(packet.packet_type()), broker);
            }
        };
        if let Err(unexpected) = done {
            self.violate(Violation::UnexpectedAck(unexpected), broker);
        }
    }

    fn handle_publish(&mut self, session: &H::Session, publish: Publish, broker: &Broker<H>) {
        let received =
            broker.holder().with_session(session, |state| state.publish(publish.delivery));
        if received.is_new {
            broker.publish_for_client(Message::from_publish(publish));
        }
        // Answered only now that the message has been taken over.
        if let Some(answer) = received.answer {
            self.send(answer);
        }
    }

    fn handle_undecodable(&mut self, error: DecodeError, broker: &Broker<H>) {
        match (&self.stage, error) {
            (Stage::Opened { .. }, DecodeError::UnsupportedProtocolLevel { .. }) => {
                // [MQTT-3.1.2-2] Another version of MQTT is told so.
                let refusal = ConnectRefusal::UnacceptableProtocolVersion;
                self.refuse(refusal, "MQTT-3.1.2-2", broker);
            }
            // [MQTT-3.1.0-2] A second CONNECT stays one, whatever it asks for.
            (Stage::Connected { .. }, DecodeError::UnsupportedProtocolLevel { .. }) => {
                self.violate(Violation::SecondConnect, broker);
            }
            // [MQTT-3.1.4-1] A CONNECT that cannot be read has no answer,
            // [MQTT-3.2.2-6] for which there would be no return code either,
            // [MQTT-4.8.0-1] and what cannot be read ends the connection.
            _ => self.close(CloseReason::Decode(error), broker),
        }
    }

    fn handle_timeout(&mut self, now: Instant, broker: &Broker<H>) {
        if self.deadline().is_none_or(|deadline| now < deadline) {
            return;
        }
        let reason = match self.stage {
            Stage::Opened { .. } => CloseReason::ConnectTimeout,
            // [MQTT-3.1.2-24] As if the network had failed.
            Stage::Connected { .. } | Stage::Closed => CloseReason::KeepAliveExpired,
        };
        self.close(reason, broker);
    }

    fn handle_stopping(&self, broker: &Broker<H>) {
        let Stage::Connected { session, .. } = &self.stage else { return };
        let will = broker.holder().with_session(session, |state| {
            state.is_attached_to(&self.me).then(|| state.take_will()).flatten()
        });
        if let Some(will) = will {
            broker.publish_will(will);
        }
    }

    fn handle_stop(&mut self, broker: &Broker<H>) {
        // What the Session holds for the Client now goes first: the Wills of those who left just
        // before it are the last of it.
        let mut fetched = usize::MAX;
        while fetched != self.outgoing.len() {
            fetched = self.outgoing.len();
            self.fetch(broker);
        }
        self.close(CloseReason::ServerStopping, broker);
    }

    fn send(&mut self, packet: impl Into<Packet>) {
        self.outgoing.push_back(Output::Send(packet.into()));
    }

    /// Refuses a CONNECT.
    fn refuse(&mut self, refusal: ConnectRefusal, statement: &'static str, broker: &Broker<H>) {
        // [U-3.1.4-1] What is well formed and not wanted is told why.
        self.send(Connack::Refused(refusal));
        // [MQTT-3.2.2-5] A refusal is followed by the end.
        self.close(CloseReason::Refused { refusal, statement }, broker);
    }

    /// Ends the connection of a Client that broke the protocol.
    fn violate(&mut self, violation: Violation, broker: &Broker<H>) {
        // [MQTT-4.8.0-1] The connection on which it came, and no other.
        self.close(CloseReason::Violation(violation), broker);
    }

    /// Ends the connection, and parts from the Session.
    fn close(&mut self, reason: CloseReason, broker: &Broker<H>) {
        match std::mem::replace(&mut self.stage, Stage::Closed) {
            Stage::Closed => return,
            Stage::Opened { .. } => {}
            Stage::Connected { name, session, .. } => broker.detach(&name, &session, &self.me),
        }
        self.outgoing.push_back(Output::Close(reason));
    }

    /// Fetches what the Session has to send.
    fn fetch(&mut self, broker: &Broker<H>) {
        let Stage::Connected { session, .. } = &self.stage else { return };
        let displaced = broker.holder().with_session(session, |state| {
            if !state.is_attached_to(&self.me) {
                return true;
            }
            let packets = std::iter::from_fn(|| state.next_packet());
            self.outgoing.extend(packets.take(BATCH).map(Output::Send));
            false
        });
        // [MQTT-3.1.4-2] Another connection has the Session now: this one ends.
        if displaced {
            self.close(CloseReason::Displaced, broker);
        }
    }
}
