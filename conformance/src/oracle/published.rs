//! What the judge has published in one case, so that what arrives can be held against it.

use std::collections::BTreeMap;

use crate::wire::{Packet, Publish};

/// A message by what a subscriber sees of it: its topic and its payload.
pub(super) type Content = (Vec<u8>, Vec<u8>);

/// All messages of one case.
#[derive(Debug, Default)]
pub(super) struct Published {
    messages: BTreeMap<Content, Message>,
    /// Messages of QoS 2 without their PUBREL, by connection, in the order of their PUBLISH.
    unreleased: BTreeMap<usize, Vec<(u16, Content)>>,
}

/// What is known of one message.
#[derive(Clone, Copy, Debug)]
pub(super) struct Message {
    /// The greatest QoS that it was published with.
    pub(super) qos: u8,
    /// On which connection, and as which of all messages.
    pub(super) connection: usize,
    pub(super) number: usize,
    /// Whether it went out more than once, or as a Will, or with its PUBREL out of turn: then
    /// neither its place nor its number is known.
    pub(super) is_plain: bool,
}

impl Published {
    /// Takes in what the judge sends on this connection.
    pub(super) fn sent(&mut self, connection: usize, packet: &Packet) {
        match packet {
            Packet::Connect(connect) => {
                if let Some(will) = &connect.will {
                    let content = (will.topic.clone(), will.message.clone());
                    self.note(connection, content, will.qos, false);
                }
            }
            Packet::Publish(publish) => {
                self.note(connection, content(publish), publish.qos, !publish.dup);
                if let (2, Some(id)) = (publish.qos, publish.id) {
                    let unreleased = self.unreleased.entry(connection).or_default();
                    unreleased.push((id, content(publish)));
                }
            }
            Packet::Pubrel(id) => self.released(connection, *id),
            _ => {}
        }
    }

    /// What is known of a message; `None` of one that the judge has not published.
    pub(super) fn of(&self, publish: &Publish) -> Option<Message> {
        self.messages.get(&content(publish)).copied()
    }

    /// Whether the Packet Identifier of this message is the beginning of a payload that the judge
    /// has published: whoever sent it has left the identifier out.
    pub(super) fn lacks_identifier(&self, publish: &Publish) -> bool {
        let Some(id) = publish.id else { return false };
        let payload = [&id.to_be_bytes(), publish.payload.as_slice()].concat();
        self.of(publish).is_none() && self.messages.contains_key(&(publish.topic.clone(), payload))
    }

    fn note(&mut self, connection: usize, content: Content, qos: u8, is_plain: bool) {
        let number = self.messages.len();
        self.messages
            .entry(content)
            .and_modify(|message| {
                message.qos = message.qos.max(qos);
                message.is_plain = false;
            })
            .or_insert(Message { qos, connection, number, is_plain });
    }

    /// A Server may pass a message of QoS 2 on at its PUBREL: out of turn that is another order.
    fn released(&mut self, connection: usize, id: u16) {
        let Some(unreleased) = self.unreleased.get_mut(&connection) else { return };
        let Some(position) = unreleased.iter().position(|(other, _)| *other == id) else { return };
        if position > 0 {
            for (_, content) in &*unreleased {
                if let Some(message) = self.messages.get_mut(content) {
                    message.is_plain = false;
                }
            }
        }
        unreleased.remove(position);
    }
}

/// What a subscriber sees of a message.
pub(super) fn content(publish: &Publish) -> Content {
    (publish.topic.clone(), publish.payload.clone())
}
