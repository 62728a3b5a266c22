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
use mqttspec_conformance::{Profile, Subject, Target};
use mqttspec_spec::nearest_name;

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

    /// What to break, by statement: the first sabotage that is for it, and the names of the others
    #[arg(long, value_name = "ID", conflicts_with = "name", value_parser = selection::statement)]
    statement: Option<mqttspec_spec::StatementId>,

    /// The broker to stand before, over TCP or WebSocket: HOST:PORT, mqtt://HOST:PORT or
    /// ws://HOST:PORT/PATH. Clients then reach it by the same
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

    /// With --matrix: the broker that conforms, by a profile that says how to start it. Default:
    /// the built-in reference broker
    #[arg(long, value_name = "NAME|FILE", requires = "matrix", value_parser = Profile::find)]
    profile: Option<Profile>,
}

const EXAMPLES: &str = "\
Examples:
  mqttspec saboteur --list                                     what can be broken
  mqttspec saboteur --list --statement 3.3.1-9                 what breaks this statement
  mqttspec saboteur publish/qos-0-with-dup                     on 127.0.0.1:1884
  mqttspec saboteur --statement 3.3.1-9 --upstream localhost   in front of another broker
  mqttspec saboteur websocket/packets-in-text --upstream ws://localhost:8080/mqtt
  mqttspec saboteur --matrix docs                              does the judge see all of it?

Sabotages under access/ are about users. Without an upstream they let in judge, whose password is
justice, and limited, whose password is limits, and who has no rights below forbidden/.";

/// Carries it out.
pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failed> {
    if let Some(folder) = &arguments.matrix {
        return matrix(arguments, folder);
    }
    let meant = meant(arguments)?;
    if arguments.list {
        list(&meant)?;
        return Ok(ExitCode::from(exit::OK));
    }
    let (Some(first), others) = (meant.first(), meant.iter().skip(1)) else {
        return Err(nothing(arguments));
    };
    let others: Vec<_> = others.map(|sabotage| sabotage.name).collect();
    if arguments.statement.is_some() && !others.is_empty() {
        eprintln!("By name, for the same statement: {}", others.join(", "));
    }
    interrupt::before_ending(Subject::terminate_all)?;
    stand(arguments, first)
}

/// Those that are meant, what is for the statement before what breaks it too.
fn meant(arguments: &Arguments) -> Result<Vec<&'static Sabotage>, Failed> {
    let by_name =
        |sabotage: &&Sabotage| arguments.name.as_ref().is_none_or(|name| name == sabotage.name);
    let breaks = |sabotage: &&Sabotage| {
        arguments.statement.is_none_or(|statement| sabotage.is_for(statement, false))
    };
    let mut meant: Vec<_> = sabotage::all().filter(by_name).filter(breaks).collect();
    if let Some(statement) = arguments.statement
        && !arguments.list
    {
        meant.sort_by_key(|sabotage| !sabotage.is_for(statement, true));
    }
    if meant.is_empty() { Err(nothing(arguments)) } else { Ok(meant) }
}

/// Why nothing is meant.
fn nothing(arguments: &Arguments) -> Failed {
    let error = match (&arguments.name, arguments.statement) {
        (Some(name), _) => match nearest_name(name, sabotage::all().map(|s| s.name)) {
            Some(nearest) => anyhow!("there is no sabotage {name}: perhaps {nearest}"),
            None => anyhow!("there is no sabotage {name}: --list shows what there is"),
        },
        (None, Some(statement)) => anyhow!(
            "nothing breaks {statement}: it binds clients, or cannot be seen from outside; \
             `mqttspec explain {statement}` tells which"
        ),
        (None, None) => anyhow!("no sabotage was named: --list shows what there is"),
    };
    Failed { code: exit::USAGE, error }
}

/// Stands before the broker until a signal ends the program.
fn stand(arguments: &Arguments, sabotage: &Sabotage) -> Result<ExitCode, Failed> {
    const NAME: Style = Style::new().bold();
    const ADDRESS: Style = AnsiColor::Green.on_default();
    let usage = |error| Failed { code: exit::USAGE, error };
    let unreachable = |error: io::Error| Failed { code: exit::UNREACHABLE, error: error.into() };
    let listen = address(&arguments.listen).map_err(usage)?;
    let mut door = None;
    let (upstream, built_in) = match &arguments.upstream {
        Some(upstream) => (upstream.clone(), None),
        None => {
            let subject = subject::spawn(&subject::built_in()?)?;
            let websocket = subject.websocket().filter(|_| sabotage.is_about_websocket());
            let target = websocket.unwrap_or_else(|| subject.target()).clone();
            (target, Some(subject))
        }
    };
    let upstream = if built_in.is_some() && sabotage.is_about_users() {
        let anywhere = SocketAddr::from(([127, 0, 0, 1], 0));
        let (proxy, target) = Proxy::door(anywhere, upstream).map_err(unreachable)?;
        door = Some(proxy);
        target
    } else {
        upstream
    };
    let scheme = if upstream.is_websocket() { "ws" } else { "mqtt" };
    let proxy = Proxy::start(listen, upstream, Some(sabotage)).map_err(unreachable)?;
    let address = proxy.address();
    let breaks = sabotage.breaks.join(" ");
    eprintln!(
        "{NAME}mqttspec saboteur{NAME:#} on {ADDRESS}{scheme}://{address}{ADDRESS:#}, {breaks}"
    );
    eprintln!("{}: {}", sabotage.name, sabotage.title);
    loop {
        if let Some(reason) = built_in.as_ref().and_then(|broker| broker.check_alive().err()) {
            drop(door);
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
    let profile = match &arguments.profile {
        Some(profile) => profile.clone(),
        None => subject::reference()?,
    };
    let of_statement = |sabotage: &&Sabotage| {
        arguments.statement.is_none_or(|statement| sabotage.is_for(statement, false))
    };
    let sabotages: Vec<_> = sabotage::all().filter(of_statement).collect();
    let matrix = Matrix::of(&profile, &sabotages, AT_ONCE, &|behind| {
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
        ("does not pass without sabotage", &holes.false_alarms),
        ("gets by", &holes.survivors),
        ("is judged, and no sabotage breaks it", &holes.unbroken),
        ("neither fails nor tells otherwise behind any sabotage", &holes.idle),
        ("is listed as an exception, and is none", &holes.needless),
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
