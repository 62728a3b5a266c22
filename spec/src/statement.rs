//! One rule of the standard, in our words, and how it is shown to hold.

use std::fmt;

use serde::Deserialize;

use crate::id::StatementId;
use crate::level::Level;
use crate::section::Section;

/// One rule of the standard, or a few that share an id.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Statement {
    /// Its name.
    pub id: StatementId,
    /// The section it stands in, which the id does not always tell: `MQTT-3.1.2-4` is in 3.1.2.4.
    pub section: Section,
    /// How strongly it binds.
    pub level: Level,
    /// Whom it binds.
    pub binds: Binds,
    /// By what it is shown to hold; never empty, no kind twice.
    pub shown_by: Vec<Shown>,
    /// What it demands, in our own words: whole sentences, at most 400 characters.
    pub text: String,
    /// Why no case can show it to a black box; present whenever there is no case.
    pub reason: Option<String>,
    /// Where its text is disputed: the reading we judge by, and why.
    pub reading: Option<String>,
    #[serde(default)]
    gap: Gaps,
}

impl Statement {
    /// Whether the standard gives it a number. The 101 others are rules all the same.
    pub const fn is_numbered(&self) -> bool {
        self.id.is_numbered()
    }

    /// Whether a Server has to follow it.
    pub const fn binds_server(&self) -> bool {
        !matches!(self.binds, Binds::Client)
    }

    /// Whether a Client has to follow it.
    pub const fn binds_client(&self) -> bool {
        !matches!(self.binds, Binds::Server)
    }

    /// Whether it is shown by this kind of evidence, present or still missing.
    pub fn is_shown_by(&self, kind: Shown) -> bool {
        self.shown_by.contains(&kind)
    }

    /// Whether a line of `src/` must say that it carries the statement out.
    ///
    /// True of every numbered statement and of the MUSTs without a number, unless there is
    /// nothing to run: what only a review shows is not carried out in one place.
    pub fn demands_implementation(&self) -> bool {
        let binding = self.is_numbered() || matches!(self.level, Level::Must);
        binding && self.shown_by.iter().any(|&kind| kind != Shown::Review)
    }

    /// Why this kind of evidence is not there yet; `None` when it is, or is not asked for.
    pub fn gap(&self, kind: Shown) -> Option<&str> {
        let gap = match kind {
            Shown::ServerCase => &self.gap.server_case,
            Shown::ClientCase => &self.gap.client_case,
            Shown::Unit => &self.gap.unit,
            Shown::Type => &self.gap.r#type,
            Shown::Review => return None,
        };
        gap.as_deref()
    }

    /// Why our broker and client do not carry it out yet; `None` when they do.
    pub fn gap_implemented(&self) -> Option<&str> {
        self.gap.implemented.as_deref()
    }
}

/// Whom a statement binds: a judgement from its wording, not a field of the standard.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Binds {
    /// Both sides, or a half for each.
    Both,
    /// The Client only.
    Client,
    /// Whichever side receives the packet.
    Receiver,
    /// Whichever side sends the packet.
    Sender,
    /// The Server only.
    Server,
}

impl Binds {
    /// The word the catalogue uses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Both => "both",
            Self::Client => "client",
            Self::Receiver => "receiver",
            Self::Sender => "sender",
            Self::Server => "server",
        }
    }
}

impl fmt::Display for Binds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// By what a statement is shown to hold.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Shown {
    /// A case in which the judge sits in the broker's chair and sees it in a client.
    ClientCase,
    /// Reading: there is nothing to run, and the reason says why.
    Review,
    /// A case in which the judge is the client and sees it in a broker.
    ServerCase,
    /// Our types: the contrary cannot be written down.
    Type,
    /// A test inside our own code.
    Unit,
}

impl Shown {
    /// The word the catalogue uses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ClientCase => "client-case",
            Self::Review => "review",
            Self::ServerCase => "server-case",
            Self::Type => "type",
            Self::Unit => "unit",
        }
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What is not there yet, each with its reason. A review is never missing: its reason is all of it.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Gaps {
    implemented: Option<String>,
    client_case: Option<String>,
    server_case: Option<String>,
    r#type: Option<String>,
    unit: Option<String>,
}
