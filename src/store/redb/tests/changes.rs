//! Changes as a server might tell them, drawn from a seed.

use std::sync::Arc;

use bytes::Bytes;

use super::random::Random;
use crate::broker::{Change, KeptMessage, MessageNumber, SessionNumber};
use crate::packet::{Binary, ClientId, PacketId, QoS, Text, Will};
use crate::session::Message;
use crate::topic::{TopicFilter, TopicName};

/// A server that does nothing but change.
pub(super) struct Server {
    random: Random,
    numbers: u64,
    sessions: u64,
    orders: u64,
    /// Messages that were published lately, and may be retained or queued once more.
    lately: Vec<KeptMessage>,
}

impl Server {
    pub(super) const fn new(seed: u64) -> Self {
        Self { random: Random::new(seed), numbers: 100, sessions: 0, orders: 0, lately: Vec::new() }
    }

    /// The next changes, one to fifty of them.
    pub(super) fn group(&mut self) -> Vec<Change> {
        (0..=self.random.below(50)).map(|_| self.change()).collect()
    }

    fn change(&mut self) -> Change {
        // Few enough that changes meet, and that some Sessions are not there.
        let session = SessionNumber(self.sessions.saturating_sub(self.random.below(5)));
        let packet_id = PacketId::new(1 + u16::try_from(self.random.below(6)).unwrap()).unwrap();
        // Mostly one of the last.
        let order = self.orders.saturating_sub(self.random.below(8));
        match self.random.below(42) {
            0 => Change::SessionEnded { session },
            1 | 2 => {
                self.sessions += 1;
                let session = SessionNumber(self.sessions);
                let client_id = ClientId::new(Text::new(format!("client {}", session.0)).unwrap());
                Change::SessionBegun { session, client_id }
            }
            41 => {
                let since = self.random.happens(70).then(|| self.random.below(9));
                Change::Absent { session, since }
            }
            40 => Change::Owned { session, user: Text::new("anna").unwrap() },
            3 => Change::WillGone { session },
            4 => Change::WillLeft { session, will: self.will() },
            5 | 6 => Change::Subscribed { session, filter: self.filter(), qos: self.qos() },
            7 => Change::Unsubscribed { session, filter: self.filter() },
            8 | 9 => Change::Received { session, packet_id },
            10 | 11 => Change::Freed { session, packet_id },
            12..=15 => Change::Retained { message: self.message() },
            16 => Change::Unretained { topic: self.topic() },
            17..=21 => Change::Sent { session, order, packet_id },
            22..=25 => Change::Released { session, order, packet_id },
            26..=31 => Change::Completed { session, order },
            _ => {
                self.orders += 1;
                let qos = if self.random.happens(50) { QoS::AtLeastOnce } else { QoS::ExactlyOnce };
                let retain = self.random.happens(10);
                let (order, message) = (self.orders, self.message());
                Change::Queued { session, order, message, qos, retain }
            }
        }
    }

    /// A message, new or of late.
    fn message(&mut self) -> KeptMessage {
        if !self.lately.is_empty() && self.random.happens(50) {
            return self.lately[self.random.place(self.lately.len())].clone();
        }
        let length = [0, 10, 10, 10, 300, 9_000][self.random.place(6)];
        let payload = Bytes::from(vec![u8::try_from(self.random.below(256)).unwrap(); length]);
        let (topic, qos) = (self.topic(), self.qos());
        let message = Arc::new(Message { topic, payload, qos, retain: self.random.happens(20) });
        self.numbers += 1;
        let kept = KeptMessage { number: MessageNumber(self.numbers), message };
        self.lately.push(kept.clone());
        if self.lately.len() > 4 {
            self.lately.remove(0);
        }
        kept
    }

    fn will(&mut self) -> Will {
        let (topic, qos) = (self.topic(), self.qos());
        Will { topic, message: Binary::new("gone").unwrap(), qos, retain: self.random.happens(50) }
    }

    fn topic(&mut self) -> TopicName {
        TopicName::new(format!("topic/{}", self.random.below(5))).unwrap()
    }

    fn filter(&mut self) -> TopicFilter {
        TopicFilter::new(format!("topic/{}/#", self.random.below(5))).unwrap()
    }

    fn qos(&mut self) -> QoS {
        [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce][self.random.place(3)]
    }
}
