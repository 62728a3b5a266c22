//! The same conversation about less: packets written anew wherever they stand.
//!
//! A payload that is shortened where it is published is shortened where it is delivered, and in
//! what is expected; else the shorter conversation would fail for another reason.

use crate::transcript::{Action, Expectation, Pattern, Transcript};
use crate::wire::{Octets as _, Packet, Reader, Sender};

/// The transcript with each packet in good order put through `change`, on both sides and in the
/// deviation. What is no packet stays as it is.
pub(super) fn rewritten(transcript: &Transcript, change: &dyn Fn(&mut Packet)) -> Transcript {
    let mut new = transcript.clone();
    for step in &mut new.steps {
        match &mut step.action {
            Action::Send { octets, .. } => *octets = changed(octets, Sender::Client, change),
            Action::Receive { octets, .. } => *octets = changed(octets, Sender::Server, change),
            _ => {}
        }
    }
    for packet in &mut new.deviation.seen.packets {
        packet.octets = changed(&packet.octets, Sender::Server, change);
    }
    if let Expectation::Packet { packet } = &mut new.deviation.expected {
        match packet {
            Pattern::Exactly { octets } => *octets = changed(octets, Sender::Server, change),
            Pattern::Message(delivery) => delivery.change(change),
            _ => {}
        }
    }
    new
}

/// Octets with each packet in them changed.
pub(super) fn changed(octets: &[u8], sender: Sender, change: &dyn Fn(&mut Packet)) -> Vec<u8> {
    let mut reader = Reader::new(sender);
    reader.push(octets);
    let mut out = Vec::with_capacity(octets.len());
    while let Some(read) = reader.next_read() {
        match read.packet {
            Ok(before) => {
                let mut after = before.clone();
                change(&mut after);
                out.extend(if after == before { read.octets } else { after.octets() });
            }
            Err(_) => out.extend(read.octets),
        }
    }
    out.extend_from_slice(reader.unread());
    out
}

/// A payload in place of another, in messages and Wills.
pub(super) fn payload(from: &[u8], to: &[u8]) -> impl Fn(&mut Packet) + use<> {
    let (from, to) = (from.to_vec(), to.to_vec());
    move |packet| match packet {
        Packet::Publish(publish) if publish.payload == from => publish.payload.clone_from(&to),
        Packet::Connect(connect) => {
            if let Some(will) = connect.will.as_mut().filter(|will| will.message == from) {
                will.message.clone_from(&to);
            }
        }
        _ => {}
    }
}

/// A beginning of topics in place of another, in names and filters.
pub(super) fn topics(from: &[u8], to: &[u8]) -> impl Fn(&mut Packet) + use<> {
    let (from, to) = (from.to_vec(), to.to_vec());
    let change = move |topic: &mut Vec<u8>| {
        if let Some(rest) = topic.strip_prefix(from.as_slice()) {
            *topic = [to.as_slice(), rest].concat();
        }
    };
    move |packet| match packet {
        Packet::Publish(publish) => change(&mut publish.topic),
        Packet::Connect(connect) => {
            connect.will.iter_mut().for_each(|will| change(&mut will.topic));
        }
        Packet::Subscribe(subscribe) => {
            subscribe.filters.iter_mut().for_each(|(filter, _)| change(filter));
        }
        Packet::Unsubscribe(unsubscribe) => unsubscribe.filters.iter_mut().for_each(&change),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Connect, Publish};

    #[test]
    fn packets_are_changed_and_what_is_none_is_left() {
        let publish = Publish::qos0("a/t", "long");
        let malformed = [0xc1, 0];
        let octets = [&publish.octets()[..], &malformed, &[0x30]].concat();
        let shorter = changed(&octets, Sender::Client, &payload(b"long", b""));
        let expected = [&Publish::qos0("a/t", "").octets()[..], &malformed, &[0x30]].concat();
        assert_eq!(shorter, expected);
    }

    #[test]
    fn topics_are_changed_wherever_they_stand() {
        let connect = Connect::clean("c").will("a/t", "gone", 0, false);
        let shorter = changed(&connect.octets(), Sender::Client, &topics(b"a/", b""));
        assert_eq!(shorter, Connect::clean("c").will("t", "gone", 0, false).octets());
    }
}
