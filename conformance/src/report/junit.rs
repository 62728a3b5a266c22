//! The report for CI systems: a suite a part of the protocol, a test a case.

use std::time::Duration;

use quick_junit::{
    NonSuccessKind, Report as Junit, TestCase, TestCaseStatus, TestSuite, XmlString,
};

use super::{CaseReport, Report};
use crate::verdict::Verdict;

impl Report {
    /// The report as JUnit XML.
    ///
    /// A case that could not tell, or whose needs are not met, is skipped, and so is a failure that
    /// the profile knows of. A warning is a success with a message, and in strict mode a failure.
    /// What is known to fail and passes is a failure of its own.
    pub fn to_junit(&self) -> String {
        let mut junit = Junit::new(format!("mqttspec {}", self.subject.target));
        junit.set_time(Duration::from_millis(self.summary.duration_ms));
        for cases in self.cases.chunk_by(|a, b| part(a.case) == part(b.case)) {
            let mut suite = TestSuite::new(part(cases[0].case));
            suite.add_test_cases(cases.iter().map(|case| self.test_case(case)));
            junit.add_test_suite(suite);
        }
        if !self.mended.is_empty() {
            let mut suite = TestSuite::new("known");
            suite.add_test_cases(self.mended.iter().map(|mended| {
                let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
                status.set_message(format!(
                    "it is known to fail ({}), and passes: take it out of the profile",
                    mended.reason
                ));
                TestCase::new(mended.known.as_str(), status)
            }));
            junit.add_test_suite(suite);
        }
        junit.to_string().expect("what the judge writes is good XML")
    }

    fn test_case(&self, case: &CaseReport) -> TestCase {
        let status = match case.verdict {
            Verdict::Pass => TestCaseStatus::success(),
            Verdict::Fail | Verdict::Warn if case.known.is_some() => TestCaseStatus::skipped(),
            Verdict::Warn if !self.strict => TestCaseStatus::success(),
            Verdict::Fail | Verdict::Warn => TestCaseStatus::non_success(NonSuccessKind::Failure),
            Verdict::Error => TestCaseStatus::non_success(NonSuccessKind::Error),
            Verdict::Inconclusive | Verdict::Unsupported | Verdict::NotJudged => {
                TestCaseStatus::skipped()
            }
        };
        let mut test = TestCase::new(case.case, status);
        test.set_classname(case.statements.join(" "));
        test.set_time(Duration::from_millis(case.duration_ms));
        if let Some(message) = &case.message {
            test.status.set_message(match &case.known {
                Some(reason) => format!("known: {reason}: {message}"),
                None => message.clone(),
            });
            test.set_system_out(XmlString::new(transcript(case)));
        }
        test
    }
}

/// The part of the protocol in an address.
fn part(address: &str) -> &str {
    address.split('/').next().unwrap_or(address)
}

fn transcript(case: &CaseReport) -> String {
    let mut text = format!("{}\n{}\n", case.title, case.message.as_deref().unwrap_or_default());
    for entry in &case.transcript {
        text.push_str(&super::terminal::line(entry));
        text.push('\n');
    }
    text
}
