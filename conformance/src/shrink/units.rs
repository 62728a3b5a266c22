//! Steps that belong together: a packet, its answers, and what follows from them.
//!
//! Taking a PUBLISH out of a conversation and waiting for its PUBACK all the same would cost a wait
//! for each try. So they go together, and so do deliveries and their acknowledgements.

use crate::transcript::{Action, Step};
use crate::wire::{Packet, Reader, Sender};

/// The units of a conversation: places of steps, each step that carries octets in exactly one.
pub(super) fn units(steps: &[Step]) -> Vec<Vec<usize>> {
    let mut units: Vec<Vec<usize>> = Vec::new();
    for (place, step) in steps.iter().enumerate() {
        if !matches!(step.action, Action::Send { .. } | Action::Receive { .. }) {
            continue;
        }
        let cause = cause(steps, place);
        match units.iter_mut().find(|unit| cause.is_some_and(|cause| unit.contains(&cause))) {
            Some(unit) => unit.push(place),
            None => units.push(vec![place]),
        }
    }
    units
}

/// The step that the one at `place` would not be there without.
fn cause(steps: &[Step], place: usize) -> Option<usize> {
    let step = &steps[place];
    let packet = only_packet(step)?;
    let is_sent = matches!(step.action, Action::Send { .. });
    (0..place).rev().find(|&earlier| {
        let before = &steps[earlier];
        let on_the_same = before.connection == step.connection;
        let was_sent = matches!(before.action, Action::Send { .. });
        packets(before).iter().any(|earlier| match (is_sent, was_sent) {
            (true, true) => on_the_same && goes_on(earlier, &packet),
            (true, false) => on_the_same && is_answer(earlier, &packet),
            (false, true) => {
                (on_the_same && is_answer(earlier, &packet)) || delivers(earlier, &packet)
            }
            (false, false) => on_the_same && goes_on(earlier, &packet),
        })
    })
}

/// Whether the later packet of the same side carries on what the earlier one began.
fn goes_on(earlier: &Packet, later: &Packet) -> bool {
    matches!((earlier, later), (Packet::Publish(publish), Packet::Pubrel(id))
        if publish.qos == 2 && publish.id == Some(*id))
}

/// Whether the later packet of the other side answers the earlier.
fn is_answer(earlier: &Packet, later: &Packet) -> bool {
    let same_id = earlier.packet_id() == later.packet_id();
    match (earlier, later) {
        (Packet::Connect(_), Packet::Connack(_)) | (Packet::Pingreq, Packet::Pingresp) => true,
        (Packet::Publish(_), Packet::Puback(_) | Packet::Pubrec(_) | Packet::Pubcomp(_))
        | (Packet::Pubrec(_), Packet::Pubrel(_))
        | (Packet::Pubrel(_), Packet::Pubcomp(_))
        | (Packet::Subscribe(_), Packet::Suback(_))
        | (Packet::Unsubscribe(_), Packet::Unsuback(_)) => same_id,
        _ => false,
    }
}

/// Whether the later packet is the message of the earlier, on its way to a subscriber.
fn delivers(earlier: &Packet, later: &Packet) -> bool {
    let Packet::Publish(later) = later else { return false };
    match earlier {
        Packet::Publish(earlier) => {
            earlier.topic == later.topic && earlier.payload == later.payload
        }
        Packet::Connect(connect) => connect
            .will
            .as_ref()
            .is_some_and(|will| will.topic == later.topic && will.message == later.payload),
        _ => false,
    }
}

/// The packets in good order that a step carries.
pub(super) fn packets(step: &Step) -> Vec<Packet> {
    let (octets, sender) = match &step.action {
        Action::Send { octets, .. } => (octets, Sender::Client),
        Action::Receive { octets, .. } => (octets, Sender::Server),
        _ => return Vec::new(),
    };
    let mut reader = Reader::new(sender);
    reader.push(octets);
    std::iter::from_fn(|| reader.next_read()).filter_map(|read| read.packet.ok()).collect()
}

fn only_packet(step: &Step) -> Option<Packet> {
    let mut packets = packets(step);
    if packets.len() == 1 { packets.pop() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Connack, Connect, Octets, Publish, Suback, Subscribe};

    fn send(connection: usize, packet: impl Octets) -> Step {
        let octets = packet.octets();
        let action = Action::Send { octets, pieces: None, text: vec![] };
        Step { at_ms: 0, connection, action, aside: false }
    }

    fn receive(connection: usize, packet: impl Octets) -> Step {
        let action = Action::Receive { octets: packet.octets(), text: String::new() };
        Step { at_ms: 0, connection, action, aside: false }
    }

    #[test]
    fn a_flow_is_one_unit_with_its_deliveries_and_their_acknowledgements() {
        let steps = [
            send(1, Connect::clean("s")),
            receive(1, Packet::from(Connack::accepted(false))),
            send(1, Subscribe::new(7).filter("t", 2)),
            receive(1, Packet::from(Suback::new(7, [2]))),
            send(2, Publish::qos2(7, "t", "x")),
            receive(2, Packet::Pubrec(7)),
            send(2, Packet::Pubrel(7)),
            receive(1, Publish::qos2(1, "t", "x")),
            receive(2, Packet::Pubcomp(7)),
            send(1, Packet::Pubrec(1)),
            receive(1, Packet::Pubrel(1)),
            send(1, Packet::Pubcomp(1)),
            send(1, Packet::Pingreq),
            receive(1, Packet::Pingresp),
        ];
        let expected = [vec![0, 1], vec![2, 3], vec![4, 5, 6, 7, 8, 9, 10, 11], vec![12, 13]];
        assert_eq!(units(&steps), expected);
    }

    #[test]
    fn what_has_no_cause_stands_alone() {
        let steps = [send(1, Packet::Puback(9)), receive(1, Publish::qos0("u", "y"))];
        assert_eq!(units(&steps), [[0], [1]]);
    }
}
