mod whole;

use std::time::Duration;

use super::*;
use crate::case::{Case, Level};
use crate::record::{Entry, Pages, Side};
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
    CaseReport::new(case.about(), outcome, Duration::from_millis(12), Pages::default())
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

#[test]
fn what_was_not_reached_is_no_verdict() {
    let reports = vec![case(&CASE, Ok(())), CaseReport::not_reached(ADVICE.about())];
    let cut_short = report(reports, None);
    assert_eq!((cut_short.summary.pass, cut_short.summary.not_reached), (1, 1));
    assert_eq!(verdict(&cut_short, "MQTT-3.1.0-1"), Verdict::Pass);
    let text = cut_short.to_terminal();
    let text = anstream::adapter::strip_str(&text).to_string();
    assert!(text.contains("1 passed, 1 not reached in"), "{text}");
    assert!(cut_short.to_markdown().contains("Interrupted: 1 case was not reached."));
    assert!(cut_short.to_junit().contains("skipped=\"1\""));
    assert_eq!(cut_short.exit_code(), 0);
    let nothing = report(vec![CaseReport::not_reached(CASE.about())], None);
    assert_eq!(verdict(&nothing, "MQTT-3.1.0-1"), Verdict::NotJudged);
}

fn example() -> Report {
    let entry = |at_ms, from, packet: &str, hex: &str| Entry {
        at_ms,
        peer: "twice".to_owned(),
        from,
        packet: packet.to_owned(),
        hex: hex.to_owned(),
    };
    let pages = Pages {
        entries: vec![
            entry(0, Side::Judge, "PINGREQ", "c000"),
            entry(12, Side::Subject, "connection closed", ""),
        ],
        observations: vec![Observation { what: "weather", behaviour: "rain & sun".to_owned() }],
        ..Pages::default()
    };
    let outcome = Err(Finding::fail("PINGRESP", "the connection closed after 12 ms"));
    let failed = CaseReport::new(CASE.about(), outcome, Duration::from_millis(12), pages);
    report(vec![failed, case(&ADVICE, Err(Finding::inconclusive("hard to say")))], None)
}

#[test]
fn people_read_what_went_wrong() {
    let text = example().to_terminal();
    insta::assert_snapshot!(anstream::adapter::strip_str(&text), @r"
    broker:1883

      3.1  CONNECT                         ✗  2  · 39

           ✗ against a rule   · not judged

    ✗ connect/example  12 ms
      An example of a case.
      expected  PINGRESP
      saw       the connection closed after 12 ms
      MQTT-3.1.0-1
        CONNECT comes first: a Client sends nothing before it on a new Network Connection.
      MQTT-3.1.0-2
        A second CONNECT from a connected Client breaks the protocol; the Server disconnects it.
           0 ms  twice      → PINGREQ  c000
          12 ms  twice      ← connection closed

    Not shown
      ? connect/example  hard to say

    Where the standard leaves the choice
      weather                           rain & sun

    0 passed, 1 failed, 1 inconclusive in 1.2 s
    ");
}

#[test]
fn programs_read_junit() {
    insta::assert_snapshot!(example().to_junit(), @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="mqttspec broker:1883" tests="2" skipped="1" failures="1" errors="0" time="1.234">
        <testsuite name="connect" tests="2" skipped="1" errors="0" failures="1">
            <testcase name="connect/example" classname="MQTT-3.1.0-1 MQTT-3.1.0-2" time="0.012">
                <failure message="expected PINGRESP, saw the connection closed after 12 ms"/>
                <system-out>An example of a case.
    expected PINGRESP, saw the connection closed after 12 ms
         0 ms  twice      → PINGREQ  c000
        12 ms  twice      ← connection closed
    </system-out>
            </testcase>
            <testcase name="connect/example" classname="MQTT-3.1.0-1 MQTT-3.1.0-2" time="0.012">
                <skipped message="hard to say"/>
                <system-out>An example of a case.
    hard to say
    </system-out>
            </testcase>
        </testsuite>
    </testsuites>
    "#);
}

#[test]
fn reviewers_read_markdown() {
    insta::assert_snapshot!("markdown", example().to_markdown());
}

/// The same of a client, for which a report says who it is and how it is driven.
#[test]
fn the_report_of_a_client_has_its_name() {
    let failed = case(&CASE, Err(Finding::fail("PINGREQ", "nothing for 3000 ms")));
    let subject = SubjectReport {
        target: "client 1.2.3".to_owned(),
        ..SubjectReport::of_client("python3 driver.py".to_owned())
    };
    let (options, duration) = (RunOptions::default(), Duration::from_millis(1234));
    let report = Report::of_client(subject, &options, vec![failed], duration);
    let text = report.to_terminal();
    insta::assert_snapshot!("client-terminal", anstream::adapter::strip_str(&text));
    insta::assert_snapshot!("client-markdown", report.to_markdown());
    insta::assert_snapshot!("client-junit", report.to_junit());
}

#[test]
fn markdown_stays_below_what_a_comment_may_hold() {
    let long = "`".repeat(10_000);
    let outcome = || Err(Finding::fail(&long, &long));
    let cases: Vec<_> = (0..200).map(|_| case(&CASE, outcome())).collect();
    let text = report(cases, None).to_markdown();
    assert!((50_000..=65_536).contains(&text.len()), "{}", text.len());
    let last = text.lines().last().unwrap();
    assert!(last.starts_with("… and ") && last.ends_with(" more; the HTML report has them."));
}

#[test]
fn a_readme_shows_a_badge() {
    insta::assert_snapshot!("badge-svg", example().to_badge().to_svg());
    insta::assert_snapshot!("badge-shields", example().to_badge().to_shields_json());
}

#[test]
fn a_badge_says_the_weightiest_thing() {
    let message = |cases, lost| report(cases, lost).to_badge().message;
    let failed = || case(&CASE, Err(Finding::fail("this", "that")));
    let error = || case(&CASE, Err(Finding::Error("oops".to_owned())));
    let numbered = report(vec![], None).statements.iter().filter(|s| is_mqtt(s)).count();
    assert_eq!(message(vec![case(&CASE, Ok(()))], None), format!("2/{numbered} statements"));
    assert_eq!(message(vec![failed()], None), "2 failed");
    assert_eq!(message(vec![error()], None), "not judged");
    assert_eq!(message(vec![failed()], Some("it ended")), "broker lost");
    let lacking = vec![case(&CASE, Err(Finding::unsupported("nothing of the kind")))];
    assert_eq!(message(lacking, None), format!("0/{} statements", numbered - 2));
}

fn is_mqtt(statement: &StatementReport) -> bool {
    statement.id.starts_with("MQTT-")
}
