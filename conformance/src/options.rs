//! How a run is to be carried out.

use std::collections::BTreeSet;
use std::time::Duration;

use mqttspec_spec::StatementId;

use crate::case::Level;
use crate::corpus::Bug;
use crate::glob::Glob;
use crate::profile::Profile;
use crate::requirements::Requirements;

/// How a run is to be carried out. [`Default`] judges all cases with waits that suit a broker on
/// the same machine or in the same building.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RunOptions {
    /// Only cases whose address matches; all when `None`.
    pub filter: Option<Glob>,
    /// Only cases that judge one of these; all when empty.
    pub statements: Vec<StatementId>,
    /// Only cases of this level; all when `None`.
    pub level: Option<Level>,
    /// Only cases of this set; all when `None`. The report names it.
    pub requirements: Option<Requirements>,
    /// Only cases that show one of these bugs, and the report tells of each; all when empty.
    pub bugs: Vec<&'static Bug>,
    /// Whether to look for limits that no case depends on, too.
    pub thorough: bool,
    /// Only these cases, by address; all when `None`.
    pub(crate) among: Option<BTreeSet<&'static str>>,
    /// Whether to take for granted what only a probe could find out.
    pub(crate) unprobed: bool,
    /// Cases at once, at least 1. By default 64.
    pub jobs: usize,
    /// How long something that is due may take. By default 5 s.
    pub patience: Duration,
    /// How long the subject may take to close a connection that it must close. The standard sets
    /// no limit. By default 5 s.
    pub close_wait: Duration,
    /// How late, after one and a half times the Keep Alive, a connection may be closed. The
    /// standard sets no limit. By default 10 s: some brokers look at the clock every five.
    pub keep_alive_tolerance: Duration,
    /// How long a client may wait for a Server that says nothing before it gives up. The standard
    /// sets no limit. By default 45 s.
    pub give_up_wait: Duration,
    /// Whether cases that fail by silence get a second look, without the crowd and with all of
    /// their patience; at the first they have as much as the subject was seen to need. Without it
    /// the first look is the last, and as patient. By default true.
    pub second_look: bool,
    /// How long a second look waits for what the subject owes and does not send in time, to tell
    /// late from never. By default 40 s: some brokers send again every thirty.
    pub lateness: Duration,
    /// Whether warnings count as failures.
    pub strict: bool,
    /// What the judge is told of the subject. [`follow`](Self::follow) takes over its waits too.
    pub profile: Option<Profile>,
    /// Whether failures that the profile knows of count as failures all the same.
    pub no_known: bool,
}

impl Default for RunOptions {
    fn default() -> Self {
        Self {
            filter: None,
            statements: Vec::new(),
            level: None,
            requirements: None,
            bugs: Vec::new(),
            thorough: false,
            among: None,
            unprobed: false,
            jobs: 64,
            patience: Duration::from_secs(5),
            close_wait: Duration::from_secs(5),
            keep_alive_tolerance: Duration::from_secs(10),
            give_up_wait: Duration::from_secs(45),
            second_look: true,
            lateness: Duration::from_secs(40),
            strict: false,
            profile: None,
            no_known: false,
        }
    }
}
