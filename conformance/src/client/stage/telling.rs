//! What a case tells a client to do, and what the client tells of it.

use std::time::{Duration, Instant};

use super::ClientStage;
use crate::client::driver::{DriverEvent, Heard, Ticket};
use crate::finding::Finding;
use crate::peer::FENCE;

impl ClientStage<'_> {
    /// Has the client publish.
    pub fn publish(&mut self, topic: &str, payload: &str, qos: u8) -> Result<Ticket, Finding> {
        self.driver.publish(topic, payload, qos, false)
    }

    /// Has the client publish a message that is to be retained.
    pub fn publish_retained(
        &mut self,
        topic: &str,
        payload: &str,
        qos: u8,
    ) -> Result<Ticket, Finding> {
        self.driver.publish(topic, payload, qos, true)
    }

    /// Has the client subscribe to these filters, each with its QoS, in one packet.
    pub fn subscribe(&mut self, filters: &[(&str, u8)]) -> Result<Ticket, Finding> {
        self.driver.subscribe(filters)
    }

    /// Has the client unsubscribe from these filters, in one packet.
    pub fn unsubscribe(&mut self, filters: &[&str]) -> Result<Ticket, Finding> {
        self.driver.unsubscribe(filters)
    }

    /// Has the client leave in good order.
    pub fn disconnect(&mut self) -> Result<Ticket, Finding> {
        self.driver.disconnect()
    }

    /// Expects the client to tell that the delivery of a message has ended.
    ///
    /// # Errors
    ///
    /// [`Finding::Fail`] when it does not. As all below.
    pub fn expect_published(&mut self, ticket: Ticket) -> Result<(), Finding> {
        self.driver.wait_for("the end of the delivery", &self.patience, |event| match event {
            DriverEvent::Published { id } if ticket.is(*id) => Some(()),
            _ => None,
        })
    }

    /// Expects the client to tell of the answer to its SUBSCRIBE, or of an error over it: the
    /// return codes, where it tells them.
    pub fn expect_subscribed(&mut self, ticket: Ticket) -> Result<Option<Vec<u8>>, Finding> {
        self.driver.wait_for("the answer to its SUBSCRIBE", &self.patience, |event| match event {
            DriverEvent::Subscribed { id, codes } if ticket.is(*id) => Some(codes.clone()),
            DriverEvent::Error { id: Some(id), .. } if ticket.is(*id) => Some(None),
            _ => None,
        })
    }

    /// Expects the client to tell of the answer to its UNSUBSCRIBE.
    pub fn expect_unsubscribed(&mut self, ticket: Ticket) -> Result<(), Finding> {
        self.driver.wait_for("the answer to its UNSUBSCRIBE", &self.patience, |event| match event {
            DriverEvent::Unsubscribed { id } if ticket.is(*id) => Some(()),
            _ => None,
        })
    }

    /// Expects the client to tell that it is connected, and what it was told of a Session, where
    /// it says so.
    pub fn expect_connected(&mut self) -> Result<Option<bool>, Finding> {
        self.driver.wait_for("its connection", &self.patience, |event| match event {
            DriverEvent::Connected { session_present } => Some(*session_present),
            _ => None,
        })
    }

    /// Expects that the client has not told up to now that the delivery of a message has ended,
    /// for which it has to wait for `what`.
    ///
    /// # Errors
    ///
    /// [`Finding::Fail`] when it has.
    pub fn expect_unpublished(&mut self, ticket: Ticket, what: &str) -> Result<(), Finding> {
        // What it has told may still be on its way through a pipe.
        self.driver.listen(Instant::now() + ON_ITS_WAY)?;
        let told =
            |event: &DriverEvent| matches!(event, DriverEvent::Published { id } if ticket.is(*id));
        match self.driver.has_told(told) {
            false => Ok(()),
            true => Err(Finding::fail(format!("it waits for {what}"), "it tells of a delivery")),
        }
    }

    /// Expects the client to hand the next message to its program, fences apart.
    pub fn expect_message(&mut self) -> Result<Heard, Finding> {
        self.driver.wait_for("a message", &self.patience, |event| match event {
            DriverEvent::Message { topic, payload, qos, retain } if payload != FENCE => {
                Some(Heard {
                    topic: topic.clone(),
                    payload: payload.clone(),
                    qos: *qos,
                    retain: *retain,
                })
            }
            _ => None,
        })
    }

    /// The messages that the client hands to its program, up to the one with this payload, which
    /// is not among them.
    ///
    /// # Errors
    ///
    /// [`Finding::Inconclusive`] when that one is not told of.
    pub fn messages_until(&mut self, payload: &str) -> Result<Vec<Heard>, Finding> {
        let mut heard = Vec::new();
        loop {
            let next = self.expect_message();
            let next = next.map_err(|found| found.while_preparing("hear of the last message"))?;
            if next.payload == payload {
                return Ok(heard);
            }
            heard.push(next);
        }
    }
}

/// Longer than a line of a driver takes, on a busy machine too.
const ON_ITS_WAY: Duration = Duration::from_millis(150);
