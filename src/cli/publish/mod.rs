//! `mqttspec pub`: publish messages.

mod source;

use std::collections::VecDeque;
use std::io;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::anyhow;
use bytes::Bytes;
use mqttspec::net::{Client, ClientError, Publishing};
use mqttspec::packet::QoS;
use mqttspec::session::Message;
use mqttspec::topic::TopicName;
use tokio::sync::mpsc;

use self::source::{Source, payloads};
use super::client::{self, Connection, Signals, qos, topic_name};
use super::exit::{self, Failed};
use super::logging::{self, LogFormat, LogLevel};

/// Publish messages, and end when the broker has acknowledged them
#[derive(Debug, clap::Args)]
#[command(disable_help_flag = true, after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// The topic to publish to
    #[arg(short, long, value_parser = topic_name, required_unless_present = "url")]
    topic: Option<TopicName>,

    /// The QoS: 0, 1 or 2
    #[arg(short, long, value_parser = qos, default_value = "0")]
    qos: QoS,

    /// Have the broker keep the message for later subscribers
    #[arg(short, long)]
    retain: bool,

    /// Publish each message so many times
    #[arg(long, value_name = "N", default_value_t = 1, hide_default_value = true,
          value_parser = clap::value_parser!(u32).range(1..))]
    repeat: u32,

    /// Seconds between one time and the next, such as 0.5
    #[arg(long, value_name = "SECONDS", value_parser = seconds, requires = "repeat")]
    repeat_delay: Option<Duration>,

    /// How many messages of QoS 1 and 2 may be on their way at once [default: 100]
    #[arg(short = 'M', long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    max_inflight: Option<u16>,

    #[command(flatten)]
    source: Source,

    #[command(flatten)]
    connection: Connection,
}

const EXAMPLES: &str = "\
Examples:
  mqttspec pub -t sensors/1 -m 21.5                       to localhost:1883, at QoS 0
  mqttspec pub broker.example:1883 -t a/b -m hello -q 1   until it is acknowledged
  mqttspec pub -t state -m on -r                          kept for later subscribers
  mqttspec pub -t state -n -r                             and kept no longer
  tail -f log | mqttspec pub -t log -l                    a message for each line
  mqttspec pub -t log -l -q 1 -i me -c --reconnect        for days, whatever happens to the network
  mqttspec pub -t beat -m tick --repeat 60 --repeat-delay 1
  mqttspec pub wss://me@broker.example/mqtt -t a -m x -d  over WebSocket and TLS, every packet shown

At QoS 0 nothing is acknowledged: it ends when the messages are sent.

Exit codes: 0 as wished, 1 not acknowledged in the time that -W gives, a refusal, or a breach of the
            protocol by the broker, 2 usage, 3 the broker cannot be reached or has gone";

impl Arguments {
    /// The topic of `-t`, or of the URL that `-L` gives.
    fn topic(&self) -> Result<TopicName, Failed> {
        match (&self.topic, self.connection.topic_of_url()) {
            (Some(topic), _) => Ok(topic.clone()),
            (None, Some(topic)) => topic_name(topic.as_str()).map_err(client::usage),
            (None, None) => Err(client::usage("to which topic? -t or -L says so")),
        }
    }
}

/// Publishes what the arguments ask for.
pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failed> {
    if arguments.connection.explain {
        logging::start(LogFormat::Text, LogLevel::Trace);
    }
    let topic = arguments.topic()?;
    let mut payloads = payloads(&arguments.source)?;
    client::runtime()?.block_on(async {
        let mut signals = Signals::listen()?;
        let mut options = arguments.connection.options()?;
        if let Some(most) = arguments.max_inflight {
            options.limits.in_flight = most;
        }
        let (client, messages) = client::open(options, &mut signals).await?;
        // Nobody here wants the messages of a kept Session, and they must not hold up the rest.
        drop(messages);
        let reporting = arguments.connection.report_losses(&client);
        let unfinished = tokio::select! {
            published = publish_all(arguments, &topic, &client, &mut payloads) => {
                published?;
                None
            }
            () = signals.stop() => Some("stopped before the broker had acknowledged everything"),
            () = client::elapsed(arguments.connection.wait()) => {
                Some("the broker did not acknowledge everything in the time that -W gives")
            }
        };
        drop(reporting);
        let left = client.disconnect().await;
        match unfinished {
            Some(why) => Err(client::falls_short(why)),
            // At QoS 0 this is the one place where a lost connection shows.
            None => left.map(|()| ExitCode::from(exit::OK)).map_err(client::failed),
        }
    })
}

/// Publishes every payload in its order, many on their way at once.
async fn publish_all(
    arguments: &Arguments,
    topic: &TopicName,
    client: &Client,
    payloads: &mut mpsc::Receiver<io::Result<Bytes>>,
) -> Result<(), Failed> {
    let mut on_their_way: VecDeque<Publishing> = VecDeque::new();
    while let Some(payload) = payloads.recv().await {
        let payload = payload.map_err(|error| anyhow!(error).context("cannot read the message"))?;
        let Arguments { qos, retain, .. } = arguments;
        let message = Message { topic: topic.clone(), payload, qos: *qos, retain: *retain };
        for time in 0..arguments.repeat {
            if time > 0 {
                client::elapsed(Some(arguments.repeat_delay.unwrap_or_default())).await;
            }
            let handed = client.begin_publish(message.clone()).await;
            on_their_way.push_back(handed.map_err(client::failed)?);
            if on_their_way.len() == MOST_ON_THEIR_WAY
                && let Some(oldest) = on_their_way.pop_front()
            {
                oldest.await.map_err(client::failed)?;
            }
        }
    }
    let all = async {
        for publishing in on_their_way {
            publishing.await?;
        }
        Ok::<(), ClientError>(())
    };
    all.await.map_err(client::failed)
}

/// Messages handed over whose end is not awaited yet: above what is ever on its way at once.
const MOST_ON_THEIR_WAY: usize = 1_000;

/// A time in seconds, whole or not.
fn seconds(argument: &str) -> Result<Duration, String> {
    let seconds: f64 = argument.parse().map_err(|_| "it is no number of seconds".to_owned())?;
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}
