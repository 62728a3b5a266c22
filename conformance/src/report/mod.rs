//! What a run found, as a value; and that value as text, JSON, JUnit, HTML, Markdown
//! and a badge.

mod badge;
mod bugs;
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

use crate::case::About;
use crate::finding::{Finding, Mismatch};
use crate::need::Capabilities;
use crate::options::RunOptions;
use crate::record::{Entry, Observation, Pages};
use crate::subject::{Subject, Target};
use crate::transcript::{Script, Transcript};
use crate::verdict::Verdict;

pub use badge::Badge;
pub use bugs::BugReport;
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

/// What came of one case.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct CaseReport {
    /// Its address.
    pub case: &'static str,
    /// What must hold.
    pub title: &'static str,
    /// The statements it judges.
    pub statements: &'static [&'static str],
    /// What it means that it fails: must, should or observe.
    pub level: &'static str,
    /// What came of it.
    pub verdict: Verdict,
    /// What was found, on one line; `None` of a case that passed at once.
    pub message: Option<String>,
    /// Why it falls short, where the profile knows that it does.
    pub known: Option<String>,
    /// How long it took.
    pub duration_ms: u64,
    /// Every packet, in both directions.
    pub transcript: Vec<Entry>,
    /// The conversation up to what went wrong, to be had again; `None` when nothing did.
    pub replay: Option<Transcript>,
    /// The same as a line of shell, where one connection suffices.
    pub shell: Option<String>,
    /// Whether a subject that is merely slow would have looked the same.
    #[serde(skip)]
    doubtful: bool,
    /// Whether a packet that was owed has not come.
    #[serde(skip)]
    starved: bool,
    /// Whether the subject has closed a connection of which it owed more.
    #[serde(skip)]
    interrupted: bool,
    /// Whether it has no verdict because the subject was gone.
    #[serde(skip)]
    lost: bool,
    /// Whether it ended before its end.
    #[serde(skip)]
    cut_short: bool,
    /// What decided, and all that was noted on the way.
    #[serde(skip)]
    findings: Vec<Finding>,
    #[serde(skip)]
    observations: Vec<Observation>,
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

impl CaseReport {
    pub(crate) fn new(
        case: About,
        outcome: Result<(), Finding>,
        duration: Duration,
        pages: Pages,
    ) -> Self {
        // What the oracle hears decides a case only if that is about the very statement.
        let is_own = |breach: &Mismatch| {
            breach.statement.is_some_and(|statement| case.statements.contains(&statement))
        };
        let heard = pages.heard.breaches.into_iter().map(|(_, breach)| breach);
        let (own, others): (Vec<_>, Vec<_>) = heard.partition(is_own);
        let cut_short = outcome.is_err();
        let outcome = outcome.err().map(|finding| match finding {
            Finding::Fail(breach) if others.iter().any(|other| other.says_the_same(&breach)) => {
                Finding::Inconclusive(format!("the background oracle cut it short: {breach}"))
            }
            finding => finding,
        });
        let mut findings: Vec<_> = outcome.into_iter().collect();
        for breach in own {
            let same = |finding: &Finding| matches!(finding, Finding::Fail(other) if other.says_the_same(&breach));
            if !findings.iter().any(same) {
                findings.push(Finding::Fail(breach));
            }
        }
        findings.extend(pages.warnings.into_iter().map(Finding::Warn));
        let mut findings: Vec<_> =
            findings.into_iter().map(|finding| case.level.weigh(finding)).collect();
        // Stable: of findings of one weight the first stays first.
        findings.sort_by_key(|finding| std::cmp::Reverse(Verdict::from(finding)));
        let message = findings.iter().map(Finding::to_string).collect::<Vec<_>>().join("; ");
        let replay = replay(&case, &findings, pages.script);
        Self {
            case: case.address,
            title: case.title,
            statements: case.statements,
            level: case.level.as_str(),
            verdict: findings.first().map_or(Verdict::Pass, Verdict::from),
            message: (!message.is_empty()).then_some(message),
            known: None,
            duration_ms: millis(duration),
            transcript: pages.entries,
            cut_short,
            doubtful: pages.doubtful,
            starved: pages.starved,
            interrupted: pages.interrupted,
            lost: false,
            replay,
            shell: None,
            findings,
            observations: pages.observations,
        }
    }

