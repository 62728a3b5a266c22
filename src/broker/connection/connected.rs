//! What a Client says once it is connected, packet by packet.
//!
//! Clauses: [MQTT-3.1.0-2], [MQTT-3.1.4-2], [MQTT-3.3.5-2], [MQTT-3.12.4-1], [MQTT-3.14.4-3], [MQTT-4.3.3-1],
//! [MQTT-4.3.3-2]. Not here: its CONNECT (`admission`), and what the Session makes of a packet
//! (`session`).

use std::time::Instant;

use super::{Connection, Output};
use crate::broker::{
    Broker, CloseReason, Holder, Note, Session, UnauthorizedPublish, Unit, Violation,
};
use crate::packet::{Packet, Pingresp, Publish, QoS};
use crate::session::{Message, UnexpectedAck};

impl<H: Holder> Connection<H> {
    /// Takes in a packet that is not the first.
    pub(super) fn handle_connected(
        &mut self,
        now: Instant,
        session: &H::Session,
        packet: Packet,
        broker: &Broker<H>,
        unit: &mut Unit<'_>,
    ) {
        if must_be_kept(&packet) && !broker.holder().can_keep() {
            return self.close(CloseReason::NotKept, broker, unit);
        }
        let done = match packet {
            Packet::Publish(publish) => self.handle_publish(now, session, publish, broker, unit),
            Packet::Puback(puback) => {
                self.with_own(session, broker, |state| state.puback(puback, unit))
            }
            // [MQTT-4.3.3-1] After PUBREL the PUBLISH must never come again, so PUBREL waits until
            // that is certain.
            Packet::Pubrec(pubrec) => self
                .with_own(session, broker, |state| state.pubrec(pubrec, unit))
                .map(|done| done.map(|pubrel| self.send_when_kept(pubrel, unit))),
            // [MQTT-4.3.3-2] After PUBCOMP the identifier stands for another message.
            Packet::Pubrel(pubrel) => {
                self.with_own(session, broker, |state| state.pubrel(pubrel, unit)).map(|pubcomp| {
                    self.send_when_kept(pubcomp, unit);
                    Ok(())
                })
            }
            Packet::Pubcomp(pubcomp) => {
                self.with_own(session, broker, |state| state.pubcomp(pubcomp, unit))
            }
            Packet::Subscribe(subscribe) => {
                let suback = broker.subscribe(session, &self.me, subscribe, unit);
                self.send_when_kept(suback, unit);
                Some(Ok(()))
            }
            Packet::Unsubscribe(unsubscribe) => {
                let unsuback = broker.unsubscribe(session, &self.me, &unsubscribe, unit);
                self.send_when_kept(unsuback, unit);
                Some(Ok(()))
            }
            Packet::Pingreq(_) => {
                // [MQTT-3.12.4-1] Each one is answered.
                self.send(Pingresp);
                Some(Ok(()))
            }
            // [MQTT-3.14.4-3] The Will goes unpublished, and then the connection (U-3.14.4-1).
            Packet::Disconnect(_) => {
                self.with_own(session, broker, |state| drop(state.take_will(unit))).map(|()| {
                    self.hold(unit.recorded());
                    self.close(CloseReason::Disconnected, broker, unit);
                    Ok(())
                })
            }
            // [MQTT-3.1.0-2] Once is enough.
            Packet::Connect(_) => return self.violate(Violation::SecondConnect, broker, unit),
            Packet::Connack(_) | Packet::Suback(_) | Packet::Unsuback(_) | Packet::Pingresp(_) => {
                let violation = Violation::ServerPacket(packet.packet_type());
                return self.violate(violation, broker, unit);
            }
        };
        match done {
            Some(Ok(())) => {}
            Some(Err(unexpected)) => {
                self.violate(Violation::UnexpectedAck(unexpected), broker, unit);
            }
            // [MQTT-3.1.4-2] The Client speaks on another connection by now.
            None => self.close(CloseReason::Displaced, broker, unit),
        }
    }

    /// Works on the Session, unless it has another connection by now.
    ///
    /// What was still on its way when the Client connected anew must not change the Session behind
    /// its back: least of all DISCONNECT, which would take the Will of the newer connection.
    fn with_own<R>(
        &self,
        session: &H::Session,
        broker: &Broker<H>,
        work: impl FnOnce(&mut Session<H::Connection>) -> R,
    ) -> Option<R> {
        broker.holder().with_session(session, |state| {
            state.is_attached_to(&self.me).then(|| {
                let done = work(state);
                broker.settle(state);
                done
            })
        })
    }

    /// `None` when the Session has another connection by now.
    fn handle_publish(
        &mut self,
        now: Instant,
        session: &H::Session,
        publish: Publish,
        broker: &Broker<H>,
        unit: &mut Unit<'_>,
    ) -> Option<Result<(), UnexpectedAck>> {
        if !broker.takes_levels(&publish.topic) {
            self.close(CloseReason::TooManyLevels, broker, unit);
            return Some(Ok(()));
        }
        let may_go_on = broker.policy().unauthorized_publish == UnauthorizedPublish::Acknowledge;
        let taken = self.with_own(session, broker, |state| {
            let is_allowed = state.rights().may_write(&publish.topic);
            (is_allowed || may_go_on)
                .then(|| (is_allowed, state.publish(publish.delivery, unit), state.recorded()))
        })?;
        let Some((is_allowed, received, recorded)) = taken else {
            // [MQTT-3.3.5-2] One way: the connection ends, and nothing is acknowledged.
            self.close(CloseReason::NotAllowed, broker, unit);
            return Some(Ok(()));
        };
        if !is_allowed {
            // [MQTT-3.3.5-2] The other way: it is acknowledged like all else, and goes nowhere.
            self.outgoing.push_back(Output::Note(Note::Unauthorized(publish.topic)));
        } else if received.is_new {
            let route = self.route.get_or_insert_default();
            let pause = broker.publish_for_client(Message::from_publish(publish), route, unit);
            self.pause(now, pause);
        }
        // Answered only now that the message has been taken over.
        if let Some(answer) = received.answer {
            // A message that came before is not recorded anew, and may not be durable yet.
            if !received.is_new {
                self.hold(recorded);
            }
            self.send_when_kept(answer, unit);
        }
        Some(Ok(()))
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
