//! What a case cannot do without, and what a subject was found to offer.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::profile::{Limits, Profile};

/// What a case cannot do without.
///
/// A case names a need if the standard lets a Server go without it, or if the case only uses it
/// as a tool for something else. A case that judges the thing itself does not: it must fail.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Need {
    /// A Client whose rights end somewhere: only a profile can tell of one.
    AccessRules,
    /// Messages for absent Clients that outlive the subject's process, as a profile promises.
    DurableMessages,
    /// Retained messages that do.
    DurableRetained,
    /// Sessions that do.
    DurableSessions,
    /// Control Packets of so many octets.
    PacketOctets(u32),
    /// Sessions that outlive their connection.
    PersistentSessions,
    /// Subscriptions granted at QoS 1.
    Qos1Subscriptions,
    /// Subscriptions granted at QoS 2.
    Qos2Subscriptions,
    /// A way to stop the subject and start it again. Such cases run last, one by one.
    Restart,
    /// Retained messages.
    RetainedMessages,
    /// About so many seconds, by design. Such cases start first.
    Seconds(u16),
    /// An address at which the subject speaks WebSocket. It is told, and not found out.
    WebSocket,
    /// Topic Filters with `+` and `#`.
    Wildcards,
    /// A Client without a Client Identifier of its own.
    ZeroLengthClientId,
}

impl Need {
    /// The name in reports and profiles; `None` for time, which is always to be had, and for what
    /// is a matter of more or less.
    pub const fn name(self) -> Option<&'static str> {
        match self {
            Self::AccessRules => Some("access-rules"),
            Self::DurableMessages => Some("durable-messages"),
            Self::DurableRetained => Some("durable-retained"),
            Self::DurableSessions => Some("durable-sessions"),
            Self::PacketOctets(_) | Self::Seconds(_) => None,
            Self::PersistentSessions => Some("persistent-sessions"),
            Self::Qos1Subscriptions => Some("qos-1-subscriptions"),
            Self::Qos2Subscriptions => Some("qos-2-subscriptions"),
            Self::Restart => Some("restart"),
            Self::RetainedMessages => Some("retained-messages"),
            Self::WebSocket => Some("websocket"),
            Self::Wildcards => Some("wildcards"),
            Self::ZeroLengthClientId => Some("zero-length-client-id"),
        }
    }

    /// What no probe finds, and only a profile can tell of.
    const TOLD: [Self; 5] = [
        Self::AccessRules,
        Self::DurableMessages,
        Self::DurableRetained,
        Self::DurableSessions,
        Self::Restart,
    ];
}

/// What the subject offers, by the names of [`Need`]: found by the probe before a run, or told by
/// its profile.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Capabilities {
    offers: BTreeMap<&'static str, bool>,
    #[serde(skip)]
    limits: Limits,
    /// What the profile says is there and the probe did not find.
    #[serde(skip)]
    claimed_in_vain: Vec<&'static str>,
}

impl Capabilities {
    /// What somebody has told of a subject.
    pub(crate) fn told(offers: impl Iterator<Item = (&'static str, bool)>) -> Self {
        Self { offers: offers.collect(), ..Self::default() }
    }

    /// Notes whether the probe found what is needed.
    pub(crate) fn note(&mut self, need: Need, offered: bool) {
        if let Some(name) = need.name() {
            self.offers.insert(name, offered);
        }
    }

    /// Notes how much the probe found the subject to take.
    pub(crate) const fn note_limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

    /// Puts what a profile says in the place of what was found. What it denies counts as missing,
    /// whatever was found; what it claims has to be there.
    pub(crate) fn follow(&mut self, profile: Option<&Profile>) {
        for need in Need::TOLD {
            self.note(need, profile.and_then(|profile| profile.claims(need)).unwrap_or(false));
        }
        let Some(profile) = profile else { return };
        for (&name, &claimed) in &profile.offers {
            let found = self.offers.get(name).copied().unwrap_or(true);
            self.offers.insert(name, claimed && found);
            if claimed && !found {
                self.claimed_in_vain.push(name);
            }
        }
        self.limits = profile.limits.or(self.limits);
    }

    /// Whether the need is met. What the probe did not look for counts as met.
    pub fn meets(&self, need: Need) -> bool {
        match need {
            Need::PacketOctets(octets) => {
                self.limits.packet_octets.is_none_or(|most| octets <= most)
            }
            need => need.name().is_none_or(|name| self.offers.get(name).copied().unwrap_or(true)),
        }
    }

    /// Why the need is not met; `None` when it is.
    pub(crate) fn lack(&self, need: Need) -> Option<String> {
        if self.meets(need) {
            return None;
        }
        Some(match need {
            Need::AccessRules => "no profile tells of a user with limited rights".to_owned(),
            Need::Restart => "no profile says how to restart the subject".to_owned(),
            Need::WebSocket => NO_WEBSOCKET.to_owned(),
            Need::DurableMessages | Need::DurableRetained | Need::DurableSessions => {
                "no profile promises that a restart leaves them".to_owned()
            }
            Need::PacketOctets(octets) => {
                let most = self.limits.packet_octets.unwrap_or_default();
                format!("the subject takes packets of {most} octets, not of {octets}")
            }
            need => format!("the subject offers no {}", need.name().unwrap_or_default()),
        })
    }

    /// Whether a profile claims the need, and the subject lacks it.
    pub(crate) fn is_claimed_in_vain(&self, need: Need) -> bool {
        need.name().is_some_and(|name| self.claimed_in_vain.contains(&name))
    }

    /// The names of what a profile claims, and the subject lacks.
    pub fn claimed_in_vain(&self) -> &[&'static str] {
        &self.claimed_in_vain
    }

    /// How much of what the subject takes, as far as anybody has said or found out.
    pub const fn limits(&self) -> Limits {
        self.limits
    }

    /// The names of what was looked for or told of, and whether it is there.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, bool)> + '_ {
        self.offers.iter().map(|(&name, &offered)| (name, offered))
    }

