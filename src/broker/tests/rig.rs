//! A server, its connections and a clock that moves when told to.

use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};

use crate::broker::{
    Broker, CloseReason, Connection, Input, Kept, Limits, Listening, Local, LocalConnection,
    Output, Position,
};
use crate::packet::hex::hex;
use crate::packet::{
    Binary, ClientId, Connect, Decoder, Delivery, OneOrMore, Packet, PacketId, Publish, QoS,
    Subscribe, SubscribeFilter, Text, Unsubscribe, Will,
};
use crate::session::Message;
use crate::topic::{TopicFilter, TopicName};

/// A server, its connections and a clock.
pub(super) struct Rig {
    pub(super) broker: Broker<Local>,
    now: Instant,
    connections: Vec<Connection<Local>>,
    /// Whether the places at which output waits for the journal are left out of what is heard.
    hides_holds: bool,
}

/// One of the connections.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Peer(usize);

impl Rig {
    pub(super) fn new() -> Self {
        Self::with_limits(Limits::default())
    }

    pub(super) fn with_limits(limits: Limits) -> Self {
        let broker = Broker::new(Local::new(), limits);
        Self { broker, now: Instant::now(), connections: Vec::new(), hides_holds: true }
    }

    /// A server that goes on from `kept`, and takes down what changes.
    pub(super) fn keeping(kept: Kept) -> Self {
        Self::keeping_within(kept, Limits::default())
    }

    /// The same within bounds.
    pub(super) fn keeping_within(kept: Kept, limits: Limits) -> Self {
        let holder = Local::recording(kept.last_number());
        let broker = Broker::new(holder, limits);
        broker.restore(kept);
        Self { broker, ..Self::new() }
    }

    /// From here on what is heard has a line for each place at which output waits for the journal.
    pub(super) fn show_holds(&mut self) {
        self.hides_holds = false;
    }

    /// Opens a Network Connection.
    pub(super) fn open(&mut self) -> Peer {
        let me = LocalConnection(self.connections.len() as u64);
        self.connections.push(Connection::new(me, self.now, &self.broker));
        Peer(self.connections.len() - 1)
    }

    /// Opens a Network Connection on which the transport knows the user.
    pub(super) fn open_as(&mut self, user: Text) -> Peer {
        let me = LocalConnection(self.connections.len() as u64);
        self.connections.push(Connection::new(me, self.now, &self.broker).of_user(user));
        Peer(self.connections.len() - 1)
    }

    /// How much output is to be polled, and whether it is known whose connection it is.
    pub(super) fn state(&self, peer: Peer) -> (usize, bool) {
        let connection = &self.connections[peer.0];
        (connection.waiting(), connection.session_name().is_some())
    }

    /// Whether the connection wants another packet.
    pub(super) fn listening(&self, peer: Peer) -> Listening {
        self.connections[peer.0].listening(self.now)
    }

    /// Opens a Network Connection and sends `connect`; what comes back is left to be heard.
    pub(super) fn connect(&mut self, connect: Connect) -> Peer {
        let peer = self.open();
        self.say(peer, connect);
        if self.listening(peer) == Listening::AfterAnswer {
            self.hear_out(peer);
        }
        peer
    }

    /// The older connections of a Client that has connected anew have nothing more to say; the
    /// newer one, `peer`, is woken.
    pub(super) fn hear_out(&mut self, peer: Peer) {
        for place in 0..self.connections.len() {
            let connection = &mut self.connections[place];
            if connection.is_wanted(&self.broker) {
                assert_eq!(connection.poll_urgent(&self.broker), Some(Output::HearOut));
                self.input(Peer(place), Input::HeardOut);
            }
        }
        self.input(peer, Input::Woken);
    }

    /// A client that is connected with a clean session.
    pub(super) fn client(&mut self, name: &'static str) -> Peer {
        let peer = self.connect(clean(name));
        assert_eq!(self.hear(peer), ["CONNACK accepted"]);
        peer
    }

    /// Sends a packet from the client's side.
    pub(super) fn say(&mut self, peer: Peer, packet: impl Into<Packet>) {
        self.input(peer, Input::Packet(packet.into()));
    }

    /// Sends a packet that has come together with others.
    pub(super) fn say_among(&mut self, peer: Peer, packet: impl Into<Packet>) {
        let (packet, mut read) = (packet.into(), BytesMut::new());
        packet.encode(&mut read).unwrap();
        let connection = &mut self.connections[peer.0];
        if connection.take_alike(self.now, &mut read, &self.broker).is_none() {
            connection.handle_among(self.now, packet, &self.broker);
        }
    }

    /// No further packet is at hand.
    pub(super) fn pass_on(&mut self, peer: Peer) {
        self.connections[peer.0].pass_on(self.now, &self.broker);
    }

    /// Sends octets from the client's side.
    pub(super) fn say_octets(&mut self, peer: Peer, octets: &str) {
        let mut read = BytesMut::from(&hex(octets)[..]);
        loop {
            match Decoder::default().decode(&mut read) {
                Ok(Some(packet)) => self.input(peer, Input::Packet(packet)),
                Ok(None) => return,
                Err(error) => return self.input(peer, Input::Undecodable(error)),
            }
        }
    }

    /// Publishes a message of the server's own.
    pub(super) fn server_says(&self, publish: Publish) {
        self.broker.publish(Message::from_publish(publish));
    }

    pub(super) fn input(&mut self, peer: Peer, input: Input) {
        self.connections[peer.0].handle(self.now, input, &self.broker);
    }

    /// The network loses the connection.
    pub(super) fn cut(&mut self, peer: Peer) {
        self.input(peer, Input::NetworkClosed);
        assert_eq!(
            self.hear(peer).last().map(String::as_str),
            Some("closed: network connection closed without DISCONNECT")
        );
    }

