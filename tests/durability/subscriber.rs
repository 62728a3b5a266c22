//! A client that takes all messages and does all that the standard asks of a receiver, whatever
//! happens to the broker.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::Mutex;

use mqttspec::packet::{
    Connack, Delivery, Packet, PacketId, Puback, Pubcomp, Publish, Pubrec, QoS,
};

use crate::killed::World;
use crate::peer::{Peer, clean, subscribe};

/// The numbers that came on each topic, in order.
pub(crate) type Heard = BTreeMap<String, Vec<u32>>;

/// A client that subscribes to all there is; what it knows outlives its connections.
pub(crate) struct Subscriber<'w> {
    world: &'w World,
    name: String,
    /// Messages of QoS 2 that were taken and not yet released.
    unreleased: BTreeSet<PacketId>,
    heard: &'w Mutex<Heard>,
    subscribed: bool,
}

impl<'w> Subscriber<'w> {
    pub(crate) fn new(world: &'w World, name: &str, heard: &'w Mutex<Heard>) -> Self {
        let unreleased = BTreeSet::new();
        Self { world, name: name.to_owned(), unreleased, heard, subscribed: false }
    }

    /// Takes messages until all is over.
    pub(crate) fn run(mut self) {
        while !self.world.is_over() {
            // A connection that breaks is what this is about.
            let _ = self.talk();
        }
    }

    fn talk(&mut self) -> io::Result<()> {
        let mut peer = Peer::open(self.world.address())?;
        peer.send(clean(&self.name).with_clean_session(false))?;
        match peer.receive()? {
            Some(Packet::Connack(Connack::Accepted { session_present })) => {
                // It was told that the Session is there, so it has to be.
                assert!(session_present || !self.subscribed, "the Session is lost");
            }
            other => return Err(io::Error::other(format!("{other:?} instead of CONNACK"))),
        }
        if !self.subscribed {
            peer.send(subscribe("#", QoS::ExactlyOnce))?;
        }
        while let Some(packet) = peer.receive()? {
            match packet {
                Packet::Suback(_) => {
                    self.subscribed = true;
                    self.world.subscribed();
                }
                Packet::Publish(publish) => self.take(&mut peer, &publish)?,
                Packet::Pubrel(pubrel) => {
                    self.unreleased.remove(&pubrel.packet_id);
                    peer.send(Pubcomp { packet_id: pubrel.packet_id })?;
                }
                other => panic!("{other} for a subscriber"),
            }
        }
        Ok(())
    }

    fn take(&mut self, peer: &mut Peer, publish: &Publish) -> io::Result<()> {
        let is_new = match publish.delivery {
            Delivery::ExactlyOnce { packet_id, .. } => self.unreleased.insert(packet_id),
            _ => true,
        };
        if is_new {
            let number = std::str::from_utf8(&publish.payload).ok().and_then(|n| n.parse().ok());
            let mut heard = self.heard.lock().expect("no other has panicked");
            let numbers = heard.entry(publish.topic.as_str().to_owned()).or_default();
            numbers.push(number.expect("a number"));
        }
        match publish.delivery {
            Delivery::AtMostOnce => panic!("QoS 0 is not what was published"),
            Delivery::AtLeastOnce { packet_id, .. } => peer.send(Puback { packet_id }),
            Delivery::ExactlyOnce { packet_id, .. } => peer.send(Pubrec { packet_id }),
        }
    }
}
