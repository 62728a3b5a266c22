//! The messages that the subject is delivering on one connection, by Packet Identifier.
//!
//! It runs along in every case and sees two things. A message sent again with DUP is no second
//! message: it may come at any time, so the cases never get to see it. A Packet Identifier that
//! is used for something else before it is free is a breach, whatever the case is about.

use std::collections::BTreeMap;

use crate::finding::Finding;
use crate::oracle::Rule;
use crate::wire::{Packet, Publish};

/// Deliveries that have begun, with how far they have come.
#[derive(Debug, Default)]
pub(super) struct Inbound {
    by_id: BTreeMap<u16, (Publish, State)>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    /// Read, and not answered.
    Begun,
    /// Answered by PUBREC.
    Received,
    /// Answered by PUBACK or PUBCOMP: the identifier is free.
    Over,
}

/// What a PUBLISH is.
#[derive(Debug, PartialEq)]
pub(super) enum Arrival {
    /// A message.
    New,
    /// One that has come before, and the answer that seems to have been lost.
    Repeat(Option<Packet>),
    /// A breach of this statement, and the rule that it is of.
    Breach(Rule, Finding, &'static str),
}

impl Inbound {
    /// Takes in a PUBLISH from the subject.
    pub(super) fn publish(&mut self, publish: &Publish) -> Arrival {
        let Some(id) = publish.id else { return Arrival::New };
        if let Some((earlier, state)) = self.by_id.get(&id) {
            let same = Publish { dup: false, retain: false, ..publish.clone() }
                == Publish { dup: false, retain: false, ..earlier.clone() };
            match (state, same, publish.dup) {
                (State::Begun, true, true) => return Arrival::Repeat(None),
                (State::Received, true, true) => {
                    return Arrival::Repeat(Some(Packet::Pubrec(id)));
                }
                // Sent before our PUBACK had arrived.
                (State::Over, true, true) if publish.qos == 1 => {
                    return Arrival::Repeat(Some(Packet::Puback(id)));
                }
                (State::Begun | State::Received, true, false) => {
                    let expected = "DUP set on a PUBLISH that is sent again";
                    let breach = Finding::fail(expected, publish);
                    return Arrival::Breach(Rule::DupWhenSentAgain, breach, "MQTT-3.3.1-1");
                }
                (State::Begun | State::Received, false, _) => {
                    let expected = format!("packet identifier {id} left alone while in use");
                    let breach = Finding::fail(expected, publish);
                    return Arrival::Breach(Rule::IdentifierInUse, breach, "MQTT-2.3.1-4");
                }
                (State::Over, ..) => {}
            }
        }
        self.by_id.insert(id, (publish.clone(), State::Begun));
        Arrival::New
    }

    /// Takes in what the judge has sent.
    pub(super) fn sent(&mut self, packet: &Packet) {
        let (id, state) = match packet {
            Packet::Puback(id) | Packet::Pubcomp(id) => (id, State::Over),
            Packet::Pubrec(id) => (id, State::Received),
            _ => return,
        };
        if let Some(delivery) = self.by_id.get_mut(id) {
            delivery.1 = state;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statement(arrival: &Arrival) -> Option<&'static str> {
        match arrival {
            Arrival::Breach(_, _, statement) => Some(statement),
            _ => None,
        }
    }

    #[test]
    fn a_repeat_is_no_second_message() {
        let mut inbound = Inbound::default();
        let publish = Publish::qos1(1, "t", "m");
        assert_eq!(inbound.publish(&publish), Arrival::New);
        assert_eq!(inbound.publish(&publish.clone().dup()), Arrival::Repeat(None));
        inbound.sent(&Packet::Puback(1));
        let answer = Arrival::Repeat(Some(Packet::Puback(1)));
        assert_eq!(inbound.publish(&publish.clone().dup()), answer);
        // Without DUP it is a new message that says the same.
        assert_eq!(inbound.publish(&publish), Arrival::New);
    }

    #[test]
    fn a_received_message_is_answered_again() {
        let mut inbound = Inbound::default();
        let publish = Publish::qos2(9, "t", "m");
        assert_eq!(inbound.publish(&publish), Arrival::New);
        inbound.sent(&Packet::Pubrec(9));
        let answer = Arrival::Repeat(Some(Packet::Pubrec(9)));
        assert_eq!(inbound.publish(&publish.clone().dup()), answer);
        inbound.sent(&Packet::Pubcomp(9));
        assert_eq!(inbound.publish(&publish), Arrival::New);
    }

    #[test]
    fn an_identifier_in_use_is_not_used_again() {
        let mut inbound = Inbound::default();
        inbound.publish(&Publish::qos1(1, "t", "m"));
        let other = inbound.publish(&Publish::qos1(1, "t", "n"));
        assert_eq!(statement(&other), Some("MQTT-2.3.1-4"));
        let again = inbound.publish(&Publish::qos1(1, "t", "m"));
        assert_eq!(statement(&again), Some("MQTT-3.3.1-1"));
    }
}
