//! How a message is printed.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::time::SystemTime;

use anstyle::{AnsiColor, Style};
use mqttspec::session::Message;

use super::template::Template;
use crate::cli::calendar;

/// How a message is printed.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Output")]
pub(super) struct Format {
    /// Print the topic before the payload
    #[arg(short, long)]
    pub(super) verbose: bool,

    /// Print the time before all else, in UTC
    #[arg(long)]
    pub(super) timestamps: bool,

    /// No line feed after a payload
    #[arg(short = 'N', long)]
    pub(super) no_line_feed: bool,

    /// A line of JSON for each message: time, topic, qos, retain, and payload or, if that is no
    /// text, payload_hex
    #[arg(long, conflicts_with_all = ["verbose", "timestamps", "no_line_feed", "format"])]
    pub(super) json: bool,

    /// What to print: %t topic, %p payload, %x payload in hex, %l its length, %q QoS, %r RETAIN,
    /// %I time, %U seconds since 1970, %j JSON, \n, \t
    #[arg(short = 'F', long, value_name = "TEXT", conflicts_with_all = ["verbose", "timestamps"])]
    pub(super) format: Option<Template>,
}

/// Where it is printed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Paper {
    /// A terminal, on which an octet may do more than be seen.
    pub(super) is_terminal: bool,
    pub(super) has_colours: bool,
}

impl Format {
    /// Prints `message`, which came at `time`.
    pub(super) fn print(
        &self,
        message: &Message,
        time: SystemTime,
        paper: Paper,
        out: &mut impl Write,
    ) -> io::Result<()> {
        let Message { topic, payload, .. } = message;
        let Paper { is_terminal, has_colours } = paper;
        if self.json {
            writeln!(out, "{}", json_of(message, time))?;
            return out.flush();
        }
        if let Some(template) = &self.format {
            template.print(message, time, is_terminal, out)?;
        } else {
            let style = |style| if has_colours { style } else { Style::new() };
            if self.timestamps {
                let dimmed = style(Style::new().dimmed());
                write!(out, "{dimmed}{}{dimmed:#} ", calendar::utc(time))?;
            }
            if self.verbose {
                let coloured = style(AnsiColor::Cyan.on_default());
                write!(out, "{coloured}")?;
                print(topic.as_str().as_bytes(), is_terminal, out)?;
                write!(out, "{coloured:#} ")?;
            }
            print(payload, is_terminal, out)?;
        }
        if !self.no_line_feed {
            out.write_all(b"\n")?;
        }
        out.flush()
    }
}

/// A message as JSON.
pub(super) fn json_of(message: &Message, time: SystemTime) -> String {
    let Message { topic, payload, qos, retain } = message;
    let (time, topic) = (json(&calendar::utc(time)), json(topic.as_str()));
    let (name, payload) = match std::str::from_utf8(payload) {
        Ok(text) => ("payload", json(text)),
        Err(_) => ("payload_hex", json(&hex(payload))),
    };
    format!(
        r#"{{"time":{time},"topic":{topic},"qos":{},"retain":{retain},"{name}":{payload}}}"#,
        qos.number()
    )
}

/// Octets as they are, or on a terminal as it shows them.
pub(super) fn print(octets: &[u8], to_terminal: bool, out: &mut impl Write) -> io::Result<()> {
    match to_terminal {
        true => out.write_all(printable(octets).as_bytes()),
        false => out.write_all(octets),
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

pub(super) fn hex(octets: &[u8]) -> String {
    octets.iter().fold(String::with_capacity(2 * octets.len()), |mut text, octet| {
        let _ = write!(text, "{octet:02x}");
        text
    })
}

/// `text` as JSON, quotes included.
fn json(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use bytes::Bytes;
    use mqttspec::packet::QoS;
    use mqttspec::topic::TopicName;

    use super::*;

    /// What is printed for a message with this payload, without the line feed at its end.
    fn printed(format: &Format, payload: &'static [u8], paper: Paper) -> Vec<u8> {
        let topic = TopicName::new("a\u{1b}").unwrap();
        let payload = Bytes::from_static(payload);
        let message = Message { topic, payload, qos: QoS::AtLeastOnce, retain: true };
        let mut out = Vec::new();
        format.print(&message, UNIX_EPOCH, paper, &mut out).unwrap();
        assert_eq!(out.pop_if(|octet| *octet == b'\n').is_none(), format.no_line_feed);
        out
    }

    fn verbose() -> Format {
        Format { verbose: true, ..Format::default() }
    }

    fn timed() -> Format {
        Format { timestamps: true, ..verbose() }
    }

    fn in_json() -> Format {
        Format { json: true, ..Format::default() }
    }

    const FILE: Paper = Paper { is_terminal: false, has_colours: false };
    const TERMINAL: Paper = Paper { is_terminal: true, has_colours: false };
    const COLOURS: Paper = Paper { is_terminal: true, has_colours: true };

    macro_rules! prints {
        ($($name:ident: $format:expr, $payload:expr, on $paper:expr => $out:expr;)+) => {$(
            #[test]
            fn $name() {
                assert_eq!(printed(&$format, $payload, $paper), $out);
            }
        )+};
    }

    prints! {
        // format, payload => what is printed
        plain:         Format::default(), b"21.5",         on FILE => b"21.5";
        octets:        Format::default(), b"\x00\xff\x1b", on FILE => b"\x00\xff\x1b";
        bare:          Format { no_line_feed: true, ..Format::default() }, b"x", on FILE => b"x";
        topic:         verbose(), b"x", on FILE => b"a\x1b x";
        time:          timed(), b"x", on FILE => b"1970-01-01T00:00:00.000Z a\x1b x";
        on_a_terminal: verbose(), b"\x1b[2Jx\xff\xc3\xa9\n", on TERMINAL
            => "a\\u{1b} \\u{1b}[2Jx\\xff\u{e9}\n".as_bytes();
        in_colours:    verbose(), b"x", on COLOURS => b"\x1b[36ma\\u{1b}\x1b[0m x";
        template:      Format { format: "%q".parse().ok(), ..Format::default() }, b"x", on FILE => b"1";
        json_text:     in_json(), b"say \"hi\"", on FILE
            => br#"{"time":"1970-01-01T00:00:00.000Z","topic":"a\u001b","qos":1,"retain":true,"payload":"say \"hi\""}"#;
        json_octets:   in_json(), b"\x00\xff", on TERMINAL
            => br#"{"time":"1970-01-01T00:00:00.000Z","topic":"a\u001b","qos":1,"retain":true,"payload_hex":"00ff"}"#;
    }
}
