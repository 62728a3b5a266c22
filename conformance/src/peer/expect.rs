//! Expecting one packet.
//!
//! Each expectation looks for the first packet of its own kind and leaves the others for later.
//! What it finds wrong it reports at once; what does not come, after the wait for what is due.
//!
//! An answer that does not come is told from a subject that is slow by a fence: at a second look a
//! PINGREQ is sent behind the wait, and only when that is answered first was there no answer.

use std::time::Instant;

use super::{Delivery, Peer, Wait};
use crate::finding::{Finding, Mismatch};
use crate::transcript::{Deviation, End, Expectation, Pattern, Pick};
use crate::wire::{Connack, Packet, Publish, Sender};

impl Peer {
    /// Takes the packet that equals this one, which is due.
    ///
    /// # Errors
    ///
    /// [`Finding::Fail`] when the first packet about the same thing is another, when the
    /// connection closes, or when nothing of the kind comes in time. As all below.
    pub fn expect(&mut self, expected: impl Into<Packet>) -> Result<(), Finding> {
        self.wait_for(Pattern::exactly(&expected.into()))?;
        Ok(())
    }

    /// Takes the packet that came first of those not taken yet, whatever it is.
    pub fn expect_any(&mut self) -> Result<Packet, Finding> {
        self.wait_for(Pattern::Any)
    }

    /// Takes the CONNACK, which nothing may precede.
    pub fn expect_connack(&mut self) -> Result<Connack, Finding> {
        self.connack(None)
    }

    fn connack(&mut self, code: Option<u8>) -> Result<Connack, Finding> {
        let packet = self.wait_for(Pattern::Connack { code })?;
        let Packet::Connack(connack) = packet else { return Err(mistaken(&packet)) };
        Ok(connack)
    }

    /// Takes the CONNACK, which accepts.
    pub fn expect_accepted(&mut self) -> Result<Connack, Finding> {
        self.connack(Some(0))
    }

    /// Takes the CONNACK, which refuses with this return code; then the connection is closed.
    pub fn expect_refused(&mut self, code: u8) -> Result<(), Finding> {
        self.expect(Connack::refused(code))?;
        self.expect_closed()
    }

    /// Takes the next message, which is this one. It is not acknowledged.
    pub fn expect_publish(&mut self, expected: &Delivery) -> Result<Publish, Finding> {
        let packet = self.wait_for(Pattern::Message(expected.clone()))?;
        let Packet::Publish(publish) = packet else { return Err(mistaken(&packet)) };
        Ok(publish)
    }

    /// Takes the next message, whatever it is. It is not acknowledged.
    pub fn expect_any_publish(&mut self) -> Result<Publish, Finding> {
        let packet = self.wait_for(Pattern::AnyMessage)?;
        let Packet::Publish(publish) = packet else { return Err(mistaken(&packet)) };
        Ok(publish)
    }

    /// Takes the PUBACK of this Packet Identifier.
    pub fn expect_puback(&mut self, id: u16) -> Result<(), Finding> {
        self.expect(Packet::Puback(id))
    }

    /// Takes the PUBREC of this Packet Identifier.
    pub fn expect_pubrec(&mut self, id: u16) -> Result<(), Finding> {
        self.expect(Packet::Pubrec(id))
    }

    /// Takes the PUBREL of this Packet Identifier.
    pub fn expect_pubrel(&mut self, id: u16) -> Result<(), Finding> {
        self.expect(Packet::Pubrel(id))
    }

    /// Takes the PUBCOMP of this Packet Identifier.
    pub fn expect_pubcomp(&mut self, id: u16) -> Result<(), Finding> {
        self.expect(Packet::Pubcomp(id))
    }

    /// Takes the SUBACK of this Packet Identifier, and gives its return codes.
    pub fn expect_suback(&mut self, id: u16) -> Result<Vec<u8>, Finding> {
        let packet = self.wait_for(Pattern::Suback { id })?;
        let Packet::Suback(suback) = packet else { return Err(mistaken(&packet)) };
        Ok(suback.codes)
    }

    /// Takes the UNSUBACK of this Packet Identifier.
    pub fn expect_unsuback(&mut self, id: u16) -> Result<(), Finding> {
        self.expect(Packet::Unsuback(id))
    }

    /// Takes a PINGRESP.
    pub fn expect_pingresp(&mut self) -> Result<(), Finding> {
        self.expect(Packet::Pingresp)
    }

