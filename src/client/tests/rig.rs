//! A Client, a Server that is a list of packets, and a clock that moves when told to.

use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::client::{Client, Input, Limits, Output};
use crate::packet::{
    ClientId, Connack, Connect, Delivery, OneOrMore, Packet, PacketId, Publish, QoS, Suback,
    SubackCode, SubscribeFilter, Text,
};
use crate::session::Message;
use crate::topic::{TopicFilter, TopicName};

/// A Client and the time it is there.
pub(super) struct Talk {
    pub(super) client: Client,
    pub(super) now: Instant,
}

impl Talk {
    pub(super) fn new(limits: Limits) -> Self {
        Self { client: Client::new(limits), now: Instant::now() }
    }

    /// Connected, with CONNECT and CONNACK behind it.
    pub(super) fn connected(clean_session: bool) -> Self {
        let mut talk = Self::new(Limits::default());
        talk.reconnect(clean_session, false);
        talk
    }

    /// Connects; the lines are those that follow CONNACK.
    pub(super) fn reconnect(&mut self, clean_session: bool, session_present: bool) -> Vec<String> {
        self.client.connect(self.now, connect("c", clean_session)).unwrap();
        assert!(self.lines().pop().is_some_and(|line| line.starts_with("> CONNECT")));
        self.hears(Connack::Accepted { session_present })
    }

    pub(super) fn passes(&mut self, milliseconds: u64) {
        self.now += Duration::from_millis(milliseconds);
    }

    /// Hands `packet` over; what the Client then says.
    pub(super) fn hears(&mut self, packet: impl Into<Packet>) -> Vec<String> {
        self.client.handle(self.now, Input::Packet(packet.into())).unwrap();
        self.lines()
    }

    pub(super) fn times_out(&mut self) -> Vec<String> {
        self.client.handle(self.now, Input::Timeout).unwrap();
        self.lines()
    }

    pub(super) fn loses_connection(&mut self) -> Vec<String> {
        self.client.handle(self.now, Input::ConnectionLost).unwrap();
        self.lines()
    }

    pub(super) fn publishes(&mut self, payload: &'static str, qos: QoS) -> Vec<String> {
        self.client.publish(self.now, message(payload, qos)).unwrap();
        self.lines()
    }

    pub(super) fn subscribes(&mut self, filters: &[&'static str]) -> Vec<String> {
        self.client.subscribe(self.now, wanted(filters)).unwrap();
        self.lines()
    }

    /// All outputs, a line each.
    pub(super) fn lines(&mut self) -> Vec<String> {
        self.client.check_invariants();
        std::iter::from_fn(|| self.client.poll_output()).map(|output| line(&output)).collect()
    }
}

pub(super) fn line(output: &Output) -> String {
    match output {
        Output::Close(reason) => format!("close: {reason}"),
        Output::Completed { token, outcome } => format!("{token:?} {outcome:?}"),
        Output::Connected { session_present } => format!("connected, {session_present}"),
        Output::Entrusted { message, .. } => format!("entrusted {:?}", message.payload),
        Output::Keep(change) => format!("keep {change:?}"),
        Output::Refused(filter) => format!("refused {filter}"),
        Output::Received(message) => format!("received {:?}", message.payload),
        Output::Send(packet) => format!("> {packet}"),
    }
}

pub(super) fn connect(client_id: &'static str, clean_session: bool) -> Connect {
    let client_id = ClientId::new(Text::new(client_id).unwrap());
    Connect::new(&client_id).with_clean_session(clean_session).with_keep_alive_seconds(8)
}

pub(super) fn message(payload: &'static str, qos: QoS) -> Message {
    let topic = TopicName::new("t").unwrap();
    Message { topic, payload: Bytes::from(payload), qos, retain: false }
}

pub(super) fn wanted(filters: &[&'static str]) -> OneOrMore<SubscribeFilter> {
    let wanted = |filter: &&'static str| SubscribeFilter {
        filter: TopicFilter::new(*filter).unwrap(),
        qos: QoS::AtLeastOnce,
    };
    OneOrMore::new(filters.iter().map(wanted).collect()).unwrap()
}

pub(super) fn id(number: u16) -> PacketId {
    PacketId::new(number).unwrap()
}

pub(super) fn publish(payload: &'static str, delivery: Delivery) -> Publish {
    let topic = TopicName::new("t").unwrap();
    Publish { topic, payload: Bytes::from(payload), delivery, retain: false }
}

pub(super) fn suback(packet_id: u16, codes: usize) -> Suback {
    let codes = vec![SubackCode::Granted(QoS::AtLeastOnce); codes];
    Suback::new(id(packet_id), &OneOrMore::new(codes).unwrap())
}

pub(super) const NONE: [&str; 0] = [];
