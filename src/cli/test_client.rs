//! `mqttspec test-client`: judges a client.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use mqttspec_conformance::{RunOptions, Subject, interrupted_client, judge_client};

use super::driven::Client;
use super::exit::{self, Failed};
use super::interrupt;
use super::reports::Reports;
use super::selection::Named;
use super::test::seconds;
use super::watched::{Unfinished, watch};

/// Judge a client, statement by statement
///
/// The judge is the broker. A driver tells the client what to do: a program that reads commands
/// and tells what happens, a line of JSON each, or a command that publishes or subscribes once.
/// Without one the client of this program is judged. conformance/drivers/README.md says how a
/// driver for another library is written.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    #[command(flatten)]
    client: Client,

    #[command(flatten)]
    selection: Named,

    /// Cases that run at once, each with a client of its own
    #[arg(long, value_name = "N", default_value_t = 16,
          value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=1024))]
    jobs: usize,

    /// How long something that is due may take, in seconds [default: 5]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    timeout: Option<Duration>,

    /// Count warnings as failures
    #[arg(long)]
    strict: bool,

    #[command(flatten)]
    reports: Reports,
}

const EXAMPLES: &str = "\
Examples:
  mqttspec test-client                             the client of this program
  mqttspec test-client --driver 'python3 conformance/drivers/paho-mqtt.py'
  mqttspec test-client --publish 'mosquitto_pub -p {port} -i {id} -t {topic} -m {payload} -q {qos}' \\
                       --subscribe 'mosquitto_sub -p {port} -i {id} -t {topic} -q {qos}'
  mqttspec test-client --filter 'ping/*'           a part of it
  mqttspec test-client --list --statement 3.1.2-23 which cases judge a statement

Exit codes: 0 conforms, 1 does not, 2 usage,
            3 the client could not be driven, 4 a fault of our own,
            130 interrupted by Ctrl-C (143 by SIGTERM): reports are of what was judged until then";

/// Judges a client, or lists the cases.
pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failed> {
    let mut options = RunOptions::default();
    options.jobs = arguments.jobs;
    options.patience = arguments.timeout.unwrap_or(options.patience);
    options.close_wait = arguments.timeout.unwrap_or(options.close_wait);
    options.strict = arguments.strict;
    if !arguments.selection.narrow_client(&mut options)? {
        return Ok(ExitCode::from(exit::OK));
    }
    arguments.reports.check()?;
    let signals = interrupt::before_ending(Subject::terminate_all)?;
    let subject = Arc::new(arguments.client.subject()?);
    let judged = (Arc::clone(&subject), options.clone());
    let watched = watch(
        &signals,
        arguments.reports.quiet(),
        move |progress| judge_client(&judged.0, &judged.1, progress),
        |so_far| {
            let Unfinished { capabilities, finished, duration } = so_far;
            interrupted_client(&subject, &options, capabilities, finished, duration)
        },
    )?;
    arguments.reports.publish(&watched.report)?;
    Ok(ExitCode::from(watched.exit_code()))
}
