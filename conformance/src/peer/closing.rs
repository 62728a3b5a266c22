//! The end of a connection, by either side.
//!
//! FIN, RST and a write that fails are one outcome: the subject has closed.

use std::time::{Duration, Instant};

use super::{Patience, Peer, Wait};
use crate::finding::{Finding, Mismatch};
use crate::record::Side;
use crate::transcript::{Action, End, Expectation, Tolerated};
use crate::wire::Packet;

impl Peer {
    /// Expects the subject to close the connection, and to send nothing before that.
    ///
    /// An answer that refuses, and then the close, is noted as a warning: what was sent has had no
    /// effect, but should have got no answer.
    ///
    /// # Errors
    ///
    /// [`Finding::Fail`] when it sends a packet, or has not closed after the wait for closing.
    pub fn expect_closed(&mut self) -> Result<(), Finding> {
        self.closed_unanswered("the connection closed without an answer")
    }

    /// Expects the subject to close the connection; messages may come before that, which were on
    /// their way already.
    ///
    /// # Errors
    ///
    /// [`Finding::Fail`] when it sends any other packet, or has not closed in time.
    pub fn expect_closed_ignoring_publish(&mut self) -> Result<(), Finding> {
        self.until_closed(Tolerated::Deliveries)
    }

    /// Expects the subject to close the connection; whatever it sends before that.
    ///
    /// # Errors
    ///
    /// [`Finding::Fail`] when it has not closed in time.
    pub fn expect_closed_eventually(&mut self) -> Result<(), Finding> {
        self.until_closed(Tolerated::Anything)
    }

    /// Expects a subject that is a client to close the connection; with or without a farewell, and
    /// whatever it may have begun to say before it could know.
    ///
    /// # Errors
    ///
    /// [`Finding::Fail`] when it acknowledges anything, or has not closed in time.
    pub fn expect_client_closes(&mut self) -> Result<(), Finding> {
        self.until_closed(Tolerated::Farewell)
    }

    /// Expects a CONNECT that breaks the rules to end the connection without a CONNACK.
    ///
    /// A CONNACK that refuses, and then the close, is noted as a warning: the Client is kept out,
    /// but should have got no answer.
    ///
    /// # Errors
    ///
    /// [`Finding::Fail`] when the CONNECT is accepted, or the connection stays open.
    pub fn expect_closed_without_connack(&mut self) -> Result<(), Finding> {
        self.closed_unanswered("the connection closed without a CONNACK")
    }

    /// Expects the subject to close the connection because it has heard nothing for one and a
    /// half times `keep_alive`, in seconds; gives the time since the last packet was sent.
    ///
    /// Messages may come all the while. Earlier than that is noted as a warning, since a Server
    /// may drop an idle Client at any time.
    ///
    /// # Errors
    ///
    /// [`Finding::Fail`] when it is still open after the tolerance.
    pub fn expect_keep_alive_close(&mut self, keep_alive: u16) -> Result<Duration, Finding> {
        let limit = Duration::from_secs(keep_alive.into()) * 3 / 2;
        let latest = limit + self.patience.keep_alive;
        let latest = (self.last_sent + latest).min(self.patience.end);
        self.closed_by(self.last_sent, |_| latest, Tolerated::Deliveries)?;
        let quiet = self.since_last_sent();
        if quiet < limit {
            let (limit, quiet) = (limit.as_millis(), quiet.as_millis());
            let expected = format!("the connection open for {limit} ms after the last packet");
            let seen = format!("it closed after {quiet} ms");
            self.record.warn(Mismatch::new(expected, seen));
        }
        Ok(quiet)
    }

    /// The same while `nuisance` goes on: something that must not count as a packet from this
    /// connection, such as messages to it or part of a packet. It happens now and then `every` so
    /// long, until the connection is closed or should have been.
    ///
    /// # Errors
    ///
    /// Those of [`expect_keep_alive_close`](Self::expect_keep_alive_close) and of `nuisance`.
    pub fn expect_keep_alive_close_despite(
        &mut self,
        keep_alive: u16,
        every: Duration,
        mut nuisance: impl FnMut(&mut Self) -> Result<(), Finding>,
    ) -> Result<Duration, Finding> {
        let last_packet = self.last_sent;
        let limit = Duration::from_secs(keep_alive.into()) * 3 / 2;
        while !self.ended && last_packet.elapsed() < limit + self.patience.keep_alive {
            nuisance(self)?;
            self.last_sent = last_packet;
            self.rest(every)?;
        }
        self.expect_keep_alive_close(keep_alive)
    }

    /// Sends nothing for so long, or until the subject closes; what comes is kept for later.
    ///
    /// For Keep Alive, where the silence itself is what matters. No way to wait for a result.
    pub fn rest(&mut self, duration: Duration) -> Result<(), Finding> {
        let deadline = self.patience.deadline(duration);
        while let Wait::Arrived = self.pump(deadline)? {}
        Ok(())
    }

    /// Whether the subject has closed the connection, as far as has been read.
    pub const fn is_closed(&self) -> bool {
        self.ended
    }

    /// Whether the subject goes on with the connection, where it may as well close it: it answers
    /// a PINGREQ, or the connection ends. What else came stays in the queue.
    ///
    /// # Errors
    ///
    /// [`Finding::Inconclusive`] when it does neither in time.
    pub fn goes_on(&mut self) -> Result<bool, Finding> {
        match self.send(Packet::Pingreq).and_then(|()| self.expect_pingresp()) {
            Ok(()) => Ok(true),
            Err(_) if self.ended => Ok(false),
            Err(finding) => Err(finding.while_preparing("see whether the connection goes on")),
        }
    }

