//! `mqttspec saboteur`: a broker that breaks one statement on purpose.

use std::fs;
use std::io::{self, Write as _};
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anstream::eprintln;
use anstyle::{AnsiColor, Style};
use anyhow::{Context as _, anyhow};
use mqttspec_conformance::sabotage::{self, Holes, Matrix, Proxy, Sabotage};
use mqttspec_conformance::{Subject, Target};

use super::exit::{self, Failed};
use super::{interrupt, selection, subject};

/// Break one statement of the standard on purpose, in front of a broker that keeps it
///
/// Shows what a client, or a test suite, makes of a broker that is wrong. Everything else passes
/// unchanged. Without an upstream it starts the built-in reference broker and stands before that.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// What to break, by name: see --list
    #[arg(value_name = "SABOTAGE", required_unless_present_any = ["statement", "list", "matrix"])]
    name: Option<String>,

    /// What to break, by statement: the first sabotage that is for it
    #[arg(long, value_name = "ID", conflicts_with = "name", value_parser = selection::statement)]
    statement: Option<mqttspec_spec::StatementId>,

    /// The broker to stand before: HOST:PORT or mqtt://HOST:PORT
    #[arg(long, value_name = "TARGET")]
    upstream: Option<Target>,

    /// Where to listen: HOST:PORT. Port 0 lets the system choose
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:1884")]
    listen: String,

    /// List what there is, all or for one statement
    #[arg(long)]
    list: bool,

    /// Judge a broker behind every sabotage, and write kill-matrix.md and .json into this folder
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["upstream", "name", "list"])]
    matrix: Option<PathBuf>,

    /// With --matrix: start brokers by this command; {port} stands for a free port
    #[arg(long, value_name = "COMMAND", requires = "matrix")]
    spawn: Option<String>,
}

const EXAMPLES: &str = "\
Examples:
  mqttspec saboteur --list                                     what can be broken
  mqttspec saboteur publish/qos-0-with-dup                     on 127.0.0.1:1884
  mqttspec saboteur --statement 3.3.1-9 --upstream localhost   in front of another broker
  mqttspec saboteur --matrix docs                              does the judge see all of it?";

/// Carries it out.
pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failed> {
    if let Some(folder) = &arguments.matrix {
        return matrix(arguments, folder);
    }
    let meant: Vec<_> = sabotage::all().filter(|sabotage| is_meant(arguments, sabotage)).collect();
    let Some(&first) = meant.first() else {
        let error = anyhow!("no sabotage is meant by that; --list shows what there is");
        return Err(Failed { code: exit::USAGE, error });
    };
    if arguments.list {
        list(&meant)?;
        return Ok(ExitCode::from(exit::OK));
    }
    interrupt::before_ending(Subject::terminate_all)?;
    stand(arguments, first)
}

fn is_meant(arguments: &Arguments, sabotage: &Sabotage) -> bool {
    let by_name = arguments.name.as_ref().is_none_or(|name| name == sabotage.name);
    let by_statement = arguments.statement.is_none_or(|id| {
        let is_for = |broken: &str| broken.parse() == Ok(id);
        if arguments.list {
            sabotage.breaks.iter().any(|broken| is_for(broken))
        } else {
            sabotage.breaks.first().is_some_and(|broken| is_for(broken))
        }
    });
    by_name && by_statement
}

/// Stands before the broker until a signal ends the program.
fn stand(arguments: &Arguments, sabotage: &Sabotage) -> Result<ExitCode, Failed> {
    const NAME: Style = Style::new().bold();
    const ADDRESS: Style = AnsiColor::Green.on_default();
    let usage = |error| Failed { code: exit::USAGE, error };
    let listen = address(&arguments.listen).map_err(usage)?;
    let (upstream, built_in) = match &arguments.upstream {
        Some(upstream) => (upstream.clone(), None),
        None => {
            let subject = subject::spawn(&subject::built_in()?)?;
            (subject.target().clone(), Some(subject))
        }
    };
    let proxy = Proxy::start(listen, upstream, Some(sabotage))
        .map_err(|error| Failed { code: exit::UNREACHABLE, error: error.into() })?;
    let address = proxy.address();
    let breaks = sabotage.breaks.join(" ");
    eprintln!("{NAME}mqttspec saboteur{NAME:#} on {ADDRESS}mqtt://{address}{ADDRESS:#}, {breaks}");
    eprintln!("{}: {}", sabotage.name, sabotage.title);
    loop {
        if let Some(reason) = built_in.as_ref().and_then(|broker| broker.check_alive().err()) {
            return Err(Failed { code: exit::UNREACHABLE, error: anyhow!(reason) });
        }
        std::thread::sleep(BETWEEN_LOOKS);
    }
}

fn address(text: &str) -> Result<SocketAddr, anyhow::Error> {
    let found = text.to_socket_addrs().context("--listen should look like 127.0.0.1:1884")?.next();
    found.context("no address has the name of --listen")
}

fn list(sabotages: &[&Sabotage]) -> Result<(), anyhow::Error> {
    const NAME: Style = Style::new().bold();
    let mut out = anstream::stdout().lock();
    let done = sabotages.iter().try_for_each(|sabotage| {
        let (name, breaks) = (sabotage.name, sabotage.breaks.join(" "));
        writeln!(out, "{NAME}{name}{NAME:#}  {breaks}\n  {}", sabotage.title)
    });
    match done {
        // Whoever reads only the first lines has seen what they wanted.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        done => done.context("cannot print"),
    }
}

/// Judges the judge.
fn matrix(arguments: &Arguments, folder: &Path) -> Result<ExitCode, Failed> {
    interrupt::before_ending(Subject::terminate_all)?;
    let command = match &arguments.spawn {
        Some(command) => command.clone(),
        None => subject::built_in()?,
    };
    let of_statement = |sabotage: &&Sabotage| {
        arguments.statement.is_none_or(|id| sabotage.breaks.iter().any(|s| s.parse() == Ok(id)))
    };
    let sabotages: Vec<_> = sabotage::all().filter(of_statement).collect();
    let matrix = Matrix::of(&command, &sabotages, AT_ONCE, &|behind| {
        let (found, failed) = (behind.found.len(), behind.victims.len() + behind.bystanders.len());
        let breaks = behind.breaks.len();
        eprintln!("{}: {found} of {breaks} statements, {failed} cases", behind.name);
    })
    .map_err(|error| Failed { code: exit::UNREACHABLE, error: error.into() })?;
    for (name, text) in [(JSON, matrix.to_json()), (MARKDOWN, matrix.to_markdown())] {
        let path = folder.join(name);
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    let holes = matrix.holes();
    let is_whole = tell(&holes);
    Ok(ExitCode::from(if is_whole { exit::OK } else { exit::FALLS_SHORT }))
}

/// Prints the holes; whether there are none.
fn tell(holes: &Holes) -> bool {
    let kinds = [
        ("fails without sabotage", &holes.false_alarms),
        ("gets by", &holes.survivors),
        ("is judged, and no sabotage breaks it", &holes.unbroken),
        ("fails behind no sabotage", &holes.idle),
    ];
    for (what, names) in kinds {
        for name in names {
            eprintln!("{name} {what}");
        }
    }
    kinds.iter().all(|(_, names)| names.is_empty())
}

const JSON: &str = "kill-matrix.json";
const MARKDOWN: &str = "kill-matrix.md";

/// Sabotages at once: most of a run is waiting for what does not come.
const AT_ONCE: usize = 4;

/// How often to look whether the built-in broker is still there.
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);
