//! A client that publishes without end and does all that the standard asks of a sender, whatever
//! happens to the broker.

use std::collections::VecDeque;
use std::io;

use mqttspec::packet::{Delivery, Packet, PacketId, Publish, Pubrel, QoS};

use crate::killed::World;
use crate::peer::{Peer, clean, packet_id, publish};

/// How many messages are on their way at once.
const WINDOW: usize = 8;

/// A client that publishes; what it has on its way outlives its connections.
pub(crate) struct Publisher<'w> {
    world: &'w World,
    name: String,
    /// The number of the last message; the numbers in its messages count from 1.
    last: u32,
    on_their_way: VecDeque<OnItsWay>,
}

/// A message that was sent and has not come to its end.
struct OnItsWay {
    publish: Publish,
    /// Whether PUBREC came.
    released: bool,
}

impl<'w> Publisher<'w> {
    pub(crate) const fn new(world: &'w World, name: String) -> Self {
        Self { world, name, last: 0, on_their_way: VecDeque::new() }
    }

    /// Publishes until it is told to stop, and then until all is acknowledged: how many it were.
    pub(crate) fn run(mut self) -> u32 {
        while !(self.world.is_stopping() && self.on_their_way.is_empty()) {
            // A connection that breaks is what this is about.
            let _ = self.talk();
        }
        self.last
    }

    /// One connection, until it breaks or there is nothing left to do.
    fn talk(&mut self) -> io::Result<()> {
        let connect = clean(&self.name).with_clean_session(false);
        let mut peer = Peer::connect(self.world.address(), connect)?;
        // What had no answer goes first, as it was and in its order.
        for on_its_way in &self.on_their_way {
            match (on_its_way.released, on_its_way.publish.delivery) {
                (true, delivery) => peer.send(Pubrel { packet_id: id(&delivery) })?,
                (false, delivery) => {
                    let delivery = again(delivery);
                    peer.send(Publish { delivery, ..on_its_way.publish.clone() })?;
                }
            }
        }
        loop {
            while self.on_their_way.len() < WINDOW && !self.world.is_stopping() {
                let publish = self.next();
                self.on_their_way.push_back(OnItsWay { publish: publish.clone(), released: false });
                peer.send(publish)?;
            }
            if self.on_their_way.is_empty() {
                return Ok(());
            }
            match peer.receive()? {
                Some(Packet::Puback(puback)) => self.end(puback.packet_id, QoS::AtLeastOnce),
                Some(Packet::Pubcomp(pubcomp)) => self.end(pubcomp.packet_id, QoS::ExactlyOnce),
                Some(Packet::Pubrec(pubrec)) => {
                    let packet_id = pubrec.packet_id;
                    let found = self.on_their_way.iter_mut().find(|it| it.id() == packet_id);
                    found.expect("it is on its way").released = true;
                    peer.send(Pubrel { packet_id })?;
                }
                Some(other) => panic!("{other} for a publisher"),
                None => return Err(io::ErrorKind::UnexpectedEof.into()),
            }
        }
    }

    /// Every third message is of QoS 1, every third of QoS 2, every third is retained.
    fn next(&mut self) -> Publish {
        self.last += 1;
        let packet_id = packet_id(u16::try_from(self.last % 60_000 + 1).expect("it fits"));
        let (kind, retain) = [("q1", false), ("q2", false), ("retained", true)]
            [usize::try_from(self.last % 3).expect("below 3")];
        let topic = format!("{kind}/{}", self.name);
        let message = publish(&topic, packet_id.number(), self.last.to_string());
        let delivery = match kind {
            "q2" => Delivery::ExactlyOnce { packet_id, dup: false },
            _ => message.delivery,
        };
        Publish { delivery, retain, ..message }
    }

    fn end(&mut self, packet_id: PacketId, qos: QoS) {
        let place = self.on_their_way.iter().position(|it| it.id() == packet_id);
        let ended = place.and_then(|place| self.on_their_way.remove(place));
        let ended = ended.expect("it is on its way");
        assert_eq!(ended.publish.delivery.qos(), qos);
        self.world.acknowledged();
    }
}

impl OnItsWay {
    fn id(&self) -> PacketId {
        id(&self.publish.delivery)
    }
}

fn id(delivery: &Delivery) -> PacketId {
    delivery.packet_id().expect("no message of QoS 0")
}

/// The same delivery, sent once more.
fn again(delivery: Delivery) -> Delivery {
    match delivery {
        Delivery::AtMostOnce => delivery,
        Delivery::AtLeastOnce { packet_id, .. } => Delivery::AtLeastOnce { packet_id, dup: true },
        Delivery::ExactlyOnce { packet_id, .. } => Delivery::ExactlyOnce { packet_id, dup: true },
    }
}