    /// Sends nothing more, by FIN, and goes on reading.
    ///
    /// # Errors
    ///
    /// [`Finding::Unsupported`] over a transport of which the directions end together.
    pub fn half_close(&mut self) -> Result<(), Finding> {
        if let Some(reason) = self.transport.no_half_close() {
            return Err(Finding::unsupported(reason));
        }
        self.record.event(&self.name, Side::Judge, "ends its direction");
        self.write_failed = true;
        self.line.step(Action::Finish);
        self.transport.finish();
        Ok(())
    }

    /// Leaves in order: DISCONNECT, then the end of the connection.
    ///
    /// Waits a moment for the subject to close as well, so that it has taken note.
    pub fn disconnect(mut self) -> Result<(), Finding> {
        self.send(Packet::Disconnect)?;
        self.leave()
    }

    /// Goes away without a DISCONNECT, as when a program ends.
    ///
    /// Waits a moment for the subject to close as well, so that it has taken note.
    pub fn drop_connection(self) -> Result<(), Finding> {
        self.record.event(&self.name, Side::Judge, "closes without DISCONNECT");
        self.leave()
    }

    /// Goes away as a crash does, by RST.
    pub fn reset(self) {
        self.record.event(&self.name, Side::Judge, "resets the connection");
        self.line.step(Action::Reset);
        self.transport.reset();
    }

    fn leave(mut self) -> Result<(), Finding> {
        self.line.step(Action::Finish);
        self.transport.finish();
        let deadline = self.patience.deadline(FAREWELL);
        while let Wait::Arrived = self.pump(deadline)? {}
        Ok(())
    }

    fn closed_unanswered(&mut self, expected: &str) -> Result<(), Finding> {
        self.until_closed(Tolerated::Refusal)?;
        if let Some(refusal) = self.unread.pop_front() {
            let seen = format!("{refusal}, then the close");
            self.record.warn(Mismatch::new(expected, seen));
        }
        Ok(())
    }

    /// A breach was answered by another, where the subject should have closed instead. One that
    /// refuses, in a form which 3.1.1 does not have, and then closes, is noted like any refusal.
    fn closed_after(
        &mut self,
        answer: Finding,
        tolerated: Tolerated,
        deadline: Instant,
    ) -> Result<(), Finding> {
        let breach = match answer.of_the_case() {
            Finding::Fail(breach) if tolerated == Tolerated::Refusal => breach,
            other => return Err(other),
        };
        if !self.is_refused_in_another_form() {
            return Err(Finding::Fail(breach));
        }
        while !self.ended && Instant::now() < deadline {
            // What else it says is no more to be read than what it began with.
            let _ = self.pump(deadline);
        }
        let end = if self.ended { "then the close" } else { "then the connection still open" };
        let seen = format!("{}, {end}", breach.seen);
        if self.ended {
            self.record.warn(Mismatch::new(breach.expected, seen));
            return Ok(());
        }
        Err(Finding::Fail(Mismatch { seen, ..breach }))
    }

    fn until_closed(&mut self, tolerated: Tolerated) -> Result<(), Finding> {
        let begin = Instant::now();
        let outcome = self.closed_by(begin, |patience| patience.until_closed(begin), tolerated);
        if outcome.is_ok() {
            self.patience.took(begin.elapsed());
        } else if self.was_silent {
            self.doubt();
        }
        outcome
    }

    /// Reads until the connection is closed, at most until `latest`, which may move away; it is
    /// waited for since `begin`. What is tolerated stays in the queue.
    pub(super) fn closed_by(
        &mut self,
        begin: Instant,
        latest: impl Fn(&Patience) -> Instant,
        tolerated: Tolerated,
    ) -> Result<(), Finding> {
        // Some of the wait may be over: a case that disturbs the silence waits on its own.
        let left = latest(&self.patience).saturating_duration_since(Instant::now());
        let expected = "the connection closed";
        let close = Expectation::Close { before: tolerated };
        loop {
            let deadline = latest(&self.patience);
            if let Some(packet) = self.unread.iter().find(|packet| !tolerated.allows(packet)) {
                let breach = Finding::fail(expected, packet);
                return Err(breach.shown_by(self.deviation(close, left, End::Told)));
            }
            let came = match self.pump(deadline) {
                Err(finding) if self.record.has_sent_invalid() => {
                    return self.closed_after(finding, tolerated, deadline);
                }
                came => came?,
            };
            match came {
                Wait::Arrived => {}
                Wait::Ended => return Ok(()),
                Wait::Nothing if self.patience.is_over() => {
                    return Err(Finding::inconclusive("out of time while waiting for the close"));
                }
                // The subject was found to be slower meanwhile.
                Wait::Nothing if Instant::now() < latest(&self.patience) => {}
                Wait::Nothing => {
                    self.was_silent = true;
                    let breach = Finding::fail(expected, self.after_unread(&still_open(begin)));
                    return Err(breach.shown_by(self.deviation(close, left, End::Open)));
                }
            }
        }
    }
}

/// How long a connection that has said all it had to say waits for the other side to close.
const FAREWELL: Duration = Duration::from_secs(1);

/// What is seen of a connection that should have been closed, and was not since `begin`.
pub(crate) fn still_open(begin: Instant) -> String {
    format!("the connection still open after {} ms", begin.elapsed().as_millis())
}
