//! Whether a packet that came now is the one that came then.

use crate::transcript::is_about_the_same;
use crate::wire::{Packet, Publish, Subscribe, Unsubscribe};

/// How much alike two packets are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Likeness {
    /// The same, but for a Packet Identifier that the subject chose.
    Same,
    /// It stands where the other stood, and is not the same.
    Instead,
    /// It is about something else.
    Other,
}

/// Compares what came with what was recorded, both with the names of the recording.
pub(super) fn likeness(recorded: &Packet, came: &Packet) -> Likeness {
    if let (Packet::Publish(recorded), Packet::Publish(came)) = (recorded, came) {
        return of_messages(recorded, came);
    }
    let came = &with_identifier_of(came, recorded);
    match came {
        came if came == recorded => Likeness::Same,
        came if is_about_the_same(came, recorded) => Likeness::Instead,
        _ => Likeness::Other,
    }
}

/// A request of a client, with the Packet Identifier that another one has.
fn with_identifier_of(request: &Packet, other: &Packet) -> Packet {
    match (request, other) {
        (Packet::Subscribe(subscribe), Packet::Subscribe(other)) => {
            Packet::Subscribe(Subscribe { id: other.id, ..subscribe.clone() })
        }
        (Packet::Unsubscribe(unsubscribe), Packet::Unsubscribe(other)) => {
            Packet::Unsubscribe(Unsubscribe { id: other.id, ..unsubscribe.clone() })
        }
        _ => request.clone(),
    }
}

/// Messages on one topic keep their order; those on several do not.
fn of_messages(recorded: &Publish, came: &Publish) -> Likeness {
    if *came == (Publish { id: came.id, ..recorded.clone() }) {
        Likeness::Same
    } else if came.topic == recorded.topic {
        Likeness::Instead
    } else {
        Likeness::Other
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Connack;

    #[test]
    fn packets_are_compared_without_what_the_subject_is_free_to_choose() {
        let message = || Publish::qos1(1, "t", "x");
        let subscribe = |id| Subscribe::new(id).filter("t", 1);
        let rows: [(Packet, Packet, Likeness); 11] = [
            (message().into(), Publish::qos1(9, "t", "x").into(), Likeness::Same),
            (message().into(), message().retain().into(), Likeness::Instead),
            (message().into(), message().dup().into(), Likeness::Instead),
            (message().into(), Publish::qos0("t", "x").into(), Likeness::Instead),
            (message().into(), Publish::qos1(1, "u", "x").into(), Likeness::Other),
            (Packet::Puback(1), Packet::Pubrec(1), Likeness::Instead),
            (Packet::Puback(1), Packet::Puback(2), Likeness::Other),
            (Connack::accepted(false).into(), Connack::refused(5).into(), Likeness::Instead),
            (message().into(), Packet::Pingresp, Likeness::Other),
            (subscribe(1).into(), subscribe(9).into(), Likeness::Same),
            (subscribe(1).into(), subscribe(1).filter("u", 1).into(), Likeness::Instead),
        ];
        for (recorded, came, expected) in rows {
            assert_eq!(likeness(&recorded, &came), expected, "{recorded} {came}");
        }
    }
}
