//! From words to data: what is wrong, told by a broker that does it right.
//!
//! Some cases look at many packets together, and leave a sentence for what they found. The control
//! has the same conversation: where it first does something else than the subject did, it shows
//! what should have been seen.

use crate::replay::{Difference, Replayed};
use crate::transcript::{
    Action, Delivery, Deviation, End, Expectation, Pattern, Seen, SeenPacket, Tolerated, Transcript,
};
use crate::wire::{Packet, Reader, Sender};

/// The transcript with a deviation that is data; `None` when the control gives no hint.
pub(super) fn derived(
    transcript: &Transcript,
    control: &Replayed,
    within_ms: u64,
) -> Option<Transcript> {
    control.differences.iter().find_map(|difference| by(transcript, difference, within_ms))
}

fn by(transcript: &Transcript, difference: &Difference, within_ms: u64) -> Option<Transcript> {
    let mut new = transcript.clone();
    let instead = difference.octets.as_deref();
    let told = |octets: &[u8], end| {
        let text = decoded(octets).map(|packet| packet.to_string()).unwrap_or_default();
        Seen { packets: vec![SeenPacket { octets: octets.to_vec(), text }], end }
    };
    let nothing = Seen { packets: Vec::new(), end: End::Open };
    let (connection, expected, seen) = match new.steps.get(difference.step) {
        // Something came that the subject did not send.
        None => {
            let packet = pattern(instead?, None);
            (difference.connection, Expectation::Packet { packet }, nothing)
        }
        Some(step) => {
            let connection = step.connection;
            let Action::Receive { octets, .. } = &step.action else { return None };
            let octets = octets.clone();
            match instead {
                // Something else came.
                Some(instead) => {
                    let packet = pattern(instead, Some(&octets));
                    new.steps.truncate(difference.step);
                    (connection, Expectation::Packet { packet }, told(&octets, End::Told))
                }
                // The connection was closed, where the subject went on.
                None if difference.closed => {
                    new.steps.truncate(difference.step);
                    let before = Tolerated::Anything;
                    (connection, Expectation::Close { before }, nothing)
                }
                // Nothing came.
                None => {
                    new.steps.remove(difference.step);
                    (connection, Expectation::Nothing, told(&octets, End::Told))
                }
            }
        }
    };
    new.expected = expected.to_string();
    new.saw = seen.to_string();
    let deviation = Deviation { connection, expected, within_ms, seen, ..new.deviation.clone() };
    new.deviation = deviation;
    Some(new)
}

/// What is meant by octets that came: of a message, what was otherwise in what came instead of it.
fn pattern(right: &[u8], wrong: Option<&[u8]>) -> Pattern {
    let Some(Packet::Publish(right_one)) = decoded(right) else {
        return Pattern::Exactly { octets: right.to_vec() };
    };
    let mut delivery = Delivery::on(right_one.topic.clone());
    let Some(Packet::Publish(wrong_one)) = wrong.and_then(decoded) else {
        return Pattern::Message(delivery.payload(right_one.payload));
    };
    if right_one.payload != wrong_one.payload {
        delivery = delivery.payload(right_one.payload);
    }
    if right_one.qos != wrong_one.qos {
        delivery = delivery.qos(right_one.qos);
    }
    if right_one.retain != wrong_one.retain {
        delivery = delivery.retain(right_one.retain);
    }
    if right_one.dup != wrong_one.dup {
        delivery = delivery.dup(right_one.dup);
    }
    Pattern::Message(delivery)
}

fn decoded(octets: &[u8]) -> Option<Packet> {
    let mut reader = Reader::new(Sender::Server);
    reader.push(octets);
    reader.next_read()?.packet.ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Octets as _, Publish};

    #[test]
    fn a_message_is_known_by_what_was_wrong_with_the_other() {
        let right = Publish::qos1(1, "t", "x");
        let wrong = right.clone().retain();
        let expected = Pattern::Message(Delivery::on("t").retain(false));
        assert_eq!(pattern(&right.octets(), Some(&wrong.octets())), expected);
        let alone = Pattern::Message(Delivery::on("t").payload("x"));
        assert_eq!(pattern(&right.octets(), None), alone);
        let puback = Packet::Puback(7).octets();
        assert_eq!(pattern(&puback, None), Pattern::Exactly { octets: puback.clone() });
    }
}
