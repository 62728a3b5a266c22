//! `mqttspec sub`: subscribe, and print the messages that come.

use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write};
use std::pin::pin;
use std::process::ExitCode;

use anstream::eprintln;
use anyhow::anyhow;
use mqttspec::net::Messages;
use mqttspec::packet::{OneOrMore, QoS, SubackCode, SubscribeFilter};
use mqttspec::session::Message;
use mqttspec::topic::TopicFilter;

use super::client::{self, Connection, Signals, qos};
use super::exit::{self, Failed};
use super::logging;

/// Subscribe, and print the messages that come
#[derive(Debug, clap::Args)]
#[command(disable_help_flag = true, after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// A Topic Filter to subscribe to; may be given several times
    #[arg(short = 't', long = "topic", value_name = "FILTER", required = true, value_parser = filter)]
    filters: Vec<TopicFilter>,

    /// The greatest QoS to get messages at: 0, 1 or 2
    #[arg(short, long, value_parser = qos, default_value = "0")]
    qos: QoS,

    /// End after so many messages
    #[arg(short = 'C', long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,

    /// Pass over retained messages
    #[arg(short = 'R', long)]
    no_retained: bool,

    #[command(flatten)]
    format: Format,

    #[command(flatten)]
    connection: Connection,
}

/// How a message is printed.
#[derive(Clone, Copy, Debug, clap::Args)]
struct Format {
    /// Print the topic before the payload
    #[arg(short, long, help_heading = "Output")]
    verbose: bool,

    /// No line feed after a payload
    #[arg(short = 'N', long, help_heading = "Output")]
    no_line_feed: bool,

    /// A line of JSON for each message: topic, qos, retain, and payload or, if that is no text,
    /// payload_hex
    #[arg(long, conflicts_with_all = ["verbose", "no_line_feed"], help_heading = "Output")]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  mqttspec sub -t 'sensors/#' -v             everything below sensors, with its topic
  mqttspec sub -t a -t b -q 1 --json         two filters, a line of JSON for each message
  mqttspec sub -t state -C 1 -W 5            one message, or exit code 1 after five seconds
  mqttspec sub -t image -C 1 -N > image.png  octets as they are
  mqttspec sub -t log -q 1 -i me -c          what came while I was away, too

Payloads are written as they are, each with a line feed behind it. On a terminal, control characters
and octets that are no text are shown as escapes.";

/// Prints messages until it is told to stop.
pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failed> {
    if arguments.connection.explain {
        logging::start(true);
    }
    client::runtime()?.block_on(async {
        let mut signals = Signals::listen()?;
        let mut options = arguments.connection.options()?;
        if arguments.count.is_some() && !options.connect.clean_session() {
            // Those that are not asked for stay in the Session: at one at a time, none is
            // acknowledged that is not printed.
            options.messages = 0;
        }
        let (client, mut messages) = client::open(options, &mut signals).await?;
        let mut printer =
            Printer { arguments, to_terminal: io::stdout().is_terminal(), printed: 0 };
        let ended = {
            // Messages may come before SUBACK, so both are waited for at once.
            let subscribing = client.subscribe_to_messages(arguments.wanted()?);
            let mut printing = pin!(printer.print_all(&mut messages));
            let listening = async {
                tokio::select! {
                    granted = subscribing => {
                        arguments.look_at(&granted.map_err(client::failed)?)?;
                        printing.await
                    }
                    printed = &mut printing => printed,
                }
            };
            tokio::select! {
                ended = listening => ended,
                () = signals.stop() => Ok(Ended::Stopped),
                () = client::elapsed(arguments.connection.wait()) => Ok(Ended::Stopped),
            }
        };
        // Whether the broker is still there to hear it changes nothing any more.
        let _ = client.disconnect().await;
        let ended = match ended? {
            // Those that were acknowledged and not printed yet.
            Ended::Stopped => printer.print_all(&mut messages).await?,
            Ended::Complete => Ended::Complete,
        };
        match (ended, arguments.count) {
            (Ended::Stopped, Some(count)) => {
                let printed = printer.printed;
                Err(client::falls_short(format!("stopped after {printed} of {count} messages")))
            }
            (Ended::Stopped, None) | (Ended::Complete, _) => Ok(ExitCode::from(exit::OK)),
        }
    })
}

/// Why no more messages are printed.
enum Ended {
    /// All that were asked for, or nobody reads them any more.
    Complete,
    Stopped,
}

impl Arguments {
    fn wanted(&self) -> Result<OneOrMore<SubscribeFilter>, Failed> {
        let qos = self.qos;
        let wanted =
            self.filters.iter().map(|filter| SubscribeFilter { filter: filter.clone(), qos });
        let wanted = OneOrMore::new(wanted.collect());
        wanted.ok_or_else(|| client::usage("a subscription needs a filter [MQTT-3.8.3-3]"))
    }

    /// Tells of the subscriptions that were refused; fails when all were.
    fn look_at(&self, codes: &[SubackCode]) -> Result<(), Failed> {
        let answers = self.filters.iter().zip(codes);
        let refused = answers.filter(|(_, code)| **code == SubackCode::Failure);
        let refused: Vec<_> = refused.map(|(filter, _)| filter).collect();
        if refused.len() == codes.len() {
            return Err(client::falls_short("the broker refused every subscription"));
        }
        for filter in refused {
            eprintln!("warning: the broker refused the subscription to {filter}");
        }
        Ok(())
    }
}

/// Prints messages, and counts them.
struct Printer<'a> {
    arguments: &'a Arguments,
    to_terminal: bool,
    printed: u64,
}

