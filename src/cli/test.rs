//! `mqttspec test`: judges a broker.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use mqttspec_conformance::{Report, RunOptions, Subject, judge};

use super::evidence::Evidence;
use super::exit::{self, Failed};
use super::interrupt;
use super::progress::Bar;
use super::selection::Selection;
use super::subject::Which;

/// Judge a broker, statement by statement
///
/// Without a target it starts the built-in reference broker and judges that. Everything runs on
/// client identifiers and topics of its own, and is cleared away at the end.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    #[command(flatten)]
    which: Which,

    /// Count failures that the profile knows of as well
    #[arg(long, requires = "profile")]
    no_known: bool,

    #[command(flatten)]
    selection: Selection,

    /// Cases that run at once
    #[arg(long, value_name = "N", default_value_t = 64,
          value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=1024))]
    jobs: usize,

    /// How long something that is due may take, in seconds [default: 5, or what the profile says]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    timeout: Option<Duration>,

    /// How late a silent connection may be closed, after one and a half Keep Alive, in seconds
    /// [default: 10, or what the profile says]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    keep_alive_tolerance: Option<Duration>,

    /// Count warnings as failures
    #[arg(long)]
    strict: bool,

    /// Write the report as JSON; - for standard output
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,

    /// Write the report as JUnit XML; - for standard output
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,

    /// Write the report as one HTML page that needs nothing else; - for standard output
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,

    /// Write the report as Markdown, for a comment below a pull request; - for standard output
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,

    /// Write a badge: an SVG picture, or the JSON that shields reads where FILE ends in .json
    #[arg(long, value_name = "FILE")]
    badge: Option<PathBuf>,

    #[command(flatten)]
    evidence: Evidence,

    /// Print nothing but errors, and what was asked for on standard output
    #[arg(long, short)]
    quiet: bool,
}

const EXAMPLES: &str = "\
Examples:
  mqttspec test                                    the built-in reference broker
  mqttspec test localhost:1883                     a broker that is running
  mqttspec test --spawn 'mosquitto -p {port}'      one that is started for the purpose
  mqttspec test --profile nats                     one that is known here, with its access rules
  mqttspec test --profile my.toml localhost        what yours does not offer, and is known to fail
  mqttspec test mqtts://broker --ca ca.pem         over TLS; likewise ws://, wss:// and unix:/path
  mqttspec test localhost --websocket ws://localhost:8080/mqtt
                                                   over TCP, and what is said about WebSocket
  mqttspec test --filter 'will/*' localhost        the Will alone
  mqttspec test --statement 3.1.2-24 --list        which cases judge a statement
  mqttspec test --requirements 2026.1 localhost    a set of cases that never changes
  mqttspec test --corpus localhost                 which famous bugs does it have?
  mqttspec test localhost --junit report.xml       for a CI system
  mqttspec test localhost --transcripts failures   what went wrong, for mqttspec replay

Exit codes: 0 conforms, 1 does not, 2 usage,
            3 the broker could not be reached, started or kept alive, 4 a fault of our own";

/// Judges a broker, or lists the cases.
pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failed> {
    let mut options = options(arguments);
    if !arguments.selection.narrow(&mut options)? {
        return Ok(ExitCode::from(exit::OK));
    }
    interrupt::before_ending(Subject::terminate_all)?;
    let subject = arguments.which.subject()?;
    let mut progress = Bar::new(arguments.quiet);
    let report = judge(&subject, &options, &mut progress);
    progress.clear();
    // Its last words are in the report by now.
    drop(subject);
    publish(arguments, &report)?;
    Ok(ExitCode::from(report.exit_code()))
}

fn options(arguments: &Arguments) -> RunOptions {
    let mut options = RunOptions::default();
    options.jobs = arguments.jobs;
    if let Some(profile) = arguments.which.profile() {
        options.follow(profile.clone());
    }
    options.patience = arguments.timeout.unwrap_or(options.patience);
    options.close_wait = arguments.timeout.unwrap_or(options.close_wait);
    options.keep_alive_tolerance =
        arguments.keep_alive_tolerance.unwrap_or(options.keep_alive_tolerance);
    options.strict = arguments.strict;
    options.no_known = arguments.no_known;
    options
}

/// Prints the report, and writes it to the files that were asked for.
fn publish(arguments: &Arguments, report: &Report) -> Result<(), anyhow::Error> {
    let files = [
        (&arguments.json, Report::to_json as fn(&Report) -> String),
        (&arguments.junit, Report::to_junit),
        (&arguments.html, Report::to_html),
        (&arguments.markdown, Report::to_markdown),
        (&arguments.badge, if is_json(arguments.badge.as_deref()) { shields } else { svg }),
    ];
    let mut stdout_is_taken = false;
    for (path, render) in files {
        let Some(path) = path else { continue };
        stdout_is_taken |= is_stdout(path);
        write_to(path, &render(report))?;
    }
    arguments.evidence.write(report)?;
    if !arguments.quiet {
        let text = report.to_terminal();
        if stdout_is_taken {
            anstream::eprint!("{text}");
        } else {
            anstream::print!("{text}");
        }
    }
    Ok(())
}

fn is_json(path: Option<&Path>) -> bool {
    path.and_then(Path::extension).is_some_and(|extension| extension == "json")
}

fn shields(report: &Report) -> String {
    report.to_badge().to_shields_json()
}

fn svg(report: &Report) -> String {
    report.to_badge().to_svg()
}

pub(super) fn is_stdout(path: &Path) -> bool {
    path.as_os_str() == "-"
}

pub(super) fn write_to(path: &Path, text: &str) -> Result<(), anyhow::Error> {
    let written = if is_stdout(path) {
        io::stdout().lock().write_all(text.as_bytes())
    } else {
        File::create(path).and_then(|mut file| file.write_all(text.as_bytes()))
    };
    written.with_context(|| format!("cannot write the report to {}", path.display()))
}

/// A number of seconds, with a fraction if need be, up to an hour.
pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number of seconds".to_owned())?;
    if !(0.001..=3_600.0).contains(&seconds) {
        return Err("it must be from 0.001 to 3600 seconds".to_owned());
    }
    Ok(Duration::from_secs_f64(seconds))
}
