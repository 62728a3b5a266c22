//! The sender's half of the delivery protocols.
//!
//! Clauses: [MQTT-2.3.1-3], [MQTT-3.3.1-1], [MQTT-4.3.1-1], [MQTT-4.3.2-1], [MQTT-4.3.3-1],
//! [MQTT-4.4.0-1], [MQTT-4.6.0-1], [MQTT-4.6.0-4], [MQTT-4.6.0-6].

use std::collections::VecDeque;

use thiserror::Error;

use super::packet_ids::PacketIds;
use super::{Empty, Outbound, Sparse};
use crate::packet::{Delivery, Packet, PacketId, Puback, Pubcomp, Publish, Pubrec, Pubrel, QoS};

/// The sender's half: which messages are on their way, and how far they have come.
///
/// Invariants, checked by `check_invariants`: the identifiers in use are those of
/// `unacknowledged`, of `released` and those lent; none is in two of them; the messages in
/// `unacknowledged` have QoS 1 or 2, and `octets` is their sum.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Sending {
    limit: u16,
    /// Nothing before the first message: a hundred thousand that only listen have no room for any.
    started: Sparse<Started>,
}

/// What takes room from the first message on.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
struct Started {
    ids: PacketIds,
    /// Sent as PUBLISH, and not answered yet: in the order in which they were first sent.
    unacknowledged: VecDeque<Unacknowledged>,
    /// QoS 2, answered by PUBREC and sent as PUBREL: in the order of those.
    released: VecDeque<PacketId>,
    /// Of the messages in `unacknowledged`.
    octets: usize,
}

#[derive(Clone, Debug, Eq, Hash, PartialEq)]
struct Unacknowledged {
    packet_id: PacketId,
    outbound: Outbound,
}

/// What an acknowledgement brought to its end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Completed {
    /// The delivery with this identifier, which is free again.
    Delivery(PacketId),
    /// Nothing: no delivery has this identifier. It may have ended before.
    Nothing,
}

/// An acknowledgement that the delivery it names cannot get.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("{acknowledgement} for identifier {packet_id}, which is {stage}")]
pub struct UnexpectedAck {
    /// The type of the packet.
    pub acknowledgement: &'static str,
    /// The delivery it names.
    pub packet_id: PacketId,
    /// How far that has come.
    pub stage: &'static str,
}

impl Sending {
    /// Nothing on its way; at most `limit` messages at once will be (1 to 65,535).
    pub fn new(limit: u16) -> Self {
        let limit = limit.max(1);
        Self { limit, started: Sparse::new() }
    }

    /// The half as it was before: what waits for PUBACK or PUBREC, and what waits for PUBCOMP, each
    /// in the order in which it was sent.
    ///
    /// Identifiers go on behind the last that was sent. The limit holds for what comes; what is on
    /// its way already stays. No identifier may occur twice, and no message may have QoS 0.
    pub fn resumed(
        limit: u16,
        unacknowledged: impl IntoIterator<Item = (PacketId, Outbound)>,
        released: impl IntoIterator<Item = PacketId>,
    ) -> Self {
        let mut sending = Self::new(limit);
        for packet_id in released {
            sending.started.ids.resume(packet_id);
            sending.started.released.push_back(packet_id);
        }
        for (packet_id, outbound) in unacknowledged {
            debug_assert_ne!(outbound.qos, QoS::AtMostOnce);
            sending.started.ids.resume(packet_id);
            sending.started.octets += outbound.octets();
            sending.started.unacknowledged.push_back(Unacknowledged { packet_id, outbound });
        }
        sending
    }

    /// Whether another message of QoS 1 or 2 may be sent now.
    pub fn has_room(&self) -> bool {
        self.in_flight() < usize::from(self.limit)
            && self.started.ids.in_use() < usize::from(u16::MAX)
    }

    /// How many messages of QoS 1 and 2 are on their way.
    pub fn in_flight(&self) -> usize {
        self.started.unacknowledged.len() + self.started.released.len()
    }

    /// How many octets of topic and payload they hold until they are answered.
    pub fn octets(&self) -> usize {
        self.started.octets
    }

