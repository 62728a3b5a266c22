//! Writes docs/brokers.md and docs/clients.md: what the judge found in real brokers and clients,
//! and why each finding is true.
//!
//!     cargo run -p mqttspec-conformance --example field -- docs/brokers.toml REPORTS > docs/brokers.md
//!     cargo run -p mqttspec-conformance --example field -- docs/clients.toml REPORTS > docs/clients.md
//!
//! REPORTS is a folder of what `mqttspec test --json` or `mqttspec test-client --json` wrote, a
//! file for each subject by the name that the first file gives it. A failure without an explanation
//! is refused, and so is an explanation without a failure, unless it is of what fails now and then:
//! whoever runs it has to have read every transcript. Of several explanations that match the
//! longest counts.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program that prints")]

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use mqttspec_conformance::{Glob, Verdict};
use serde::Deserialize;

/// What people have to say, beside what the reports say.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Field {
    /// The day of the runs.
    on: String,
    #[serde(default)]
    broker: Vec<Judged>,
    #[serde(default)]
    client: Vec<Judged>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Judged {
    /// Its report is `NAME.json`.
    report: String,
    name: String,
    version: String,
    /// How it was judged, as a command.
    command: String,
    /// What else there is to say, as Markdown.
    note: Option<String>,
    /// An address or a pattern of failed cases, and why what they saw is a deviation.
    #[serde(default)]
    because: BTreeMap<String, String>,
    /// The same of what fails in some runs and not in others.
    #[serde(default)]
    sometimes: BTreeMap<String, String>,
}

impl Judged {
    fn explanations(&self) -> impl Iterator<Item = (&String, &String)> {
        self.because.iter().chain(&self.sometimes)
    }

    /// The pattern that explains this case: the one that says most of its address.
    fn key(&self, case: &str) -> Option<&str> {
        let matching = self.explanations().filter(|(key, _)| Glob::new(key.as_str()).matches(case));
        matching.map(|(key, _)| key.as_str()).max_by_key(|key| key.len())
    }
}

