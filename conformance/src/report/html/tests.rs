use std::time::Duration;

use crate::case::{Case, Level};
use crate::finding::Finding;
use crate::options::RunOptions;
use crate::record::{Entry, Observation, Pages, Side};
use crate::report::{CaseReport, Report};
use crate::subject::{Subject, Target};

/// What a subject would say to break out of wherever its text ends up.
const HOSTILE: &str = r#"</script><script>alert("x")</script><!--<img src=x onerror='alert(1)'>"#;

const CASE: Case = Case {
    address: "connect/example",
    title: "An example of a case.",
    statements: &["MQTT-3.1.0-1", "MQTT-3.1.0-2"],
    level: Level::Must,
    needs: &[],
    run: |_| Ok(()),
};

fn entry(packet: &str, octets: usize) -> Entry {
    Entry {
        at_ms: 1,
        peer: "a".to_owned(),
        from: Side::Subject,
        packet: packet.to_owned(),
        hex: "00".repeat(octets),
    }
}

fn report(cases: Vec<CaseReport>, lost: Option<&str>) -> Report {
    let subject = Subject::at(Target::new("broker", 1883));
    let (options, capabilities) = (RunOptions::default(), crate::need::Capabilities::default());
    let lost = lost.map(str::to_owned);
    Report::new(&subject, &options, &capabilities, cases, lost, Duration::from_millis(1234))
}

fn failed(entries: Vec<Entry>) -> CaseReport {
    let observations = vec![Observation { what: "weather", behaviour: HOSTILE.to_owned() }];
    let pages = Pages { entries, observations, ..Pages::default() };
    let outcome = Err(Finding::fail("PINGRESP", HOSTILE));
    CaseReport::new(CASE.about(), outcome, Duration::from_millis(12), pages)
}

fn data(page: &str) -> serde_json::Value {
    let (_, rest) = page.split_once(r#"<script id="data" type="application/json">"#).unwrap();
    serde_json::from_str(rest.split_once("</script>").unwrap().0).unwrap()
}

#[test]
fn nothing_from_the_subject_becomes_part_of_the_page() {
    let page = report(vec![failed(vec![entry(HOSTILE, 9)])], Some(HOSTILE)).to_html();
    // Two elements of ours, and none that the subject would like to add.
    assert_eq!(page.matches("<script").count(), 2);
    assert_eq!(page.matches("</script").count(), 2);
    assert!(!page.contains("<img") && !page.contains("<!--"));
    assert_eq!(data(&page)[0]["steps"][0][3], HOSTILE);
    assert_eq!(data(&page)[0]["findings"][0]["seen"], HOSTILE);
}

#[test]
fn a_page_needs_nothing_from_elsewhere() {
    let page = report(vec![failed(vec![])], None).to_html();
    for address in ["http:", "https:", "//cdn", "@import", "url("] {
        assert!(!page.contains(address), "{address}");
    }
}

#[test]
fn a_page_of_many_packets_stays_small_and_keeps_the_end_of_each_case() {
    let long = "<".repeat(200);
    let mut entries: Vec<_> = (0..100).map(|_| entry(&long, 200)).collect();
    entries.push(entry("DISCONNECT", 2));
    let cases: Vec<_> = (0..300).map(|_| failed(entries.clone())).collect();
    let page = report(cases, None).to_html();
    assert!(page.len() < 3_000_000, "{}", page.len());
    let data = data(&page);
    let (case, steps) = (&data[299], data[299]["steps"].as_array().unwrap());
    assert_eq!(steps.last().unwrap()[3], "DISCONNECT");
    assert_eq!(case["leftOut"].as_u64().unwrap() + steps.len() as u64, 101);
}

#[test]
fn every_statement_that_counts_is_on_the_page_once() {
    let report = report(vec![failed(vec![])], None);
    let page = report.to_html();
    for statement in report.statements.iter().filter(|s| s.id.starts_with("MQTT-")) {
        assert_eq!(
            page.matches(&format!("id=\"{}\"", statement.id)).count(),
            1,
            "{}",
            statement.id
        );
    }
}
