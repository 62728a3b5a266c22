//! What a run found, as a value; and that value as text, JSON, JUnit, HTML, Markdown
//! and a badge.

mod badge;
mod bugs;
mod case;
mod compare;
mod html;
mod json;
mod junit;
mod known;
mod markdown;
mod outline;
mod statement;
mod subject;
mod terminal;

use std::time::Duration;

use mqttspec_spec::Shown;
use serde::Serialize;

use crate::finding::{Finding, Mismatch};
use crate::need::Capabilities;
use crate::options::RunOptions;
use crate::record::Observation;
use crate::subject::{Subject, Target};
use crate::transcript::Transcript;
use crate::verdict::Verdict;

pub use badge::Badge;
pub use bugs::BugReport;
pub use case::CaseReport;
pub use compare::{Change, Changes, Comparison, NoReport, ReadReport, Row};
pub use known::Mended;
pub use statement::StatementReport;
pub use subject::{Role, SubjectReport};

/// What a run found.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// The version of this form: 1.
    pub schema: u32,
    /// What judged.
    pub tool: Tool,
    /// The name of the requirement set whose cases ran; `None` when all could.
    pub requirements: Option<String>,
    /// What was judged.
    pub subject: SubjectReport,
    /// How many cases came out how.
    pub summary: Summary,
    /// Each statement that binds what was judged, in document order.
    pub statements: Vec<StatementReport>,
    /// What the subject does where it is free.
    pub observed: Vec<Observed>,
    /// The famous bugs that were asked for, and whether the subject has them.
    pub bugs: Vec<BugReport>,
    /// What the profile knows to fail, and what passes.
    pub mended: Vec<Mended>,
    /// Each case, in document order.
    pub cases: Vec<CaseReport>,
    #[serde(skip)]
    strict: bool,
}

/// The program that judged.
#[derive(Clone, Debug, Serialize)]
pub struct Tool {
    /// Its name.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
}

/// How many cases came out how.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
pub struct Summary {
    /// As the standard says.
    pub pass: usize,
    /// Against a rule that binds.
    pub fail: usize,
    /// Against advice, or against the stricter of two readings.
    pub warn: usize,
    /// The subject lacks what they need, and may.
    pub unsupported: usize,
    /// Could not tell.
    pub inconclusive: usize,
    /// The judge made a mistake, or lost the subject.
    pub error: usize,
    /// Of those that failed or warned: how many the profile knows of.
    pub known: usize,
    /// Had no verdict when the run was interrupted.
    #[serde(skip_serializing_if = "is_none")]
    pub not_reached: usize,
    /// How long the whole run took.
    pub duration_ms: u64,
}

/// What the subject does where the standard leaves it free.
#[derive(Clone, Debug, Serialize)]
pub struct Observed {
    /// The choice, and what the subject chose.
    #[serde(flatten)]
    pub observation: Observation,
    /// The case that saw it.
    pub case: &'static str,
}

impl Tool {
    const THIS: Self = Self { name: "mqttspec", version: env!("CARGO_PKG_VERSION") };
}

impl Report {
    pub(crate) fn new(
        subject: &Subject,
        options: &RunOptions,
        capabilities: &Capabilities,
        mut cases: Vec<CaseReport>,
        lost: Option<String>,
        duration: Duration,
    ) -> Self {
        let profile = options.profile.as_ref();
        let known = profile.filter(|_| !options.no_known).map_or(&[][..], |profile| &profile.known);
        let mended = known::settle(&mut cases, known);
        let observed = cases.iter().flat_map(CaseReport::observed).collect();
        let output = lost.as_ref().and_then(|_| subject.output());
        let place = match subject.command() {
            None => subject.target().clone(),
            // It is gone, and so is its port.
            Some(_) => Target::new("localhost", Target::DEFAULT_PORT),
        };
        let subject = SubjectReport {
            role: Role::Broker,
            target: subject.target().to_string(),
            command: subject.command(),
            profile: profile.map(|profile| profile.name.clone()),
            capabilities: capabilities.clone(),
            limits: capabilities.limits().iter().filter_map(|(n, most)| Some((n, most?))).collect(),
            claimed_in_vain: capabilities.claimed_in_vain().to_vec(),
            lost,
            losses: Vec::new(),
            output,
        };
        for case in &mut cases {
            case.seen_in(&subject, Some(&place));
        }
        Self {
            schema: 1,
            tool: Tool::THIS,
            requirements: options.requirements.as_ref().map(|set| set.name.clone()),
            subject,
            summary: Summary::of(&cases, duration),
            statements: statement::judged(&cases, Shown::ServerCase),
            observed,
            bugs: bugs::told(&options.bugs, &cases),
            mended,
            cases,
            strict: options.strict,
        }
    }

