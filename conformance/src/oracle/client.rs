//! One connection of a client, held against the rules that no packet of it may break.
//!
//! Unlike what is heard of a broker, a breach ends the case: what a client sends out of place
//! leaves nothing for the case to go on with.

use std::collections::BTreeMap;

use crate::finding::Finding;
use crate::wire::{Kind, Packet};

/// Follows one connection that a client has opened.
#[derive(Debug, Default)]
pub(crate) struct ClientWatch {
    connected: bool,
    disconnected: bool,
    /// Identifiers that wait for their last acknowledgement, by what took them.
    in_use: BTreeMap<u16, Kind>,
}

impl ClientWatch {
    /// Takes in a packet from the client; a breach comes with its statement.
    pub(crate) fn read(&mut self, packet: &Packet) -> Result<(), (Finding, &'static str)> {
        let kind = packet.kind();
        if self.disconnected {
            let breach = Finding::fail("nothing after DISCONNECT", packet);
            return Err((breach, "MQTT-3.14.4-2"));
        }
        match (kind, self.connected) {
            (Kind::Connect, false) => self.connected = true,
            (Kind::Connect, true) => {
                return Err((Finding::fail("one CONNECT on a connection", packet), "U-3.1-1"));
            }
            (_, false) => {
                let breach = Finding::fail("CONNECT as the first packet", packet);
                return Err((breach, "MQTT-3.1.0-1"));
            }
            (_, true) => {}
        }
        match packet {
            Packet::Disconnect => self.disconnected = true,
            Packet::Publish(publish) if publish.dup => {}
            Packet::Publish(_) | Packet::Subscribe(_) | Packet::Unsubscribe(_) => {
                if let Some(id) = packet.packet_id() {
                    self.take(id, kind, packet)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Takes in a packet that the judge sends.
    pub(crate) fn sent(&mut self, packet: &Packet) {
        let id = match packet {
            Packet::Puback(id) | Packet::Pubcomp(id) | Packet::Unsuback(id) => *id,
            Packet::Suback(suback) => suback.id,
            _ => return,
        };
        self.in_use.remove(&id);
    }

    fn take(
        &mut self,
        id: u16,
        kind: Kind,
        packet: &Packet,
    ) -> Result<(), (Finding, &'static str)> {
        match self.in_use.insert(id, kind) {
            // Two messages under one identifier are told apart from one that is sent again where
            // the deliveries of a connection are followed.
            Some(earlier) if !(earlier == Kind::Publish && kind == Kind::Publish) => {
                let expected = format!("identifier {id} left alone, which a {earlier} has");
                Err((Finding::fail(expected, packet), "MQTT-2.3.1-2"))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Connect, Publish, Suback, Subscribe};

    fn statement(watch: &mut ClientWatch, packet: impl Into<Packet>) -> Option<&'static str> {
        watch.read(&packet.into()).err().map(|(_, statement)| statement)
    }

    #[test]
    fn connect_is_first_and_alone_and_nothing_follows_disconnect() {
        let mut watch = ClientWatch::default();
        assert_eq!(statement(&mut watch, Packet::Pingreq), Some("MQTT-3.1.0-1"));
        assert_eq!(statement(&mut watch, Connect::clean("a")), None);
        assert_eq!(statement(&mut watch, Connect::clean("a")), Some("U-3.1-1"));
        assert_eq!(statement(&mut watch, Packet::Disconnect), None);
        assert_eq!(statement(&mut watch, Packet::Pingreq), Some("MQTT-3.14.4-2"));
    }

    #[test]
    fn an_identifier_is_free_again_with_its_last_acknowledgement() {
        let mut watch = ClientWatch::default();
        assert_eq!(statement(&mut watch, Connect::clean("a")), None);
        assert_eq!(statement(&mut watch, Subscribe::new(1).filter("a", 0)), None);
        assert_eq!(statement(&mut watch, Publish::qos1(1, "a", "m")), Some("MQTT-2.3.1-2"));
        watch.sent(&Suback::new(1, [0]).into());
        assert_eq!(statement(&mut watch, Publish::qos1(1, "a", "m")), None);
        watch.sent(&Packet::Puback(1));
        assert_eq!(statement(&mut watch, Subscribe::new(1).filter("a", 0)), None);
    }
}
