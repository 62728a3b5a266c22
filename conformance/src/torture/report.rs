//! What has come of it, for people and for programs.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::json;

use super::{Counts, Ends, Promise, Tortured};

/// How many violations of a kind are told as a story.
const STORIES: usize = 2;

/// The longest story, in lines.
const LINES: usize = 40;

impl Tortured {
    /// For people: what there was, and of each kind of violation the first few as stories.
    pub fn to_text(&self) -> String {
        let Counts { sent, sent_again, acknowledged, received, connections, cuts, ends } =
            self.counts;
        let mut text = format!(
            "{}  seed {}\n\n  {sent} messages sent, {sent_again} again, {acknowledged} \
             acknowledged, {received} received\n  {connections} connections, {cuts} cut; {} {}\n",
            self.target,
            self.options.seed,
            ends,
            match self.options.ends {
                Ends::Killed => "times killed",
                Ends::Never | Ends::Stopped => "times stopped",
            },
        );
        text.push_str(match self.options.promise {
            Promise::Durable => "  held to: what was acknowledged outlives the broker\n",
            Promise::Volatile => "  held to: what was acknowledged comes while the broker lives\n",
        });
        if let Some(lost) = &self.lost {
            let _ = write!(text, "\nthe broker was lost: {lost}\n");
        }
        let mut told = BTreeMap::<&str, usize>::new();
        for violation in &self.violations {
            let count = told.entry(violation.kind).or_default();
            *count += 1;
            if *count > STORIES {
                continue;
            }
            let _ = write!(
                text,
                "\n✗ {}: {}  {}\n",
                violation.kind, violation.text, violation.statement
            );
            let skipped = violation.story.len().saturating_sub(LINES);
            if skipped > 0 {
                let _ = writeln!(text, "    … {skipped} lines before …");
            }
            violation.story.iter().skip(skipped).for_each(|line| {
                let _ = writeln!(text, "    {line}");
            });
        }
        text.push('\n');
        // Of a broker that is gone nobody knows what it would have brought.
        if self.violations.is_empty() && self.lost.is_none() {
            text.push_str("nothing was lost, repeated or out of order\n");
        }
        for (kind, count) in told {
            let _ = writeln!(text, "{count} × {kind}");
        }
        text
    }

    /// For programs, with every violation and its story.
    pub fn to_json(&self) -> String {
        let options = &self.options;
        let report = json!({
            "target": self.target,
            "seed": options.seed,
            "publishers": options.publishers,
            "subscribers": options.subscribers,
            "seconds": options.duration.as_secs_f64(),
            "promise": match options.promise {
                Promise::Durable => "durable",
                Promise::Volatile => "volatile",
            },
            "counts": self.counts,
            "violations": self.violations,
            "lost": self.lost,
        });
        format!("{report:#}\n")
    }
}

#[cfg(test)]
mod tests {
    use super::super::{TortureOptions, Violation};
    use super::*;

    /// Three violations of one kind, of which the first has a long story.
    fn example() -> Tortured {
        let violation = |lines: usize| {
            let story = (1..=lines).map(|line| format!("{line:>4} ms  p1  sent message {line}"));
            let text = "message 3 of p1 never came to s2".to_owned();
            Violation::new("lost", "MQTT-4.3.2-1", text, story.collect())
        };
        let (sent, sent_again, acknowledged, received) = (1_200, 34, 1_190, 3_540);
        Tortured {
            target: "broker:1883".to_owned(),
            options: TortureOptions {
                seed: 7,
                promise: Promise::Durable,
                ends: Ends::Killed,
                ..TortureOptions::default()
            },
            counts: Counts {
                sent,
                sent_again,
                acknowledged,
                received,
                connections: 56,
                cuts: 49,
                ends: 3,
            },
            violations: vec![violation(LINES + 2), violation(1), violation(1)],
            lost: None,
        }
    }

    #[test]
    fn people_read_a_story() {
        insta::assert_snapshot!("story", example().to_text());
        let nothing = Tortured { violations: Vec::new(), ..example() };
        insta::assert_snapshot!("nothing_lost", nothing.to_text());
        let lost = Some("it ended with exit code 101".to_owned());
        insta::assert_snapshot!("broker_lost", Tortured { lost, ..nothing }.to_text());
    }

    #[test]
    fn programs_read_the_same() {
        let mut example = example();
        example.violations.truncate(2);
        example.violations.remove(0);
        insta::assert_snapshot!("json", example.to_json());
    }
}