    /// What is to be said of a case that an interrupted run has not come to the end of.
    pub(crate) fn not_reached(case: About) -> Self {
        let finding = Finding::Inconclusive("not reached: the run was interrupted".to_owned());
        let report = Self::new(case, Err(finding), Duration::ZERO, Pages::default());
        Self { verdict: Verdict::NotJudged, ..report }
    }

    /// Says whom it was seen in, and where somebody may look at it again.
    fn seen_in(&mut self, subject: &SubjectReport, place: Option<&Target>) {
        let Some(replay) = &mut self.replay else { return };
        replay.subject.clone_from(subject.command.as_ref().unwrap_or(&subject.target));
        // A shell alone speaks plain TCP, and neither TLS nor WebSocket.
        let network = place.filter(|place| place.is_plain_tcp()).and_then(Target::network);
        self.shell = network.and_then(|(host, port)| replay.to_shell(host, port));
    }

    /// Whether what it found deserves a second look: silence may come of haste.
    pub(crate) const fn is_doubtful(&self) -> bool {
        self.doubtful && self.found_fault()
    }

    /// Whether what it found deserves a look alone: a connection may end for what others did.
    pub(crate) const fn is_interrupted(&self) -> bool {
        self.interrupted && self.found_fault()
    }

    /// Whether what it found comes of a packet that the subject owed.
    pub(crate) const fn is_starved(&self) -> bool {
        self.starved && self.found_fault()
    }

    /// Whether it came to anything but the end that one would wish.
    pub(crate) const fn found_fault(&self) -> bool {
        matches!(self.verdict, Verdict::Fail | Verdict::Warn | Verdict::Inconclusive)
    }

    /// The same, without a verdict because the subject was gone.
    #[must_use]
    pub(crate) const fn lost(mut self) -> Self {
        self.lost = true;
        self
    }

    /// Whether it has no verdict because the subject was gone.
    pub(crate) const fn is_lost(&self) -> bool {
        self.lost
    }

    /// Whether the subject heard anything of it.
    pub(crate) const fn was_run(&self) -> bool {
        !self.transcript.is_empty()
    }

    /// The same, seen at a second look; with what the first had found.
    pub(crate) fn after(mut self, first: &Self) -> Self {
        let found = first.message.as_deref().unwrap_or_default();
        let first_look = format!("at the first look, among all others: {found}");
        self.message = Some(match &self.message {
            Some(message) if self.verdict == first.verdict => {
                format!("{message} (at a second look too)")
            }
            Some(message) => format!("{message} (at a second look; {first_look})"),
            None => format!("passed at a second look; {first_look}"),
        });
        self
    }

    /// The same, unless it came to a better end before a subject that was started anew.
    #[must_use]
    pub(crate) fn unless_afresh(self, mut afresh: Self) -> Self {
        if afresh.found_fault() || afresh.is_lost() {
            return self;
        }
        let found = self.message.unwrap_or_default();
        afresh.message = Some(format!("passed when the broker was started anew; before: {found}"));
        afresh
    }

    /// What it found, the weightiest first; empty of a case that passed.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    fn observed(&self) -> impl Iterator<Item = Observed> + '_ {
        let case = self.case;
        self.observations.iter().cloned().map(move |observation| Observed { observation, case })
    }
}

/// What the weightiest finding looks like as a conversation to be had again.
fn replay(case: &About, findings: &[Finding], script: Script) -> Option<Transcript> {
    let (Finding::Fail(mismatch) | Finding::Warn(mismatch)) = findings.first()? else {
        return None;
    };
    if script.goes_below {
        return None;
    }
    let statements = mismatch.statement.map_or(case.statements.to_vec(), |id| vec![id]);
    let name = (case.address, case.title);
    let transcript = Transcript::new(name, &statements, mismatch, script);
    (!transcript.steps.is_empty()).then_some(transcript)
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
