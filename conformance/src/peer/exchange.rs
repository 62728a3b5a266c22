//! Whole exchanges, for what a case needs on its way to what it judges.
//!
//! A subject that fails in one of these leaves the case inconclusive: it has broken something,
//! and another case says what.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::{Delivery, Peer};
use crate::finding::Finding;
use crate::transcript::{Deviation, End, Expectation};
use crate::wire::{Packet, Publish, Suback, Subscribe, Unsubscribe};

impl Peer {
    /// Subscribes, and gives the QoS that was granted, which may be less than was asked for.
    ///
    /// # Errors
    ///
    /// [`Finding::Unsupported`] when the subject refuses the filter.
    pub fn subscribe(&mut self, filter: &str, qos: u8) -> Result<u8, Finding> {
        let id = self.fresh_id();
        let codes = self
            .send(Subscribe::new(id).filter(filter, qos))
            .and_then(|()| self.expect_suback(id))
            .map_err(|finding| finding.while_preparing(format!("subscribe to {filter}")))?;
        match codes[..] {
            [Suback::FAILURE] => {
                Err(Finding::unsupported(format!("the subject refuses the filter {filter}")))
            }
            [granted] => Ok(granted),
            _ => Err(Finding::inconclusive(format!(
                "could not subscribe to {filter}: one filter brought {} return codes",
                codes.len()
            ))),
        }
    }

    /// Subscribes at exactly this QoS.
    ///
    /// # Errors
    ///
    /// [`Finding::Unsupported`] when the subject refuses the filter or grants less.
    pub fn subscribe_at(&mut self, filter: &str, qos: u8) -> Result<(), Finding> {
        match self.subscribe(filter, qos)? {
            granted if granted == qos => Ok(()),
            granted => Err(Finding::unsupported(format!(
                "the subject grants QoS {granted} where {qos} is asked for"
            ))),
        }
    }

    /// Unsubscribes.
    pub fn unsubscribe(&mut self, filter: &str) -> Result<(), Finding> {
        let id = self.fresh_id();
        self.send(Unsubscribe::new(id).filter(filter))
            .and_then(|()| self.expect_unsuback(id))
            .map_err(|finding| finding.while_preparing(format!("unsubscribe from {filter}")))
    }

    /// Publishes at QoS 0, which nothing confirms.
    pub fn publish_qos0(
        &mut self,
        topic: impl Into<Vec<u8>>,
        payload: impl Into<Vec<u8>>,
    ) -> Result<(), Finding> {
        self.send(Publish::qos0(topic, payload))
    }

    /// Publishes at QoS 1 and waits for the PUBACK.
    pub fn publish_qos1(
        &mut self,
        topic: impl Into<Vec<u8>>,
        payload: impl Into<Vec<u8>>,
    ) -> Result<(), Finding> {
        let id = self.fresh_id();
        self.complete(Publish::qos1(id, topic, payload))
    }

    /// Publishes at QoS 2 and carries the exchange through to the PUBCOMP.
    pub fn publish_qos2(
        &mut self,
        topic: impl Into<Vec<u8>>,
        payload: impl Into<Vec<u8>>,
    ) -> Result<(), Finding> {
        let id = self.fresh_id();
        self.complete(Publish::qos2(id, topic, payload))
    }

    /// Sends this PUBLISH and carries its exchange through to the end.
    pub fn complete(&mut self, publish: Publish) -> Result<(), Finding> {
        let step = format!("publish at QoS {}", publish.qos);
        self.carry_through(publish).map_err(|finding| finding.while_preparing(step))
    }

    fn carry_through(&mut self, publish: Publish) -> Result<(), Finding> {
        let (qos, id) = (publish.qos, publish.id);
        self.send(publish)?;
        match (qos, id) {
            (1, Some(id)) => self.expect_puback(id),
            (2, Some(id)) => {
                self.expect_pubrec(id)?;
                self.send(Packet::Pubrel(id))?;
                self.expect_pubcomp(id)
            }
            _ => Ok(()),
        }
    }

    /// Takes the next message, which is this one, and acknowledges it.
    ///
    /// # Errors
    ///
    /// [`Finding::Fail`] when the next message is another, or none comes.
    pub fn expect_message(&mut self, expected: &Delivery) -> Result<Publish, Finding> {
        let publish = self.expect_publish(expected)?;
        self.acknowledge(&publish)?;
        Ok(publish)
    }

    /// The same of a message with a QoS. One that differs in nothing else breaks the statement about
    /// that (MQTT-3.8.4-6) and no other of the case.
    ///
    /// # Errors
    ///
    /// Those of [`expect_message`](Self::expect_message).
    pub fn expect_message_at_its_qos(&mut self, expected: &Delivery) -> Result<(), Finding> {
        let Err(breach) = self.expect_message(expected) else { return Ok(()) };
        // What is wrong has not been taken.
        let is_it = |packet: &Packet| match packet {
            Packet::Publish(publish) => Some(expected.is_but_for_its_qos(publish)),
            _ => None,
        };
        match self.unread.iter().find_map(is_it) {
            Some(true) => Err(breach.of("MQTT-3.8.4-6")),
            _ => Err(breach),
        }
    }

