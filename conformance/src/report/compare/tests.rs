use super::*;
use crate::verdict::Verdict;

/// A report with these statements and cases, each with its verdict.
fn report(statements: &[(&str, &str)], cases: &[(&str, &str)]) -> ReadReport {
    ReadReport::from_json(&json(1, statements, cases)).unwrap()
}

fn json(schema: u32, statements: &[(&str, &str)], cases: &[(&str, &str)]) -> String {
    let statements: Vec<_> = statements
        .iter()
        .map(|(id, verdict)| serde_json::json!({ "id": id, "verdict": verdict, "later": 1 }))
        .collect();
    let cases: Vec<_> = cases
        .iter()
        .map(|(case, verdict)| {
            let message = (*verdict == "fail").then_some("expected <b>this</b>, saw \u{1b}[31m|");
            serde_json::json!({ "case": case, "verdict": verdict, "message": message })
        })
        .collect();
    let report = serde_json::json!({
        "schema": schema,
        "tool": { "name": "mqttspec", "version": "0.1.0" },
        "subject": { "target": "broker:1883", "command": null, "lost": null },
        "statements": statements,
        "cases": cases,
    });
    serde_json::to_string_pretty(&report).unwrap()
}

fn example() -> Comparison {
    let before = report(
        &[("MQTT-3.1.0-1", "pass"), ("MQTT-3.1.0-2", "fail"), ("MQTT-3.1.2-1", "pass")],
        &[("connect/a", "pass"), ("connect/b", "fail"), ("connect/old", "pass")],
    );
    let after = report(
        &[("MQTT-3.1.0-1", "fail"), ("MQTT-3.1.0-2", "pass"), ("MQTT-3.1.2-1", "pass")],
        &[("connect/a", "fail"), ("connect/b", "pass"), ("connect/new", "fail")],
    );
    Comparison::new([("before".to_owned(), before), ("after".to_owned(), after)])
}

fn names(changes: &[Change]) -> Vec<&str> {
    changes.iter().map(|change| change.name.as_str()).collect()
}

#[test]
fn changes_are_told_apart() {
    let comparison = example();
    let changes = comparison.changes().unwrap();
    assert_eq!(names(&changes.broken), ["MQTT-3.1.0-1", "connect/a"]);
    assert_eq!(names(&changes.fixed), ["MQTT-3.1.0-2", "connect/b"]);
    assert_eq!(names(&changes.new), ["connect/new"]);
    assert_eq!(names(&changes.gone), ["connect/old"]);
    assert_eq!(changes.other, []);
    assert_eq!(comparison.exit_code(), 1);
}

#[test]
fn what_passed_must_pass_again() {
    let regresses = |before, after| {
        let before = report(&[], &[("connect/a", before)]);
        let after = report(&[], &[("connect/a", after)]);
        Comparison::new([("a".to_owned(), before), ("b".to_owned(), after)]).exit_code() == 1
    };
    for (before, after, expected) in [
        ("pass", "pass", false),
        ("pass", "fail", true),
        ("pass", "warn", true),
        ("pass", "inconclusive", true),
        ("pass", "unsupported", true),
        ("fail", "fail", false),
        ("fail", "error", false),
        ("warn", "fail", false),
        ("inconclusive", "pass", false),
    ] {
        assert_eq!(regresses(before, after), expected, "{before} {after}");
    }
}

#[test]
fn fewer_cases_do_not_hide_a_regression() {
    let whole = report(&[("MQTT-3.1.0-1", "pass")], &[("connect/a", "pass")]);
    let part = report(&[("MQTT-3.1.0-1", "not-judged")], &[]);
    let empty = report(&[], &[]);
    for after in [part, empty] {
        let pair = [("whole".to_owned(), whole.clone()), ("part".to_owned(), after)];
        assert_eq!(Comparison::new(pair).exit_code(), 1);
    }
}

#[test]
fn a_field_of_three_has_no_before_and_after() {
    let verdicts = ["fail", "pass", "pass"];
    let reports = verdicts.map(|verdict| report(&[("MQTT-3.1.0-1", verdict)], &[]));
    let comparison = Comparison::new(["a", "b", "c"].map(str::to_owned).into_iter().zip(reports));
    assert_eq!(comparison.changes(), None);
    assert_eq!(comparison.exit_code(), 0);
    let [row] = comparison.rows() else { panic!("one row, not {:?}", comparison.rows()) };
    assert_eq!(row.verdicts, [Verdict::Fail, Verdict::Pass, Verdict::Pass]);
    assert!(row.differs() && row.only_one_fails());
}

#[test]
fn people_read_what_changed() {
    insta::assert_snapshot!(anstream::adapter::strip_str(&example().to_terminal(false)));
}

#[test]
fn reviewers_read_markdown() {
    insta::assert_snapshot!("markdown", example().to_markdown());
}

#[test]
fn a_page_takes_no_orders_from_a_report() {
    let page = example().to_html();
    assert_eq!(page.matches("<script").count(), 1);
    assert!(!page.contains("<b>this") && page.contains("this"));
    let rows = page.matches("data-kinds=").count();
    assert_eq!(rows, example().rows().len());
}

#[test]
fn the_judge_reads_what_it_writes() {
    let subject = crate::Subject::at(crate::Target::new("broker", 1883));
    let written = crate::Report::new(
        &subject,
        &crate::RunOptions::default(),
        &crate::Capabilities::default(),
        vec![],
        None,
        std::time::Duration::ZERO,
    );
    let read = ReadReport::from_json(&written.to_json()).unwrap();
    assert_eq!(read.statements.len(), written.statements.len());
    assert_eq!(read.subject.target, "broker:1883");
}

#[test]
fn what_is_no_report_is_refused_with_its_place() {
    let twice = [("MQTT-3.1.0-1", "pass"), ("MQTT-3.1.0-1", "fail")];
    for (text, expected) in [
        ("{", "EOF while parsing an object at line 1 column 1"),
        ("[1]\n", "invalid length 1, expected an object"),
        (
            "{\n  \"schema\": \"1\"\n}",
            "invalid type: string \"1\", expected u32 at line 2 column 15",
        ),
        ("{}", "missing field `schema` at line 1 column 2"),
        (&json(2, &[], &[]), "schema 2 is not known here"),
        (&json(1, &[("MQTT-3.1.0-1", "good")], &[]), "unknown variant `good`"),
        (&json(1, &[("3.1-1", "pass")], &[]), "\"3.1-1\" is no statement of MQTT 3.1.1"),
        (&json(1, &twice, &[]), "MQTT-3.1.0-1 is there twice"),
        (&json(1, &[], &[("a/b", "pass"), ("a/b", "fail")]), "case a/b is there twice"),
    ] {
        let error = ReadReport::from_json(text).unwrap_err().to_string();
        assert!(error.starts_with("no report of mqttspec, "), "{error}");
        assert!(error.contains(expected) && error.contains(" line "), "{error}");
    }
}
