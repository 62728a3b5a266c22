//! What `pub` and `sub` have in common: how to reach the broker, who to be, how to fail.

use std::ffi::OsString;
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use bytes::Bytes;
use clap::ArgAction;
use mqttspec::client::{CloseReason, ConnectRefused};
use mqttspec::net::{Client, ClientError, ClientOptions, Messages, OpenError};
use mqttspec::packet::{Binary, ClientId, Connect, ConnectRefusal, Credentials, QoS, Text, Will};
use mqttspec::topic::{InvalidTopicKind, TopicName};
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::exit::{self, Failed};
use super::place::Whereabouts;

/// How to reach the broker, and who to be.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Connection")]
pub(super) struct Connection {
    #[command(flatten)]
    whereabouts: Whereabouts,

    /// The Client Identifier [default: a random one]
    #[arg(short, long, value_name = "ID", value_parser = text)]
    id: Option<Text>,

    /// The user name
    #[arg(short, long, value_name = "NAME", value_parser = text)]
    username: Option<Text>,

    /// The password; better kept in the environment variable MQTTSPEC_PASSWORD
    #[arg(short = 'P', long, visible_alias = "pw")]
    password: Option<OsString>,

    /// Keep the Session: go on where this Client Identifier left off
    #[arg(short = 'c', long, alias = "disable-clean-session")]
    keep_session: bool,

    /// The Keep Alive, in seconds; 0 turns it off
    #[arg(short, long = "keepalive", value_name = "SECONDS", default_value_t = 60)]
    keep_alive_seconds: u16,

    /// Publish a Will Message to this topic if the connection is lost
    #[arg(long, value_name = "TOPIC", value_parser = topic_name, help_heading = "Will")]
    will_topic: Option<TopicName>,

    /// The payload of the Will Message [default: none]
    #[arg(long, value_name = "MESSAGE", requires = "will_topic", help_heading = "Will")]
    will_payload: Option<OsString>,

    /// The QoS of the Will Message
    #[arg(long, value_name = "QOS", requires = "will_topic", help_heading = "Will",
          value_parser = qos, default_value = "0", hide_default_value = true)]
    will_qos: QoS,

    /// Have the Will Message retained
    #[arg(long, requires = "will_topic", help_heading = "Will")]
    will_retain: bool,

    /// Show every packet, and why the connection ends
    #[arg(short = 'd', long, alias = "debug", help_heading = None::<&str>)]
    pub(super) explain: bool,

    /// Give up after so many seconds
    #[arg(short = 'W', value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..),
          help_heading = None::<&str>)]
    wait: Option<u32>,

    /// Print help; -h is the host, as with other MQTT clients
    #[arg(long, action = ArgAction::HelpShort, help_heading = None::<&str>)]
    help: Option<bool>,
}

impl Connection {
    /// The time that `-W` gives.
    pub(super) fn wait(&self) -> Option<Duration> {
        self.wait.map(|seconds| Duration::from_secs(seconds.into()))
    }

    /// What the arguments say of the connection.
    pub(super) fn options(&self) -> Result<ClientOptions, Failed> {
        let mut options = self.whereabouts.options()?;
        options.connect = self.connect()?;
        options.open_wait =
            self.wait().map_or(options.open_wait, |wait| wait.min(options.open_wait));
        Ok(options)
    }

    fn connect(&self) -> Result<Connect, Failed> {
        let mut connect = Connect::new(&ClientId::new(self.client_id()?))
            .with_clean_session(!self.keep_session)
            .with_keep_alive_seconds(self.keep_alive_seconds);
        if let Some(will) = self.will()? {
            connect = connect.with_will(&will);
        }
        if let Some(credentials) = self.credentials()? {
            connect = connect.with_credentials(&credentials);
        }
        Ok(connect)
    }

    fn client_id(&self) -> Result<Text, Failed> {
        match &self.id {
            None if self.keep_session => {
                Err(usage("a Session is found again by its name [MQTT-3.1.3-2]: -c needs -i"))
            }
            None => Ok(random_id()),
            Some(id) if self.keep_session && id.as_str().is_empty() => {
                Err(usage(ConnectRefused::EmptyClientId.to_string()))
            }
            Some(id) => Ok(id.clone()),
        }
    }

    fn will(&self) -> Result<Option<Will>, Failed> {
        let Some(topic) = self.will_topic.clone() else { return Ok(None) };
        let payload = self.will_payload.clone().map(octets).unwrap_or_default();
        let message =
            Binary::new(payload).map_err(|error| usage(format!("--will-payload: {error}")))?;
        Ok(Some(Will { topic, message, qos: self.will_qos, retain: self.will_retain }))
    }

    fn credentials(&self) -> Result<Option<Credentials>, Failed> {
        let of_url = self.whereabouts.credentials();
        let user_name = self.username.as_ref().or(of_url.map(|shown| &shown.user_name)).cloned();
        let Some(user_name) = user_name else {
            return match self.password {
                Some(_) => {
                    Err(usage("a password needs a user name [MQTT-3.1.2-22]: give one with -u"))
                }
                None => Ok(None),
            };
        };
        let given = self.password.clone().map(octets);
        let from_environment = || std::env::var_os("MQTTSPEC_PASSWORD").map(octets);
        let password = match (given, of_url.and_then(|shown| shown.password.clone())) {
            (None, Some(password)) => Some(password),
            (given, _) => given
                .or_else(from_environment)
                .map(Binary::new)
                .transpose()
                .map_err(|error| usage(format!("the password: {error}")))?,
        };
        Ok(Some(Credentials { user_name, password }))
    }
}

