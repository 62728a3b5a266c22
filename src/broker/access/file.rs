//! The file of access rules, in the syntax of mosquitto.
//!
//! ```text
//! # Until the first `user` or `client`: for those who have not said who they are.
//! topic read public/#
//!
//! user anna
//! topic readwrite home/#
//! topic deny home/safe/#
//!
//! client gateway-7
//! topic write sensors/#
//!
//! pattern readwrite devices/%c/#
//! ```

use std::collections::BTreeMap;
use std::ops::Range;

use bytestring::ByteString;

use super::Rules;
use super::rule::{Allows, CLIENT, Pattern, Rule, USER};
use crate::topic::TopicFilter;

/// What is wrong in a file of access rules.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct AccessFault {
    /// Its octets in the file.
    pub place: Range<usize>,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub help: &'static str,
}

/// Whom the lines of topics are about.
#[derive(Default)]
enum About {
    #[default]
    Anonymous,
    User(String),
    Client(String),
}

pub(super) fn rules(text: &str) -> Result<Rules, Vec<AccessFault>> {
    let mut reader = Reader { text, ..Reader::default() };
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        if let Err(fault) = reader.line(&text[start..start + line.len()]) {
            reader.faults.push(fault);
        }
        start += line.len();
    }
    if reader.faults.is_empty() { Ok(reader.rules()) } else { Err(reader.faults) }
}

#[derive(Default)]
struct Reader<'a> {
    text: &'a str,
    about: About,
    everyone: Vec<Rule>,
    anonymous: Vec<Rule>,
    users: BTreeMap<String, Vec<Rule>>,
    clients: BTreeMap<String, Vec<Rule>>,
    patterns: Vec<Pattern>,
    faults: Vec<AccessFault>,
}

impl<'a> Reader<'a> {
    /// Takes one line, which is part of the text.
    fn line(&mut self, line: &'a str) -> Result<(), AccessFault> {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            return Ok(());
        }
        let (word, rest) = split_word(line);
        match word {
            "user" => self.about = About::User(self.name(word, rest)?),
            "client" => self.about = About::Client(self.name(word, rest)?),
            "topic" => {
                let (allows, topic) = self.allows(word, rest)?;
                let rule = Rule { allows, filter: self.filter(topic)? };
                match &self.about {
                    About::Anonymous => self.anonymous.push(rule),
                    About::User(user) => self.users.entry(user.clone()).or_default().push(rule),
                    About::Client(id) => self.clients.entry(id.clone()).or_default().push(rule),
                }
            }
            "pattern" => {
                let (allows, topic) = self.allows(word, rest)?;
                self.pattern(allows, topic)?;
            }
            _ => {
                let help = "a line begins with user, client, topic, pattern or #";
                return Err(self.fault(word, format!("unknown word {word}"), help));
            }
        }
        Ok(())
    }

    fn name(&self, word: &'a str, name: &'a str) -> Result<String, AccessFault> {
        if name.is_empty() {
            let help = "whom are the lines below about?";
            return Err(self.fault(word, format!("{word} without a name"), help));
        }
        Ok(name.to_owned())
    }

    /// What is allowed, and the rest of the line.
    fn allows(&self, word: &'a str, rest: &'a str) -> Result<(Allows, &'a str), AccessFault> {
        if rest.is_empty() {
            let help = "which one? such as: topic read a/#";
            return Err(self.fault(word, format!("{word} without a Topic Filter"), help));
        }
        let (first, topic) = split_word(rest);
        let allows = match first {
            // One word is a filter, and all is allowed.
            _ if topic.is_empty() => return Ok((Allows::Both, first)),
            "read" => Allows::Read,
            "write" => Allows::Write,
            "readwrite" => Allows::Both,
            "deny" => Allows::Nothing,
            _ => {
                let help = "read, write, readwrite or deny; a filter with a blank needs one before";
                return Err(self.fault(first, format!("unknown right {first}"), help));
            }
        };
        Ok((allows, topic))
    }

    fn filter(&self, topic: &'a str) -> Result<TopicFilter, AccessFault> {
        TopicFilter::new(ByteString::from(topic)).map_err(|invalid| {
            let place = &topic[topic.floor_char_boundary(invalid.offset)..];
            self.fault(place, invalid.to_string(), "it has to be a Topic Filter")
        })
    }

    fn pattern(&mut self, allows: Allows, topic: &'a str) -> Result<(), AccessFault> {
        let is_name = |level: &&str| [USER, CLIENT].contains(level);
        if let Some(level) = topic
            .split('/')
            .find(|level| !is_name(level) && (level.contains(USER) || level.contains(CLIENT)))
        {
            let help = "%u and %c stand for a whole level: a/%c/b";
            return Err(self.fault(level, format!("{level} is a level in part"), help));
        }
        let filter = self.filter(topic)?;
        if topic.split('/').any(|level| is_name(&level)) {
            self.patterns.push(Pattern { allows, text: topic.to_owned() });
        } else {
            self.everyone.push(Rule { allows, filter });
        }
        Ok(())
    }

    /// `part` is a slice of the text.
    fn fault(&self, part: &str, what: String, help: &'static str) -> AccessFault {
        let start = part.as_ptr().addr() - self.text.as_ptr().addr();
        AccessFault { place: start..start + part.len(), what, help }
    }

    fn rules(self) -> Rules {
        let shared = |rules: BTreeMap<String, Vec<Rule>>| {
            rules.into_iter().map(|(name, rules)| (name, rules.into())).collect()
        };
        Rules {
            everyone: self.everyone.into(),
            anonymous: self.anonymous.into(),
            users: shared(self.users),
            clients: shared(self.clients),
            patterns: self.patterns,
        }
    }
}

/// The first word, and what comes after the blanks behind it.
fn split_word(line: &str) -> (&str, &str) {
    match line.split_once([' ', '\t']) {
        Some((word, rest)) => (word, rest.trim_start()),
        None => (line, ""),
    }
}
