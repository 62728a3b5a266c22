//! Which Packet Identifiers are taken.
//!
//! Clauses: [MQTT-2.3.1-2], [MQTT-2.3.1-4].

use std::collections::BTreeSet;

use crate::packet::PacketId;

/// Gives out Packet Identifiers in turn, and never one that is in use.
///
/// In turn rather than the lowest: an acknowledgement that comes twice then meets an identifier
/// that means nothing yet, not the next message.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(super) struct PacketIds {
    next: PacketId,
    in_use: BTreeSet<PacketId>,
}

impl PacketIds {
    pub(super) const fn new() -> Self {
        Self { next: PacketId::FIRST, in_use: BTreeSet::new() }
    }

    /// An identifier that is not in use, now in use; `None` when all 65,535 are.
    pub(super) fn take(&mut self) -> Option<PacketId> {
        if self.in_use.len() == usize::from(u16::MAX) {
            return None;
        }
        // [MQTT-2.3.1-2] A new packet gets an identifier that nothing on its way has;
        // [MQTT-2.3.1-4] for a Server as for a Client.
        while !self.in_use.insert(self.next) {
            self.next = self.next.next();
        }
        let taken = self.next;
        self.next = taken.next();
        Some(taken)
    }

    /// Marks `packet_id` as in use; the next one taken follows it.
    pub(super) fn resume(&mut self, packet_id: PacketId) {
        let is_new = self.in_use.insert(packet_id);
        debug_assert!(is_new, "{packet_id} is in use twice");
        self.next = packet_id.next();
    }

    /// Frees `packet_id`.
    pub(super) fn give_back(&mut self, packet_id: PacketId) {
        let was_in_use = self.in_use.remove(&packet_id);
        debug_assert!(was_in_use, "{packet_id} was not in use");
    }

    /// How many are in use.
    pub(super) fn in_use(&self) -> usize {
        self.in_use.len()
    }

    #[cfg(test)]
    pub(super) fn is_in_use(&self, packet_id: PacketId) -> bool {
        self.in_use.contains(&packet_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_come_in_turn_and_skip_those_in_use() {
        let mut ids = PacketIds::new();
        let first = ids.take().unwrap();
        for number in 2..=u16::MAX {
            assert_eq!(ids.take().unwrap().number(), number);
            ids.give_back(PacketId::new(number).unwrap());
        }
        // 1 is still in use: the second round begins with 2. MQTT-2.3.1-2
        assert_eq!(ids.take().unwrap().number(), 2);
        ids.give_back(first);
        assert_eq!(ids.in_use(), 1);
    }

    #[test]
    fn there_are_65_535_of_them() {
        let mut ids = PacketIds::new();
        for _ in 0..u16::MAX {
            assert!(ids.take().is_some());
        }
        assert_eq!(ids.take(), None);
        ids.give_back(PacketId::new(700).unwrap());
        assert_eq!(ids.take(), PacketId::new(700));
    }
}
