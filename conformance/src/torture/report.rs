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
        if self.violations.is_empty() {
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