    /// The same without what no probe can find, for lists of what is missing.
    pub(crate) fn probed(&self) -> impl Iterator<Item = (&'static str, bool)> + '_ {
        let told = |name| {
            let mut told = Need::TOLD.iter().chain(&[Need::WebSocket]);
            told.any(|need| need.name() == Some(name))
        };
        self.iter().filter(move |&(name, _)| !told(name))
    }
}

/// Why cases about WebSocket cannot run.
pub(crate) const NO_WEBSOCKET: &str =
    "no WebSocket address was given: judge a ws:// URL, or name it by --websocket";

#[cfg(test)]
mod tests {
    use super::*;

    fn found(wildcards: bool) -> Capabilities {
        let mut capabilities = Capabilities::default();
        capabilities.note(Need::Wildcards, wildcards);
        capabilities
    }

    fn profile(text: &str) -> Profile {
        format!("name = 'x'\n{text}").parse().unwrap()
    }

    #[test]
    fn what_a_profile_denies_is_missing_and_what_it_claims_has_to_be_there() {
        for (probed, told, offered, in_vain) in [
            (true, "offers.wildcards = true", true, false),
            (true, "offers.wildcards = false", false, false),
            (false, "offers.wildcards = true", false, true),
            (false, "offers.wildcards = false", false, false),
            (false, "", false, false),
        ] {
            let mut capabilities = found(probed);
            capabilities.follow(Some(&profile(told)));
            assert_eq!(capabilities.meets(Need::Wildcards), offered, "{probed} {told}");
            assert_eq!(capabilities.is_claimed_in_vain(Need::Wildcards), in_vain, "{told}");
        }
    }

    #[test]
    fn what_only_a_profile_can_tell_is_missing_without_one() {
        let mut capabilities = found(true);
        capabilities.follow(None);
        assert!(!capabilities.meets(Need::AccessRules) && !capabilities.meets(Need::Restart));
        capabilities.follow(Some(&profile("restart.keeps = ['sessions']")));
        assert!(capabilities.meets(Need::Restart) && capabilities.meets(Need::DurableSessions));
        assert!(!capabilities.meets(Need::DurableRetained));
        assert_eq!(capabilities.probed().collect::<Vec<_>>(), [("wildcards", true)]);
    }

    #[test]
    fn a_limit_of_a_profile_goes_before_one_that_was_found() {
        let mut capabilities = found(true);
        assert!(capabilities.meets(Need::PacketOctets(u32::MAX)));
        capabilities.note_limits(Limits { packet_octets: Some(1_000), ..Limits::default() });
        assert!(!capabilities.meets(Need::PacketOctets(1_001)));
        capabilities.follow(Some(&profile("limits.packet-octets = 2000")));
        assert!(capabilities.meets(Need::PacketOctets(2_000)));
        assert_eq!(
            capabilities.lack(Need::PacketOctets(2_001)).unwrap(),
            "the subject takes packets of 2000 octets, not of 2001"
        );
    }
}
