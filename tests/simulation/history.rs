//! What happened in a run, as far as the guarantees speak of it.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use mqttspec::packet::QoS;

/// What happened in a run.
#[derive(Debug, Default)]
pub(crate) struct History {
    pub(crate) messages: Vec<Sent>,
    pub(crate) receipts: Vec<Receipt>,
    pub(crate) spans: Vec<Span>,
    /// What went wrong while it ran.
    pub(crate) faults: Vec<String>,
    /// What happened, for a person; empty unless it is asked for.
    pub(crate) story: Vec<String>,
    pub(crate) tells: bool,
    /// How many messages for a peer the server may have dropped, by its own words; `None` where it has
    /// room for all.
    pub(crate) dropped: Option<BTreeMap<usize, u64>>,
    pub(crate) counts: Counts,
    pub(crate) moment: Moment,
}

/// Counts things that happened, in order.
pub(crate) type Moment = u64;

/// A message that a peer published, or left as its Will.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) publisher: usize,
    pub(crate) topic: String,
    pub(crate) qos: QoS,
    pub(crate) retain: bool,
    /// It has no payload, and so no number: it takes back what is retained.
    pub(crate) is_empty: bool,
    /// When it was asked for; of a Will, when it became due.
    pub(crate) asked: Moment,
    pub(crate) fate: Fate,
    /// Its Session has ended at the server while it was on its way: its client cannot know whether
    /// it came, and sends it as a new one.
    pub(crate) may_repeat: bool,
}

/// What must have become of a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Fate {
    /// It may have been published.
    Open,
    /// It must have been: it was acknowledged, or the Will was due.
    Done,
    /// It must not have been: a Will that was discarded.
    Forbidden,
}

/// A message that came to a peer.
#[derive(Clone, Debug)]
pub(crate) struct Receipt {
    pub(crate) subscriber: usize,
    pub(crate) message: usize,
    pub(crate) qos: QoS,
    pub(crate) retain: bool,
    pub(crate) at: Moment,
}

/// A subscription, as its peer knows it.
#[derive(Clone, Debug)]
pub(crate) struct Span {
    pub(crate) subscriber: usize,
    pub(crate) filter: String,
    pub(crate) qos: QoS,
    /// When it was asked for, and when it was acknowledged.
    pub(crate) asked: Moment,
    pub(crate) from: Option<Moment>,
    /// When it ended, or may have begun to.
    pub(crate) until: Option<Moment>,
}

/// How often a run came to what it is about.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Counts {
    pub(crate) cuts: u32,
    pub(crate) crashes: u32,
    pub(crate) stops: u32,
    pub(crate) takeovers: u32,
    pub(crate) resumed: u32,
    pub(crate) sent_again: u32,
    pub(crate) wills: u32,
    pub(crate) silences: u32,
    pub(crate) not_kept: u32,
    pub(crate) published: u32,
    pub(crate) received: u32,
    /// Programs of peers that ended in the midst of things.
    pub(crate) deaths: u32,
    /// Sessions that ended because their peers were away for too long.
    pub(crate) expired: u32,
    /// Messages that found no room.
    pub(crate) dropped: u32,
    /// Times that the last Packet Identifier was used, after which the first comes.
    pub(crate) wraps: u32,
    pub(crate) alike: u32,
}

impl History {
    /// The next moment.
    pub(crate) fn tick(&mut self) -> Moment {
        self.moment += 1;
        self.moment
    }

    /// Takes down a message: its number.
    pub(crate) fn publish(
        &mut self,
        publisher: usize,
        topic: String,
        qos: QoS,
        retain: bool,
        is_empty: bool,
    ) -> usize {
        self.counts.published += 1;
        let asked = self.tick();
        let fate = Fate::Open;
        let may_repeat = false;
        let sent = Sent { publisher, topic, qos, retain, is_empty, asked, fate, may_repeat };
        self.messages.push(sent);
        self.messages.len() - 1
    }

    /// A Will that nothing was decided about is due now.
    pub(crate) fn due(&mut self, will: Option<usize>) {
        let asked = self.tick();
        if let Some(number) = will
            && self.messages[number].fate == Fate::Open
        {
            self.counts.wills += 1;
            self.messages[number].fate = Fate::Done;
            self.messages[number].asked = asked;
        }
    }

    /// A Will that nothing was decided about must never be published.
    pub(crate) fn discard(&mut self, will: Option<usize>) {
        if let Some(number) = will
            && self.messages[number].fate == Fate::Open
        {
            self.messages[number].fate = Fate::Forbidden;
        }
    }

    /// The Session of a peer is gone, and its subscriptions with it.
    pub(crate) fn end_session(&mut self, subscriber: usize) {
        self.end_spans(|span| span.subscriber == subscriber);
    }

    /// What a peer has on its way may come again.
    pub(crate) fn may_repeat(&mut self, publisher: usize) {
        let open = |sent: &&mut Sent| sent.publisher == publisher && sent.fate == Fate::Open;
        self.messages.iter_mut().filter(open).for_each(|sent| sent.may_repeat = true);
    }

    /// Ends the subscriptions that `are_meant`.
    pub(crate) fn end_spans(&mut self, are_meant: impl Fn(&Span) -> bool) {
        let now = self.tick();
        let spans = self.spans.iter_mut().filter(|span| span.until.is_none() && are_meant(span));
        spans.for_each(|span| span.until = Some(now));
    }

    /// Takes down a fault.
    pub(crate) fn fault(&mut self, now: Duration, what: String) {
        self.tell(now, || format!("FAULT: {what}"));
        self.faults.push(what);
    }

    /// Adds a line to the story.
    pub(crate) fn tell(&mut self, now: Duration, line: impl FnOnce() -> String) {
        if self.tells {
            self.story.push(format!("{:>12.6} {}", now.as_secs_f64(), line()));
        }
    }
}

impl Counts {
    /// Adds those of another run.
    pub(crate) fn add(&mut self, other: &Self) {
        let mut other = *other;
        for ((_, mine), (_, others)) in self.all().into_iter().zip(other.all()) {
            *mine += *others;
        }
    }

    /// Fails when something never happened.
    pub(crate) fn check(mut self) {
        let text = self.to_string();
        assert!(self.all().into_iter().all(|(_, count)| *count > 0), "{text}");
    }

    fn all(&mut self) -> [(&'static str, &mut u32); 16] {
        [
            ("messages published", &mut self.published),
            ("received", &mut self.received),
            ("sent again", &mut self.sent_again),
            ("links cut", &mut self.cuts),
            ("server crashes", &mut self.crashes),
            ("stops", &mut self.stops),
            ("writes that failed under somebody", &mut self.not_kept),
            ("peers that died", &mut self.deaths),
            ("Sessions resumed", &mut self.resumed),
            ("expired", &mut self.expired),
            ("takeovers", &mut self.takeovers),
            ("Wills due", &mut self.wills),
            ("silences ended", &mut self.silences),
            ("messages dropped", &mut self.dropped),
            ("identifiers that went round", &mut self.wraps),
            ("messages that joined others", &mut self.alike),
        ]
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut copy = *self;
        let counts = copy.all().map(|(what, count)| format!("{what}: {count}"));
        f.write_str(&counts.join(", "))
    }
}