    /// Sends a message for the first time: the PUBLISH to send.
    ///
    /// `None` when there is no room (see [`has_room`](Self::has_room)); QoS 0 always has.
    pub fn publish(&mut self, outbound: Outbound) -> Option<Publish> {
        if outbound.qos == QoS::AtMostOnce {
            // [MQTT-4.3.1-1] QoS 0: sent, and forgotten.
            return Some(outbound.into_publish(Delivery::AtMostOnce));
        }
        if !self.has_room() {
            return None;
        }
        // [MQTT-4.3.2-1] QoS 1 and
        // [MQTT-4.3.3-1] QoS 2: an identifier of its own, no DUP, and kept until it is answered.
        let packet_id = self.started.ids.take()?;
        let publish = outbound.publish(delivery(outbound.qos, packet_id, false));
        self.started.octets += outbound.octets();
        self.started.unacknowledged.push_back(Unacknowledged { packet_id, outbound });
        Some(publish)
    }

    /// Takes in a PUBACK: the end of a delivery of QoS 1.
    ///
    /// # Errors
    ///
    /// [`UnexpectedAck`] when the delivery has QoS 2; it stays as it is.
    pub fn puback(&mut self, puback: Puback) -> Result<Completed, UnexpectedAck> {
        let packet_id = puback.packet_id;
        let unexpected = |stage| UnexpectedAck { acknowledgement: "PUBACK", packet_id, stage };
        let Some(index) = self.position(packet_id) else {
            return match self.started.released.contains(&packet_id) {
                true => Err(unexpected("of QoS 2 and released")),
                false => Ok(Completed::Nothing),
            };
        };
        if self.started.unacknowledged[index].outbound.qos != QoS::AtLeastOnce {
            return Err(unexpected("of QoS 2"));
        }
        // [MQTT-2.3.1-3] Only the answer makes the identifier free.
        self.answered(index);
        self.started.ids.give_back(packet_id);
        Ok(Completed::Delivery(packet_id))
    }

    /// Takes in a PUBREC: the PUBREL to answer with.
    ///
    /// An identifier that is not known gets its PUBREL too: nothing else ends the exchange for a
    /// receiver that still holds it.
    ///
    /// # Errors
    ///
    /// [`UnexpectedAck`] when the delivery has QoS 1; it stays as it is.
    pub fn pubrec(&mut self, pubrec: Pubrec) -> Result<Pubrel, UnexpectedAck> {
        let packet_id = pubrec.packet_id;
        if let Some(index) = self.position(packet_id) {
            if self.started.unacknowledged[index].outbound.qos != QoS::ExactlyOnce {
                let (acknowledgement, stage) = ("PUBREC", "of QoS 1");
                return Err(UnexpectedAck { acknowledgement, packet_id, stage });
            }
            // [MQTT-4.3.3-1] From here on it is PUBREL that is sent again, never PUBLISH.
            self.answered(index);
            self.started.released.push_back(packet_id);
        }
        // [MQTT-4.3.3-1] Each PUBREC gets its PUBREL, with the same identifier,
        // [MQTT-4.6.0-4] in the order in which they came.
        Ok(Pubrel { packet_id })
    }

    /// Takes in a PUBCOMP: the end of a delivery of QoS 2.
    ///
    /// # Errors
    ///
    /// [`UnexpectedAck`] when the delivery has not got as far as PUBREL; it stays as it is.
    pub fn pubcomp(&mut self, pubcomp: Pubcomp) -> Result<Completed, UnexpectedAck> {
        let packet_id = pubcomp.packet_id;
        if self.position(packet_id).is_some() {
            let (acknowledgement, stage) = ("PUBCOMP", "not released");
            return Err(UnexpectedAck { acknowledgement, packet_id, stage });
        }
        let Some(index) = self.started.released.iter().position(|&released| released == packet_id)
        else {
            return Ok(Completed::Nothing);
        };
        // [MQTT-2.3.1-3] Only the last answer makes the identifier free.
        self.started.released.remove(index);
        self.started.ids.give_back(packet_id);
        Ok(Completed::Delivery(packet_id))
    }

    /// All that must be sent again on a new Network Connection, in the order to send it in.
    pub fn resend(&self) -> impl Iterator<Item = Packet> {
        // [MQTT-4.4.0-1] What has no answer goes out again, with the identifier it had.
        // [MQTT-3.3.1-1] PUBLISH says that it has been sent before.
        // [MQTT-4.6.0-1] The oldest first, by a Client
        // [MQTT-4.6.0-6] as by a Server.
        let pubrels = self.started.released.iter().map(|&packet_id| Pubrel { packet_id }.into());
        let publishes =
            self.started.unacknowledged.iter().map(|Unacknowledged { packet_id, outbound }| {
                outbound.publish(delivery(outbound.qos, *packet_id, true)).into()
            });
        pubrels.chain(publishes)
    }

