//! `mqttspec torture`: does a broker keep its promises when everything around it fails?

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anstream::{eprintln, print};
use anyhow::{Context as _, anyhow};
use mqttspec_conformance::{Ends, Kept, Profile, Promise, Subject, TortureOptions, torture};

use super::exit::{self, Failed};
use super::interrupt;
use super::number::whole;
use super::reports::{is_stdout, writable, write_to};
use super::subject::{Over, Which};

/// Torture a broker: does all that it promised come, though everything around it fails?
///
/// Publishers and subscribers keep their Sessions behind a network that cuts at any octet, stalls
/// and sends in pieces; a broker that was started here is ended meanwhile, if it promises to
/// outlive that. Then: nothing acknowledged is lost, nothing of QoS 0 and 2 comes twice, all is in
/// order, the last value is retained, Wills come when they are due. Without a target: the built-in
/// reference broker, with its state on disk, killed.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    #[command(flatten)]
    which: Which,

    /// What MQTT goes over to a broker that is started here; a target says so by its URL. Octets are
    /// cut below it
    #[arg(long, value_name = "TRANSPORT", default_value = "tcp", conflicts_with_all = ["target", "profile"])]
    over: Over,

    /// Decides the faults; what meets what is still the machine's business
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,

    /// How long things go wrong
    #[arg(long, value_name = "SECONDS", default_value_t = 10,
          value_parser = whole::<u64>(0..=604_800))]
    seconds: u64,

    /// How long all may take to come to rest afterwards
    #[arg(long, value_name = "SECONDS", default_value_t = 30,
          value_parser = whole::<u64>(1..=86_400))]
    patience: u64,

    /// How long what is missing then may still come, late and not lost
    #[arg(long, value_name = "SECONDS", default_value_t = 45,
          value_parser = whole::<u64>(0..=86_400))]
    late: u64,

    /// How many publish
    #[arg(long, value_name = "NUMBER", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=100))]
    publishers: u32,

    /// How many listen, at QoS 2, 1 and 0 in turn
    #[arg(long, value_name = "NUMBER", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    subscribers: u32,

    /// How often the broker is ended, if it is
    #[arg(long, value_name = "NUMBER", default_value_t = 3)]
    restarts: u32,

    /// Hold it to keeping Sessions, messages and retained messages over a stop by SIGTERM
    /// [default: what the profile promises]
    #[arg(long)]
    durable: bool,

    /// The same over SIGKILL
    #[arg(long)]
    kill: bool,

    /// Write what was found as JSON, each violation with its story; - for standard output
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,

    /// Print nothing but errors, and what was asked for on standard output
    #[arg(long, short)]
    quiet: bool,
}

const EXAMPLES: &str = "\
Examples:
  mqttspec torture                                    the built-in reference broker, killed
  mqttspec torture --seconds 3600 --restarts 600      for an hour, with a death every six seconds
  mqttspec torture localhost:1883                     one that is running, and is left to
  mqttspec torture --spawn 'mosquitto -p {port}'      one that promises nothing beyond its end
  mqttspec torture --over wss                         the built-in one, over WebSocket and TLS
  mqttspec torture mqtts://localhost --ca ca.pem      over TLS; likewise ws://, wss:// and unix:/path
  mqttspec torture --profile mosquitto                what its profile says it keeps over a stop

Exit codes: 0 all came, 1 it did not, 2 usage,
            3 the broker could not be reached, started or kept alive, 4 a fault of our own";

/// Tortures a broker.
pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failed> {
    arguments.json.as_deref().map_or(Ok(()), writable)?;
    interrupt::before_ending(Subject::terminate_all)?;
    let is_built_in = arguments.which.names_none();
    let subject = match is_built_in {
        true => arguments.which.built_in_durable(arguments.over)?,
        false => arguments.which.subject_over(arguments.over)?,
    };
    let options = options(arguments, is_built_in);
    if options.ends != Ends::Never && !subject.can_be_ended() {
        let error =
            anyhow!("only a broker that is started here can be ended: --spawn or --profile");
        return Err(Failed { code: exit::USAGE, error });
    }
    let tortured = torture(&subject, &options, &mut |what| {
        if !arguments.quiet {
            eprintln!("{what}");
        }
    });
    let tortured = tortured.context("cannot torture")?;
    drop(subject);
    let mut stdout_is_taken = false;
    if let Some(path) = &arguments.json {
        stdout_is_taken = is_stdout(path);
        write_to(path, &tortured.to_json())?;
    }
    if let Some(lost) = &tortured.lost
        && tortured.counts.connections == 0
    {
        return Err(arguments.which.not_reached(&tortured.target, lost));
    }
    if !arguments.quiet && !stdout_is_taken {
        print!("{}", tortured.to_text());
    }
    if let Some(lost) = tortured.lost {
        return Err(Failed { code: exit::UNREACHABLE, error: anyhow!("{lost}") });
    }
    let is_kept = tortured.violations.is_empty();
    Ok(ExitCode::from(if is_kept { exit::OK } else { exit::FALLS_SHORT }))
}

fn options(arguments: &Arguments, is_built_in: bool) -> TortureOptions {
    let mut options = TortureOptions::default();
    options.seed = arguments.seed;
    options.duration = Duration::from_secs(arguments.seconds);
    options.patience = Duration::from_secs(arguments.patience);
    options.lateness = Duration::from_secs(arguments.late);
    options.publishers = arguments.publishers;
    options.subscribers = arguments.subscribers;
    options.restarts = arguments.restarts;
    let is_promised = arguments.which.profile().is_some_and(keeps_all);
    (options.promise, options.ends) = if arguments.kill || is_built_in {
        (Promise::Durable, Ends::Killed)
    } else if arguments.durable || is_promised {
        (Promise::Durable, Ends::Stopped)
    } else {
        (Promise::Volatile, Ends::Never)
    };
    options
}

/// Whether a profile promises that all of it outlives a stop.
fn keeps_all(profile: &Profile) -> bool {
    let keeps = profile.restart.as_ref().map(|restart| restart.keeps.as_slice());
    let all = [Kept::Messages, Kept::Retained, Kept::Sessions];
    keeps.is_some_and(|keeps| all.iter().all(|one| keeps.contains(one)))
}