    /// What is to be said of a subject that could not be judged, before the reason.
    pub(super) const fn lost_how(&self) -> &'static str {
        if self.cases.is_empty() { "The subject was not reached" } else { "The subject is gone" }
    }

    /// Tells why the subject had to be started anew.
    #[must_use]
    pub(crate) fn after_losses(mut self, losses: Vec<String>) -> Self {
        self.subject.losses = losses;
        self
    }

    /// What a run over a client has found.
    pub(crate) fn of_client(
        subject: SubjectReport,
        options: &RunOptions,
        mut cases: Vec<CaseReport>,
        duration: Duration,
    ) -> Self {
        cases.iter_mut().for_each(|case| case.seen_in(&subject, None));
        Self {
            schema: 1,
            tool: Tool::THIS,
            requirements: None,
            subject,
            summary: Summary::of(&cases, duration),
            statements: statement::judged(&cases, Shown::ClientCase),
            observed: cases.iter().flat_map(CaseReport::observed).collect(),
            bugs: Vec::new(),
            mended: Vec::new(),
            cases,
            strict: options.strict,
        }
    }

    /// The conversations that went wrong, in the order of their cases.
    pub fn transcripts(&self) -> impl Iterator<Item = &Transcript> {
        self.cases.iter().filter_map(|case| case.replay.as_ref())
    }

    /// What a program that made this report ends with: 0 as wished, 1 the subject falls short
    /// (in strict mode by a warning too), had to be started anew, or does better than its profile
    /// knows; 3 it could not be reached or kept alive, 4 a fault of the judge.
    pub fn exit_code(&self) -> u8 {
        if self.subject.lost.is_some() {
            3
        } else if self.summary.error > 0 {
            4
        } else if self.cases.iter().any(|case| self.counts(case))
            || !self.mended.is_empty()
            || !self.subject.losses.is_empty()
        {
            1
        } else {
            0
        }
    }

    /// Whether the case is a reason to fail the run.
    fn counts(&self, case: &CaseReport) -> bool {
        let is_wrong = match case.verdict {
            Verdict::Fail => true,
            Verdict::Warn => self.strict,
            _ => false,
        };
        is_wrong && case.known.is_none()
    }
}

impl Summary {
    fn of(cases: &[CaseReport], duration: Duration) -> Self {
        let mut summary = Self { duration_ms: millis(duration), ..Self::default() };
        summary.known = cases.iter().filter(|case| case.known.is_some()).count();
        for case in cases {
            match case.verdict {
                Verdict::Pass => summary.pass += 1,
                Verdict::Fail => summary.fail += 1,
                Verdict::Warn => summary.warn += 1,
                Verdict::Unsupported => summary.unsupported += 1,
                Verdict::Inconclusive => summary.inconclusive += 1,
                Verdict::Error => summary.error += 1,
                Verdict::NotJudged => summary.not_reached += 1,
            }
        }
        summary
    }
}

/// The statement that a finding narrows itself to.
const fn narrowed(finding: &Finding) -> Option<&'static str> {
    match finding {
        Finding::Fail(Mismatch { statement, .. }) | Finding::Warn(Mismatch { statement, .. }) => {
            *statement
        }
        _ => None,
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes what it asks about so")]
const fn is_none(count: &usize) -> bool {
    *count == 0
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