    /// Takes the next message, whatever it is, and acknowledges it.
    ///
    /// # Errors
    ///
    /// [`Finding::Fail`] when none comes.
    pub fn expect_any_message(&mut self) -> Result<Publish, Finding> {
        let publish = self.expect_any_publish()?;
        self.acknowledge(&publish)?;
        Ok(publish)
    }

    /// Acknowledges a message that has been taken: at QoS 2 up to the PUBCOMP.
    pub fn acknowledge(&mut self, publish: &Publish) -> Result<(), Finding> {
        match (publish.qos, publish.id) {
            (1, Some(id)) => self.send(Packet::Puback(id)),
            (2, Some(id)) => {
                self.send(Packet::Pubrec(id))?;
                self.expect_pubrel(id)
                    .map_err(|finding| finding.while_preparing("acknowledge at QoS 2"))?;
                self.send(Packet::Pubcomp(id))
            }
            _ => Ok(()),
        }
    }

    /// Sends PINGREQ, waits for the PINGRESP, and takes all packets that came before it.
    ///
    /// Shows that the subject has dealt with all that this connection sent, and that it is still
    /// there. A message from *another* connection may yet be on its way: for that see
    /// [`until_sentinel`](Self::until_sentinel).
    pub fn fence(&mut self) -> Result<Vec<Packet>, Finding> {
        self.send(Packet::Pingreq)
            .and_then(|()| self.expect_pingresp())
            .map_err(|finding| finding.while_preparing("have a PINGREQ answered"))?;
        Ok(self.unread.drain(..).collect())
    }

    /// Expects that no packet has come up to now, behind a [`fence`](Self::fence).
    ///
    /// # Errors
    ///
    /// [`Finding::Fail`] with the first packet that has.
    pub fn expect_nothing(&mut self) -> Result<(), Finding> {
        let packets = self.fence()?;
        packets.first().map_or(Ok(()), |packet| {
            Err(Finding::fail("nothing", packet).shown_by(self.unwanted(packets.iter())))
        })
    }

    /// Has `publisher` publish a sentinel on `topic`, and takes and acknowledges all messages
    /// that come before it.
    ///
    /// This connection must be subscribed to `topic`. The sentinel takes the way that any message
    /// from `publisher` takes: when it has arrived, what was to come before it has come. Use the
    /// QoS at which the messages in question were published.
    ///
    /// # Errors
    ///
    /// [`Finding::Inconclusive`] when the sentinel does not arrive.
    pub fn until_sentinel(
        &mut self,
        publisher: &mut Self,
        topic: &str,
        qos: u8,
    ) -> Result<Vec<Publish>, Finding> {
        let payload = sentinel();
        let id = publisher.fresh_id();
        publisher.complete(Publish::at_qos(qos, id, topic, payload.as_str()))?;
        self.up_to(payload.as_bytes())
    }

    /// As [`until_sentinel`](Self::until_sentinel), where this connection is the publisher too.
    pub fn until_own_sentinel(&mut self, topic: &str, qos: u8) -> Result<Vec<Publish>, Finding> {
        let payload = sentinel();
        let id = self.fresh_id();
        self.complete(Publish::at_qos(qos, id, topic, payload.as_str()))?;
        self.up_to(payload.as_bytes())
    }

    /// Expects that no message comes before a sentinel: see
    /// [`until_sentinel`](Self::until_sentinel).
    ///
    /// # Errors
    ///
    /// [`Finding::Fail`] with the first message that does.
    pub fn expect_no_message(
        &mut self,
        publisher: &mut Self,
        topic: &str,
        qos: u8,
    ) -> Result<(), Finding> {
        let messages = self.until_sentinel(publisher, topic, qos)?;
        messages.first().map_or(Ok(()), |message| {
            let packets: Vec<_> = messages.iter().cloned().map(Packet::Publish).collect();
            Err(Finding::fail("no message", message).shown_by(self.unwanted(packets.iter())))
        })
    }

    /// That these came, which should not have.
    fn unwanted<'a>(&self, packets: impl DoubleEndedIterator<Item = &'a Packet>) -> Deviation {
        self.line.deviation(Expectation::Nothing, Duration::ZERO, packets, End::Told)
    }

    fn up_to(&mut self, sentinel: &[u8]) -> Result<Vec<Publish>, Finding> {
        let mut messages = Vec::new();
        loop {
            let message = self
                .expect_any_message()
                .map_err(|finding| finding.while_preparing("receive the sentinel"))?;
            if message.payload == sentinel {
                return Ok(messages);
            }
            // A further copy of an earlier sentinel, by an overlapping subscription.
            if !message.payload.starts_with(SENTINEL.as_bytes()) {
                messages.push(message);
            }
        }
    }
}

/// A payload that no other message of this process has.
fn sentinel() -> String {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    format!("{SENTINEL}{}", NUMBER.fetch_add(1, Ordering::Relaxed))
}

const SENTINEL: &str = "mqttspec-sentinel-";
