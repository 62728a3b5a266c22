//! A run from its beginning to its end.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::check::missing;
use super::faults::Faults;
use super::history::{Entry, History, Name, What, Who};
use super::line::Line;
use super::publisher::Publisher;
use super::random::Random;
use super::subscriber::Subscriber;
use super::{Ends, TortureOptions};
use crate::subject::Subject;
use crate::wire::{Connack, Connect, Packet, Publish, Subscribe};

/// What all who take part in a run have in common.
pub(super) struct Run<'a> {
    pub(super) options: &'a TortureOptions,
    pub(super) history: History,
    pub(super) faults: Faults,
    pub(super) begin: Instant,
    subject: &'a Subject,
    /// Stands in every Client Identifier and topic, so that runs do not meet.
    tag: String,
    calm: AtomicBool,
    /// Nobody need wait for anything more.
    over: AtomicBool,
}

/// What has come of it, apart from the verdict.
pub(super) struct Ran {
    pub(super) entries: Vec<Entry>,
    pub(super) cuts: u32,
    /// Why the broker could not be kept alive.
    pub(super) lost: Option<String>,
}

/// How long between two looks at what others do.
const LOOK: Duration = Duration::from_millis(20);

/// How long between two looks at what is missing.
const SEARCH: Duration = Duration::from_millis(250);

/// How long until the last message is sent once more.
const FENCE: Duration = Duration::from_millis(500);

impl<'a> Run<'a> {
    pub(super) fn new(subject: &'a Subject, options: &'a TortureOptions) -> io::Result<Self> {
        let faults = Faults::start(subject.target().clone(), options.seed)?;
        let tag = format!("t{}-{}", std::process::id(), options.seed);
        let (history, begin) = (History::new(), Instant::now());
        let (calm, over) = Default::default();
        Ok(Self { options, history, faults, begin, subject, tag, calm, over })
    }

    /// Has everybody do their work.
    pub(super) fn go(self, progress: &mut dyn FnMut(&str)) -> Ran {
        let lost = thread::scope(|scope| {
            let run = &self;
            for number in 0..self.options.subscribers {
                scope.spawn(move || Subscriber::new(run, number).work());
            }
            progress("waiting for subscriptions");
            self.wait_for(|| self.subscribed() >= self.options.subscribers);
            let publishers: Vec<_> = (0..self.options.publishers)
                .map(|number| scope.spawn(move || Publisher::new(run, number).work()))
                .collect();
            progress("the storm is on");
            let lost = self.storm().err();
            self.calm.store(true, Ordering::Relaxed);
            self.faults.calm();
            progress("waiting for all to come to rest");
            self.wait_for(|| publishers.iter().all(|publisher| publisher.is_finished()));
            self.fence();
            self.wait_for_what_is_missing(progress);
            self.over.store(true, Ordering::Relaxed);
            lost
        });
        let lost = lost.or_else(|| self.look_at_retained().err().map(|error| error.to_string()));
        let lost = lost.or_else(|| self.subject.check_alive().err());
        self.clear_away();
        let Self { history, faults, .. } = self;
        Ran { entries: history.into_entries(), cuts: faults.cuts(), lost }
    }

    /// Lets things go wrong for as long as that is to last.
    fn storm(&self) -> Result<(), String> {
        let mut random = Random::of(self.options.seed, 3 << 32);
        let end = Instant::now() + self.options.duration;
        let restarts = if self.options.ends == Ends::Never { 0 } else { self.options.restarts };
        for left in (0..restarts).rev() {
            // One in each part of the time that is left, somewhere in its middle.
            let rest = end.saturating_duration_since(Instant::now()) / (left + 1);
            thread::sleep(rest / 4 + random.pause(1_000).min(rest / 2));
            let killed = self.options.ends == Ends::Killed;
            let ended = || self.history.add(Who::Broker, What::Ended { killed });
            self.subject.end_and_start(killed, ended).map_err(|error| error.to_string())?;
            self.history.add(Who::Broker, What::Back);
        }
        thread::sleep(end.saturating_duration_since(Instant::now()));
        Ok(())
    }

    /// Sends the last message until everybody has it.
    fn fence(&self) {
        let deadline = Instant::now() + self.options.patience;
        while Instant::now() < deadline && self.fenced() < self.options.subscribers {
            let sent = self.direct("fence").and_then(|mut line| {
                line.send(&Packet::Publish(Publish::qos1(1, self.topic("fence"), "")))?;
                line.wait_for_any()?;
                line.leave();
                Ok(())
            });
            // A broker that is gone is noticed by the others.
            drop(sent);
            let next = Instant::now() + FENCE;
            while Instant::now() < next && self.fenced() < self.options.subscribers {
                thread::sleep(LOOK);
            }
        }
    }

