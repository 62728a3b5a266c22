//! What the Client does with each Control Packet of the Server.

use std::time::Instant;

use super::command::Command;
use super::{Change, Client, CloseReason, Outcome, Output, Violation};
use crate::packet::{Connack, Delivery, Packet, Publish, Pubrec, Pubrel};
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
            Packet::Pubrec(pubrec) => self.handle_pubrec(now, pubrec)?,
            Packet::Pubcomp(pubcomp) => {
                let completed = self.session.sending.pubcomp(pubcomp)?;
                self.handle_completed(now, completed);
            }
            Packet::Pubrel(pubrel) => self.handle_pubrel(now, pubrel),
            Packet::Suback(suback) => {
                let answered = self.session.end_subscribe(&suback)?;
                let lost = self.subscriptions.answered(&answered);
                self.outputs.extend(lost.into_iter().map(Output::Refused));
                if answered.is_renewal {
                    let waits = |(_, command): &_| matches!(command, Command::Renew(_));
                    self.is_renewing = self.session.is_renewing() || self.waiting.iter().any(waits);
                } else {
                    self.complete(answered.token, Outcome::Subscribed(answered.codes));
                }
                self.send_waiting(now);
            }
            Packet::Unsuback(unsuback) => {
                let (token, filters) = self.session.end_unsubscribe(unsuback)?;
                self.subscriptions.ended(&filters);
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
        if !session_present || self.is_renewing {
            self.renew(now);
        }
        self.send_waiting(now);
        Ok(())
    }

    fn handle_publish(&mut self, now: Instant, publish: Publish) {
        if self.acknowledges_by_hand && publish.delivery != Delivery::AtMostOnce {
            return self.entrust(now, publish);
        }
        let received = self.session.receiving.publish(publish.delivery);
        if received.is_new {
            let delivery = publish.delivery;
            self.outputs.push_back(Output::Received(Message::from_publish(publish)));
            if let Delivery::ExactlyOnce { packet_id, .. } = delivery {
                // [MQTT-4.3.3-2] Before PUBREC: after it nobody tells what has come before.
                self.keep(Change::Received { packet_id });
            }
        }
        // [MQTT-4.5.0-2] Whatever the message is, and whoever wants it, it is acknowledged,
        // [MQTT-4.6.0-2] at once, and so in the order of arrival: with PUBACK
        // [MQTT-4.6.0-3] as with PUBREC.
        if let Some(answer) = received.answer {
            self.send(now, answer);
        }
    }

    /// Hands over a message of QoS 1 or 2 that the program is to acknowledge.
    fn entrust(&mut self, now: Instant, publish: Publish) {
        let receipt = self.next_receipt;
        let acknowledging = &mut self.session.acknowledging;
        let is_new = match publish.delivery {
            Delivery::AtMostOnce => true,
            Delivery::AtLeastOnce { packet_id, .. } => {
                acknowledging.at_least_once(packet_id, receipt);
                true
            }
            Delivery::ExactlyOnce { packet_id, .. } if self.session.receiving.has(packet_id) => {
                acknowledging.exactly_once_again(packet_id);
                false
            }
            Delivery::ExactlyOnce { packet_id, .. } => {
                acknowledging.exactly_once(packet_id, receipt)
            }
        };
        if is_new {
            self.next_receipt = receipt.next();
            let message = Message::from_publish(publish);
            self.outputs.push_back(Output::Entrusted { receipt, message });
        }
        self.send_acknowledgements(now);
    }

    fn handle_pubrec(&mut self, now: Instant, pubrec: Pubrec) -> Result<(), Violation> {
        let pubrel = self.session.sending.pubrec(pubrec)?;
        let packet_id = pubrel.packet_id;
        if let Some(token) = self.session.delivery(packet_id) {
            // [MQTT-4.3.3-1] Before PUBREL: after it the PUBLISH must never come again.
            self.keep(Change::Released { token, packet_id });
        }
        self.send(now, pubrel);
        Ok(())
    }

    fn handle_pubrel(&mut self, now: Instant, pubrel: Pubrel) {
        // Before PUBCOMP: after it the identifier may be that of another message.
        self.keep(Change::Freed { packet_id: pubrel.packet_id });
        self.session.acknowledging.released(pubrel.packet_id);
        let pubcomp = self.session.receiving.pubrel(pubrel);
        self.send(now, pubcomp);
        self.send_acknowledgements(now);
    }

    fn handle_completed(&mut self, now: Instant, completed: Completed) {
        if let Completed::Delivery(packet_id) = completed {
            if let Some(token) = self.session.end_delivery(packet_id) {
                self.keep(Change::Completed { token });
                self.complete(token, Outcome::Delivered);
            }
            self.send_waiting(now);
        }
    }
}
