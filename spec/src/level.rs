//! How strongly a statement binds.

use std::fmt;

use serde::Deserialize;

/// The word, or words, by which a statement binds, as the standard writes them in capitals.
///
/// Many statements hold several rules and so several words. The strongest decides: exactly one of
/// [`is_must`](Self::is_must), [`is_should`](Self::is_should), [`is_may`](Self::is_may) and
/// [`is_stated`](Self::is_stated) holds.
///
/// # Examples
///
/// ```
/// use mqttspec_spec::Level;
///
/// assert!(Level::MustShouldMay.is_must());
/// assert!(!Level::MustShouldMay.is_should());
/// assert_eq!(Level::MustNotMay.to_string(), "MUST NOT+MAY");
/// ```
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq)]
pub enum Level {
    /// A condition that chapter 7 makes of whoever calls itself conforming.
    #[serde(rename = "conformance")]
    Conformance,
    /// Allowed, and as good as its opposite.
    #[serde(rename = "MAY")]
    May,
    /// Demanded.
    #[serde(rename = "MUST")]
    Must,
    /// Demanded in one part, left open in another.
    #[serde(rename = "MUST+MAY")]
    MustMay,
    /// Demanded in one part, forbidden in another.
    #[serde(rename = "MUST+MUST NOT")]
    MustMustNot,
    /// Forbidden.
    #[serde(rename = "MUST NOT")]
    MustNot,
    /// Forbidden in one part, left open in another.
    #[serde(rename = "MUST NOT+MAY")]
    MustNotMay,
    /// Demanded, advised and left open, each in a part of its own.
    #[serde(rename = "MUST+SHOULD+MAY")]
    MustShouldMay,
    /// Allowed, in plain words instead of a MAY.
    #[serde(rename = "permitted")]
    Permitted,
    /// Demanded, by the other word for MUST.
    #[serde(rename = "REQUIRED")]
    Required,
    /// Advised.
    #[serde(rename = "SHOULD")]
    Should,
    /// Advised against.
    #[serde(rename = "SHOULD NOT")]
    ShouldNot,
    /// Said as a fact, without a word that binds; it still decides what a packet means.
    #[serde(rename = "stated")]
    Stated,
}

impl Level {
    /// The words as the standard writes them, joined by `+`; lower case where they are ours.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Conformance => "conformance",
            Self::May => "MAY",
            Self::Must => "MUST",
            Self::MustMay => "MUST+MAY",
            Self::MustMustNot => "MUST+MUST NOT",
            Self::MustNot => "MUST NOT",
            Self::MustNotMay => "MUST NOT+MAY",
            Self::MustShouldMay => "MUST+SHOULD+MAY",
            Self::Permitted => "permitted",
            Self::Required => "REQUIRED",
            Self::Should => "SHOULD",
            Self::ShouldNot => "SHOULD NOT",
            Self::Stated => "stated",
        }
    }

    /// Whether falling short of it means not to conform.
    pub const fn is_must(self) -> bool {
        matches!(
            self,
            Self::Conformance
                | Self::Must
                | Self::MustMay
                | Self::MustMustNot
                | Self::MustNot
                | Self::MustNotMay
                | Self::MustShouldMay
                | Self::Required
        )
    }

    /// Whether it is advice: a reason to warn, none to fail.
    pub const fn is_should(self) -> bool {
        matches!(self, Self::Should | Self::ShouldNot)
    }

    /// Whether it leaves a choice: something to observe, nothing to judge.
    pub const fn is_may(self) -> bool {
        matches!(self, Self::May | Self::Permitted)
    }

    /// Whether it is said as a fact.
    pub const fn is_stated(self) -> bool {
        matches!(self, Self::Stated)
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
