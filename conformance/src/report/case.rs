//! What came of one case: its findings weighed, and which of them deserve another look.

use std::time::Duration;

use serde::Serialize;

use super::{Observed, SubjectReport, millis};
use crate::case::About;
use crate::finding::{Finding, Mismatch};
use crate::record::{Entry, Observation, Pages};
use crate::subject::Target;
use crate::transcript::{Script, Transcript};
use crate::verdict::Verdict;

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
    pub(super) cut_short: bool,
    /// What decided, and all that was noted on the way.
    #[serde(skip)]
    pub(super) findings: Vec<Finding>,
    #[serde(skip)]
    observations: Vec<Observation>,
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
    pub(super) fn seen_in(&mut self, subject: &SubjectReport, place: Option<&Target>) {
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

    pub(super) fn observed(&self) -> impl Iterator<Item = Observed> + '_ {
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
