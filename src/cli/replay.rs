//! `mqttspec replay`: a recorded conversation, had again.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anstream::println;
use anstyle::{AnsiColor, Style};
use anyhow::{Context as _, anyhow};
use mqttspec_conformance::{
    NoReplay, ReplayOptions, Replayed, Role, Subject, Target, Transcript, replay, replay_client,
};
use serde_json::json;

use super::driven::Client;
use super::exit::{self, Failed};
use super::reach::Reach;
use super::{interrupt, reports, subject, test};

/// Have a conversation again that went wrong, and see whether it still does
///
/// Sends the octets of a transcript in their order, waits for what came then before going on, and
/// looks for what should have come in the end. Client identifiers and topics get fresh names, and
/// acknowledgements answer the packet identifiers that come now. Without a target it starts the
/// built-in reference broker; a conversation with a client is had with one that a driver tells what
/// to do, by default the one of this program.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// A transcript, or a JSON report with transcripts; - for standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// Which case of a report
    #[arg(long, value_name = "ADDRESS")]
    case: Option<String>,

    #[command(flatten)]
    place: Place,

    #[command(flatten)]
    client: Client,

    /// How long to wait for what came then, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "5", value_parser = test::seconds)]
    timeout: Duration,

    /// Keep client identifiers and topics as they were
    #[arg(long)]
    keep_names: bool,

    /// Write a capture of this replay, for Wireshark
    #[arg(long, value_name = "FILE")]
    pcapng: Option<PathBuf>,

    /// Write what was found as JSON; - for standard output
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,

    /// Print nothing but errors, and what was asked for on standard output
    #[arg(long, short)]
    quiet: bool,
}

/// Whom to talk to.
#[derive(Debug, clap::Args)]
pub(super) struct Place {
    /// A broker that is running: HOST:PORT or mqtt://HOST:PORT
    #[arg(value_name = "TARGET", conflicts_with = "spawn")]
    target: Option<Target>,

    /// Start a broker by this command, and stop it at the end; {port} stands for a free port
    #[arg(long, value_name = "COMMAND")]
    spawn: Option<String>,

    #[command(flatten)]
    reach: Reach,
}

const EXAMPLES: &str = "\
Examples:
  mqttspec test localhost --transcripts failures           record what goes wrong
  mqttspec replay failures/will_delay.json localhost       does it still?
  mqttspec replay failures/will_delay.json --spawn 'mosquitto -p {port}'
  mqttspec replay report.json --case will/delay localhost  the same from a JSON report
  mqttspec replay failures/will_delay.json --pcapng a.pcapng localhost
  mqttspec replay failures/leaving_closes.json --driver 'python3 conformance/drivers/paho-mqtt.py'

Exit codes: 0 it does not go wrong any more, 1 it does, 2 usage,
            3 the broker could not be reached, started or kept alive, or the client not driven,
            4 a fault of our own";

/// Has the conversation again.
pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failed> {
    let transcript = read(&arguments.file, arguments.case.as_deref())?;
    interrupt::before_ending(Subject::terminate_all)?;
    let mut options = ReplayOptions::default();
    options.patience = arguments.timeout;
    options.fresh_names = !arguments.keep_names;
    let replayed = match transcript.role {
        Role::Client if arguments.place.is_unsaid() => {
            replay_client(&transcript, &arguments.client.subject()?, &options)
        }
        Role::Broker if arguments.client.is_unsaid() => {
            replay(&transcript, &arguments.place.subject()?, &options)
        }
        role => Err(NoReplay::OtherRole(role)),
    };
    let replayed = replayed.map_err(no_replay)?;
    if let Some(path) = &arguments.pcapng {
        write(path, &replayed.conversation.to_pcapng())?;
    }
    if let Some(path) = &arguments.json {
        let text =
            serde_json::to_string_pretty(&as_json(&replayed)).context("cannot write JSON")?;
        reports::write_to(path, &(text + "\n"))?;
    }
    if !arguments.quiet && arguments.json.as_deref().is_none_or(|path| !reports::is_stdout(path)) {
        tell(&transcript, &replayed);
    }
    Ok(ExitCode::from(match (&replayed.again, &replayed.lost) {
        (true, _) => exit::FALLS_SHORT,
        (false, Some(_)) => exit::UNREACHABLE,
        (false, None) => exit::OK,
    }))
}