/// Connects, unless `signals` come first.
pub(super) async fn open(
    options: ClientOptions,
    signals: &mut Signals,
) -> Result<(Client, Messages), Failed> {
    tokio::select! {
        opened = Client::connect(options) => opened.map_err(failed),
        () = signals.stop() => Err(falls_short("stopped before the broker had accepted")),
    }
}

/// A runtime whose one thread serves the connection, so that whoever writes to a slow terminal
/// holds nothing up.
pub(super) fn runtime() -> Result<Runtime, Failed> {
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build();
    runtime.map_err(|error| anyhow!(error).context("cannot start a thread").into())
}

/// SIGINT and SIGTERM, which from now on end nothing by themselves.
pub(super) struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// Listens for them. Needs a runtime.
    pub(super) fn listen() -> Result<Self, Failed> {
        let interrupt = signal(SignalKind::interrupt()).context("cannot wait for SIGINT")?;
        let terminate = signal(SignalKind::terminate()).context("cannot wait for SIGTERM")?;
        Ok(Self { interrupt, terminate })
    }

    /// Waits for one of them.
    pub(super) async fn stop(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// Waits for the end of `wait`; for ever when there is none.
pub(super) async fn elapsed(wait: Option<Duration>) {
    match wait {
        Some(wait) => tokio::time::sleep(wait).await,
        None => std::future::pending().await,
    }
}

/// The subject falls short.
pub(super) fn falls_short(why: impl Into<String>) -> Failed {
    Failed { code: exit::FALLS_SHORT, error: anyhow!(why.into()) }
}

/// The command line asks for what cannot be.
pub(super) fn usage(why: impl Into<String>) -> Failed {
    Failed { code: exit::USAGE, error: anyhow!(why.into()) }
}

/// What went wrong on the connection, and what to do next.
pub(super) fn failed(error: ClientError) -> Failed {
    let (code, advice) = match &error {
        ClientError::Closed(reason) => match reason {
            CloseReason::Refused(refusal) => (exit::FALLS_SHORT, advice_on(*refusal).to_owned()),
            CloseReason::Violation(violation) => {
                let statement = violation.statement();
                let advice = format!("`mqttspec explain {statement}` says what is asked for.");
                (exit::FALLS_SHORT, advice)
            }
            CloseReason::NoConnack => {
                (exit::UNREACHABLE, "Is it an MQTT port, and one without TLS?".to_owned())
            }
            _ => (exit::UNREACHABLE, String::new()),
        },
        ClientError::ClosedByServer => {
            let advice = "MQTT 3.1.1 gives it no words to say why; its log may. --explain shows \
                          what went before.";
            (exit::UNREACHABLE, advice.to_owned())
        }
        ClientError::Connect(_) | ClientError::Command(_) => (exit::USAGE, String::new()),
        ClientError::Unreachable { error, .. } => (exit::UNREACHABLE, advice_to_reach(error)),
        _ => (exit::UNREACHABLE, String::new()),
    };
    let separator = if advice.is_empty() { "" } else { "\n  " };
    Failed { code, error: anyhow!("{error}{separator}{advice}") }
}

fn advice_to_reach(error: &OpenError) -> String {
    match error {
        OpenError::Tls(_) => {
            "--ca gives the authority that its certificate is of; --insecure takes any."
        }
        OpenError::WebSocket(_) => "Is it another path? ws://HOST:PORT/PATH says which.",
        _ => "Is a broker running there? `mqttspec broker` starts one.",
    }
    .to_owned()
}

const fn advice_on(refusal: ConnectRefusal) -> &'static str {
    match refusal {
        ConnectRefusal::UnacceptableProtocolVersion => "It does not speak MQTT 3.1.1.",
        ConnectRefusal::IdentifierRejected => "-i gives another Client Identifier.",
        ConnectRefusal::ServerUnavailable => "Try again later.",
        ConnectRefusal::BadUserNameOrPassword | ConnectRefusal::NotAuthorized => {
            "-u gives a user name, and MQTTSPEC_PASSWORD or -P a password."
        }
    }
}

/// A Client Identifier that no other Client has.
///
/// Of the characters and the length that every Server takes, which an empty one is not.
fn random_id() -> Text {
    // The seed of a hash map is the randomness that the standard library has.
    let number = RandomState::new().hash_one(std::process::id());
    Text::new(format!("mqttspec{:012x}", number >> 16)).unwrap_or_default()
}

/// The octets of an argument, which need not be text.
pub(super) fn octets(argument: OsString) -> Bytes {
    argument.into_encoded_bytes().into()
}

fn text(argument: &str) -> Result<Text, String> {
    Text::new(argument).ok_or_else(|| "longer than 65,535 octets [U-1.5.3-3]".to_owned())
}

/// A Topic Name; says where a wildcard would be in its place.
pub(super) fn topic_name(argument: &str) -> Result<TopicName, String> {
    TopicName::new(argument).map_err(|invalid| match invalid.kind {
        InvalidTopicKind::WildcardInName => format!("{invalid}; wildcards are for `mqttspec sub`"),
        _ => invalid.to_string(),
    })
}

/// A QoS, 0 to 2.
pub(super) fn qos(argument: &str) -> Result<QoS, String> {
    let level = argument.parse().ok().and_then(QoS::from_number);
    level.ok_or_else(|| "it is 0, 1 or 2 [MQTT-3.3.1-4]".to_owned())
}
