//! Transcripts as files.
//!
//! JSON, with a step a line, so that a person can read the conversation downwards, a comparison
//! shows what changed, and a step can be taken out by hand. A JSON report is read as well: it has
//! the transcripts of all its failures.

use serde_json::Value;

use super::{Action, Transcript};
use crate::report::Role;

/// A text that holds no transcript which can be replayed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NoTranscript {
    /// A report with several, and none of them was named, or one that it does not have.
    #[error("the report has the transcripts of {}; name one by --case", .0.join(", "))]
    Choose(Vec<String>),
    /// It is JSON of some other form, or none.
    #[error(
        "neither a transcript nor a JSON report, as --transcripts and --json of `mqttspec test` \
         write them: {0}"
    )]
    Form(String),
    /// A report without failures.
    #[error("no case of this report failed in a conversation that could be had again")]
    NoneFailed,
    /// It is a transcript of another version.
    #[error("transcripts of version {0} are not known here, only {known}", known = Transcript::VERSION)]
    Version(u64),
}

impl Transcript {
    /// The transcript as JSON, with a step a line and a line feed at the end.
    pub fn to_json(&self) -> String {
        let head = Self { steps: Vec::new(), ..self.clone() };
        let head = serde_json::to_string_pretty(&head).expect("texts and numbers can be written");
        let head =
            head.strip_suffix("[]\n}").expect("steps are the last field, and there are none");
        let lines = self.steps.iter().map(|step| {
            let line = serde_json::to_string(step).expect("texts and numbers can be written");
            format!("\n    {line}")
        });
        format!("{head}[{}\n  ]\n}}\n", lines.collect::<Vec<_>>().join(","))
    }

    /// Reads a transcript, or that of one case out of a JSON report.
    ///
    /// `case` says which; a report with a single failure, and a transcript, need none.
    ///
    /// # Errors
    ///
    /// [`NoTranscript`], which says what is there instead.
    pub fn from_json(text: &str, case: Option<&str>) -> Result<Self, NoTranscript> {
        let value: Value = serde_json::from_str(text).map_err(form)?;
        if let Some(cases) = value.get("cases").and_then(Value::as_array) {
            return Self::of_report(cases, case);
        }
        match value.get("transcript").and_then(Value::as_u64) {
            Some(version) if version != u64::from(Self::VERSION) => {
                return Err(NoTranscript::Version(version));
            }
            _ => {}
        }
        // Read from the text again, since only then do errors say where.
        let transcript: Self = serde_json::from_str(text).map_err(form)?;
        transcript.checked()
    }

    fn of_report(cases: &[Value], case: Option<&str>) -> Result<Self, NoTranscript> {
        let all: Vec<_> = cases.iter().filter_map(|case| case.get("replay")?.as_object()).collect();
        let address = |replay: &serde_json::Map<String, Value>| {
            replay.get("case").and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let mut meant = all.iter().filter(|replay| case.is_none_or(|case| address(replay) == case));
        match (meant.next(), meant.next()) {
            (Some(one), None) => {
                let value = Value::Object((*one).clone());
                serde_json::from_value::<Self>(value).map_err(form)?.checked()
            }
            _ if all.is_empty() => Err(NoTranscript::NoneFailed),
            _ => Err(NoTranscript::Choose(all.into_iter().map(address).collect())),
        }
    }

    /// Itself, when each step is on a connection that is open at that point.
    fn checked(self) -> Result<Self, NoTranscript> {
        let mut opened = Vec::new();
        for (number, step) in self.steps.iter().enumerate() {
            let connection = step.connection;
            let is_open = opened.contains(&connection);
            let opens = matches!(step.action, Action::Open { .. } | Action::Accept { .. });
            let is_of_driver = matches!(step.action, Action::Tell { .. } | Action::Told { .. });
            let problem = if self.role == Role::Client && connection == 0 {
                let is_right = is_of_driver || matches!(step.action, Action::Wait { .. });
                (!is_right).then_some("is no connection, but the driver")
            } else if is_of_driver {
                Some("has no driver: that is 0, where a client is the subject")
            } else if opens == is_open {
                Some(if is_open { "is open already" } else { "was not opened" })
            } else {
                None
            };
            if let Some(problem) = problem {
                let text = format!("step {}: connection {connection} {problem}", number + 1);
                return Err(NoTranscript::Form(text));
            }
            match step.action {
                Action::Open { .. } | Action::Accept { .. } => opened.push(connection),
                Action::Close | Action::Reset => opened.retain(|open| *open != step.connection),
                _ => {}
            }
        }
        if self.deviation.connection == 0 && self.role == Role::Broker {
            return Err(NoTranscript::Form("connections are numbered from 1 on".to_owned()));
        }
        Ok(self)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn form(error: serde_json::Error) -> NoTranscript {
    NoTranscript::Form(error.to_string())
}
