//! One try: does a shorter conversation still show it?
//!
//! The judge's sentence alone is no guide. Without the offence nobody needs to close a connection,
//! and a subject that does not would seem to break the rule still. So each try is had with a second
//! broker too, which keeps the rules: it counts only when the subject goes wrong *and that one does
//! not*, and when the subject goes wrong in the same way as in the whole conversation. Nor may a
//! try break a rule that the whole did not: a connection that began with CONNECT begins so still.

use std::collections::{BTreeMap, BTreeSet};
use std::thread;
use std::time::{Duration, Instant};

use super::{ShrinkOptions, ShrinkProgress, Size};
use crate::replay::{NoReplay, ReplayOptions, Replayed, replay};
use crate::subject::Subject;
use crate::transcript::{Action, End, Seen, Transcript};
use crate::wire::Kind;

/// What tries are made with.
pub(super) struct Trials<'a> {
    pub(super) subject: &'a Subject,
    pub(super) control: &'a Subject,
    pub(super) options: &'a ShrinkOptions,
    pub(super) progress: &'a mut dyn ShrinkProgress,
    pub(super) looks: Looks,
    /// The connections that begin with CONNECT.
    pub(super) introduced: BTreeSet<usize>,
    /// For what came in the recording, and for what should come in the end.
    pub(super) patience: Duration,
    pub(super) end: Instant,
    pub(super) tries: usize,
    /// The smallest that showed it.
    pub(super) best: Size,
    /// Set when the subject or the control is gone.
    pub(super) failed: Option<NoReplay>,
}

/// What going wrong looks like.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Looks {
    end: End,
    first: Option<Kind>,
}

impl Looks {
    pub(super) fn of(seen: &Seen) -> Self {
        let first = seen.packets.first().and_then(|packet| packet.octets.first());
        let kind = |first: &u8| Kind::ALL.get(usize::from(first >> 4).wrapping_sub(1)).copied();
        Self { end: seen.end, first: first.and_then(kind) }
    }
}

impl Trials<'_> {
    /// Whether `candidate` shows it; then the transcript as the subject answered it.
    pub(super) fn shows(&mut self, candidate: &Transcript) -> Option<Transcript> {
        let first = first_octets(candidate);
        let is_rude =
            |connection: &usize| first.get(connection).is_some_and(|first| first >> 4 != 1);
        if self.is_over() || candidate.steps.is_empty() || self.introduced.iter().any(is_rude) {
            return None;
        }
        self.tries += 1;
        let options = self.replay_options();
        let shown = match self.both(candidate, &options) {
            Ok((subject, control)) => {
                let shows =
                    subject.again && !control.again && Looks::of(&subject.seen) == self.looks;
                shows.then(|| tidied(candidate, &subject))
            }
            Err(error) => {
                self.failed.get_or_insert(error);
                None
            }
        };
        if let Some(shown) = &shown {
            self.best = Size::of(shown);
        }
        self.progress.tried(self.tries, self.best);
        shown
    }

    /// Whether there is no more time, or nobody to ask.
    pub(super) fn is_over(&self) -> bool {
        let spent = self.tries >= self.options.most_tries || Instant::now() >= self.end;
        spent || self.failed.is_some()
    }

    /// Has the conversation with both at the same time.
    pub(super) fn both(
        &self,
        transcript: &Transcript,
        options: &ReplayOptions,
    ) -> Result<(Replayed, Replayed), NoReplay> {
        let (subject, control) = thread::scope(|scope| {
            let control = scope.spawn(|| replay(transcript, self.control, options));
            let subject = replay(transcript, self.subject, options);
            (subject, control.join())
        });
        let gone = || NoReplay::Unreachable("the replay with the control panicked".to_owned());
        Ok((subject?, control.map_err(|_| gone())??))
    }

    fn replay_options(&self) -> ReplayOptions {
        ReplayOptions {
            patience: self.patience,
            last_wait: Some(self.patience),
            ..ReplayOptions::default()
        }
    }
}

/// The connections on which the first packet is CONNECT, in whatever order it is.
pub(super) fn introduced(transcript: &Transcript) -> BTreeSet<usize> {
    let first = first_octets(transcript).into_iter();
    first.filter(|(_, first)| first >> 4 == 1).map(|(connection, _)| connection).collect()
}

/// The first octet that is sent on each connection.
fn first_octets(transcript: &Transcript) -> BTreeMap<usize, u8> {
    let mut firsts = BTreeMap::new();
    for step in &transcript.steps {
        if let Action::Send { octets, .. } = &step.action
            && let Some(first) = octets.first()
        {
            firsts.entry(step.connection).or_insert(*first);
        }
    }
    firsts
}

/// The conversation without what no longer comes, and with what comes in its place.
fn tidied(candidate: &Transcript, replayed: &Replayed) -> Transcript {
    let mut new = candidate.clone();
    let mut gone = Vec::new();
    for difference in &replayed.differences {
        let Some(step) = new.steps.get_mut(difference.step) else { continue };
        match (&mut step.action, &difference.octets) {
            (Action::Receive { octets, .. }, Some(instead)) => octets.clone_from(instead),
            (Action::Receive { .. } | Action::Closed, None) => gone.push(difference.step),
            _ => {}
        }
    }
    let mut place = 0;
    new.steps.retain(|_| {
        place += 1;
        !gone.contains(&(place - 1))
    });
    new.saw.clone_from(&replayed.saw);
    new
}
