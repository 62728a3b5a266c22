//! What the Client does with each Control Packet of the Server.

use std::time::Instant;

use super::{Client, CloseReason, Outcome, Output, Violation};
use crate::packet::{Connack, Packet, Publish};
use crate::session::{Completed, Message};

impl Client {
    pub(super) fn handle_packet(&mut self, now: Instant, packet: Packet) -> Result<(), Violation> {
        let Some(connection) = &mut self.connection else { return Ok(()) };
        connection.keep_alive.heard(now);
        if !connection.is_accepted() {
            return match packet {
                Packet::Connack(connack) => self.handle_connack(now, connack),
                packet => Err(Violation::BeforeConnack(packet.packet_type())),
            };
        }
        match packet {
            Packet::Publish(publish) => self.handle_publish(now, publish),
            Packet::Puback(puback) => {
                let completed = self.session.sending.puback(puback)?;
                self.handle_completed(now, completed);
            }
            Packet::Pubrec(pubrec) => {
                let pubrel = self.session.sending.pubrec(pubrec)?;
                self.send(now, pubrel);
            }
            Packet::Pubcomp(pubcomp) => {
                let completed = self.session.sending.pubcomp(pubcomp)?;
                self.handle_completed(now, completed);
            }
            Packet::Pubrel(pubrel) => {
                let pubcomp = self.session.receiving.pubrel(pubrel);
                self.send(now, pubcomp);
            }
            Packet::Suback(suback) => {
                let (token, codes) = self.session.end_subscribe(suback)?;
                self.complete(token, Outcome::Subscribed(codes));
                self.send_waiting(now);
            }
            Packet::Unsuback(unsuback) => {
                let token = self.session.end_unsubscribe(unsuback)?;
                self.complete(token, Outcome::Unsubscribed);
                self.send_waiting(now);
            }
            Packet::Pingresp(_) => connection.keep_alive.answered(),
            Packet::Connack(_) => return Err(Violation::SecondConnack),
            Packet::Connect(_)
            | Packet::Subscribe(_)
            | Packet::Unsubscribe(_)
            | Packet::Pingreq(_)
            | Packet::Disconnect(_) => return Err(Violation::ClientPacket(packet.packet_type())),
        }
        Ok(())
    }

    fn handle_connack(&mut self, now: Instant, connack: Connack) -> Result<(), Violation> {
        let Some(connection) = &mut self.connection else { return Ok(()) };
        let session_present = match connack {
            Connack::Accepted { session_present } => session_present,
            Connack::Refused(refusal) => {
                self.close(CloseReason::Refused(refusal));
                return Ok(());
            }
        };
        if session_present && connection.clean_session {
            return Err(Violation::SessionPresentForCleanSession);
        }
        connection.accept();
        self.outputs.push_back(Output::Connected { session_present });
        if session_present {
            // [MQTT-4.4.0-1] The Server still knows what was on its way: all of it again, and
            // before anything new. [U-4.4-1] Here and nowhere else is anything sent again.
            let again: Vec<Packet> = self.session.sending.resend().collect();
            again.into_iter().for_each(|packet| self.send(now, packet));
        } else {
            self.begin_anew();
        }
        self.send_waiting(now);
        Ok(())
    }

    /// The Server has no Session, so nothing that was on its way has a meaning to it any more.
    ///
    /// Messages without an answer are published anew, in their order: at QoS 2 at the risk that
    /// the Server passed one on and forgot, which is better than a loss. Those that it answered
    /// with PUBREC it has taken over, and they count as delivered.
    fn begin_anew(&mut self) {
        let (delivered, again) = self.session.begin_anew(self.limits.in_flight);
        for token in delivered {
            self.complete(token, Outcome::Delivered);
        }
        self.wait_again(again);
    }

    fn handle_publish(&mut self, now: Instant, publish: Publish) {
        let received = self.session.receiving.publish(publish.delivery);
        if received.is_new {
            self.outputs.push_back(Output::Received(Message::from_publish(publish)));
        }
        // [MQTT-4.5.0-2] Whatever the message is, and whoever wants it, it is acknowledged,
        // [MQTT-4.6.0-2] at once, and so in the order of arrival: with PUBACK
        // [MQTT-4.6.0-3] as with PUBREC.
        if let Some(answer) = received.answer {
            self.send(now, answer);
        }
    }

    fn handle_completed(&mut self, now: Instant, completed: Completed) {
        if let Completed::Delivery(packet_id) = completed {
            if let Some(token) = self.session.end_delivery(packet_id) {
                self.complete(token, Outcome::Delivered);
            }
            self.send_waiting(now);
        }
    }
}
