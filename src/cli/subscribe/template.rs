//! `--format`: what is printed for a message, as a text with places in it.

use std::io::{self, Write};
use std::str::FromStr;
use std::time::SystemTime;

use mqttspec::session::Message;

use super::printing::{hex, json_of, print};
use crate::cli::calendar;

/// What is printed for a message.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Template(Vec<Part>);

#[derive(Clone, Debug, Eq, PartialEq)]
enum Part {
    Hex,
    HexInCapitals,
    Json,
    Length,
    Payload,
    QoS,
    Retain,
    Seconds,
    Text(String),
    Time,
    Topic,
}

impl Template {
    /// Writes what it makes of `message`, which came at `time`.
    pub(super) fn print(
        &self,
        message: &Message,
        time: SystemTime,
        to_terminal: bool,
        out: &mut impl Write,
    ) -> io::Result<()> {
        let Message { topic, payload, qos, retain } = message;
        for part in &self.0 {
            match part {
                Part::Hex => out.write_all(hex(payload).as_bytes())?,
                Part::HexInCapitals => out.write_all(hex(payload).to_uppercase().as_bytes())?,
                Part::Json => out.write_all(json_of(message, time).as_bytes())?,
                Part::Length => write!(out, "{}", payload.len())?,
                Part::Payload => print(payload, to_terminal, out)?,
                Part::QoS => write!(out, "{}", qos.number())?,
                Part::Retain => write!(out, "{}", u8::from(*retain))?,
                Part::Seconds => {
                    let since = calendar::since_1970(time);
                    write!(out, "{}.{:09}", since.as_secs(), since.subsec_nanos())?;
                }
                Part::Text(text) => out.write_all(text.as_bytes())?,
                Part::Time => out.write_all(calendar::utc(time).as_bytes())?,
                Part::Topic => print(topic.as_str().as_bytes(), to_terminal, out)?,
            }
        }
        Ok(())
    }
}

impl FromStr for Template {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut characters = text.chars();
        while let Some(character) = characters.next() {
            let part = match character {
                '%' => match characters.next() {
                    Some('%') => None,
                    Some(letter) => Some(place(letter)?),
                    None => return Err("it ends with a %; %% is a % itself".to_owned()),
                },
                '\\' => {
                    let escape = characters.next();
                    plain.push(escape.and_then(escaped).ok_or_else(|| {
                        format!("{character}{} is none of {ESCAPES}", escape.unwrap_or_default())
                    })?);
                    continue;
                }
                _ => None,
            };
            match part {
                None => plain.push(character),
                Some(part) => {
                    if !plain.is_empty() {
                        parts.push(Part::Text(std::mem::take(&mut plain)));
                    }
                    parts.push(part);
                }
            }
        }
        if !plain.is_empty() {
            parts.push(Part::Text(plain));
        }
        Ok(Self(parts))
    }
}

/// What stands for `%` and `letter`: the letters of mosquitto_sub, as far as MQTT 3.1.1 has them.
fn place(letter: char) -> Result<Part, String> {
    Ok(match letter {
        'I' => Part::Time,
        'U' => Part::Seconds,
        'X' => Part::HexInCapitals,
        'j' => Part::Json,
        'l' => Part::Length,
        'p' => Part::Payload,
        'q' => Part::QoS,
        'r' => Part::Retain,
        't' => Part::Topic,
        'x' => Part::Hex,
        other => return Err(format!("%{other} is none of {PLACES}")),
    })
}

const fn escaped(letter: char) -> Option<char> {
    Some(match letter {
        '0' => '\0',
        '\\' => '\\',
        'a' => '\u{7}',
        'e' => '\u{1b}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        _ => return None,
    })
}

const PLACES: &str = "%t topic, %p payload, %x payload in hex, %X in capitals, %l its length, \
                      %q QoS, %r RETAIN, %I time, %U seconds since 1970, %j JSON, %%";
const ESCAPES: &str = r"\n \t \r \e \a \0 \\";

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use bytes::Bytes;
    use mqttspec::packet::QoS;
    use mqttspec::topic::TopicName;

    use super::*;

    macro_rules! templates {
        ($($name:ident: $text:expr => $out:expr;)+) => {$(
            #[test]
            fn $name() {
                let expected: Result<&str, &str> = $out;
                let topic = TopicName::new("a/b").unwrap();
                let payload = Bytes::from_static(b"\xc3\xa9!");
                let message = Message { topic, payload, qos: QoS::AtLeastOnce, retain: true };
                let time = UNIX_EPOCH + Duration::from_millis(951_868_799_999);
                let printed = $text.parse::<Template>().map(|template| {
                    let mut out = Vec::new();
                    template.print(&message, time, false, &mut out).unwrap();
                    String::from_utf8(out).unwrap()
                });
                match expected {
                    Ok(expected) => assert_eq!(printed.as_deref(), Ok(expected)),
                    Err(why) => assert!(printed.unwrap_err().starts_with(why)),
                }
            }
        )+};
    }

    templates! {
        // template => what is printed, or how the error begins
        nothing:  ""                 => Ok("");
        usual:    "%t: %p"           => Ok("a/b: é!");
        flags:    "q%q r%r, %l"      => Ok("q1 r1, 3");
        hex:      "%x %X"            => Ok("c3a921 C3A921");
        times:    "%I|%U"            => Ok("2000-02-29T23:59:59.999Z|951868799.999000000");
        percent:  "100%%\\t\\\\"     => Ok("100%\t\\");
        unknown:  "%z"               => Err("%z is none of %t topic");
        open_end: "%t%"              => Err("it ends with a %");
        escape:   "\\q"              => Err("\\q is none of");
    }
}
