//! What a probe has found, to be read by people and by programs, and as a profile.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;

use crate::report::{Observed, Report};

/// What a subject offers, how much it takes, and what it does where the standard leaves the choice.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Found {
    /// Where it is.
    pub target: String,
    /// The command line that started it; `None` when it ran already.
    pub command: Option<String>,
    /// By the names that profiles use: what it offers, and what it does not.
    pub offers: BTreeMap<&'static str, bool>,
    /// How much it takes of what, where less than was tried is too much.
    pub limits: BTreeMap<&'static str, u32>,
    /// What it does where it is free.
    pub observed: Vec<Observed>,
    /// What could not be told, and why.
    pub open: BTreeMap<&'static str, String>,
    /// Why it could not be reached or is no longer there; `None` when all is well.
    pub lost: Option<String>,
}

impl From<Report> for Found {
    /// What a report of the cases that only observe has found.
    fn from(report: Report) -> Self {
        let open = report.cases.iter().filter_map(|case| Some((case.case, case.message.clone()?)));
        Self {
            open: open.collect(),
            target: report.subject.target,
            command: report.subject.command,
            offers: report.subject.capabilities.probed().collect(),
            limits: report.subject.limits,
            observed: report.observed,
            lost: report.subject.lost,
        }
    }
}

impl Found {
    /// As text, a line each.
    pub fn to_text(&self) -> String {
        let mut text = format!("{}\n\nOffers\n", self.target);
        // Writing to a text does not fail.
        for (name, offered) in &self.offers {
            let _ = writeln!(text, "  {} {name}", if *offered { '✓' } else { '✗' });
        }
        text.push_str("\nTakes no more than\n");
        for (name, most) in &self.limits {
            let _ = writeln!(text, "  {most:>10}  {}", name.replace('-', " "));
        }
        if self.limits.is_empty() {
            text.push_str("  of nothing that was tried\n");
        }
        text.push_str("\nWhere the standard leaves the choice\n");
        for Observed { observation, .. } in &self.observed {
            let _ = writeln!(text, "  {:<48}  {}", observation.what, observation.behaviour);
        }
        if !self.open.is_empty() {
            text.push_str("\nCould not be told\n");
        }
        for (case, reason) in &self.open {
            let _ = writeln!(text, "  {case}: {reason}");
        }
        text
    }

    /// As JSON, indented, with a line feed at the end.
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self)
            .expect("texts and numbers, with texts for keys, can always be written");
        text.push('\n');
        text
    }

    /// As the TOML of a profile, for the broker that `command`, with its placeholders, starts, or
    /// for one that has to run already.
    ///
    /// What is observed stands in it as comments.
    pub fn to_profile(&self, name: &str, command: Option<&str>) -> String {
        let mut text = format!(
            "# What `mqttspec probe` found. brokers/README.md describes every key.\n\
             name = {}\nabout = {}\n",
            quoted(name),
            quoted(&format!("Found by mqttspec {}.", env!("CARGO_PKG_VERSION"))),
        );
        let _ = match command {
            Some(command) => writeln!(text, "\n[start]\ncommand = {}", quoted(command)),
            None => writeln!(text, "\n[at]\nmqtt = {}", quoted(&self.target)),
        };
        text.push_str(
            "\n# A claim that is wrong fails a run: judge by this profile from now on.\n",
        );
        text.push_str("[offers]\n");
        for (name, offered) in &self.offers {
            let _ = writeln!(text, "{name} = {offered}");
        }
        text.push_str("\n[limits]\n");
        for (name, most) in &self.limits {
            let _ = writeln!(text, "{name} = {most}");
        }
        text.push_str("\n# Where the standard leaves the choice:\n");
        for Observed { observation, .. } in &self.observed {
            let behaviour = observation.behaviour.replace(char::is_control, " ");
            let _ = writeln!(text, "# {}: {behaviour}", observation.what);
        }
        text.push_str(
            "\n# What is known to fail, and why: it fails no run, and what is mended does.\n\
             # [known]\n# \"keep-alive/silence-closes\" = \"it looks at the clock every minute\"\n",
        );
        text
    }
}

/// A text as TOML writes it.
fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::Profile;
    use crate::record::Observation;

    fn found() -> Found {
        let behaviour = "5\n[known]".to_owned();
        Found {
            target: "localhost:1883".to_owned(),
            command: None,
            offers: [("wildcards", true), ("retained-messages", false)].into(),
            limits: [("packet-octets", 1 << 20)].into(),
            observed: vec![Observed {
                observation: Observation { what: "weather", behaviour },
                case: "overlap/copies",
            }],
            open: BTreeMap::new(),
            lost: None,
        }
    }

    #[test]
    fn a_profile_that_was_written_can_be_read() {
        for (name, command) in [("a \"b\"", None), ("x", Some("broker -p {port} 'a'"))] {
            let text = found().to_profile(name, command);
            let profile: Profile = text.parse().unwrap_or_else(|error| panic!("{error}\n{text}"));
            assert_eq!(profile.name, name);
            assert!(profile.offers["wildcards"]);
            assert!(!profile.offers["retained-messages"]);
            assert_eq!(profile.limits.packet_octets, Some(1 << 20));
            assert_eq!(profile.start.map(|start| start.command).as_deref(), command);
            assert_eq!(profile.at.mqtt.is_some(), command.is_none());
            assert!(profile.known.is_empty());
        }
    }

    #[test]
    fn people_read_it() {
        insta::assert_snapshot!(found().to_text().replace("5\n[known]", "rain"), @r"
        localhost:1883

        Offers
          ✗ retained-messages
          ✓ wildcards

        Takes no more than
             1048576  packet octets

        Where the standard leaves the choice
          weather                                           rain
        ");
    }
}
