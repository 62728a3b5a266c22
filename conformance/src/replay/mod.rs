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
mod receiving;
mod scene;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::client::{ClientStage, ClientSubject};
use crate::finding::Finding;
use crate::need::Capabilities;
use crate::options::RunOptions;
use crate::oracle::Ledger;
use crate::report::Role;
use crate::stage::{Look, Stage};
use crate::subject::Subject;
use crate::transcript::{Seen, Transcript};
use judgement::Outcome;
use names::Names;
use player::{Found, Player};
use scene::Scene;

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
    /// It was had with the other kind of subject.
    #[error("the conversation was had with a {}: it cannot be had with a {}", name(*.0), name(other(*.0)))]
    OtherRole(Role),
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
    let again = Rehearsal::of(transcript, Role::Broker, options)?;
    let capabilities = Capabilities::default();
    let ledger = Ledger::default();
    let Rehearsal { run, tag, look, names } = again;
    let stage = Stage::new(subject, &run, &capabilities, &ledger, tag.clone(), look);
    let mut player = Player::new(transcript, Scene::Broker(&stage), names, options);
    let ended = player.play().and_then(|()| player.judge());
    let found = player.into_found();
    let lost = subject.check_answers(run.patience).err();
    let steps = stage.strike().script.into_steps();
    let who = subject.command().unwrap_or_else(|| subject.target().to_string());
    let conversation = Transcript { tag, subject: who, steps, ..transcript.clone() };
    told(ended, found, conversation, lost)
}

/// Has a recorded conversation with a client, and sees whether it goes wrong again.
///
/// # Errors
///
/// [`NoReplay`] when there is nothing to replay, or the client cannot be driven.
pub fn replay_client(
    transcript: &Transcript,
    subject: &ClientSubject,
    options: &ReplayOptions,
) -> Result<Replayed, NoReplay> {
    let again = Rehearsal::of(transcript, Role::Client, options)?;
    let Rehearsal { run, tag, look, names } = again;
    let mut stage = ClientStage::open(subject, &run, tag.clone(), &look)
        .map_err(|finding| NoReplay::Unreachable(finding.to_string()))?;
    let (ended, found) = {
        let mut player = Player::new(transcript, Scene::Client(&mut stage), names, options);
        let ended = player.play().and_then(|()| player.judge());
        (ended, player.into_found())
    };
    let steps = stage.strike().script.into_steps();
    let conversation = Transcript { tag, subject: subject.command(), steps, ..transcript.clone() };
    told(ended, found, conversation, None)
}

/// What a replay has before it begins.
struct Rehearsal {
    run: RunOptions,
    tag: String,
    look: Look,
    names: Names,
}

impl Rehearsal {
    fn of(transcript: &Transcript, role: Role, options: &ReplayOptions) -> Result<Self, NoReplay> {
        if transcript.role != role {
            return Err(NoReplay::OtherRole(transcript.role));
        }
        if !transcript.whole {
            return Err(NoReplay::NotWhole(transcript.case.clone()));
        }
        let run = run_options(options);
        let names = Names::new(&transcript.tag, options.fresh_names, role.sender());
        let steps = u32::try_from(transcript.steps.len()).unwrap_or(u32::MAX);
        let limit = run.patience * steps + MARGIN;
        let (pace, late) = (Arc::default(), Duration::ZERO);
        let look = Look { pace, is_hasty: false, late, limit, is_last: false };
        Ok(Self { run, tag: names.now().to_owned(), look, names })
    }
}

/// What came of it; `conversation` has what the recording says of the deviation.
fn told(
    ended: Result<Outcome, Finding>,
    found: Found,
    mut conversation: Transcript,
    lost: Option<String>,
) -> Result<Replayed, NoReplay> {
    let (again, seen, reason) = match ended {
        Ok((again, seen)) => (again, seen, None),
        Err(Finding::Error(reason)) => return Err(NoReplay::Unreachable(reason)),
        Err(finding) => (false, Seen::default(), Some(finding.to_string())),
    };
    let saw = found.saw.or(reason).unwrap_or_else(|| seen.to_string());
    conversation.saw.clone_from(&saw);
    conversation.deviation.seen.packets.clear();
    let (differences, slowest) = (found.differences, found.slowest);
    Ok(Replayed { again, saw, seen, differences, conversation, lost, slowest })
}

const fn name(role: Role) -> &'static str {
    match role {
        Role::Broker => "broker",
        Role::Client => "client",
    }
}

const fn other(role: Role) -> Role {
    match role {
        Role::Broker => Role::Client,
        Role::Client => Role::Broker,
    }
}

fn run_options(options: &ReplayOptions) -> RunOptions {
    RunOptions { patience: options.patience, close_wait: options.patience, ..RunOptions::default() }
}

/// What a replay may take beside its waits.
const MARGIN: Duration = Duration::from_secs(60);
