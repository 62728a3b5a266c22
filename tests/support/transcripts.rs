//! Failures to be had again: how a case is judged so that it leaves one, and how it is replayed.

use std::time::Duration;

use mqttspec_conformance::{Glob, ReplayOptions, Report, RunOptions, Transcript};

/// How long something may take that comes; what does not come takes all of it.
const PATIENCE: Duration = Duration::from_millis(1_500);

/// How one case is judged, at its first look.
pub(crate) fn judging(case: &str) -> RunOptions {
    let mut options = RunOptions::default();
    options.filter = Some(Glob::new(case));
    options.patience = PATIENCE;
    options.close_wait = PATIENCE;
    options.second_look = false;
    options
}

pub(crate) fn replaying() -> ReplayOptions {
    let mut options = ReplayOptions::default();
    options.patience = PATIENCE;
    options
}

/// The transcript that the case has left, as a file would give it back.
pub(crate) fn transcript(report: &Report) -> Transcript {
    let transcript = report.transcripts().next();
    let transcript = transcript.unwrap_or_else(|| panic!("it passes: {:?}", report.cases));
    let again = Transcript::from_json(&transcript.to_json(), None).expect("what was written");
    assert_eq!(again.to_json(), transcript.to_json());
    again
}
