//! A client that says what a test tells it to, and nothing by itself.
//!
//! Its packets are read and written by the crate's own codec; the judge and rumqttc are there to
//! notice where that is wrong.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use bytes::BytesMut;
use mqttspec::packet::{
    ClientId, Connack, Connect, Decoder, Delivery, OneOrMore, Packet, PacketId, Publish, QoS,
    Subscribe, SubscribeFilter, Text,
};
use mqttspec::topic::{TopicFilter, TopicName};

/// One Network Connection.
pub(crate) struct Peer {
    pub(crate) stream: TcpStream,
    inbox: BytesMut,
}

/// How long the broker may take for anything.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

impl Peer {
    /// A Network Connection on which nothing has been said.
    pub(crate) fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Self { stream, inbox: BytesMut::new() })
    }

    /// One with a CONNECT that was accepted.
    pub(crate) fn connect(address: SocketAddr, connect: Connect) -> io::Result<Self> {
        let mut peer = Self::open(address)?;
        peer.send(connect)?;
        match peer.receive()? {
            Some(Packet::Connack(Connack::Accepted { .. })) => Ok(peer),
            other => Err(io::Error::other(format!("{other:?} instead of an accepting CONNACK"))),
        }
    }

    /// Sends one packet.
    pub(crate) fn send(&mut self, packet: impl Into<Packet>) -> io::Result<()> {
        self.stream.write_all(&octets(packet))
    }

    /// The next packet; `None` when the broker has closed the connection in good order.
    ///
    /// An error when it takes too long, resets the connection, or sends what is no packet.
    pub(crate) fn receive(&mut self) -> io::Result<Option<Packet>> {
        loop {
            let decoded = Decoder::default().decode(&mut self.inbox);
            if let Some(packet) = decoded.map_err(io::Error::other)? {
                return Ok(Some(packet));
            }
            let mut read = [0; 16 * 1024];
            match self.stream.read(&mut read)? {
                0 if self.inbox.is_empty() => return Ok(None),
                0 => return Err(io::Error::other("closed within a packet")),
                count => self.inbox.extend_from_slice(&read[..count]),
            }
        }
    }

    /// Subscribes to `filter`, and waits for the answer.
    pub(crate) fn subscribe(&mut self, filter: &str, qos: QoS) -> io::Result<()> {
        self.send(subscribe(filter, qos))?;
        match self.receive()? {
            Some(Packet::Suback(_)) => Ok(()),
            other => Err(io::Error::other(format!("{other:?} instead of SUBACK"))),
        }
    }
}

/// A CONNECT with Clean Session and without Keep Alive.
pub(crate) fn clean(client_id: &str) -> Connect {
    Connect::new(&ClientId::new(Text::new(client_id.to_owned()).expect("a Client Identifier")))
}

/// A PUBLISH of QoS 1.
pub(crate) fn publish(topic: &str, number: u16, payload: impl Into<bytes::Bytes>) -> Publish {
    Publish {
        topic: TopicName::new(topic.to_owned()).expect("a Topic Name"),
        payload: payload.into(),
        delivery: Delivery::AtLeastOnce { packet_id: packet_id(number), dup: false },
        retain: false,
    }
}

/// A SUBSCRIBE with one filter.
pub(crate) fn subscribe(filter: &str, qos: QoS) -> Subscribe {
    let filter = TopicFilter::new(filter.to_owned()).expect("a Topic Filter");
    let filters = OneOrMore::new(vec![SubscribeFilter { filter, qos }]).expect("one");
    Subscribe::new(packet_id(1), &filters)
}

/// `number`, which is not 0, as a Packet Identifier.
pub(crate) fn packet_id(number: u16) -> PacketId {
    PacketId::new(number).expect("not 0")
}

/// The octets of a packet.
pub(crate) fn octets(packet: impl Into<Packet>) -> BytesMut {
    let mut octets = BytesMut::new();
    packet.into().encode(&mut octets).expect("a packet of possible length");
    octets
}