impl Place {
    /// Where it is, as a shell wants it; the usual place for one that is started. `None` when it is
    /// not on plain TCP.
    pub(super) fn host_and_port(&self) -> Option<(String, u16)> {
        let place = match &self.target {
            Some(target) => target.clone(),
            None => Target::new("localhost", Target::DEFAULT_PORT),
        };
        let (host, port) = place.network().filter(|_| place.is_plain_tcp())?;
        Some((host.to_owned(), port))
    }

    /// Whether no broker is named.
    const fn is_unsaid(&self) -> bool {
        self.target.is_none() && self.spawn.is_none()
    }

    /// The broker that is meant.
    pub(super) fn subject(&self) -> Result<Subject, Failed> {
        let subject = match (&self.target, &self.spawn) {
            (Some(target), _) => Subject::at(target.clone()),
            (None, Some(command)) => subject::spawn(command)?,
            (None, None) => subject::spawn(&subject::built_in()?)?,
        };
        self.reach.apply(subject)
    }
}

/// The transcript in a file.
pub(super) fn read(path: &Path, case: Option<&str>) -> Result<Transcript, Failed> {
    let usage = |error| Failed { code: exit::USAGE, error };
    let mut text = String::new();
    let done = if reports::is_stdout(path) {
        std::io::stdin().lock().read_to_string(&mut text).map(|_| ())
    } else {
        fs::read_to_string(path).map(|read| text = read)
    };
    done.with_context(|| format!("cannot read {}", path.display())).map_err(usage)?;
    Transcript::from_json(&text, case)
        .map_err(|error| usage(anyhow!("{}: {error}", path.display())))
}

pub(super) fn write(path: &Path, octets: &[u8]) -> Result<(), anyhow::Error> {
    fs::write(path, octets).with_context(|| format!("cannot write {}", path.display()))
}

pub(super) fn no_replay(error: NoReplay) -> Failed {
    let code = match error {
        NoReplay::Unreachable(_) => exit::UNREACHABLE,
        _ => exit::USAGE,
    };
    Failed { code, error: error.into() }
}

fn tell(transcript: &Transcript, replayed: &Replayed) {
    const BOLD: Style = Style::new().bold();
    const RED: Style = AnsiColor::Red.on_default();
    const GREEN: Style = AnsiColor::Green.on_default();
    const YELLOW: Style = AnsiColor::Yellow.on_default();
    const DIM: Style = Style::new().dimmed();
    let (mark, style, word) = match replayed.again {
        true => ('✗', RED, "the same deviation again"),
        false => ('✓', GREEN, "not seen"),
    };
    println!("{style}{mark} {word}{style:#}  {BOLD}{}{BOLD:#}", transcript.case);
    println!("  {BOLD}expected{BOLD:#}  {}", transcript.expected);
    println!("  {BOLD}then{BOLD:#}      {}", transcript.saw);
    println!("  {BOLD}now{BOLD:#}       {style}{}{style:#}", replayed.saw);
    println!("  {DIM}{}{DIM:#}", transcript.statements.join(" "));
    let shown = if replayed.again { 0 } else { MOST_DIFFERENCES };
    for (index, difference) in replayed.differences.iter().take(shown).enumerate() {
        let label = if index == 0 { "first difference" } else { "then" };
        println!("  {YELLOW}{label}{YELLOW:#}  {difference}");
    }
    if let Some(lost) = &replayed.lost {
        println!("  {RED}The broker is gone: {lost}.{RED:#}");
    }
}

fn as_json(replayed: &Replayed) -> serde_json::Value {
    let differences = replayed.differences.iter().map(|difference| {
        json!({
            "step": difference.step + 1,
            "then": difference.recorded,
            "now": difference.saw,
        })
    });
    json!({
        "again": replayed.again,
        "expected": replayed.conversation.expected,
        "saw": replayed.saw,
        "differences": differences.collect::<Vec<_>>(),
        "lost": replayed.lost,
        "conversation": replayed.conversation.steps,
    })
}

/// Enough to see where it went another way.
const MOST_DIFFERENCES: usize = 3;
