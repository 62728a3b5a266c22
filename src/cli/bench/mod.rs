//! `mqttspec bench`: how much a broker carries, and at what price; many brokers in one run.
//!
//! Rounds alternate between the brokers, so that what else the machine does falls on all of them,
//! and medians are given. Deliveries for each second of the broker's own processor time are the
//! steadier figure: load and broker share the cores.

mod flow;
mod link;
mod report;
mod round;
mod scenario;
mod usage;

use std::fs;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use mqttspec_conformance::{Subject, Target};
use tokio::runtime::{Builder, Runtime};

use super::exit::{self, Failed};
use super::{interrupt, open_files, subject};
use report::{Cell, Entry, Report};
use round::{Broker, Load, Sample};
use scenario::Scenario;

/// Measure how much a broker carries, and what it uses for it
///
/// Without a target it measures the built-in reference broker. With --compare, each broker is
/// started anew for every round, the rounds alternate, and the medians stand side by side.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// A broker that runs: HOST:PORT or mqtt://HOST:PORT
    #[arg(conflicts_with = "compare")]
    target: Option<Target>,

    /// Start a broker by this command; {port} stands for a free port. May be given several times
    #[arg(long, visible_alias = "spawn", value_name = "COMMAND")]
    compare: Vec<String>,

    /// What to do to it. May be given several times
    #[arg(long, value_enum, value_delimiter = ',',
          default_values_t = [Scenario::FanIn, Scenario::FanOut, Scenario::Pairs])]
    scenario: Vec<Scenario>,

    /// The QoS: 0, 1 or 2. May be given several times
    #[arg(long, value_delimiter = ',', default_values_t = [0, 1, 2],
          value_parser = clap::value_parser!(u8).range(..=2))]
    qos: Vec<u8>,

    /// Octets of a payload, at least 8
    #[arg(long, value_name = "OCTETS", default_value_t = 64,
          value_parser = clap::value_parser!(u32).range(8..=200_000))]
    payload: u32,

    /// Messages a second of all publishers together: latencies are measured [default: as many as
    /// the broker takes]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    rate: Option<u32>,

    /// Publishers [default: the scenario's]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    publishers: Option<u32>,

    /// Subscribers [default: the scenario's]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    subscribers: Option<u32>,

    /// Messages of QoS 1 and 2 that a publisher has on their way at once
    #[arg(long, value_name = "N", default_value_t = 64,
          value_parser = clap::value_parser!(u16).range(1..=10_000))]
    window: u16,

    /// Have the clients of a stream keep their Sessions: of those a durable broker keeps all
    #[arg(long)]
    keep_sessions: bool,

    /// Connections of the scenario `idle`
    #[arg(long, value_name = "N", default_value_t = 1000,
          value_parser = clap::value_parser!(u32).range(1..=200_000))]
    connections: u32,

    /// Messages of the scenarios `retained` and `offline`
    #[arg(long, value_name = "N", default_value_t = 1000,
          value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    messages: u32,

    /// Seconds of a round
    #[arg(long, value_name = "SECONDS", default_value_t = 2,
          value_parser = clap::value_parser!(u16).range(1..=3600))]
    seconds: u16,

    /// Rounds; medians are given
    #[arg(long, value_name = "N", default_value_t = 3,
          value_parser = clap::value_parser!(u16).range(1..=1000))]
    rounds: u16,

    /// Write every round as JSON; - is standard output
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,

    /// Say nothing while it works
    #[arg(short, long)]
    quiet: bool,
}

const EXAMPLES: &str = "\
Examples:
  mqttspec bench                                        the built-in reference broker
  mqttspec bench localhost:1883 --qos 1                 one that runs
  mqttspec bench --scenario pairs --rate 1000           latencies at a thousand messages a second
  mqttspec bench --compare 'mqttspec broker --volatile --bind 127.0.0.1:{port}' \\
                 --compare 'mosquitto -p {port}'        side by side, in alternating rounds

A round beside which the machine does other things says little: look at the ratios.
Among several brokers, one that cannot be measured leaves a gap, and the exit code is 3.";

/// A broker of the run: one that runs, or how to start it.
enum Candidate {
    Running(Target),
    Command(String),
}

/// Carries it out.
pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failed> {
    interrupt::before_ending(Subject::terminate_all)?;
    open_files::raise();
    let candidates = candidates(arguments)?;
    let runtime =
        Builder::new_multi_thread().enable_all().build().context("cannot start threads")?;
    let loads = loads(arguments);
    let names = candidates.iter().map(Candidate::name).collect();
    let mut report = Report::new(names, usize::from(arguments.rounds));
    let mut code = exit::OK;
    for load in loads {
        let cell = measure(arguments, &runtime, &candidates, load)?;
        if cell.has_gaps() {
            code = exit::UNREACHABLE;
        }
        if !writes_to_standard_output(arguments) {
            print(&report.table(&cell))?;
        }
        report.cells.push(cell);
    }
    if let Some(path) = &arguments.json {
        if writes_to_standard_output(arguments) {
            print(&report.to_json())?;
        } else {
            let written = fs::write(path, report.to_json());
            written.with_context(|| format!("cannot write {}", path.display()))?;
        }
    }
    Ok(ExitCode::from(code))
}

