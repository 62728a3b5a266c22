//! What is wrong with a profile, and where.

use std::fmt;

use mqttspec_spec::nearest_name;

/// A profile that cannot be used: what is wrong, in which line, and what was perhaps meant.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct ProfileError {
    /// The name or path that was asked for; empty for a text.
    pub profile: String,
    /// The line, from 1 on; `None` when it is about the whole.
    pub line: Option<usize>,
    /// The text of that line.
    pub text: String,
    /// What is wrong.
    pub message: String,
    /// What was perhaps meant.
    pub suggestion: Option<String>,
}

impl ProfileError {
    /// About the whole.
    pub(super) fn plain(message: impl Into<String>) -> Self {
        Self {
            profile: String::new(),
            line: None,
            text: String::new(),
            message: message.into(),
            suggestion: None,
        }
    }

    /// About the first line with `key` in it.
    pub(super) fn at(key: &str, message: impl Into<String>, text: &str) -> Self {
        let line = text.lines().position(|line| line.contains(key));
        Self::plain(message).in_line(line, text)
    }

    /// What the reader of TOML says, with what was perhaps meant by a name that it does not know.
    pub(super) fn of_toml(error: &toml::de::Error, text: &str) -> Self {
        let before = error.span().map(|span| &text[..span.start]);
        let line = before.map(|before| before.matches('\n').count());
        Self { suggestion: suggestion(error.message()), ..Self::plain(error.message()) }
            .in_line(line, text)
    }

    /// The same, of the profile of this name.
    pub(super) fn of(self, profile: &str) -> Self {
        Self { profile: profile.to_owned(), ..self }
    }

    pub(super) fn perhaps(self, suggestion: Option<&str>) -> Self {
        Self { suggestion: suggestion.map(str::to_owned), ..self }
    }

    fn in_line(self, index: Option<usize>, text: &str) -> Self {
        let line = index.and_then(|index| text.lines().nth(index)).unwrap_or_default();
        Self { line: index.map(|index| index + 1), text: line.trim_end().to_owned(), ..self }
    }
}

/// Serde names what it does not know and what it does in one form for all:
/// ``unknown field `ofers`, expected one of `name`, `offers` ``.
fn suggestion(message: &str) -> Option<String> {
    let mut names = message.split('`').skip(1).step_by(2);
    let wrong = names.next().filter(|_| message.starts_with("unknown "))?;
    nearest_name(wrong, names).map(str::to_owned)
}

impl fmt::Display for ProfileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "profile {}", self.profile)?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        write!(f, ": {}", self.message)?;
        if let Some(suggestion) = &self.suggestion {
            write!(f, "; did you mean {suggestion}?")?;
        }
        match self.line {
            Some(line) => write!(f, "\n{line:>5} | {}", self.text),
            None => Ok(()),
        }
    }
}

impl std::error::Error for ProfileError {}
