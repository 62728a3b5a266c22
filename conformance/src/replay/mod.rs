//! A recorded conversation, had again: the same octets on the same connections in the same order,
//! and in the end the question whether it goes wrong in the same way.
//!
//! What came from the subject in the recording is waited for before anything is sent that followed
//! it, so that causes stay before their effects. Packet Identifiers that the subject chooses may be
//! others now: acknowledgements answer those that came. Client Identifiers and topics get fresh
//! names of the same length, so that a replay meets nothing that an earlier one has left, and what
//! it makes the subject keep is cleared away. No code of the case is asked.

mod answers;
mod judgement;
mod likeness;
mod names;
mod player;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::finding::Finding;
use crate::need::Capabilities;
use crate::options::RunOptions;
use crate::oracle::Ledger;
use crate::stage::{Look, Stage};
use crate::subject::Subject;
use crate::transcript::{Seen, Transcript};
use names::Names;
use player::Player;

/// How to have a conversation again.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ReplayOptions {
    /// How long to wait for what came in the recording. By default 5 s.
    pub patience: Duration,
    /// At most how long to wait for what should have come in the end; `None` for as long as in the
    /// recording.
    pub last_wait: Option<Duration>,
    /// Whether Client Identifiers and topics get fresh names. By default they do.
    pub fresh_names: bool,
}

impl Default for ReplayOptions {
    fn default() -> Self {
        Self { patience: Duration::from_secs(5), last_wait: None, fresh_names: true }
    }
}

/// What came of a replay.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Replayed {
    /// Whether it went wrong as in the recording.
    pub again: bool,
    /// What was seen where it went wrong.
    pub saw: String,
    /// The same as data, with names and Packet Identifiers as in the recording.
    pub seen: Seen,
    /// Where the subject did something else than in the recording, in order.
    pub differences: Vec<Difference>,
    /// The conversation as it went this time.
    pub conversation: Transcript,
    /// Why the subject is no longer there; `None` when it is.
    pub lost: Option<String>,
    /// The longest that anything took which came.
    pub slowest: Duration,
}

/// Where the subject did something else than in the recording.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Difference {
    /// The step of the recording, from 0 on; their number for what came after the last.
    pub step: usize,
    /// What it did then.
    pub recorded: String,
    /// What it did now.
    pub saw: String,
    /// On which connection of the recording.
    pub connection: usize,
    /// The packet that came now, with the names of the recording; `None` when none came.
    pub octets: Option<Vec<u8>>,
    /// Whether the connection was closed instead.
    pub closed: bool,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "step {}: then {}, now {}", self.step + 1, self.recorded, self.saw)
    }
}

/// Why there is no replay.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NoReplay {
    /// The conversation was too long to be kept, or left the wire.
    #[error("the transcript does not have the whole conversation: run the case {0} itself")]
    NotWhole(String),
    /// The subject takes no connection.
    #[error("{0}")]
    Unreachable(String),
}

/// Has a recorded conversation with a subject, and sees whether it goes wrong again.
///
/// # Errors
///
/// [`NoReplay`] when there is nothing to replay, or nobody to replay it with.
pub fn replay(
    transcript: &Transcript,
    subject: &Subject,
    options: &ReplayOptions,
) -> Result<Replayed, NoReplay> {
    if !transcript.whole {
        return Err(NoReplay::NotWhole(transcript.case.clone()));
    }
    let (run, capabilities) = (run_options(options), Capabilities::default());
    let ledger = Ledger::default();
    let names = Names::new(&transcript.tag, options.fresh_names);
    let limit = run.patience * u32::try_from(transcript.steps.len()).unwrap_or(u32::MAX) + MARGIN;
    let tag = names.now().to_owned();
    let (pace, late) = (Arc::default(), Duration::ZERO);
    let look = Look { pace, is_hasty: false, late, limit, is_last: false };
    let stage = Stage::new(subject, &run, &capabilities, &ledger, tag.clone(), look);
    let mut player = Player::new(transcript, &stage, names, options);
    let ended = player.play().and_then(|()| player.judge());
    let found = player.into_found();
    let lost = subject.check_answers(run.patience).err();
    let pages = stage.strike();
    let (again, seen) = match ended {
        Ok(outcome) => outcome,
        Err(Finding::Error(reason)) => return Err(NoReplay::Unreachable(reason)),
        Err(_) => (false, Seen::default()),
    };
    let saw = found.saw.unwrap_or_else(|| seen.to_string());
    let mut deviation = transcript.deviation.clone();
    deviation.seen.packets.clear();
    let conversation = Transcript {
        tag,
        saw: saw.clone(),
        subject: subject.command().unwrap_or_else(|| subject.target().to_string()),
        deviation,
        steps: pages.script.into_steps(),
        ..transcript.clone()
    };
    let (differences, slowest) = (found.differences, found.slowest);
    Ok(Replayed { again, saw, seen, differences, conversation, lost, slowest })
}

fn run_options(options: &ReplayOptions) -> RunOptions {
    RunOptions { patience: options.patience, close_wait: options.patience, ..RunOptions::default() }
}

/// What a replay may take beside its waits.
const MARGIN: Duration = Duration::from_secs(60);
