//! Drivers as the judge of clients drives them, each line held against the schema on its way.
//!
//! The judge starts this test program anew for each case, as the driver: it starts the real one,
//! passes lines on both ways, and tells the judge of each that is not in order.

use std::env;
use std::io::{BufRead, BufReader, Write, stdin, stdout};
use std::process::{Command, Stdio, exit};
use std::thread;

use jsonschema::Validator;
use mqttspec_conformance::{ClientSubject, Glob, Report, RunOptions, Verdict, judge_client};
use serde_json::{Value, json};

/// Judges a client by a selection that has its driver say nearly all that a driver can say.
///
/// `driver` is its command line; what all do and this client is known to do wrong is not asked of
/// it: `wrong`. The test program must have a test `passes_on` that calls
/// [`pass_on`].
///
/// # Errors
///
/// What is wrong with the driver: a line was not in order, it ended, or it was not seen to do what
/// all of them do.
pub(crate) fn judged(driver: &str, wrong: &[&str]) -> Result<Report, String> {
    let program = env::current_exe().expect("this program");
    let program = program.to_str().expect("a path in UTF-8");
    let command = format!(
        "env {DRIVER}={} {} --exact passes_on --ignored --nocapture",
        quoted(driver),
        quoted(program)
    );
    let mut options = RunOptions::default();
    options.filter = Some(Glob::new("*ing/*"));
    options.jobs = 8;
    let report = judge_client(&ClientSubject::driver(command), &options, &mut ());
    if let Some(reason) = report.subject.lost {
        return Err(reason);
    }
    for case in &report.cases {
        let message = case.message.as_deref().unwrap_or_default();
        let is_asked = WHAT_ALL_DO.contains(&case.case) && !wrong.contains(&case.case);
        let is_needed = is_asked && case.verdict != Verdict::Pass;
        if is_needed || case.verdict == Verdict::Error {
            return Err(format!("{}: {message}", case.case));
        }
    }
    Ok(report)
}

/// The driver that the judge has started: the real one with the schema before it.
pub(crate) fn pass_on() {
    let Ok(driver) = env::var(DRIVER) else { return };
    let mut real = Command::new("sh")
        .args(["-c", &format!("exec {driver}")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the driver starts");
    let (input, output) = (real.stdin.take().expect("piped"), real.stdout.take().expect("piped"));
    thread::spawn(move || copy(stdin().lock(), input, "command"));
    copy(BufReader::new(output), stdout(), "event");
    // Its end is this one's.
    exit(real.wait().ok().and_then(|status| status.code()).unwrap_or(1));
}

/// Copies lines of JSON. An event begins a line: test programs print words of theirs before.
fn copy(from: impl BufRead, mut to: impl Write, direction: &str) {
    let schema = schema(direction);
    for line in from.lines().map_while(Result::ok) {
        let Some(begin) = line.find('{') else { continue };
        let line = &line[begin..];
        let errors: Vec<_> = match serde_json::from_str(line) {
            Ok(value) => schema.iter_errors(&value).map(|error| error.to_string()).collect(),
            Err(error) => vec![error.to_string()],
        };
        if !errors.is_empty() {
            // No event of this name is known to the judge, whose verdict is an error then.
            let found = format!("{AGAINST}, {direction} {line}: {errors:?}");
            let _ = writeln!(stdout(), "\n{}", json!({ "event": found }));
        }
        let begin = if direction == "event" { "\n" } else { "" };
        // Who has gone needs no more lines.
        if writeln!(to, "{begin}{line}").and_then(|()| to.flush()).is_err() {
            return;
        }
    }
}

/// What a line in this direction has to be.
fn schema(direction: &str) -> Validator {
    let all = include_str!("../../conformance/drivers/driver.schema.json");
    let mut all: Value = serde_json::from_str(all).expect("JSON");
    let all = all.as_object_mut().expect("an object");
    all.remove("oneOf");
    all.insert("$ref".to_owned(), format!("#/$defs/{direction}").into());
    jsonschema::validator_for(&all.clone().into()).expect("a schema")
}

/// As a shell reads it as one word.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// The environment variable in which the command line of the real driver stands.
const DRIVER: &str = "MQTTSPEC_DRIVER";

/// What a line that is not in order is told by.
const AGAINST: &str = "against the schema of drivers";

/// What every client that people use does: without it, it is the driver that does nothing.
const WHAT_ALL_DO: &[&str] = &[
    "publishing/qos-0",
    "publishing/qos-1-ends-with-its-puback",
    "publishing/qos-2-ends-with-its-pubcomp",
    "acknowledging/qos-1-gets-a-puback",
    "subscribing/form",
    "unsubscribing/form",
    "receiving/each-qos-is-passed-on",
];
