//! `mqttspec test`: judges a broker.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use mqttspec_conformance::{RunOptions, Subject, interrupted, judge};

use super::exit::{self, Failed};
use super::interrupt;
use super::reports::Reports;
use super::selection::Selection;
use super::subject::Which;
use super::watched::{Unfinished, watch};

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

    #[command(flatten)]
    reports: Reports,
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
            3 the broker could not be reached, started or kept alive, 4 a fault of our own,
            130 interrupted by Ctrl-C (143 by SIGTERM): reports are of what was judged until then";

/// Judges a broker, or lists the cases.
pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failed> {
    let mut options = options(arguments);
    if !arguments.selection.narrow(&mut options)? {
        return Ok(ExitCode::from(exit::OK));
    }
    arguments.reports.check()?;
    let signals = interrupt::before_ending(Subject::terminate_all)?;
    let subject = Arc::new(arguments.which.subject()?);
    let judged = (Arc::clone(&subject), options.clone());
    let watched = watch(
        &signals,
        arguments.reports.quiet(),
        // Who is judged is let go of with the run: its last words are in the report by then.
        move |progress| judge(&judged.0, &judged.1, progress),
        |so_far| {
            let Unfinished { capabilities, finished, duration } = so_far;
            interrupted(&subject, &options, &capabilities, finished, duration)
        },
    )?;
    arguments.reports.publish(&watched.report)?;
    if watched.report.cases.is_empty() && !arguments.reports.quiet() {
        arguments.which.advise();
    }
    Ok(ExitCode::from(watched.exit_code()))
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

/// A number of seconds, with a fraction if need be, up to an hour.
pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number of seconds".to_owned())?;
    if !(0.001..=3_600.0).contains(&seconds) {
        return Err("it must be from 0.001 to 3600 seconds".to_owned());
    }
    Ok(Duration::from_secs_f64(seconds))
}