fn candidates(arguments: &Arguments) -> Result<Vec<Candidate>, Failed> {
    if let Some(target) = &arguments.target {
        return Ok(vec![Candidate::Running(target.clone())]);
    }
    if arguments.compare.is_empty() {
        return Ok(vec![Candidate::Command(subject::built_in()?)]);
    }
    Ok(arguments.compare.iter().cloned().map(Candidate::Command).collect())
}

fn loads(arguments: &Arguments) -> Vec<Load> {
    let size = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
    let once = [0];
    let mut loads = Vec::new();
    for &scenario in &arguments.scenario {
        let levels = if scenario.has_qos() { &arguments.qos[..] } else { &once };
        // At QoS 0 nothing waits for a session.
        let levels = levels.iter().filter(|&&qos| scenario != Scenario::Offline || qos > 0);
        loads.extend(levels.map(|&qos| Load {
            scenario,
            qos,
            payload: size(arguments.payload),
            clients: (arguments.publishers.map(size), arguments.subscribers.map(size)),
            rate: arguments.rate,
            window: arguments.window,
            keep_sessions: arguments.keep_sessions,
            connections: size(arguments.connections),
            messages: size(arguments.messages),
            time: Duration::from_secs(arguments.seconds.into()),
            warm_up: WARM_UP,
        }));
    }
    loads
}

/// All rounds of one load on all candidates, in turn.
///
/// Among several, one that fails has no more rounds of this load, and the others go on: what was
/// measured of them took its time.
fn measure(
    arguments: &Arguments,
    runtime: &Runtime,
    candidates: &[Candidate],
    load: Load,
) -> Result<Cell, Failed> {
    let mut entries = vec![Entry::default(); candidates.len()];
    for round in 0..usize::from(arguments.rounds) {
        for turn in 0..candidates.len() {
            // Nobody always comes first.
            let number = (round + turn) % candidates.len();
            let candidate = &candidates[number];
            let entry = &mut entries[number];
            if entry.failure.is_some() {
                continue;
            }
            progress(arguments, &load, round, candidate);
            match candidate.sample(runtime, &load) {
                Ok(sample) => entry.samples.push(sample),
                Err(failed) if candidates.len() > 1 && failed.code == exit::UNREACHABLE => {
                    entry.failure = Some(format!("{:#}", failed.error));
                }
                Err(Failed { code, error }) => {
                    let place = format!("{} with {}", load.title(), candidate.name());
                    return Err(Failed { code, error: error.context(place) });
                }
            }
        }
    }
    if shows_progress(arguments) {
        let _ = write!(io::stderr(), "\r\x1b[K");
    }
    Ok(Cell { load, entries })
}

impl Candidate {
    fn name(&self) -> String {
        match self {
            Self::Running(target) => target.to_string(),
            Self::Command(command) => command.clone(),
        }
    }

    fn sample(&self, runtime: &Runtime, load: &Load) -> Result<Sample, Failed> {
        let started = match self {
            Self::Running(target) => Subject::at(target.clone()),
            Self::Command(command) => subject::spawn(command)?,
        };
        let target = started.target();
        let Some((host, port)) = target.network().filter(|_| target.is_plain_tcp()) else {
            let error = anyhow!("{target} is not on plain TCP: give HOST:PORT");
            return Err(Failed { code: exit::USAGE, error });
        };
        let address = (host.to_owned(), port);
        let broker = Broker { address, group: started.process_group() };
        let sample = runtime.block_on(load.run(&broker));
        sample.map_err(|error| {
            let end = started.check_alive().err();
            let error = anyhow!(error).context(end.unwrap_or_else(|| "the round broke off".into()));
            Failed { code: exit::UNREACHABLE, error }
        })
    }
}

fn progress(arguments: &Arguments, load: &Load, round: usize, candidate: &Candidate) {
    if shows_progress(arguments) {
        let (round, rounds, name) = (round + 1, arguments.rounds, candidate.name());
        let short: String = name.chars().take(40).collect();
        // A terminal that cannot be written to is no reason to give up the run.
        let _ =
            write!(io::stderr(), "\r\x1b[K{}, round {round} of {rounds}: {short}", load.title());
    }
}

fn shows_progress(arguments: &Arguments) -> bool {
    !arguments.quiet && io::stderr().is_terminal()
}

fn writes_to_standard_output(arguments: &Arguments) -> bool {
    arguments.json.as_ref().is_some_and(|path| path.as_os_str() == "-")
}

fn print(text: &str) -> Result<(), anyhow::Error> {
    match writeln!(anstream::stdout(), "{text}") {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        printed => printed.context("cannot print"),
    }
}

/// Before a round counts: buffers grow, caches fill.
const WARM_UP: Duration = Duration::from_millis(500);
