//! Keep Alive: noticing that a Client has gone quiet.
//!
//! The timer restarts at every Control Packet, not at every octet, and reads no clock: the caller
//! passes `now` in and asks [`KeepAlive::deadline`] when to come back.
//!
//! Clauses: [MQTT-3.1.2-24], U-3.1.2.10-4. Not here: PINGREQ, which is a packet like any other.

use std::time::{Duration, Instant};

/// How long a Client may be silent, and since when it is.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) struct KeepAlive {
    heard: Instant,
    seconds: u16,
}

impl KeepAlive {
    /// The Keep Alive of CONNECT, in seconds; 0 turns the watch off.
    pub(super) fn new(now: Instant, seconds: u16) -> Self {
        Self { heard: now, seconds }
    }

    /// A Control Packet has come.
    pub(super) fn heard(&mut self, now: Instant) {
        self.heard = now;
    }

    /// The moment at which the Client counts as gone, if no Control Packet comes before it; `None`
    /// for never.
    pub(super) fn deadline(&self) -> Option<Instant> {
        // [MQTT-3.1.2-24] Half as long again as the Client promised.
        let interval = Duration::from_secs(self.seconds.into());
        (self.seconds > 0).then(|| self.heard + interval + interval / 2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_has_half_as_long_again() {
        // MQTT-3.1.2-24
        let start = Instant::now();
        let mut keep_alive = KeepAlive::new(start, 10);
        assert_eq!(keep_alive.deadline(), Some(start + Duration::from_secs(15)));
        let later = start + Duration::from_secs(14);
        keep_alive.heard(later);
        assert_eq!(keep_alive.deadline(), Some(later + Duration::from_secs(15)));
    }

    #[test]
    fn one_second_is_one_and_a_half() {
        let start = Instant::now();
        let deadline = KeepAlive::new(start, 1).deadline();
        assert_eq!(deadline, Some(start + Duration::from_millis(1_500)));
    }

    #[test]
    fn the_longest_is_half_as_long_again_as_well() {
        // Not as much as two octets can say.
        let start = Instant::now();
        let deadline = KeepAlive::new(start, 65_535).deadline();
        assert_eq!(deadline, Some(start + Duration::from_millis(98_302_500)));
    }

    #[test]
    fn zero_turns_it_off() {
        assert_eq!(KeepAlive::new(Instant::now(), 0).deadline(), None);
    }
}
