use std::time::Duration;

use super::*;
use crate::case::Level;
use crate::subject::Target;

const CASE: Case = Case {
    address: "connect/example",
    title: "An example of a case.",
    statements: &["MQTT-3.1.0-1", "MQTT-3.1.0-2"],
    level: Level::Must,
    needs: &[],
    run: |_| Ok(()),
};
const ADVICE: Case = Case { level: Level::Should, ..CASE };
const CHOICE: Case = Case { level: Level::Observe, ..CASE };

fn case(case: &'static Case, outcome: Result<(), Finding>) -> CaseReport {
    CaseReport::new(case, outcome, Duration::from_millis(12), Pages::default())
}

fn report(cases: Vec<CaseReport>, lost: Option<&str>) -> Report {
    let subject = Subject::at(Target::new("broker", 1883));
    let (options, capabilities) = (RunOptions::default(), Capabilities::default());
    let lost = lost.map(str::to_owned);
    Report::new(&subject, &options, &capabilities, cases, lost, Duration::from_millis(1234))
}

fn verdict(report: &Report, id: &str) -> Verdict {
    report.statements.iter().find(|statement| statement.id == id).unwrap().verdict
}

#[test]
fn a_statement_has_the_weightiest_verdict_of_its_cases() {
    let unsupported = || case(&CASE, Err(Finding::unsupported("nothing of the kind")));
    let open = || case(&CASE, Err(Finding::inconclusive("hard to say")));
    let passed = || case(&CASE, Ok(()));
    let failed = || case(&CASE, Err(Finding::fail("this", "that")));
    for (cases, expected) in [
        (vec![], Verdict::NotJudged),
        (vec![unsupported()], Verdict::Unsupported),
        (vec![passed(), unsupported()], Verdict::Pass),
        (vec![open(), passed()], Verdict::Inconclusive),
        (vec![failed(), open(), passed()], Verdict::Fail),
    ] {
        assert_eq!(verdict(&report(cases, None), "MQTT-3.1.0-2"), expected);
    }
}

#[test]
fn a_narrowed_failure_leaves_the_other_statements_open() {
    let finding = Finding::fail("this", "that").of("MQTT-3.1.0-2");
    let report = report(vec![case(&CASE, Err(finding))], None);
    assert_eq!(verdict(&report, "MQTT-3.1.0-2"), Verdict::Fail);
    assert_eq!(verdict(&report, "MQTT-3.1.0-1"), Verdict::Inconclusive);
}

#[test]
fn a_failure_beside_the_point_counts_where_it_belongs() {
    let finding = Finding::fail("a packet in good order", "QoS 3").of("MQTT-3.3.1-4");
    let report = report(vec![case(&ADVICE, Err(finding))], None);
    assert_eq!(verdict(&report, "MQTT-3.3.1-4"), Verdict::Fail);
    assert_eq!(verdict(&report, "MQTT-3.1.0-2"), Verdict::Inconclusive);
}

#[test]
fn levels_weigh_failures() {
    let outcome = || Err(Finding::fail("this", "that"));
    assert_eq!(case(&CASE, outcome()).verdict, Verdict::Fail);
    assert_eq!(case(&ADVICE, outcome()).verdict, Verdict::Warn);
    assert_eq!(case(&CHOICE, outcome()).verdict, Verdict::Inconclusive);
}

#[test]
fn exit_codes_say_whose_fault_it_is() {
    let failed = || case(&CASE, Err(Finding::fail("this", "that")));
    let error = || case(&CASE, Err(Finding::Error("oops".to_owned())));
    let warned = || case(&ADVICE, Err(Finding::fail("this", "that")));
    assert_eq!(report(vec![case(&CASE, Ok(())), warned()], None).exit_code(), 0);
    assert_eq!(report(vec![failed(), warned()], None).exit_code(), 1);
    assert_eq!(report(vec![failed()], Some("it ended")).exit_code(), 3);
    assert_eq!(report(vec![failed(), error()], None).exit_code(), 4);

    let mut strict = report(vec![warned()], None);
    strict.strict = true;
    assert_eq!(strict.exit_code(), 1);
}
