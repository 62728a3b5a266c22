//! Keep Alive: never being silent for too long, and noticing that the Server is.
//!
//! Two clocks run side by side. One restarts with every packet that is sent, for that is what the
//! Client has promised; the other with PINGREQ, and stops with PINGRESP. Neither is read here: the
//! caller passes `now` in.
//!
//! Clauses: [MQTT-3.1.2-23], U-3.1.2.10-1, U-3.1.2.10-2, U-3.1.2.10-4.

use std::time::{Duration, Instant};

/// The Client's side of Keep Alive on one Network Connection.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(super) struct KeepAlive {
    /// The longest silence; zero for no bound.
    interval: Duration,
    answer_wait: Duration,
    /// When the last packet was sent.
    sent: Instant,
    /// When the last packet arrived.
    heard: Instant,
    /// When PINGRESP is overdue; `None` when none is awaited.
    answer_due: Option<Instant>,
}

impl KeepAlive {
    /// Begins with the CONNECT that is sent at `now`; `seconds` is its Keep Alive.
    pub(super) fn new(now: Instant, seconds: u16, answer_wait: Duration) -> Self {
        let interval = Duration::from_secs(seconds.into());
        Self { interval, answer_wait, sent: now, heard: now, answer_due: None }
    }

    /// A packet is sent.
    pub(super) fn sent(&mut self, now: Instant) {
        self.sent = now;
    }

    /// PINGREQ is sent. One that follows another unanswered gives the Server no more time.
    pub(super) fn asked(&mut self, now: Instant) {
        self.answer_due.get_or_insert(now + self.answer_wait);
    }

    /// A packet arrived.
    pub(super) fn heard(&mut self, now: Instant) {
        self.heard = now;
    }

    /// Octets arrived, PINGRESP perhaps behind them.
    pub(super) fn heard_in_part(&mut self, now: Instant) {
        self.heard = now;
        if self.answer_due.is_some() {
            self.answer_due = Some(now + self.answer_wait);
        }
    }

    /// PINGRESP arrived.
    pub(super) fn answered(&mut self) {
        self.answer_due = None;
    }

    /// When something is to be done; `None` when Keep Alive is off and no answer is awaited.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.ping_due().into_iter().chain(self.answer_due).min()
    }

    pub(super) fn is_ping_due(&self, now: Instant) -> bool {
        self.ping_due().is_some_and(|due| due <= now)
    }

    pub(super) fn is_answer_overdue(&self, now: Instant) -> bool {
        self.answer_due.is_some_and(|due| due <= now)
    }

    fn ping_due(&self) -> Option<Instant> {
        // [U-3.1.2.10-4] 0 turns it off.
        if self.interval.is_zero() {
            return None;
        }
        // [MQTT-3.1.2-23] No longer than the interval between two packets; a little less, because
        // timers are late and octets wait in buffers.
        let margin = (self.interval / 4).min(MOST_MARGIN);
        let promised = self.sent + self.interval - margin;
        // [U-3.1.2.10-2] Also while sending, when nothing comes back. Only an answer tells a
        // Server that takes everything from one that is gone.
        match self.answer_due {
            None => Some(promised.min(self.heard + self.interval)),
            Some(_) => Some(promised),
        }
    }
}

const MOST_MARGIN: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    macro_rules! margins {
        ($($name:ident: $interval:expr => $due:expr;)+) => {$(
            #[test]
            fn $name() {
                let now = Instant::now();
                let keep_alive = KeepAlive::new(now, $interval, millis(30_000));
                let due: Option<u64> = $due;
                assert_eq!(keep_alive.deadline(), due.map(|due| now + millis(due)));
            }
        )+};
    }

    margins! {
        // Keep Alive in seconds => when PINGREQ is due, in milliseconds, MQTT-3.1.2-23
        off:      0      => None;
        shortest: 1      => Some(750);
        short:    10     => Some(7_500);
        usual:    60     => Some(55_000);
        longest:  65_535 => Some(65_530_000);
    }

    #[test]
    fn each_packet_sent_puts_it_off() {
        let start = Instant::now();
        let mut keep_alive = KeepAlive::new(start, 8, millis(30_000));
        keep_alive.sent(start + millis(1_000));
        assert_eq!(keep_alive.deadline(), Some(start + millis(7_000)));
        assert!(!keep_alive.is_ping_due(start + millis(6_900)));
        assert!(keep_alive.is_ping_due(start + millis(7_000)));
    }

    #[test]
    fn a_sender_that_hears_nothing_asks_too() {
        let start = Instant::now();
        let mut keep_alive = KeepAlive::new(start, 8, millis(30_000));
        keep_alive.sent(start + millis(7_900));
        assert_eq!(keep_alive.deadline(), Some(start + millis(8_000)));
        keep_alive.heard(start + millis(7_900));
        assert_eq!(keep_alive.deadline(), Some(start + millis(13_900)));
    }

    #[test]
    fn the_promise_holds_while_an_answer_is_awaited() {
        let start = Instant::now();
        let mut keep_alive = KeepAlive::new(start, 8, millis(10_000));
        for asked in [6_000, 12_000] {
            let now = start + millis(asked);
            assert!(keep_alive.is_ping_due(now));
            keep_alive.asked(now);
            keep_alive.sent(now);
        }
        assert_eq!(keep_alive.deadline(), Some(start + millis(16_000)), "ten after the first");
        assert!(keep_alive.is_answer_overdue(start + millis(16_000)));
    }

    #[test]
    fn what_is_heard_in_part_gives_time_and_what_is_heard_whole_does_not() {
        let start = Instant::now();
        let mut keep_alive = KeepAlive::new(start, 8, millis(10_000));
        keep_alive.asked(start);
        keep_alive.heard(start + millis(9_000));
        assert!(keep_alive.is_answer_overdue(start + millis(10_000)));
        keep_alive.heard_in_part(start + millis(9_500));
        assert!(!keep_alive.is_answer_overdue(start + millis(19_400)));
        keep_alive.answered();
        assert!(!keep_alive.is_answer_overdue(start + millis(100_000)));
    }
}
