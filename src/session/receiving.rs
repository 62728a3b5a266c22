//! The receiver's half of the delivery protocols.
//!
//! Clauses: [MQTT-2.3.1-6], [MQTT-3.3.4-1], [MQTT-4.3.2-2], [MQTT-4.3.3-2].

use std::collections::BTreeSet;

use super::{Empty, Sparse};
use crate::packet::{Delivery, Packet, PacketId, Puback, Pubcomp, Pubrec, Pubrel};

/// The receiver's half: which messages of QoS 2 are here but not released.
///
/// Messages are passed on when their PUBLISH comes (method A of the standard's figure 4.3); only
/// the Packet Identifier is kept until PUBREL.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub struct Receiving {
    /// Of each QoS 2 PUBLISH that was answered by PUBREC and not yet followed by PUBREL.
    unreleased: Sparse<BTreeSet<PacketId>>,
}

/// What to do with a PUBLISH.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Received {
    /// Whether the message is new: to be passed on. If not, it was before.
    pub is_new: bool,
    /// What to answer once the message is safe; nothing at QoS 0.
    pub answer: Option<Packet>,
}

impl Receiving {
    /// Takes in a PUBLISH.
    pub fn publish(&mut self, delivery: Delivery) -> Received {
        // [MQTT-3.3.4-1] Nothing, PUBACK or PUBREC, as the QoS has it,
        // [MQTT-2.3.1-6] with the identifier of the PUBLISH.
        match delivery {
            Delivery::AtMostOnce => Received { is_new: true, answer: None },
            // [MQTT-4.3.2-2] Answered is forgotten: the same identifier again is a new message,
            // whatever DUP says.
            Delivery::AtLeastOnce { packet_id, .. } => {
                Received { is_new: true, answer: Some(Puback { packet_id }.into()) }
            }
            // [MQTT-4.3.3-2] Until PUBREL the same identifier is the same message: answered each
            // time, passed on once.
            Delivery::ExactlyOnce { packet_id, .. } => Received {
                is_new: self.unreleased.insert(packet_id),
                answer: Some(Pubrec { packet_id }.into()),
            },
        }
    }

    /// Takes in a PUBREL: the identifier is free for another message.
    ///
    /// An identifier that is not known gets its PUBCOMP too: the first may have been lost.
    pub fn pubrel(&mut self, pubrel: Pubrel) -> Pubcomp {
        // [MQTT-4.3.3-2] PUBREL is always answered, with its own identifier,
        // and the next PUBLISH with it is a new message.
        if let Some(unreleased) = self.unreleased.as_mut() {
            unreleased.remove(&pubrel.packet_id);
        }
        Pubcomp { packet_id: pubrel.packet_id }
    }

    /// The identifiers of what was received and not yet released.
    pub fn unreleased(&self) -> impl Iterator<Item = PacketId> {
        self.unreleased.iter().copied()
    }

    /// Whether the message of QoS 2 with this identifier was received and not yet released.
    pub fn has(&self, packet_id: PacketId) -> bool {
        self.unreleased.contains(&packet_id)
    }

    /// Whether nothing waits for PUBREL.
    pub fn is_empty(&self) -> bool {
        self.unreleased.is_empty()
    }
}

impl FromIterator<PacketId> for Receiving {
    /// The half as it was before, with the identifiers of what was received and not yet released.
    fn from_iter<I: IntoIterator<Item = PacketId>>(unreleased: I) -> Self {
        let unreleased: BTreeSet<_> = unreleased.into_iter().collect();
        let is_none = unreleased.is_empty();
        Self { unreleased: if is_none { Sparse::new() } else { unreleased.into() } }
    }
}

impl Empty for BTreeSet<PacketId> {
    fn empty() -> &'static Self {
        static EMPTY: BTreeSet<PacketId> = BTreeSet::new();
        &EMPTY
    }

    fn new_empty() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u16) -> PacketId {
        PacketId::new(number).unwrap()
    }

    #[test]
    fn qos_0_is_passed_on_and_not_answered() {
        let received = Receiving::default().publish(Delivery::AtMostOnce);
        assert_eq!(received, Received { is_new: true, answer: None });
    }

    #[test]
    fn qos_1_is_new_each_time() {
        // MQTT-4.3.2-2
        let mut receiving = Receiving::default();
        for dup in [false, true, false] {
            let received = receiving.publish(Delivery::AtLeastOnce { packet_id: id(7), dup });
            let answer = Some(Puback { packet_id: id(7) }.into());
            assert_eq!(received, Received { is_new: true, answer });
        }
    }

    #[test]
    fn qos_2_is_new_once_until_it_is_released() {
        // MQTT-4.3.3-2
        let mut receiving = Receiving::default();
        let mut news = Vec::new();
        for dup in [false, true, true, false] {
            let received = receiving.publish(Delivery::ExactlyOnce { packet_id: id(7), dup });
            assert_eq!(received.answer, Some(Pubrec { packet_id: id(7) }.into()));
            news.push(received.is_new);
        }
        assert_eq!(news, [true, false, false, false]);
        assert_eq!(receiving.pubrel(Pubrel { packet_id: id(7) }), Pubcomp { packet_id: id(7) });
        assert!(receiving.is_empty());
        // DUP or not, after PUBCOMP it is another message.
        let again = receiving.publish(Delivery::ExactlyOnce { packet_id: id(7), dup: true });
        assert!(again.is_new);
    }

    #[test]
    fn a_release_of_nothing_is_answered_too() {
        let mut receiving = Receiving::default();
        assert_eq!(receiving.pubrel(Pubrel { packet_id: id(9) }), Pubcomp { packet_id: id(9) });
    }
}
