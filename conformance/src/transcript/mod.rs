//! A conversation with a subject as data: enough to have it again, and to see whether it goes wrong
//! in the same way.
//!
//! A [`Transcript`] is what a failed case leaves for whoever has to mend the subject: who sent
//! which octets on which connection, in which order, what the judge waited for, and what should
//! have come in the end. It needs no code of the case. [`Transcript::to_json`] writes it as a file
//! with a step a line, [`Transcript::from_json`] reads such a file, written by a program or by hand.

mod delivery;
mod deviation;
mod file;
pub(crate) mod octets;
mod pattern;
mod shell;
mod step;

use serde::{Deserialize, Serialize};

use crate::finding::Mismatch;
use crate::report::Role;

pub use delivery::Delivery;
pub use deviation::{Deviation, End, Expectation, Seen, SeenPacket, Tolerated};
pub use file::NoTranscript;
pub use pattern::Pattern;
pub(crate) use pattern::{Pick, is_about_the_same};
pub(crate) use step::Script;
pub use step::{Action, Step};

/// A conversation that went wrong at its end.
#[derive(Clone, Debug, Eq, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Transcript {
    /// The version of this form: 1.
    pub transcript: u32,
    /// The address of the case that it comes from, or any name.
    pub case: String,
    /// What must hold, in one sentence.
    #[serde(default)]
    pub title: String,
    /// The statements that it shows broken, as the catalogue names them.
    pub statements: Vec<String>,
    /// Whether the subject is a broker or a client.
    #[serde(default, skip_serializing_if = "is_broker")]
    pub role: Role,
    /// Whom it was seen in: the command line or the address.
    #[serde(default)]
    pub subject: String,
    /// What should have been seen, in words.
    pub expected: String,
    /// What was seen, in words.
    pub saw: String,
    /// Letters and digits that are in all Client Identifiers and topics of this conversation and in
    /// no other's. A replay puts others of the same length in their place. Empty when there are none.
    #[serde(default)]
    pub tag: String,
    /// What went wrong after the last step, as data.
    pub deviation: Deviation,
    /// Whether the steps are all there. Of a conversation that is too long the end is missing, and
    /// it cannot be had again.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub whole: bool,
    /// Who did what, in this order.
    pub steps: Vec<Step>,
}

impl Transcript {
    /// The version of the form that is written, and read.
    pub const VERSION: u32 = 1;

    /// The conversation of a case, down to where it went wrong.
    pub(crate) fn new(
        (case, title): (&str, &str),
        statements: &[&str],
        mismatch: &Mismatch,
        script: Script,
    ) -> Self {
        let whole = script.is_whole();
        let (tag, role) = (script.tag.clone(), script.role);
        let (steps, deviation) = script.up_to(mismatch.deviation.as_deref());
        Self {
            transcript: Self::VERSION,
            case: case.to_owned(),
            title: title.to_owned(),
            statements: statements.iter().map(|&id| id.to_owned()).collect(),
            role,
            subject: String::new(),
            expected: mismatch.expected.clone(),
            saw: mismatch.seen.clone(),
            tag,
            deviation,
            whole,
            steps,
        }
    }

    /// How many connections it opens.
    pub fn connections(&self) -> usize {
        let opens =
            |step: &&Step| matches!(step.action, Action::Open { .. } | Action::Accept { .. });
        self.steps.iter().filter(opens).count()
    }

    /// A name for a file: the address of the case, and only letters, digits, dashes and underscores.
    pub fn file_stem(&self) -> String {
        let word = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
        self.case.chars().map(word).collect()
    }
}

const fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_broker(role: &Role) -> bool {
    matches!(role, Role::Broker)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_yes(flag: &bool) -> bool {
    *flag
}

#[cfg(test)]
mod tests;
