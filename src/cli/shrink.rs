//! `mqttspec shrink`: the shortest conversation that still goes wrong.

use std::io::{self, IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anstream::{eprintln, print};
use anstyle::{AnsiColor, Style};
use mqttspec_conformance::{
    NoShrink, ShrinkOptions, ShrinkProgress, Shrunk, Size, Subject, Transcript, shrink,
};

use super::exit::{self, Failed};
use super::replay::{Place, no_replay, read, write};
use super::{interrupt, reports, subject, test};

/// Find the shortest conversation that still breaks the same statement
///
/// Takes away connections, packets, fields and octets of a transcript as long as the broker still
/// goes wrong, and a control, which keeps the rules, does not. The control is the built-in
/// reference broker unless --control names another. Takes a minute or so, as many waits end in
/// vain.
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

    /// Start the control by this command instead; {port} stands for a free port
    #[arg(long, value_name = "COMMAND")]
    control: Option<String>,

    /// How long to wait for what came then, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "5", value_parser = test::seconds)]
    timeout: Duration,

    /// How long it may take, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "300", value_parser = test::seconds)]
    limit: Duration,

    /// Where to write the shorter transcript [default: FILE with .min.json at its end]
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Print nothing but errors
    #[arg(long, short)]
    quiet: bool,
}

const EXAMPLES: &str = "\
Examples:
  mqttspec test localhost --transcripts failures          record what goes wrong
  mqttspec shrink failures/will_delay.json localhost      shorten it: failures/will_delay.min.json
  mqttspec shrink failures/will_delay.json --spawn 'mosquitto -p {port}'
  mqttspec shrink a.json localhost --control 'other-broker --port {port}'

Exit codes: 0 it is written, 1 the broker does not go wrong, or not alone, 2 usage,
            3 a broker could not be reached, started or kept alive, 4 a fault of our own";

/// Shrinks.
pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failed> {
    let transcript = read(&arguments.file, arguments.case.as_deref())?;
    interrupt::before_ending(Subject::terminate_all)?;
    let subject = arguments.place.subject()?;
    let control = match &arguments.control {
        Some(command) => subject::spawn(command)?,
        None => subject::spawn(&subject::built_in()?)?,
    };
    let mut options = ShrinkOptions::default();
    (options.patience, options.limit) = (arguments.timeout, arguments.limit);
    let mut line = Line { shown: !arguments.quiet && io::stderr().is_terminal() };
    let shrunk = shrink(&transcript, &subject, &control, &options, &mut line);
    line.clear();
    let shrunk = shrunk.map_err(|error| match error {
        NoShrink::NoReplay(error) => no_replay(error),
        error => Failed { code: exit::FALLS_SHORT, error: error.into() },
    })?;
    let path = match &arguments.output {
        Some(path) => path.clone(),
        None if reports::is_stdout(&arguments.file) => PathBuf::from("shrunk.min.json"),
        None => arguments.file.with_extension("min.json"),
    };
    let text = shrunk.transcript.to_json();
    if reports::is_stdout(&path) {
        reports::write_to(&path, &text)?;
    } else {
        write(&path, text.as_bytes())?;
        if !arguments.quiet {
            print!("{text}");
        }
    }
    if !arguments.quiet {
        tell(&shrunk, &arguments.place.shown_as(&shrunk.transcript));
        if !reports::is_stdout(&path) {
            eprintln!("written to {}", path.display());
        }
    }
    Ok(ExitCode::from(exit::OK))
}

fn tell(shrunk: &Shrunk, shell: &Option<String>) {
    const BOLD: Style = Style::new().bold();
    const YELLOW: Style = AnsiColor::Yellow.on_default();
    let (before, after, tries) = (told(shrunk.before), told(shrunk.after), shrunk.tries);
    eprintln!("{BOLD}{before} → {after}{BOLD:#}, after {tries} tries");
    if !shrunk.finished {
        eprintln!("{YELLOW}There was no time to try everything: --limit gives more.{YELLOW:#}");
    }
    if let Some(shell) = shell {
        eprintln!("{shell}");
    }
}

fn told(size: Size) -> String {
    let many =
        |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    let Size { connections, sends, octets, .. } = size;
    let parts = [many(connections, "connection"), many(sends, "send"), many(octets, "octet")];
    parts.join(", ")
}

impl Place {
    /// The line of shell that shows a transcript where the broker is.
    fn shown_as(&self, transcript: &Transcript) -> Option<String> {
        let (host, port) = self.host_and_port()?;
        transcript.to_shell(&host, port)
    }
}

/// How far it has come: one line on the terminal.
struct Line {
    shown: bool,
}

impl Line {
    fn clear(&self) {
        if self.shown {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}

impl ShrinkProgress for Line {
    fn tried(&mut self, tries: usize, best: Size) {
        if self.shown {
            // A terminal that cannot be written to is no reason to give up.
            let _ = write!(anstream::stderr(), "\r\x1b[K{tries} tries: {}", told(best));
        }
    }
}
