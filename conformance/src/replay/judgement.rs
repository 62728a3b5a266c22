//! After the last step: whether it goes wrong again.

use std::time::{Duration, Instant};

use super::likeness::{Likeness, likeness};
use super::player::{DRIVER, Player};
use crate::finding::Finding;
use crate::peer::{Wait, still_open};
use crate::transcript::{End, Expectation, Pattern, Pick, Seen, SeenPacket, Tolerated};
use crate::wire::{Octets as _, Packet};

/// Whether it went wrong again, and what was seen.
pub(super) type Outcome = (bool, Seen);

impl Player<'_, '_> {
    /// Looks for what should have come in the end.
    pub(super) fn judge(&mut self) -> Result<Outcome, Finding> {
        if let Some(breach) = self.found.breach.take() {
            self.found.saw = Some(breach);
            return Ok((true, Seen::default()));
        }
        match &self.transcript.deviation.expected {
            Expectation::Close { before } => self.judge_close(*before),
            Expectation::Packet { packet } => self.judge_packet(packet),
            Expectation::Nothing => self.judge_nothing(),
            Expectation::Rule { .. } => Ok(self.as_it_should_be("no such thing".to_owned())),
            Expectation::Words => self.judge_words(),
        }
    }

    fn judge_close(&mut self, before: Tolerated) -> Result<Outcome, Finding> {
        let connection = self.transcript.deviation.connection;
        let begin = Instant::now();
        let deadline = begin + self.last_wait();
        loop {
            let came = self.unread(connection);
            if came.iter().any(|packet| !before.allows(packet)) {
                return Ok((true, seen(&came, End::Told)));
            }
            match self.listen(self.last(), connection, deadline)? {
                Wait::Arrived => {}
                Wait::Ended => {
                    self.found.slowest = self.found.slowest.max(begin.elapsed());
                    let took = begin.elapsed().as_millis();
                    let told = format!("the connection closed after {took} ms");
                    return Ok(self.as_it_should_be(told));
                }
                Wait::Nothing => {
                    self.found.saw = Some(still_open(begin));
                    return Ok((true, seen(&came, End::Open)));
                }
            }
        }
    }

    fn judge_packet(&mut self, packet: &Pattern) -> Result<Outcome, Finding> {
        let connection = self.transcript.deviation.connection;
        let begin = Instant::now();
        let deadline = begin + self.last_wait();
        loop {
            let came = self.unread(connection);
            for packet_now in &came {
                match packet.pick(packet_now) {
                    Pick::Take => {
                        self.found.slowest = self.found.slowest.max(begin.elapsed());
                        return Ok(self.as_it_should_be(packet_now.to_string()));
                    }
                    Pick::Wrong => {
                        return Ok((true, seen(std::slice::from_ref(packet_now), End::Told)));
                    }
                    Pick::Leave => {}
                }
            }
            match self.listen(self.last(), connection, deadline)? {
                Wait::Arrived => {}
                Wait::Ended => return Ok((true, seen(&came, End::Closed))),
                Wait::Nothing => return Ok((true, seen(&came, End::Open))),
            }
        }
    }

    /// As a rule the steps have seen to it that what was to come has come.
    fn judge_nothing(&mut self) -> Result<Outcome, Finding> {
        let deviation = &self.transcript.deviation;
        let connection = deviation.connection;
        let unwanted: Vec<_> = deviation
            .seen
            .packets
            .iter()
            .filter_map(|packet| self.decoded(&packet.octets))
            .collect();
        let is_unwanted = |packet: &&Packet| {
            unwanted.iter().any(|unwanted| {
                unwanted.kind() == packet.kind() && likeness(unwanted, packet) != Likeness::Other
            })
        };
        let deadline = Instant::now() + self.last_wait();
        loop {
            // What was due earlier and comes late is not what should not have come.
            let mut missed = self.found.missed.clone();
            let mut came = self.unread(connection);
            came.retain(|packet| {
                let late = missed.iter().position(|(on, missed)| {
                    *on == connection && likeness(missed, packet) == Likeness::Same
                });
                late.map(|place| missed.remove(place)).is_none() && is_unwanted(&packet)
            });
            if !came.is_empty() {
                return Ok((true, seen(&came, End::Told)));
            }
            if !matches!(self.listen(self.last(), connection, deadline)?, Wait::Arrived) {
                return Ok(self.as_it_should_be("nothing of the kind".to_owned()));
            }
        }
    }

    /// Only when the subject does in all respects what it did, it is sure to go wrong again.
    fn judge_words(&mut self) -> Result<Outcome, Finding> {
        let deadline = Instant::now() + self.last_wait();
        let last = self.transcript.deviation.connection;
        if last == DRIVER {
            self.scene.listen(deadline)?;
            if let Some(event) = self.scene.unheard() {
                self.differs((self.last(), DRIVER), "nothing more", event, None);
            }
        } else {
            while let Wait::Arrived = self.listen(self.last(), last, deadline)? {}
        }
        for connection in self.connections() {
            // A client may send PINGREQ at any time.
            let mut more = self.unread(connection);
            more.retain(|packet| *packet != Packet::Pingreq);
            for packet in more {
                let octets = Some(packet.octets());
                let what = (self.last(), connection);
                self.differs(what, "nothing more", packet.to_string(), octets);
            }
        }
        match self.found.differences.first() {
            None => {
                self.found.saw = Some(self.transcript.saw.clone());
                Ok((true, self.transcript.deviation.seen.clone()))
            }
            Some(first) => {
                let told = first.saw.clone();
                Ok(self.as_it_should_be(told))
            }
        }
    }

    fn as_it_should_be(&mut self, told: String) -> Outcome {
        self.found.saw = Some(told);
        (false, Seen::default())
    }

    fn last_wait(&self) -> Duration {
        let recorded = Duration::from_millis(self.transcript.deviation.within_ms);
        self.options.last_wait.map_or(recorded, |most| recorded.min(most))
    }

    fn last(&self) -> usize {
        self.transcript.steps.len()
    }
}

fn seen(packets: &[Packet], end: End) -> Seen {
    let packet = |packet: &Packet| SeenPacket { octets: packet.octets(), text: packet.to_string() };
    Seen { packets: packets.iter().map(packet).collect(), end }
}
