//! What only a subject that is a client sends, and how it is shown to be there.

use std::time::{Duration, Instant};

use super::expect::mistaken;
use super::{Peer, Wait};
use crate::finding::Finding;
use crate::transcript::{Pattern, Tolerated};
use crate::wire::{Connect, Kind, Packet, Publish, Subscribe, Unsubscribe};

impl Peer {
    /// Takes the CONNECT, which is due.
    ///
    /// # Errors
    ///
    /// [`Finding::Fail`] when it does not come in time. As all below.
    pub fn expect_connect(&mut self) -> Result<Connect, Finding> {
        match self.expect_kind(Kind::Connect)? {
            Packet::Connect(connect) => Ok(connect),
            other => Err(mistaken(&other)),
        }
    }

    /// Takes the next SUBSCRIBE.
    pub fn expect_subscribe(&mut self) -> Result<Subscribe, Finding> {
        match self.expect_kind(Kind::Subscribe)? {
            Packet::Subscribe(subscribe) => Ok(subscribe),
            other => Err(mistaken(&other)),
        }
    }

    /// Takes the next UNSUBSCRIBE.
    pub fn expect_unsubscribe(&mut self) -> Result<Unsubscribe, Finding> {
        match self.expect_kind(Kind::Unsubscribe)? {
            Packet::Unsubscribe(unsubscribe) => Ok(unsubscribe),
            other => Err(mistaken(&other)),
        }
    }

    /// Takes a PINGREQ.
    pub fn expect_pingreq(&mut self) -> Result<(), Finding> {
        self.expect_kind(Kind::Pingreq).map(drop)
    }

    /// Takes the DISCONNECT.
    pub fn expect_disconnect(&mut self) -> Result<(), Finding> {
        self.expect_kind(Kind::Disconnect).map(drop)
    }

    /// Sends a message of QoS 1 on `topic`, waits for the PUBACK, and takes all packets that came
    /// before it.
    ///
    /// Shows that the client is there, and has dealt with all that was sent to it: it acknowledges
    /// every message, whether or not it has a use for it.
    ///
    /// # Errors
    ///
    /// [`Finding::Inconclusive`] when it acknowledges nothing.
    pub fn client_fence(&mut self, topic: &str) -> Result<Vec<Packet>, Finding> {
        self.last_fence = self.last_fence.wrapping_sub(1);
        let id = self.last_fence;
        self.send(Publish::qos1(id, topic, FENCE))
            .and_then(|()| self.expect_puback(id))
            .map_err(|finding| finding.while_preparing("have a message acknowledged"))?;
        Ok(self.unread.drain(..).collect())
    }

    /// Expects that the client has sent nothing up to now, behind a
    /// [`client_fence`](Self::client_fence).
    ///
    /// # Errors
    ///
    /// [`Finding::Fail`] with the first packet that it has sent, a PINGREQ apart: it may send that
    /// at any time.
    pub fn expect_nothing_from_client(&mut self, topic: &str) -> Result<(), Finding> {
        let packets = self.client_fence(topic)?;
        match packets.iter().find(|packet| **packet != Packet::Pingreq) {
            None => Ok(()),
            Some(packet) => Err(Finding::fail("nothing", packet)),
        }
    }

    /// Expects the client to close the connection within so long, by its own patience.
    ///
    /// # Errors
    ///
    /// [`Finding::Fail`] when it does not.
    pub fn expect_client_closes_within(&mut self, wait: Duration) -> Result<(), Finding> {
        let begin = Instant::now();
        let latest = self.patience.deadline(wait);
        self.closed_by(begin, |_| latest, Tolerated::Farewell)
    }

    /// Listens until this packet has come, which stays in the queue, or for as long as `wait`.
    pub fn rest_until(&mut self, packet: &Packet, wait: Duration) -> Result<(), Finding> {
        let deadline = self.patience.deadline(wait);
        while !self.has_come(packet) {
            if !matches!(self.pump(deadline)?, Wait::Arrived) {
                break;
            }
        }
        Ok(())
    }

    /// Whether this packet has come, and was not taken yet.
    pub fn has_come(&self, packet: &Packet) -> bool {
        self.unread.contains(packet)
    }

    /// Holds a packet of a client against the rules that hold at all times.
    pub(super) fn look_at_client(&mut self, packet: &Packet) -> Result<(), Finding> {
        let read = self.client_watch.read(packet);
        read.map_err(|(breach, statement)| self.against(breach, statement))
    }

    fn expect_kind(&mut self, kind: Kind) -> Result<Packet, Finding> {
        self.wait_for(Pattern::OfType { number: kind as u8 })
    }
}

/// The payload of messages that only show that the client is there.
pub(crate) const FENCE: &str = "fence";