/// As much of a report as is told.
#[derive(Deserialize)]
struct Report {
    summary: Summary,
    statements: Vec<Statement>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Summary {
    pass: usize,
    fail: usize,
    warn: usize,
    inconclusive: usize,
    unsupported: usize,
    error: usize,
    duration_ms: u64,
}

#[derive(Deserialize)]
struct Statement {
    id: String,
    verdict: Verdict,
}

#[derive(Deserialize)]
struct Case {
    case: String,
    statements: Vec<String>,
    verdict: Verdict,
    message: Option<String>,
}

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [field, reports] = arguments.as_slice() else {
        eprintln!(
            "usage: field docs/brokers.toml REPORTS > docs/brokers.md, or the same for clients"
        );
        return ExitCode::from(2);
    };
    match page(Path::new(field), Path::new(reports)) {
        Ok(page) => {
            print!("{page}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn page(field: &Path, reports: &Path) -> Result<String, Box<dyn Error>> {
    let field: Field = toml::from_str(&fs::read_to_string(field)?)?;
    let (all, head, legend) = match (field.broker.as_slice(), field.client.as_slice()) {
        (all, []) => (all, HEAD_OF_BROKERS, LEGEND_OF_BROKERS),
        ([], all) => (all, HEAD_OF_CLIENTS, LEGEND_OF_CLIENTS),
        _ => return Err("brokers or clients, and not both on one page".into()),
    };
    let mut read = Vec::new();
    for judged in all {
        let path = reports.join(format!("{}.json", judged.report));
        let text = fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        let report: Report = serde_json::from_str(&text)?;
        read.push((judged, report));
    }
    let complaints: Vec<_> =
        read.iter().flat_map(|(judged, report)| complaints(judged, report)).collect();
    if !complaints.is_empty() {
        return Err(complaints.join("\nerror: ").into());
    }
    let mut page = String::from(head).replace("{on}", &field.on);
    for (judged, report) in &read {
        write_row(&mut page, judged, report)?;
    }
    page.push_str(legend);
    for (judged, report) in &read {
        write_section(&mut page, judged, report)?;
    }
    Ok(page)
}

/// Failures that nobody has explained, and explanations of what does not fail.
fn complaints(judged: &Judged, report: &Report) -> Vec<String> {
    let mut complaints = Vec::new();
    for case in report.failed() {
        if judged.key(&case.case).is_none() {
            let message = case.message.as_deref().unwrap_or_default();
            complaints.push(format!("{}: why does {} fail? {message}", judged.name, case.case));
        }
    }
    for key in judged.because.keys() {
        if report.explained_by(judged, key).next().is_none() {
            complaints.push(format!("{}: {key} does not fail", judged.name));
        }
    }
    complaints
}

impl Report {
    fn failed(&self) -> impl Iterator<Item = &Case> {
        self.cases.iter().filter(|case| case.verdict == Verdict::Fail)
    }

    fn explained_by(&self, judged: &Judged, key: &str) -> impl Iterator<Item = &Case> {
        self.failed().filter(move |case| judged.key(&case.case) == Some(key))
    }
}

fn write_row(page: &mut String, judged: &Judged, report: &Report) -> std::fmt::Result {
    let Summary { pass, fail, warn, inconclusive, unsupported, error, duration_ms } =
        report.summary;
    let numbered = report.statements.iter().filter(|statement| statement.id.starts_with("MQTT"));
    let broken = numbered.filter(|statement| statement.verdict == Verdict::Fail).count();
    let anchor = anchor(&judged.name);
    writeln!(
        page,
        "| [{}](#{anchor}) | {} | {pass} | {fail} | {broken} | {warn} | {} | {unsupported} | {:.0} s |",
        judged.name,
        judged.version,
        inconclusive + error,
        f64::from(u32::try_from(duration_ms).unwrap_or(u32::MAX)) / 1000.0,
    )
}

fn write_section(page: &mut String, judged: &Judged, report: &Report) -> std::fmt::Result {
    writeln!(page, "\n## {}\n\n`{}`, version {}.", judged.name, judged.command, judged.version)?;
    if let Some(note) = &judged.note {
        writeln!(page, "{}", note.trim())?;
    }
    writeln!(page)?;
    // In the order of the standard, which is that of the cases.
    let mut keys: Vec<_> = judged.explanations().collect();
    let place = |key: &str| {
        let is_it =
            |case: &Case| case.verdict == Verdict::Fail && judged.key(&case.case) == Some(key);
        report.cases.iter().position(is_it).unwrap_or(usize::MAX)
    };
    keys.sort_by_key(|(key, _)| place(key));
    for (key, why) in keys {
        let cases: Vec<_> = report.explained_by(judged, key).collect();
        if cases.is_empty() {
            writeln!(page, "- {}  \n  `{key}`, in other runs", why.trim())?;
            continue;
        }
        let mut statements: Vec<_> = Vec::new();
        for statement in cases.iter().flat_map(|case| &case.statements) {
            if !statements.contains(&statement.as_str()) {
                statements.push(statement);
            }
        }
        let count = match cases.len() {
            1 => String::new(),
            many => format!(", {many} cases"),
        };
        let about = statements.iter().take(MOST_STATEMENTS).copied().collect::<Vec<_>>().join(", ");
        let more = if statements.len() > MOST_STATEMENTS { ", …" } else { "" };
        writeln!(page, "- {}  \n  `{key}`{count}; {about}{more}", why.trim())?;
    }
    let warned: Vec<_> = report.cases.iter().filter(|case| case.verdict == Verdict::Warn).collect();
    if !warned.is_empty() {
        let names: Vec<_> = warned.iter().map(|case| format!("`{}`", case.case)).collect();
        writeln!(page, "\nWarnings: {}.", names.join(", "))?;
    }
    Ok(())
}

/// The anchor that a heading gets.
fn anchor(heading: &str) -> String {
    let lower = heading.to_lowercase();
    let kept = lower.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// Statements that one explanation is told with.
const MOST_STATEMENTS: usize = 4;

const HEAD_OF_BROKERS: &str = "\
# Real brokers, judged

What `mqttspec test` found on {on} in brokers that install from package registries, and for each failure why it is a true deviation from MQTT 3.1.1.
What was expected and what came was read for every failure, and all packets of some forty; a finding that turned out to be ours was mended in the judge instead.
A case that fails says that one rule was broken in one situation, and nothing about how good a broker is at what people use it for: that is why the explanations count, and not the numbers.

Have it yourself: `mqttspec test --profile NAME --html report.html`, with the broker on the `PATH`.
This page is generated from the reports and from [brokers.toml](brokers.toml): `cargo run -p mqttspec-conformance --example field -- docs/brokers.toml REPORTS > docs/brokers.md`.

| broker | version | passed | failed | statements broken | warnings | no verdict | not offered | time |
|---|---|--:|--:|--:|--:|--:|--:|--:|
";

const LEGEND_OF_BROKERS: &str = "
Numbered statements only count as broken; 106 of the 141 bind a broker.
A *warning* departs from advice, or from the stricter of two readings.
*No verdict*: something else went wrong before the case came to its point, most often one of the failures below.
Times are from two busy cores; Mosquitto alone takes 8 s.
";

const HEAD_OF_CLIENTS: &str = "\
# Real clients, judged

What `mqttspec test-client` found on {on} in clients that install from package registries, and for each failure why it is a true deviation from MQTT 3.1.1.
What was expected and what came was read for every failure, and the packets, with the commands and events of the driver beside them; where that was not enough, the source of the client. Of those in which a connection stays open behind octets that break a rule, two in three, a program has seen that the client had shown before that it is there, that the octets were sent, and that nothing ended the connection. A finding that turned out to be ours was mended in the judge or in the driver instead.
A case that fails says that one rule was broken in one situation, and nothing about how good a client is at what people use it for: that is why the explanations count, and not the numbers.
Whoever talks to a broker that keeps the rules will meet few of them: most are about what a client lets through when it is told something wrong, by its program or by a broker.

Have it yourself: [conformance/drivers](../conformance/drivers/README.md) says how each is driven.
This page is generated from the reports and from [clients.toml](clients.toml): `cargo run -p mqttspec-conformance --example field -- docs/clients.toml REPORTS > docs/clients.md`, where `REPORTS` is a folder with what `mqttspec test-client --json` wrote.

| client | version | passed | failed | statements broken | warnings | no verdict | not offered | time |
|---|---|--:|--:|--:|--:|--:|--:|--:|
";

const LEGEND_OF_CLIENTS: &str = "
Numbered statements only count as broken; 72 of the 141 bind a client.
A *warning* departs from advice, or from the stricter of two readings.
*No verdict*: something else went wrong before the case came to its point.
*Not offered*: the client, or its driver, has no way to do what the case asks for, and the standard lets it.
";
