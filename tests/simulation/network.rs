//! Links that delay, split, lose and break.

use std::time::Duration;

use bytes::Bytes;

use super::agenda::{Agenda, Event, Side};
use super::plan::Plan;
use super::random::Random;

/// One Network Connection, as the network sees it.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) peer: usize,
    to_server: Way,
    to_peer: Way,
    /// Nothing that is sent arrives any more.
    broken: bool,
}

/// One direction of a link.
#[derive(Debug, Default)]
struct Way {
    /// When the last octets arrive that were sent.
    last: Duration,
    /// What arrives later than this is lost.
    until: Option<Duration>,
    /// Nothing arrives any more.
    closed: bool,
}

impl Link {
    pub(crate) fn new(peer: usize) -> Self {
        Self { peer, to_server: Way::default(), to_peer: Way::default(), broken: false }
    }

    fn way(&mut self, to: Side) -> &mut Way {
        match to {
            Side::Server => &mut self.to_server,
            Side::Peer => &mut self.to_peer,
        }
    }

    /// Whether octets that come to `side` at `now` are not lost.
    pub(crate) fn carries(&mut self, side: Side, now: Duration) -> bool {
        let way = self.way(side);
        !way.closed && way.until.is_none_or(|until| now <= until)
    }

    /// Loses all that is yet to come to `side`.
    pub(crate) fn close(&mut self, side: Side) {
        self.way(side).closed = true;
    }
}

/// All that the network needs to do its work.
pub(crate) struct Network<'a> {
    pub(crate) now: Duration,
    pub(crate) plan: &'a Plan,
    pub(crate) calm: bool,
    pub(crate) random: &'a mut Random,
    pub(crate) agenda: &'a mut Agenda,
}

impl Network<'_> {
    /// Sends `octets` over link `number` to `side`; `true` when the link has broken meanwhile.
    pub(crate) fn send(
        &mut self,
        number: usize,
        link: &mut Link,
        side: Side,
        mut octets: Bytes,
    ) -> bool {
        if link.broken {
            return false;
        }
        let breaks = !self.calm && self.random.below(1_000) < self.plan.cuts;
        if breaks {
            // Anywhere within a packet, or between two.
            octets.truncate(self.random.place(octets.len() + 1));
        }
        while !octets.is_empty() {
            let is_split = octets.len() > 1 && self.random.happens(self.plan.splits);
            let length =
                if is_split { 1 + self.random.place(octets.len() - 1) } else { octets.len() };
            let piece = octets.split_to(length);
            let time = self.arrival(link.way(side));
            self.agenda.add(time, Event::Arrive { link: number, side, octets: piece });
        }
        if breaks {
            self.cut(number, link);
        }
        breaks
    }

    /// Tells `side` that the other has closed, behind all that was sent.
    pub(crate) fn finish(&mut self, number: usize, link: &mut Link, side: Side) {
        if !link.broken {
            let time = self.arrival(link.way(side));
            self.agenda.add(time, Event::Ended { link: number, side });
        }
    }

    /// Breaks a link: what is on its way may be lost, and its ends learn of it at some time.
    pub(crate) fn cut(&mut self, number: usize, link: &mut Link) {
        if link.broken {
            return;
        }
        link.broken = true;
        for side in [Side::Peer, Side::Server] {
            let arrives = self.random.below(self.plan.delay.1 + 1);
            link.way(side).until = Some(self.now + Duration::from_micros(arrives));
            // A Keep Alive, or the same Client coming back, is the only way to learn of some.
            if side == Side::Server && self.random.happens(30) {
                continue;
            }
            let learns = Duration::from_micros(self.random.below(2_000_000));
            self.agenda.add(self.now + learns, Event::Ended { link: number, side });
        }
    }

    /// When octets arrive that are sent now: behind all that was sent before.
    fn arrival(&mut self, way: &mut Way) -> Duration {
        let (least, most) = self.plan.delay;
        let delay = least + self.random.below(most);
        way.last = way.last.max(self.now + Duration::from_micros(delay));
        way.last
    }
}
