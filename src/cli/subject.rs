//! Which broker is meant: one that runs, one to start, one of a profile, or the built-in one.

use anyhow::{Context as _, anyhow};
use mqttspec_conformance::{Profile, Subject, SubjectError, Target};

use super::exit::{self, Failed};
use super::reach::Reach;

/// The broker that a command is about.
#[derive(Debug, clap::Args)]
pub(super) struct Which {
    /// A broker that is running: HOST:PORT, or a URL with mqtt, mqtts, ws, wss or unix
    #[arg(value_name = "TARGET", conflicts_with = "spawn")]
    target: Option<Target>,

    /// Start a broker by this command, and stop it at the end; {port} stands for a free port
    #[arg(long, value_name = "COMMAND")]
    spawn: Option<String>,

    /// What to know of the broker: the name of a profile that is built in, or a TOML file. Without
    /// a target it also starts it
    #[arg(long, value_name = "NAME|FILE", value_parser = Profile::find)]
    profile: Option<Profile>,

    #[command(flatten)]
    reach: Reach,
}

impl Which {
    /// Says on the terminal what to do about a broker that was not reached.
    pub(super) fn advise(&self) {
        if self.target.is_some() {
            anstream::eprintln!("{IS_IT_THERE}");
        }
    }

    /// That the broker was not reached, and what to do about it.
    pub(super) fn not_reached(&self, target: &str, reason: &str) -> Failed {
        let advice = self.target.as_ref().map(|_| format!("\n{IS_IT_THERE}")).unwrap_or_default();
        let error = anyhow!("cannot reach {target}: {reason}{advice}");
        Failed { code: exit::UNREACHABLE, error }
    }

    /// What is to be known of it, when somebody has said so.
    pub(super) const fn profile(&self) -> Option<&Profile> {
        self.profile.as_ref()
    }

    /// Whether nobody has said which.
    pub(super) fn names_none(&self) -> bool {
        self.target.is_none() && self.spawn.is_none() && self.profile.is_none()
    }

    /// The command that starts it, as it was given, with its placeholders.
    pub(super) fn command(&self) -> Option<&str> {
        self.spawn.as_deref()
    }

    /// The built-in broker with its state on disk, reached like this.
    pub(super) fn built_in_durable(&self, over: Over) -> Result<Subject, Failed> {
        let security = self.reach.security_of_own();
        let started = Subject::spawn_behind(durable(over)?.as_str(), over.url(), &security);
        self.reach.apply(started.map_err(not_there)?)
    }

    /// The broker, started if need be; one that a command starts is reached like this.
    pub(super) fn subject_over(&self, over: Over) -> Result<Subject, Failed> {
        match &self.spawn {
            Some(command) if over != Over::Tcp => {
                let security = self.reach.security();
                let started = Subject::spawn_behind(command.as_str(), over.url(), &security);
                self.reach.apply(started.map_err(not_there)?)
            }
            _ => self.subject(),
        }
    }

    /// The broker, started if need be.
    pub(super) fn subject(&self) -> Result<Subject, Failed> {
        let subject = match (&self.target, &self.spawn, &self.profile) {
            (Some(target), _, _) => Subject::at(target.clone()),
            (None, Some(command), _) => spawn(command)?,
            (None, None, Some(profile)) => of_profile(profile)?,
            (None, None, None) => spawn(&built_in()?)?,
        };
        let subject = match &self.profile {
            None => subject,
            Some(profile) => subject.following(profile),
        };
        self.reach.apply(subject)
    }
}

/// What MQTT goes over to a broker that is started here.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, clap::ValueEnum)]
pub(super) enum Over {
    /// Plain TCP.
    #[default]
    Tcp,
    /// TLS.
    Tls,
    /// WebSocket, at the path /mqtt.
    Ws,
    /// WebSocket over TLS.
    Wss,
}

impl Over {
    /// Where such a broker is, with the placeholder for its port.
    pub(super) const fn url(self) -> &'static str {
        match self {
            Self::Tcp => "mqtt://127.0.0.1:{port}",
            Self::Tls => "mqtts://127.0.0.1:{port}",
            Self::Ws => "ws://127.0.0.1:{port}/mqtt",
            Self::Wss => "wss://127.0.0.1:{port}/mqtt",
        }
    }

    const fn is_secure(self) -> bool {
        matches!(self, Self::Tls | Self::Wss)
    }
}

/// Starts a broker by a command with `{port}` in it.
pub(super) fn spawn(command: &str) -> Result<Subject, Failed> {
    Subject::spawn(command).map_err(not_there)
}

/// The broker of a profile, which has to say how it is started, or where it is.
fn of_profile(profile: &Profile) -> Result<Subject, Failed> {
    Subject::of_profile(profile).map_err(not_there)?.ok_or_else(|| Failed {
        code: exit::USAGE,
        error: anyhow!(
            "the profile of {} says neither how it is started nor where it is: \
             add [start] or [at], or give a target",
            profile.name
        ),
    })
}

fn not_there(error: SubjectError) -> Failed {
    let code = match error {
        SubjectError::CommandLine(_) => exit::USAGE,
        _ => exit::UNREACHABLE,
    };
    Failed { code, error: error.into() }
}

/// The command line that starts the reference broker: this very program.
pub(super) fn built_in() -> Result<String, anyhow::Error> {
    let program = this_program()?;
    let listen = "--bind 127.0.0.1:{port} --listen ws://127.0.0.1:{ws_port}/mqtt";
    Ok(format!("{program} broker --volatile {listen}"))
}

/// The same, with its state on disk, reached like this.
pub(super) fn durable(over: Over) -> Result<String, anyhow::Error> {
    let program = this_program()?;
    let listen = over.url();
    let tls = if over.is_secure() { " --tls-self-signed" } else { "" };
    Ok(format!("{program} broker --data-dir {{dir}}/state --listen {listen}{tls}"))
}

/// The command line that drives the client of this program.
pub(super) fn built_in_driver() -> Result<String, anyhow::Error> {
    Ok(format!("{} driver", this_program()?))
}

/// The profile of the reference broker, started by this very program.
pub(super) fn reference() -> Result<Profile, anyhow::Error> {
    let mut profile = Profile::find("mqttspec")?;
    if let Some(start) = &mut profile.start {
        start.command = start.command.replacen("mqttspec", &this_program()?, 1);
    }
    Ok(profile)
}

/// This program, quoted as a shell reads it.
pub(super) fn this_program() -> Result<String, anyhow::Error> {
    let program = std::env::current_exe().context("cannot find this program itself")?;
    let program = program.to_str().context("the path of this program is not UTF-8")?;
    Ok(format!("'{}'", program.replace('\'', r"'\''")))
}

/// What to do about a target that nobody answers at.
const IS_IT_THERE: &str =
    "  Is a broker running there? `mqttspec broker` starts one, --spawn COMMAND any other.";
