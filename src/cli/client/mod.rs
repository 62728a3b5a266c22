//! What `pub` and `sub` have in common: how to reach the broker, who to be, how to fail.

mod elsewhere;
mod failing;
mod losses;
mod signals;

use std::ffi::OsString;
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use anyhow::anyhow;
use bytes::Bytes;
use clap::ArgAction;
use mqttspec::client::ConnectRefused;
use mqttspec::net::{Client, ClientOptions, Messages, Reconnect};
use mqttspec::packet::{Binary, ClientId, Connect, Credentials, QoS, Text, Will};
use mqttspec::topic::{InvalidTopicKind, TopicFilter, TopicName};
use tokio::runtime::{Builder, Runtime};

pub(super) use self::elsewhere::explained;
pub(super) use self::failing::{failed, falls_short, usage};
use self::losses::Reporting;
pub(super) use self::signals::Signals;
use super::exit::Failed;
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

    /// The beginning of a Client Identifier that goes on at random
    #[arg(short = 'I', long, value_name = "TEXT", value_parser = text, conflicts_with = "id")]
    id_prefix: Option<Text>,

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

    /// Go on when the connection is lost, after a wait that grows from half a second to a minute
    #[arg(long)]
    reconnect: bool,

    /// The version of MQTT: 3.1.1, for which other tools write mqttv311, 311 or 4
    #[arg(short = 'V', long, value_name = "VERSION", value_parser = version, hide_short_help = true)]
    protocol_version: Option<()>,

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
    /// The topic that stands in the URL of `-L`.
    pub(super) fn topic_of_url(&self) -> Option<&TopicFilter> {
        self.whereabouts.topic()
    }

    /// The time that `-W` gives.
    pub(super) fn wait(&self) -> Option<Duration> {
        self.wait.map(|seconds| Duration::from_secs(seconds.into()))
    }

    /// Whether the Session is to be kept.
    pub(super) const fn keeps_session(&self) -> bool {
        self.keep_session
    }

    /// Tells on standard error when the connection is lost and found, until it is dropped.
    pub(super) fn report_losses(&self, client: &Client) -> Option<Reporting> {
        self.reconnect.then(|| Reporting::begin(client.clone()))
    }

    /// What the arguments say of the connection.
    pub(super) fn options(&self) -> Result<ClientOptions, Failed> {
        let mut options = self.whereabouts.options()?;
        options.connect = self.connect()?;
        options.reconnect = self.reconnect.then(Reconnect::default);
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
            None => Ok(random_id(self.id_prefix.as_ref().map_or("mqttspec", Text::as_str))),
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

/// Waits for the end of `wait`; for ever when there is none.
pub(super) async fn elapsed(wait: Option<Duration>) {
    match wait {
        Some(wait) => tokio::time::sleep(wait).await,
        None => std::future::pending().await,
    }
}

/// A Client Identifier that no other Client has.
///
/// Of the characters and the length that every Server takes, which an empty one is not.
fn random_id(prefix: &str) -> Text {
    // The seed of a hash map is the randomness that the standard library has.
    let number = RandomState::new().hash_one(std::process::id());
    Text::new(format!("{prefix}{:012x}", number >> 16)).unwrap_or_default()
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

/// The one version that is spoken here, under its names.
fn version(argument: &str) -> Result<(), String> {
    match argument {
        "3.1.1" | "311" | "4" | "mqttv311" => Ok(()),
        _ => Err("3.1.1 is all that is spoken here [MQTT-3.1.2-2]".to_owned()),
    }
}
