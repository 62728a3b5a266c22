//! `mqttspec saboteur`: a broker, or a client, that breaks one statement on purpose.

use std::fs;
use std::io::{self, Write as _};
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anstream::eprintln;
use anstyle::{AnsiColor, Style};
use anyhow::{Context as _, anyhow};
use mqttspec_conformance::sabotage::{self, Behind, Holes, Matrix, Proxy, Sabotage};
use mqttspec_conformance::{ClientSubject, Profile, Role, Subject, Target};
use mqttspec_spec::nearest_name;

use super::exit::{self, Failed};
use super::{interrupt, selection, subject};

/// Break one statement of the standard on purpose, in front of a broker that keeps it
///
/// Shows what a client, or a test suite, makes of a broker that is wrong; with --client what a
/// broker makes of clients that are wrong: whoever connects through it is one. Everything else
/// passes unchanged. Without an upstream it starts the built-in reference broker and stands before
/// that.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// What to break, by name: see --list
    #[arg(value_name = "SABOTAGE", required_unless_present_any = ["statement", "list", "matrix"])]
    name: Option<String>,

    /// What to break, by statement: the first sabotage that is for it, and the names of the others
    #[arg(long, value_name = "ID", conflicts_with = "name", value_parser = selection::statement)]
    statement: Option<mqttspec_spec::StatementId>,

    /// Only what binds clients: each client that connects through it breaks that
    #[arg(long)]
    client: bool,

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

    /// Judge a broker behind every sabotage, and a client, and write kill-matrix.md and .json and
    /// kill-matrix-clients.md and .json into this folder
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
  mqttspec saboteur --client --statement 4.3.3-2               clients that break QoS 2
  mqttspec saboteur websocket/packets-in-text --upstream ws://localhost:8080/mqtt
  mqttspec saboteur --matrix docs                              does the judge see all of it?
  mqttspec saboteur --matrix docs --client                     the part about clients

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
    let is_of_client = |sabotage: &&Sabotage| !arguments.client || sabotage.role() == Role::Client;
    let all = sabotage::all().filter(is_of_client);
    let mut meant: Vec<_> = all.filter(by_name).filter(breaks).collect();
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
            "nothing breaks {statement}{}: it binds the other side, or cannot be seen from outside; \
             `mqttspec explain {statement}` tells which",
            if arguments.client { " on the side of clients" } else { "" }
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
    let whose = match sabotage.role() {
        Role::Broker => "",
        Role::Client => " by clients",
    };
    eprintln!(
        "{NAME}mqttspec saboteur{NAME:#} on {ADDRESS}{scheme}://{address}{ADDRESS:#}, {breaks}{whose}"
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

/// Judges the judge, of brokers and of clients.
fn matrix(arguments: &Arguments, folder: &Path) -> Result<ExitCode, Failed> {
    interrupt::before_ending(Subject::terminate_all)?;
    let mut is_whole = true;
    for role in [Role::Broker, Role::Client] {
        let of_statement = |sabotage: &&Sabotage| {
            arguments.statement.is_none_or(|statement| sabotage.is_for(statement, false))
        };
        let sabotages: Vec<_> = sabotage::of(role).filter(of_statement).collect();
        if sabotages.is_empty() || (arguments.client && role != Role::Client) {
            continue;
        }
        let matrix = match role {
            Role::Broker => of_brokers(arguments, &sabotages)?,
            Role::Client => of_clients(&sabotages)?,
        };
        let name = match role {
            Role::Broker => "kill-matrix",
            Role::Client => "kill-matrix-clients",
        };
        for (ending, text) in [("json", matrix.to_json()), ("md", matrix.to_markdown())] {
            let path = folder.join(format!("{name}.{ending}"));
            fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        }
        is_whole &= tell(&matrix.holes());
    }
    Ok(ExitCode::from(if is_whole { exit::OK } else { exit::FALLS_SHORT }))
}

fn of_brokers(arguments: &Arguments, sabotages: &[&'static Sabotage]) -> Result<Matrix, Failed> {
    let profile = match &arguments.profile {
        Some(profile) => profile.clone(),
        None => subject::reference()?,
    };
    let matrix = Matrix::of(&profile, sabotages, BROKERS_AT_ONCE, &told);
    matrix.map_err(|error| Failed { code: exit::UNREACHABLE, error: error.into() })
}

fn of_clients(sabotages: &[&'static Sabotage]) -> Result<Matrix, Failed> {
    let client = ClientSubject::driver(subject::built_in_driver()?);
    let matrix = Matrix::of_client(&client, sabotages, CLIENTS_AT_ONCE, &told);
    matrix.map_err(|error| Failed { code: exit::UNREACHABLE, error: error.into() })
}

/// Tells of one sabotage that is over.
fn told(behind: &Behind) {
    let (found, failed) = (behind.found.len(), behind.victims.len() + behind.bystanders.len());
    let breaks = behind.breaks.len();
    eprintln!("{}: {found} of {breaks} statements, {failed} cases", behind.name);
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

/// Sabotages at once: most of a run is waiting for what does not come.
const BROKERS_AT_ONCE: usize = 4;

/// The same where each case is a process of its own.
const CLIENTS_AT_ONCE: usize = 6;

/// How often to look whether the built-in broker is still there.
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);
