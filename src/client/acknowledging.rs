//! Acknowledgements that the program gives: which are due, and in which order they go out.
//!
//! A program that acknowledges by hand may do so in any order. What it gives before its turn waits
//! here until everything before it has been given too.
//!
//! Clauses: [MQTT-4.6.0-2], [MQTT-4.6.0-3], [MQTT-4.3.3-2]. Not here: which messages of QoS 2 the
//! program has acknowledged, which is [`Receiving`](crate::session::Receiving)'s.

use std::collections::{BTreeMap, VecDeque};

use crate::packet::{Packet, PacketId, Puback, Pubrec};

/// Stands for one message that the program has to acknowledge, until
/// [`Client::acknowledge`](super::Client::acknowledge) brings it back. No other message ever has it.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Receipt(u64);

/// The messages that the program has and has not acknowledged, and the acknowledgements that wait
/// for their turn.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub(super) struct Acknowledging {
    /// Of each PUBLISH of QoS 1 on this connection, in order of arrival.
    pubacks: VecDeque<Due>,
    /// Of each PUBLISH of QoS 2 on this connection, in order of arrival.
    pubrecs: VecDeque<Due>,
    /// The messages of QoS 2 that came on an earlier connection, and on this one not yet.
    earlier: BTreeMap<PacketId, Receipt>,
}

/// An acknowledgement that has not been sent.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
struct Due {
    packet_id: PacketId,
    word: Word,
}

/// What the program has said of a message.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
enum Word {
    /// Nothing yet.
    Awaited(Receipt),
    /// It has acknowledged the message.
    Given,
    /// It never will: the message has to come again.
    Never,
}

impl Receipt {
    pub(super) const FIRST: Self = Self(0);

    pub(super) const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl Acknowledging {
    /// A PUBLISH of QoS 1 came, and goes to the program with this receipt.
    pub(super) fn at_least_once(&mut self, packet_id: PacketId, receipt: Receipt) {
        self.pubacks.push_back(Due { packet_id, word: Word::Awaited(receipt) });
    }

    /// A PUBLISH of QoS 2 came whose message the program has not acknowledged: whether it is to go
    /// to the program, with this receipt.
    pub(super) fn exactly_once(&mut self, packet_id: PacketId, receipt: Receipt) -> bool {
        // [MQTT-4.3.3-2] The program has the message already: it is not passed on once more, and
        // this PUBLISH waits for the same word as the one before.
        let before = self.earlier.remove(&packet_id).map(Word::Awaited).or_else(|| {
            let mut same = self.pubrecs.iter().filter(|due| due.packet_id == packet_id);
            same.find(|due| due.word != Word::Never).map(|due| due.word)
        });
        let word = before.unwrap_or(Word::Awaited(receipt));
        for due in self.pubrecs.iter_mut().filter(|due| due.packet_id == packet_id) {
            due.word = word;
        }
        self.pubrecs.push_back(Due { packet_id, word });
        before.is_none()
    }

    /// A PUBLISH of QoS 2 came whose message the program has acknowledged before.
    pub(super) fn exactly_once_again(&mut self, packet_id: PacketId) {
        self.pubrecs.push_back(Due { packet_id, word: Word::Given });
    }

    /// The program gives an acknowledgement: the identifier of the message, if it is of QoS 2.
    ///
    /// Nothing happens for a receipt that means nothing any more.
    pub(super) fn give(&mut self, receipt: Receipt) -> Option<PacketId> {
        self.say(receipt, Word::Given)
    }

    /// The program will not give this acknowledgement.
    pub(super) fn let_go(&mut self, receipt: Receipt) {
        self.say(receipt, Word::Never);
    }

    fn say(&mut self, receipt: Receipt, word: Word) -> Option<PacketId> {
        let is_it = |due: &&mut Due| due.word == Word::Awaited(receipt);
        if let Some(due) = self.pubacks.iter_mut().find(is_it) {
            due.word = word;
            return None;
        }
        let mut packet_id = None;
        for due in self.pubrecs.iter_mut().filter(is_it) {
            due.word = word;
            packet_id = Some(due.packet_id);
        }
        packet_id.or_else(|| {
            let mut earlier = self.earlier.extract_if(.., |_, held| *held == receipt);
            earlier.next().map(|(packet_id, _)| packet_id)
        })
    }

    /// The next acknowledgement whose turn it is.
    pub(super) fn next_given(&mut self) -> Option<Packet> {
        // [MQTT-4.6.0-2] PUBACKs in the order of their PUBLISHes,
        // [MQTT-4.6.0-3] and so PUBRECs; neither waits for the other.
        let given = |dues: &mut VecDeque<Due>| {
            dues.pop_front_if(|due| due.word == Word::Given).map(|due| due.packet_id)
        };
        match given(&mut self.pubacks) {
            Some(packet_id) => Some(Puback { packet_id }.into()),
            None => given(&mut self.pubrecs).map(|packet_id| Pubrec { packet_id }.into()),
        }
    }

    /// The Server has released the message of QoS 2 with this identifier.
    pub(super) fn released(&mut self, packet_id: PacketId) {
        self.earlier.remove(&packet_id);
        self.pubrecs.retain(|due| due.packet_id != packet_id);
    }

    /// The connection is gone, and the Session goes on.
    pub(super) fn end_connection(&mut self) {
        // The Server sends each of them again, and at QoS 1 that is another message.
        self.pubacks.clear();
        let awaited = self.pubrecs.drain(..).filter_map(|due| match due.word {
            Word::Awaited(receipt) => Some((due.packet_id, receipt)),
            Word::Given | Word::Never => None,
        });
        self.earlier.extend(awaited);
    }

    #[cfg(test)]
    pub(super) fn check_invariants(&self, is_connected: bool) {
        let first = [self.pubacks.front(), self.pubrecs.front()];
        assert!(
            first.into_iter().flatten().all(|due| due.word != Word::Given),
            "its turn had come"
        );
        let has_come = |id: &PacketId| self.pubrecs.iter().any(|due| due.packet_id == *id);
        assert!(!self.earlier.keys().any(has_come));
        assert!(is_connected || (self.pubacks.is_empty() && self.pubrecs.is_empty()));
    }
}
