//! The shortest conversation that still breaks the same statement.
//!
//! Delta debugging over connections, then over packets with what follows from them, then over
//! fields, payloads and the octets of malformed packets. Each try is a [replay](crate::replay()) with
//! the subject and, at the same time, with a control: a broker that keeps the rules, such as the
//! reference broker. Only what the two do differently counts, so that a conversation never shrinks
//! to one in which nobody does anything wrong.

mod derive;
mod minimize;
mod reduce;
mod rewrite;
mod trial;
mod units;

use std::time::{Duration, Instant};

use crate::replay::{NoReplay, ReplayOptions, replay};
use crate::subject::Subject;
use crate::transcript::{Action, Expectation, Transcript};
use crate::wire::Sender;
use trial::{Looks, Trials, introduced};

/// How far to go.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ShrinkOptions {
    /// How long to wait for what came in the recording, at first and at the end. Between, waits are
    /// as short as the brokers are quick. By default 5 s.
    pub patience: Duration,
    /// The most tries. By default 2,000.
    pub most_tries: usize,
    /// How long it may take. By default 5 minutes.
    pub limit: Duration,
}

impl Default for ShrinkOptions {
    fn default() -> Self {
        let (patience, limit) = (Duration::from_secs(5), Duration::from_secs(300));
        Self { patience, most_tries: 2_000, limit }
    }
}

/// What shrinking tells while it goes on. `()` does not listen.
pub trait ShrinkProgress {
    /// So many tries were made, and this is how small it is by now.
    fn tried(&mut self, tries: usize, best: Size);
}

impl ShrinkProgress for () {
    fn tried(&mut self, _: usize, _: Size) {}
}

/// How much there is in a conversation.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Size {
    /// Connections that are opened.
    pub connections: usize,
    /// Times that the judge sends.
    pub sends: usize,
    /// Octets that it sends.
    pub octets: usize,
}

/// What is left of a conversation.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Shrunk {
    /// The shortest that was found.
    pub transcript: Transcript,
    /// How much there was.
    pub before: Size,
    /// How much there is.
    pub after: Size,
    /// How many tries it took.
    pub tries: usize,
    /// Whether there was time to try everything.
    pub finished: bool,
}

/// Why nothing was shrunk.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NoShrink {
    /// The control does the same, so that nothing tells what is wrong.
    #[error("the control does the same as the subject: {0}; name another by --control")]
    ControlToo(String),
    /// It cannot be had again, or one of the two is gone.
    #[error(transparent)]
    NoReplay(#[from] NoReplay),
    /// The subject does not go wrong, or not every time.
    #[error("the subject does not go wrong this time: {0}")]
    NotSeen(String),
}

/// Finds the shortest conversation in which `subject` still goes wrong and `control` does not.
///
/// # Errors
///
/// [`NoShrink`] when there is nothing to begin with.
pub fn shrink(
    transcript: &Transcript,
    subject: &Subject,
    control: &Subject,
    options: &ShrinkOptions,
    progress: &mut dyn ShrinkProgress,
) -> Result<Shrunk, NoShrink> {
    let before = Size::of(transcript);
    let mut trials = Trials {
        subject,
        control,
        options,
        progress,
        looks: Looks::of(&transcript.deviation.seen),
        introduced: introduced(transcript),
        patience: options.patience,
        end: Instant::now() + options.limit,
        tries: 0,
        best: before,
        failed: None,
    };
    let whole = begin(&mut trials, transcript)?;
    let mut best = whole.clone();
    let finished = loop {
        best = reduce::reduce(&mut trials, best);
        if let Some(failed) = trials.failed.take() {
            return Err(failed.into());
        }
        let finished = !trials.is_over();
        // What was found in haste has to stand with all the patience there is.
        if is_shown(&best, subject, options)? {
            break finished;
        }
        if !finished || trials.patience >= options.patience {
            best = whole;
            break false;
        }
        trials.patience = (trials.patience * 4).min(options.patience);
        best.clone_from(&whole);
    };
    let tries = trials.tries;
    let transcript = finish(best);
    Ok(Shrunk { before, after: Size::of(&transcript), transcript, tries, finished })
}

/// The whole conversation with both, to learn what going wrong looks like and how quick they are.
fn begin(trials: &mut Trials<'_>, transcript: &Transcript) -> Result<Transcript, NoShrink> {
    let patient = ReplayOptions { patience: trials.options.patience, ..ReplayOptions::default() };
    let (subject, control) = trials.both(transcript, &patient)?;
    if !subject.again {
        let first = subject.differences.first().map(ToString::to_string);
        return Err(NoShrink::NotSeen(first.unwrap_or(subject.saw)));
    }
    if control.again {
        return Err(NoShrink::ControlToo(control.saw));
    }
    let slowest = subject.slowest.max(control.slowest);
    trials.patience = (slowest * 4 + LEAST_WAIT).min(patient.patience.max(slowest * 2));
    let wait = u64::try_from(trials.patience.as_millis()).unwrap_or(u64::MAX);
    let mut whole = transcript.clone();
    if whole.deviation.expected == Expectation::Words {
        whole = derive::derived(&whole, &control, wait.max(1_000))
            .ok_or_else(|| NoShrink::ControlToo(control.saw.clone()))?;
    }
    if whole.deviation.expected == Expectation::Nothing {
        // Without the steps that gave it time, it must have some all the same.
        whole.deviation.within_ms = wait;
    }
    // Looked at in haste first, so that haste is known to be enough.
    trials.looks = Looks::of(&whole.deviation.seen);
    loop {
        let options = ReplayOptions {
            patience: trials.patience,
            last_wait: Some(trials.patience),
            ..ReplayOptions::default()
        };
        let (subject, control) = trials.both(&whole, &options)?;
        if subject.again && !control.again {
            trials.looks = Looks::of(&subject.seen);
            return Ok(whole);
        }
        if trials.patience >= patient.patience {
            let told = if control.again { control.saw } else { subject.saw };
            return Err(NoShrink::NotSeen(told));
        }
        trials.patience = (trials.patience * 4).min(patient.patience);
    }
}

fn is_shown(
    transcript: &Transcript,
    subject: &Subject,
    options: &ShrinkOptions,
) -> Result<bool, NoReplay> {
    let patient = ReplayOptions { patience: options.patience, ..ReplayOptions::default() };
    Ok(replay(transcript, subject, &patient)?.again)
}

/// Connections numbered from 1 on, and all that people read written anew.
fn finish(mut transcript: Transcript) -> Transcript {
    let mut numbers = Vec::new();
    for step in &mut transcript.steps {
        if matches!(step.action, Action::Open { .. }) {
            numbers.push(step.connection);
        }
        step.connection = number(&numbers, step.connection);
        step.tell(Sender::Server);
    }
    transcript.deviation.connection = number(&numbers, transcript.deviation.connection);
    transcript
}

fn number(numbers: &[usize], old: usize) -> usize {
    numbers.iter().rposition(|number| *number == old).map_or(1, |place| place + 1)
}

impl Size {
    /// How much there is in this one.
    pub fn of(transcript: &Transcript) -> Self {
        let mut size = Self { connections: transcript.connections(), ..Self::default() };
        for step in &transcript.steps {
            if let Action::Send { octets, .. } = &step.action {
                size.sends += 1;
                size.octets += octets.len();
            }
        }
        size
    }
}

/// Waits are never shorter: the machine may be busy.
const LEAST_WAIT: Duration = Duration::from_millis(250);