    pub(super) fn wait_for(&mut self, expected: Pattern) -> Result<Packet, Finding> {
        let begin = Instant::now();
        let mut position = 0;
        let mut due = self.patience.due;
        let mut fence = Fence::Down;
        loop {
            while let Some(packet) = self.unread.get(position) {
                match expected.pick(packet) {
                    Pick::Take => {
                        self.patience.took(begin.elapsed());
                        return Ok(self.unread.remove(position).expect("it is there"));
                    }
                    Pick::Wrong => {
                        let breach = Finding::fail(&expected, packet);
                        return Err(breach.shown_by(self.missing(expected, End::Told)));
                    }
                    Pick::Leave if fence == Fence::Up && *packet == Packet::Pingresp => {
                        self.unread.remove(position);
                        fence = Fence::Passed;
                    }
                    Pick::Leave => position += 1,
                }
            }
            let wait = match fence {
                Fence::Passed => Wait::Nothing,
                _ => self.pump(self.patience.until(begin, due))?,
            };
            let elapsed = begin.elapsed().as_millis();
            let (told, end) = match wait {
                Wait::Arrived => continue,
                // The subject was found to be slower meanwhile.
                Wait::Nothing
                    if fence != Fence::Passed
                        && Instant::now() < self.patience.until(begin, due) =>
                {
                    continue;
                }
                Wait::Nothing if fence == Fence::Down && self.may_fence(&expected) => {
                    self.send(Packet::Pingreq)?;
                    fence = Fence::Up;
                    due += self.patience.due;
                    continue;
                }
                Wait::Ended => {
                    if self.subject == Sender::Server {
                        self.record.interrupted();
                    }
                    (format!("the connection closed after {elapsed} ms"), End::Closed)
                }
                Wait::Nothing if self.patience.is_over() => {
                    self.doubt();
                    let reason = format!("out of time while waiting for {expected}");
                    return Err(Finding::inconclusive(reason));
                }
                Wait::Nothing => {
                    self.was_silent = true;
                    self.doubt();
                    self.record.starved();
                    (format!("nothing for {elapsed} ms"), End::Open)
                }
            };
            let breach = Finding::fail(&expected, self.after_unread(&told));
            return Err(breach.shown_by(self.missing(expected, end)));
        }
    }

    /// Whether a PINGREQ can show that this answer is not on its way any more: a subject that is a
    /// Server, whose Client has done nothing wrong, and all the time there is.
    fn may_fence(&self, expected: &Pattern) -> bool {
        self.subject == Sender::Server
            && self.patience.is_second_look()
            && self.record.is_accepted()
            && !self.record.has_sent_invalid()
            && expected.is_acknowledgement()
    }

    /// Takes note that a subject which is merely slow, or a machine that is busy, would look the
    /// same: the case is worth a second look.
    pub(crate) fn doubt(&self) {
        self.record.doubt();
    }

    /// Expects what is due, and for which the standard sets no time. At a second look what does
    /// not come in time is waited for somewhat longer: to come late is against no rule, and noted
    /// as a warning on `statement`, where one is given.
    ///
    /// # Errors
    ///
    /// Those of `expect`.
    pub fn sooner_or_later<T>(
        &mut self,
        statement: Option<&'static str>,
        expect: impl Fn(&mut Self) -> Result<T, Finding>,
    ) -> Result<T, Finding> {
        let begin = Instant::now();
        self.was_silent = false;
        let outcome = expect(self);
        if !self.was_silent || !self.patience.is_second_look() {
            return outcome;
        }
        let due = std::mem::replace(&mut self.patience.due, self.patience.late);
        let outcome = expect(self);
        self.patience.due = due;
        if let (Ok(_), Some(statement)) = (&outcome, statement) {
            let expected = format!("it within {} ms", due.as_millis());
            let seen = format!("it after {} ms", begin.elapsed().as_millis());
            self.record.warn(Mismatch::new(expected, seen).of(statement));
        }
        outcome
    }

    fn missing(&self, packet: Pattern, end: End) -> Deviation {
        self.deviation(Expectation::Packet { packet }, self.patience.due, end)
    }

    /// The packets not taken yet, a few of them, before `end`.
    pub(super) fn after_unread(&self, end: &str) -> String {
        let mut seen: Vec<_> = self.unread.iter().take(3).map(Packet::to_string).collect();
        if self.unread.len() > seen.len() {
            seen.push(format!("{} more", self.unread.len() - seen.len()));
        }
        if seen.is_empty() { end.to_owned() } else { format!("{}, then {end}", seen.join(", ")) }
    }
}

/// A PINGREQ behind a wait, which tells late from never.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Fence {
    /// Not sent.
    Down,
    /// Sent and not answered.
    Up,
    /// Answered, and what was waited for had not come before.
    Passed,
}

/// A packet was taken that is not of the kind which was waited for.
pub(super) fn mistaken(packet: &Packet) -> Finding {
    Finding::Error(format!("the judge took {packet} for another packet"))
}