    /// An identifier for a SUBSCRIBE or UNSUBSCRIBE, which share them with PUBLISH; `None` when
    /// all are in use.
    pub fn lend_id(&mut self) -> Option<PacketId> {
        self.started.ids.take()
    }

    /// Takes back an identifier that was lent, after SUBACK or UNSUBACK.
    pub fn return_id(&mut self, packet_id: PacketId) {
        self.started.ids.give_back(packet_id);
    }

    /// Lets go of the message at `index`: its receiver has it.
    fn answered(&mut self, index: usize) {
        if let Some(Unacknowledged { outbound, .. }) = self.started.unacknowledged.remove(index) {
            self.started.octets -= outbound.octets();
        }
    }

    /// Where the delivery stands that waits for PUBACK or PUBREC.
    ///
    /// Receivers answer in order, so it is nearly always the first.
    fn position(&self, packet_id: PacketId) -> Option<usize> {
        self.started.unacknowledged.iter().position(|waiting| waiting.packet_id == packet_id)
    }

    #[cfg(test)]
    pub(crate) fn check_invariants(&self, lent: usize) {
        assert_eq!(self.started.ids.in_use(), self.in_flight() + lent);
        for Unacknowledged { packet_id, outbound } in &self.started.unacknowledged {
            assert!(self.started.ids.is_in_use(*packet_id));
            assert!(!self.started.released.contains(packet_id));
            assert_ne!(outbound.qos, QoS::AtMostOnce);
        }
        for packet_id in &self.started.released {
            assert!(self.started.ids.is_in_use(*packet_id));
        }
        let octets = self.started.unacknowledged.iter().map(|waiting| waiting.outbound.octets());
        assert_eq!(self.started.octets, octets.sum::<usize>());
    }
}

impl Empty for Started {
    fn empty() -> &'static Self {
        static EMPTY: Started = Started::new();
        &EMPTY
    }

    fn new_empty() -> Self {
        Self::new()
    }
}

impl Started {
    const fn new() -> Self {
        Self {
            ids: PacketIds::new(),
            unacknowledged: VecDeque::new(),
            released: VecDeque::new(),
            octets: 0,
        }
    }
}