    /// Some brokers send again by a timer of theirs what they should have sent at once. That is
    /// late, and not lost: who is connected gets it.
    fn wait_for_what_is_missing(&self, progress: &mut dyn FnMut(&str)) {
        let promise = self.options.promise;
        let deadline = Instant::now() + self.options.lateness;
        let mut left = self.history.with(|entries| missing(entries, promise));
        if left > 0 {
            progress(&format!("{left} are missing; waiting for what may be late"));
        }
        while left > 0 && Instant::now() < deadline {
            thread::sleep(SEARCH);
            left = self.history.with(|entries| missing(entries, promise));
        }
    }

    /// How many subscribers have been subscribed.
    fn subscribed(&self) -> u32 {
        let is_subscribed = |number: &u32| {
            let who = Who::Subscriber(*number);
            self.history.has(|it| it.who == who && matches!(it.what, What::Subscribed { .. }))
        };
        self.numbers_of(is_subscribed)
    }

    /// How many subscribers have the last message, or have given up.
    fn fenced(&self) -> u32 {
        let is_fenced = |number: &u32| {
            let who = Who::Subscriber(*number);
            let is_end = |what: &What| matches!(what, What::Fenced | What::Stuck(_));
            self.history.has(|it| it.who == who && is_end(&it.what))
        };
        self.numbers_of(is_fenced)
    }

    fn numbers_of(&self, is_meant: impl Fn(&u32) -> bool) -> u32 {
        (0..self.options.subscribers).filter(is_meant).map(|_| 1).sum()
    }

    fn wait_for(&self, is_so: impl Fn() -> bool) {
        let deadline = Instant::now() + self.options.patience;
        while !is_so() && Instant::now() < deadline {
            thread::sleep(LOOK);
        }
    }

    /// Asks for what is retained.
    fn look_at_retained(&self) -> io::Result<()> {
        let mut line = self.direct("probe")?;
        let filters = Subscribe::new(1).filter(self.topic("+/retained"), 1);
        line.send(&Packet::Subscribe(filters.filter(self.topic("end"), 1)))?;
        let end = self.topic("end");
        // What is retained comes with the subscription, and the echo of this behind it.
        line.send(&Packet::Publish(Publish::qos1(2, end.clone(), "")))?;
        let mut is_over = false;
        let deadline = Instant::now() + self.options.patience.min(Duration::from_secs(10));
        // A second more for brokers that send it apart.
        let mut rest = deadline;
        while Instant::now() < rest {
            let Some(packet) = line.receive()? else { continue };
            let Packet::Publish(publish) = packet else { continue };
            if let Some(id) = publish.id {
                line.send(&Packet::Puback(id))?;
            }
            if publish.is_on(&end) && !is_over {
                is_over = true;
                rest = deadline.min(Instant::now() + Duration::from_millis(500));
            }
            let topic = String::from_utf8_lossy(&publish.topic);
            let topic = topic.strip_prefix(&self.topic("")).unwrap_or_default();
            if let Some(name) = Name::parse(topic, &publish.payload) {
                let Publish { qos, dup, retain, .. } = publish;
                self.history.add(Who::Probe, What::Received { name, qos, dup, retain });
            }
        }
        line.leave();
        Ok(())
    }

    /// Leaves nothing behind: no Session and no retained message.
    fn clear_away(&self) {
        let subscribers = (0..self.options.subscribers).map(|number| format!("s{number}"));
        let publishers = (0..self.options.publishers).map(|number| format!("p{number}"));
        for name in subscribers.chain(publishers) {
            // What cannot be cleared away stays, and nobody is judged by it.
            let Ok(mut line) = self.direct(&name) else { return };
            if let Some(number) = name.strip_prefix('p') {
                let topic = self.topic(&format!("{number}/retained"));
                drop(line.send(&Packet::Publish(Publish::qos0(topic, "").retain())));
            }
            line.leave();
        }
    }

    /// A connection around the faults, with a clean Session.
    fn direct(&self, name: &str) -> io::Result<Line> {
        Line::direct(self.subject, self.connect(name, true)).map(|(line, _)| line)
    }

    pub(super) fn connect(&self, name: &str, clean: bool) -> Connect {
        let client_id = format!("{}{name}", self.tag);
        self.subject.introduce(match clean {
            true => Connect::clean(client_id),
            false => Connect::persistent(client_id),
        })
    }

    /// A topic of this run.
    pub(super) fn topic(&self, rest: &str) -> String {
        format!("mqttspec/{}/{rest}", self.tag)
    }

    /// A connection to the broker, behind the faults.
    pub(super) fn open(&self, connect: Connect) -> io::Result<(Line, Connack)> {
        Line::open(self.subject, self.faults.address(), connect)
    }

    /// Whether the storm is over.
    pub(super) fn is_calm(&self) -> bool {
        self.calm.load(Ordering::Relaxed)
    }

    /// Whether nobody need wait for anything more.
    pub(super) fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }
}
