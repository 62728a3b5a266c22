//! `mqttspec pub`: publish messages.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::io::{self, BufRead, Read};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::anyhow;
use bytes::Bytes;
use mqttspec::net::{Client, ClientError, Publishing};
use mqttspec::packet::QoS;
use mqttspec::session::Message;
use mqttspec::topic::TopicName;
use tokio::sync::mpsc;

use super::client::{self, Connection, Signals, octets, qos, topic_name};
use super::exit::{self, Failed};
use super::logging;

/// Publish messages, and end when the broker has acknowledged them
#[derive(Debug, clap::Args)]
#[command(disable_help_flag = true, after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// The topic to publish to
    #[arg(short, long, value_parser = topic_name)]
    topic: TopicName,

    /// The QoS: 0, 1 or 2
    #[arg(short, long, value_parser = qos, default_value = "0")]
    qos: QoS,

    /// Have the broker keep the message for later subscribers
    #[arg(short, long)]
    retain: bool,

    #[command(flatten)]
    source: Source,

    #[command(flatten)]
    connection: Connection,
}

/// Where the messages come from.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Source {
    /// The message
    #[arg(short, long, value_name = "TEXT", help_heading = "One of these")]
    message: Option<OsString>,

    /// An empty message; with -r it takes a retained one away
    #[arg(short, long, help_heading = "One of these")]
    null_message: bool,

    /// The content of a file is the message
    #[arg(short, long, help_heading = "One of these")]
    file: Option<PathBuf>,

    /// Each line of standard input is a message
    #[arg(short = 'l', long, help_heading = "One of these")]
    stdin_line: bool,

    /// All of standard input is one message
    #[arg(short = 's', long, help_heading = "One of these")]
    stdin_file: bool,
}

const EXAMPLES: &str = "\
Examples:
  mqttspec pub -t sensors/1 -m 21.5                       to localhost:1883, at QoS 0
  mqttspec pub broker.example:1883 -t a/b -m hello -q 1   until it is acknowledged
  mqttspec pub -t state -m on -r                          kept for later subscribers
  mqttspec pub -t state -n -r                             and kept no longer
  tail -f log | mqttspec pub -t log -l                    a message for each line
  mqttspec pub -t a -m x -d                               with every packet shown

At QoS 0 nothing is acknowledged: it ends when the messages are sent.";

/// Publishes what the arguments ask for.
pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failed> {
    if arguments.connection.explain {
        logging::start(true);
    }
    let mut payloads = payloads(&arguments.source)?;
    client::runtime()?.block_on(async {
        let mut signals = Signals::listen()?;
        let options = arguments.connection.options()?;
        let (client, messages) = client::open(options, &mut signals).await?;
        // Nobody here wants the messages of a kept Session, and they must not hold up the rest.
        drop(messages);
        let unfinished = tokio::select! {
            published = publish_all(arguments, &client, &mut payloads) => {
                published?;
                None
            }
            () = signals.stop() => Some("stopped before the broker had acknowledged everything"),
            () = client::elapsed(arguments.connection.wait()) => {
                Some("the broker did not acknowledge everything in the time that -W gives")
            }
        };
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
    client: &Client,
    payloads: &mut mpsc::Receiver<io::Result<Bytes>>,
) -> Result<(), Failed> {
    let mut on_their_way: VecDeque<Publishing> = VecDeque::new();
    while let Some(payload) = payloads.recv().await {
        let payload = payload.map_err(|error| anyhow!(error).context("cannot read the message"))?;
        let Arguments { topic, qos, retain, .. } = arguments;
        let message = Message { topic: topic.clone(), payload, qos: *qos, retain: *retain };
        on_their_way.push_back(client.begin_publish(message).await.map_err(client::failed)?);
        if on_their_way.len() == MOST_ON_THEIR_WAY
            && let Some(oldest) = on_their_way.pop_front()
        {
            oldest.await.map_err(client::failed)?;
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

/// The payloads to publish, as they come.
fn payloads(source: &Source) -> Result<mpsc::Receiver<io::Result<Bytes>>, Failed> {
    let (sender, receiver) = mpsc::channel(WAITING_LINES);
    let one = if let Some(message) = &source.message {
        octets(message.clone())
    } else if let Some(file) = &source.file {
        let read = std::fs::read(file);
        read.map_err(|error| client::usage(format!("cannot read {}: {error}", file.display())))?
            .into()
    } else if source.stdin_line || source.stdin_file {
        // A thread of its own: reading standard input cannot be called off.
        let by_line = source.stdin_line;
        std::thread::spawn(move || read_standard_input(by_line, &sender));
        return Ok(receiver);
    } else {
        Bytes::new()
    };
    // There is room: the channel is new.
    let _ = sender.try_send(Ok(one));
    Ok(receiver)
}

/// Sends what standard input holds, until its end or until nobody wants it.
fn read_standard_input(by_line: bool, sender: &mpsc::Sender<io::Result<Bytes>>) {
    let mut input = io::stdin().lock();
    loop {
        let mut octets = Vec::new();
        let read = match by_line {
            true => input.read_until(b'\n', &mut octets),
            false => input.read_to_end(&mut octets).map(|_| 1),
        };
        let payload = match read {
            Ok(0) => return,
            Ok(_) => {
                if by_line && octets.last() == Some(&b'\n') {
                    octets.pop();
                }
                Ok(Bytes::from(octets))
            }
            Err(error) => Err(error),
        };
        let is_last = !by_line || payload.is_err();
        if sender.blocking_send(payload).is_err() || is_last {
            return;
        }
    }
}

/// Messages handed over whose end is not awaited yet: above what is ever on its way at once.
const MOST_ON_THEIR_WAY: usize = 1_000;
/// Lines that were read and wait to be handed over.
const WAITING_LINES: usize = 100;