/// What a PUBLISH of QoS 1 or 2 has beside its message.
fn delivery(qos: QoS, packet_id: PacketId, dup: bool) -> Delivery {
    match qos {
        QoS::AtMostOnce => Delivery::AtMostOnce,
        QoS::AtLeastOnce => Delivery::AtLeastOnce { packet_id, dup },
        QoS::ExactlyOnce => Delivery::ExactlyOnce { packet_id, dup },
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bytes::Bytes;

    use super::*;
    use crate::session::Message;
    use crate::topic::TopicName;

    fn id(number: u16) -> PacketId {
        PacketId::new(number).unwrap()
    }

    fn outbound(qos: QoS, payload: &'static str) -> Outbound {
        let topic = TopicName::new("t").unwrap();
        let message = Message { topic, payload: Bytes::from(payload), qos, retain: false };
        Outbound { message: Arc::new(message), qos, retain: false }
    }

    fn resent(sending: &Sending) -> Vec<String> {
        sending.resend().map(|packet| packet.to_string()).collect()
    }

    #[test]
    fn qos_0_leaves_nothing_behind() {
        let mut sending = Sending::new(1);
        let publish = sending.publish(outbound(QoS::AtMostOnce, "x")).unwrap();
        assert_eq!(publish.delivery, Delivery::AtMostOnce);
        assert_eq!(resent(&sending), [""; 0]);
        sending.check_invariants(0);
    }

    #[test]
    fn qos_1_is_sent_again_until_puback() {
        // MQTT-4.3.2-1, MQTT-4.4.0-1, MQTT-3.3.1-1
        let mut sending = Sending::new(10);
        let publish = sending.publish(outbound(QoS::AtLeastOnce, "x")).unwrap();
        assert_eq!(publish.delivery, Delivery::AtLeastOnce { packet_id: id(1), dup: false });
        let again = [r#"PUBLISH "t" q1 id 1 dup, 1 octets"#];
        assert_eq!(resent(&sending), again);
        assert_eq!(resent(&sending), again, "as often as the connection is lost");
        let puback = Puback { packet_id: id(1) };
        assert_eq!(sending.puback(puback), Ok(Completed::Delivery(id(1))));
        assert_eq!(resent(&sending), [""; 0]);
        assert_eq!(sending.puback(puback), Ok(Completed::Nothing));
        sending.check_invariants(0);
    }

    #[test]
    fn qos_2_goes_through_both_rounds() {
        // MQTT-4.3.3-1
        let mut sending = Sending::new(10);
        sending.publish(outbound(QoS::ExactlyOnce, "x")).unwrap();
        assert_eq!(resent(&sending), [r#"PUBLISH "t" q2 id 1 dup, 1 octets"#]);
        let pubrec = Pubrec { packet_id: id(1) };
        assert_eq!(sending.pubrec(pubrec), Ok(Pubrel { packet_id: id(1) }));
        assert_eq!(resent(&sending), ["PUBREL id 1"]);
        assert_eq!(sending.pubrec(pubrec), Ok(Pubrel { packet_id: id(1) }), "answered again");
        assert_eq!(resent(&sending), ["PUBREL id 1"]);
        let pubcomp = Pubcomp { packet_id: id(1) };
        assert_eq!(sending.pubcomp(pubcomp), Ok(Completed::Delivery(id(1))));
        assert_eq!(sending.pubcomp(pubcomp), Ok(Completed::Nothing));
        sending.check_invariants(0);
    }

    #[test]
    fn everything_is_sent_again_in_its_order() {
        // MQTT-4.6.0-1, MQTT-4.6.0-6
        let mut sending = Sending::new(10);
        for (qos, payload) in [
            (QoS::AtLeastOnce, "1"),
            (QoS::ExactlyOnce, "22"),
            (QoS::ExactlyOnce, "333"),
            (QoS::AtLeastOnce, "4444"),
        ] {
            sending.publish(outbound(qos, payload)).unwrap();
        }
        sending.pubrec(Pubrec { packet_id: id(3) }).unwrap();
        sending.pubrec(Pubrec { packet_id: id(2) }).unwrap();
        assert_eq!(
            resent(&sending),
            [
                "PUBREL id 3",
                "PUBREL id 2",
                r#"PUBLISH "t" q1 id 1 dup, 1 octets"#,
                r#"PUBLISH "t" q1 id 4 dup, 4 octets"#,
            ]
        );
        sending.check_invariants(0);
    }

    #[test]
    fn an_acknowledgement_of_the_wrong_kind_ends_nothing() {
        let mut sending = Sending::new(10);
        sending.publish(outbound(QoS::AtLeastOnce, "1")).unwrap();
        sending.publish(outbound(QoS::ExactlyOnce, "2")).unwrap();
        let before = sending.clone();
        assert!(sending.pubrec(Pubrec { packet_id: id(1) }).is_err());
        assert!(sending.puback(Puback { packet_id: id(2) }).is_err());
        assert!(sending.pubcomp(Pubcomp { packet_id: id(2) }).is_err());
        assert_eq!(sending, before);
        sending.pubrec(Pubrec { packet_id: id(2) }).unwrap();
        assert!(sending.puback(Puback { packet_id: id(2) }).is_err());
    }

    #[test]
    fn no_more_than_the_limit_are_on_their_way() {
        let mut sending = Sending::new(2);
        assert!(sending.publish(outbound(QoS::ExactlyOnce, "1")).is_some());
        assert!(sending.publish(outbound(QoS::AtLeastOnce, "2")).is_some());
        assert!(sending.publish(outbound(QoS::AtLeastOnce, "3")).is_none());
        assert!(sending.publish(outbound(QoS::AtMostOnce, "3")).is_some());
        sending.pubrec(Pubrec { packet_id: id(1) }).unwrap();
        assert!(!sending.has_room(), "a released message still has its identifier");
        sending.pubcomp(Pubcomp { packet_id: id(1) }).unwrap();
        assert!(sending.publish(outbound(QoS::AtLeastOnce, "3")).is_some());
        sending.check_invariants(0);
    }

    #[test]
    fn without_an_identifier_there_is_no_room() {
        let mut sending = Sending::new(10);
        let last = std::iter::from_fn(|| sending.lend_id()).last().unwrap();
        assert_eq!(last, id(u16::MAX));
        assert!(!sending.has_room(), "all 65,535 are lent");
        assert!(sending.publish(outbound(QoS::AtLeastOnce, "1")).is_none());
        sending.return_id(last);
        assert!(sending.has_room());
    }

    #[test]
    fn subscriptions_draw_from_the_same_identifiers() {
        // MQTT-2.3.1-2
        let mut sending = Sending::new(10);
        let lent = sending.lend_id().unwrap();
        let publish = sending.publish(outbound(QoS::AtLeastOnce, "1")).unwrap();
        assert_ne!(publish.delivery.packet_id(), Some(lent));
        sending.check_invariants(1);
        sending.return_id(lent);
        sending.check_invariants(0);
    }
}
