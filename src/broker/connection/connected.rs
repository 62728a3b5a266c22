//! What a Client says once it is connected, packet by packet.
//!
//! Clauses: [MQTT-3.1.0-2], [MQTT-3.3.5-2], [MQTT-3.12.4-1], [MQTT-3.14.4-3], [MQTT-4.3.3-1],
//! [MQTT-4.3.3-2]. Not here: its CONNECT (`admission`), and what the Session makes of a packet
//! (`session`).

use std::time::Instant;

use super::{Connection, Output};
use crate::broker::{
    Broker, CloseReason, Holder, Note, Session, UnauthorizedPublish, Unit, Violation,
};
use crate::packet::{Packet, Pingresp, Publish, QoS};

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
            Packet::Publish(publish) => {
                self.handle_publish(now, session, publish, broker, unit);
                Ok(())
            }
            Packet::Puback(puback) => {
                with_session(session, broker, |state| state.puback(puback, unit))
            }
            // [MQTT-4.3.3-1] After PUBREL the PUBLISH must never come again, so PUBREL waits until
            // that is certain.
            Packet::Pubrec(pubrec) => {
                with_session(session, broker, |state| state.pubrec(pubrec, unit))
                    .map(|pubrel| self.send_when_kept(pubrel, unit))
            }
            // [MQTT-4.3.3-2] After PUBCOMP the identifier stands for another message.
            Packet::Pubrel(pubrel) => {
                let pubcomp = with_session(session, broker, |state| state.pubrel(pubrel, unit));
                self.send_when_kept(pubcomp, unit);
                Ok(())
            }
            Packet::Pubcomp(pubcomp) => {
                with_session(session, broker, |state| state.pubcomp(pubcomp, unit))
            }
            Packet::Subscribe(subscribe) => {
                let suback = broker.subscribe(session, &subscribe, unit);
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
            // [MQTT-3.14.4-3] The Will goes unpublished, and then the connection (U-3.14.4-1).
            Packet::Disconnect(_) => {
                with_session(session, broker, |state| drop(state.take_will(unit)));
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
        now: Instant,
        session: &H::Session,
        publish: Publish,
        broker: &Broker<H>,
        unit: &mut Unit<'_>,
    ) {
        if !broker.takes_levels(&publish.topic) {
            return self.close(CloseReason::TooManyLevels, broker, unit);
        }
        let may_go_on = broker.policy().unauthorized_publish == UnauthorizedPublish::Acknowledge;
        let taken = with_session(session, broker, |state| {
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
            let route = self.route.get_or_insert_default();
            let pause = broker.publish_for_client(publish, route, unit);
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
    }
}

/// Works on the Session of a connection.
fn with_session<H: Holder, R>(
    session: &H::Session,
    broker: &Broker<H>,
    work: impl FnOnce(&mut Session<H::Connection>) -> R,
) -> R {
    broker.holder().with_session(session, |state| {
        let done = work(state);
        broker.settle(state);
        done
    })
}

/// Whether a packet of a Client asks for something that has to be kept.
fn must_be_kept(packet: &Packet) -> bool {
    match packet {
        Packet::Publish(publish) => publish.retain || publish.delivery.qos() != QoS::AtMostOnce,
        Packet::Subscribe(_) | Packet::Unsubscribe(_) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use bytes::BytesMut;

    use super::*;
    use crate::packet::Decoder;
    use crate::packet::hex::hex;

    fn is_kept(octets: &str) -> bool {
        let mut octets = BytesMut::from(&hex(octets)[..]);
        must_be_kept(&Decoder::default().decode(&mut octets).unwrap().unwrap())
    }

    #[test]
    fn what_promises_something_beyond_the_server_must_be_kept() {
        for publish in ["31 03 0001 't'", "32 05 0001 't' 0001", "34 05 0001 't' 0001"] {
            assert!(is_kept(publish), "{publish}");
        }
        assert!(is_kept("82 06 0001 0001 't' 00") && is_kept("a2 05 0001 0001 't'"));
        for other in ["30 03 0001 't'", "40 02 0001", "62 02 0001", "c0 00", "e0 00"] {
            assert!(!is_kept(other), "{other}");
        }
    }
}