impl Printer<'_> {
    /// Prints messages as they come, until there are enough or there will be no more.
    async fn print_all(&mut self, messages: &mut Messages) -> Result<Ended, Failed> {
        while let Some(message) = messages.next().await.map_err(client::failed)? {
            if self.arguments.no_retained && message.retain {
                continue;
            }
            let mut out = io::stdout().lock();
            match self.arguments.format.print(&message, self.to_terminal, &mut out) {
                Ok(()) => self.printed += 1,
                // As with `| head -1`.
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                    return Ok(Ended::Complete);
                }
                Err(error) => return Err(anyhow!(error).context("cannot print").into()),
            }
            if self.arguments.count == Some(self.printed) {
                return Ok(Ended::Complete);
            }
        }
        Ok(Ended::Stopped)
    }
}

impl Format {
    fn print(self, message: &Message, to_terminal: bool, out: &mut impl Write) -> io::Result<()> {
        let Message { topic, payload, qos, retain } = message;
        if self.json {
            let topic = json(topic.as_str());
            let (name, payload) = match std::str::from_utf8(payload) {
                Ok(text) => ("payload", json(text)),
                Err(_) => ("payload_hex", json(&hex(payload))),
            };
            writeln!(
                out,
                r#"{{"topic":{topic},"qos":{qos},"retain":{retain},"{name}":{payload}}}"#
            )?;
            return out.flush();
        }
        let mut print = |octets: &[u8]| match to_terminal {
            true => out.write_all(printable(octets).as_bytes()),
            false => out.write_all(octets),
        };
        if self.verbose {
            print(topic.as_str().as_bytes())?;
            print(b" ")?;
        }
        print(payload)?;
        if !self.no_line_feed {
            out.write_all(b"\n")?;
        }
        out.flush()
    }
}

/// Text that moves no cursor and rings no bell.
fn printable(octets: &[u8]) -> String {
    let mut text = String::with_capacity(octets.len());
    for chunk in octets.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '\n' | '\t' => text.push(character),
                _ if character.is_control() => text.extend(character.escape_default()),
                _ => text.push(character),
            }
        }
        for octet in chunk.invalid() {
            let _ = write!(text, "\\x{octet:02x}");
        }
    }
    text
}

fn hex(octets: &[u8]) -> String {
    octets.iter().fold(String::with_capacity(2 * octets.len()), |mut text, octet| {
        let _ = write!(text, "{octet:02x}");
        text
    })
}

/// `text` as JSON, quotes included.
fn json(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn filter(argument: &str) -> Result<TopicFilter, String> {
    TopicFilter::new(argument).map_err(|invalid| invalid.to_string())
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use mqttspec::topic::TopicName;

    use super::*;

    /// What is printed for a message with this payload, without the line feed at its end.
    fn printed(format: Format, payload: &'static [u8], to_terminal: bool) -> Vec<u8> {
        let topic = TopicName::new("a\u{1b}").unwrap();
        let payload = Bytes::from_static(payload);
        let message = Message { topic, payload, qos: QoS::AtLeastOnce, retain: true };
        let mut out = Vec::new();
        format.print(&message, to_terminal, &mut out).unwrap();
        assert_eq!(out.pop_if(|octet| *octet == b'\n').is_none(), format.no_line_feed);
        out
    }

    const PLAIN: Format = Format { verbose: false, no_line_feed: false, json: false };
    const VERBOSE: Format = Format { verbose: true, ..PLAIN };
    const BARE: Format = Format { no_line_feed: true, ..PLAIN };
    const JSON: Format = Format { json: true, ..PLAIN };

    macro_rules! prints {
        ($($name:ident: $format:expr, $payload:expr, to_terminal $terminal:expr => $out:expr;)+) => {$(
            #[test]
            fn $name() {
                assert_eq!(printed($format, $payload, $terminal), $out);
            }
        )+};
    }

    prints! {
        // format, payload => what is printed
        plain:            PLAIN, b"21.5",        to_terminal false => b"21.5";
        octets:           PLAIN, b"\x00\xff\x1b", to_terminal false => b"\x00\xff\x1b";
        bare:             BARE, b"x",            to_terminal false => b"x";
        verbose:          VERBOSE, b"x",         to_terminal false => b"a\x1b x";
        on_a_terminal:    VERBOSE, b"\x1b[2Jx\xff\xc3\xa9\n", to_terminal true
            => "a\\u{1b} \\u{1b}[2Jx\\xff\u{e9}\n".as_bytes();
        json_text:        JSON, b"say \"hi\"",   to_terminal false
            => br#"{"topic":"a\u001b","qos":1,"retain":true,"payload":"say \"hi\""}"#;
        json_octets:      JSON, b"\x00\xff",     to_terminal true
            => br#"{"topic":"a\u001b","qos":1,"retain":true,"payload_hex":"00ff"}"#;
    }
}
