//! What a case cannot do without, and what a subject was found to offer.

use std::collections::BTreeMap;

use serde::Serialize;

/// What a case cannot do without.
///
/// A case names a need if the standard lets a Server go without it, or if the case only uses it
/// as a tool for something else. A case that judges the thing itself does not: it must fail.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Need {
    /// Sessions that outlive their connection.
    PersistentSessions,
    /// Subscriptions granted at QoS 1.
    Qos1Subscriptions,
    /// Subscriptions granted at QoS 2.
    Qos2Subscriptions,
    /// Retained messages.
    RetainedMessages,
    /// About so many seconds, by design. Such cases start first.
    Seconds(u16),
    /// Topic Filters with `+` and `#`.
    Wildcards,
    /// A Client without a Client Identifier of its own.
    ZeroLengthClientId,
}

impl Need {
    /// The name in reports; `None` for time, which is always to be had.
    pub const fn name(self) -> Option<&'static str> {
        match self {
            Self::PersistentSessions => Some("persistent-sessions"),
            Self::Qos1Subscriptions => Some("qos-1-subscriptions"),
            Self::Qos2Subscriptions => Some("qos-2-subscriptions"),
            Self::RetainedMessages => Some("retained-messages"),
            Self::Seconds(_) => None,
            Self::Wildcards => Some("wildcards"),
            Self::ZeroLengthClientId => Some("zero-length-client-id"),
        }
    }
}

/// What the probe before a run found the subject to offer, by the names of [`Need`].
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Capabilities(BTreeMap<&'static str, bool>);

impl Capabilities {
    /// Notes whether the subject offers what is needed.
    pub(crate) fn note(&mut self, need: Need, offered: bool) {
        if let Some(name) = need.name() {
            self.0.insert(name, offered);
        }
    }

    /// Whether the need is met. What the probe did not look for counts as met.
    pub fn meets(&self, need: Need) -> bool {
        need.name().is_none_or(|name| self.0.get(name).copied().unwrap_or(true))
    }

    /// The names of what was looked for, and whether it was found.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, bool)> + '_ {
        self.0.iter().map(|(&name, &offered)| (name, offered))
    }
}