    /// Lets time pass, and tells every connection whose deadline has come.
    pub(super) fn pass(&mut self, time: Duration) {
        self.now += time;
        for connection in &mut self.connections {
            if connection.deadline().is_some_and(|deadline| deadline <= self.now) {
                connection.handle(self.now, Input::Timeout, &self.broker);
            }
        }
    }

    /// All that the server has sent since the last time, a line for each packet.
    pub(super) fn hear(&mut self, peer: Peer) -> Vec<String> {
        let mut heard = Vec::new();
        while let Some(output) = self.connections[peer.0].poll_output(&self.broker) {
            heard.push(match output {
                Output::Hold(_) if self.hides_holds => continue,
                Output::Hold(Position(number)) => format!("hold {number}"),
                Output::Send(packet) => packet.to_string(),
                Output::SendRun(run) => {
                    heard.extend(run.packets().map(|packet| packet.to_string()));
                    continue;
                }
                Output::Close(reason) => format!("closed: {reason}"),
                Output::Note(note) => format!("note: {note}"),
                Output::HearOut => "hear out".to_owned(),
                Output::Authenticate(shown) => format!("is it {}?", shown.user_name.as_str()),
            });
        }
        if self.hides_holds {
            self.rest(peer);
        }
        heard
    }

    /// Has a connection be dormant for a moment if it has nothing to do, and says whether it was:
    /// nobody must notice, but who looks at holds, of which there may be one more.
    pub(super) fn rest(&mut self, peer: Peer) -> bool {
        let connection = &mut self.connections[peer.0];
        let deadline = connection.deadline();
        let Some(dormant) = connection.rest(self.now) else { return false };
        assert_eq!(dormant.deadline(), deadline);
        *connection = dormant.wake(&self.broker);
        // Whoever wakes it says nothing in the name of the Client.
        assert_eq!(connection.deadline(), deadline);
        true
    }

    /// Takes one output: how many it was fetched with, itself among them.
    pub(super) fn fetched(&mut self, peer: Peer) -> usize {
        let connection = &mut self.connections[peer.0];
        let output = connection.poll_output(&self.broker);
        usize::from(output.is_some()) + connection.waiting()
    }

    /// Gives up the connection of a client that takes nothing, if it has to end.
    pub(super) fn give_up(&mut self, peer: Peer) -> Option<CloseReason> {
        match self.connections[peer.0].poll_urgent(&self.broker)? {
            Output::Close(reason) => Some(reason),
            other => panic!("{other:?}"),
        }
    }

    /// Takes the CONNACK, and subscribes.
    pub(super) fn subscribe_after_connack(&mut self, peer: Peer, filter: &'static str, qos: QoS) {
        self.hear(peer);
        self.subscribe(peer, filter, qos);
    }

    /// Subscribes, and takes the SUBACK and the retained messages: the latter are given back.
    pub(super) fn subscribe(&mut self, peer: Peer, filter: &'static str, qos: QoS) -> Vec<String> {
        self.say(peer, subscribe(9, &[(filter, qos)]));
        let mut heard = self.hear(peer);
        assert_eq!(heard.remove(0), format!("SUBACK id 9 q{qos}"));
        heard
    }
}

pub(super) const Q0: QoS = QoS::AtMostOnce;
pub(super) const Q1: QoS = QoS::AtLeastOnce;
pub(super) const Q2: QoS = QoS::ExactlyOnce;

pub(super) fn id(number: u16) -> PacketId {
    PacketId::new(number).unwrap()
}

/// A CONNECT that begins and ends with its connection.
pub(super) fn clean(name: &'static str) -> Connect {
    Connect::new(&ClientId::new(Text::new(name).unwrap()))
}

/// A CONNECT for a Session that stays.
pub(super) fn kept(name: &'static str) -> Connect {
    clean(name).with_clean_session(false)
}

pub(super) fn will(topic: &'static str, message: &'static str, qos: QoS, retain: bool) -> Will {
    let topic = TopicName::new(topic).unwrap();
    Will { topic, message: Binary::new(message).unwrap(), qos, retain }
}

/// A PUBLISH; the identifier counts at QoS 1 and 2.
pub(super) fn publish(
    topic: &'static str,
    payload: &'static str,
    qos: QoS,
    number: u16,
) -> Publish {
    let delivery = match qos {
        QoS::AtMostOnce => Delivery::AtMostOnce,
        QoS::AtLeastOnce => Delivery::AtLeastOnce { packet_id: id(number), dup: false },
        QoS::ExactlyOnce => Delivery::ExactlyOnce { packet_id: id(number), dup: false },
    };
    let topic = TopicName::new(topic).unwrap();
    Publish { topic, payload: Bytes::from(payload), delivery, retain: false }
}

/// A PUBLISH of QoS 1 with RETAIN.
pub(super) fn retained(topic: &'static str, payload: &'static str) -> Publish {
    Publish { retain: true, ..publish(topic, payload, Q1, 77) }
}

pub(super) fn subscribe(number: u16, filters: &[(&'static str, QoS)]) -> Subscribe {
    let filters = filters
        .iter()
        .map(|&(filter, qos)| SubscribeFilter { filter: TopicFilter::new(filter).unwrap(), qos });
    Subscribe::new(id(number), &OneOrMore::new(filters.collect()).unwrap())
}

pub(super) fn unsubscribe(number: u16, filters: &[&'static str]) -> Unsubscribe {
    let filters = filters.iter().map(|&filter| TopicFilter::new(filter).unwrap());
    Unsubscribe::new(id(number), &OneOrMore::new(filters.collect()).unwrap())
}
