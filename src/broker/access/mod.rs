//! Who may publish to what, and who may read what: rules as data, decided by looking at them.
//!
//! [`Access`] holds the rules for all, [`Rights`] those that concern one Client. Every message is
//! looked at on its way in and on its way out, so that no filter, however it is written, brings a
//! Client more than it may read. A rule that denies goes before all that allow; what no rule
//! allows is denied.
//!
//! Clauses: [MQTT-3.3.5-2] for what is done about a PUBLISH without rights, U-3.1.4-1. Not here:
//! who a Client is, which somebody has found out before.

mod file;
mod rule;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use self::file::AccessFault;
use self::rule::{Allows, Pattern, Rule};
use super::SessionName;
use crate::topic::{TopicFilter, TopicName};

/// Who may do what.
///
/// # Examples
///
/// ```
/// use mqttspec::broker::{Access, SessionName};
/// use mqttspec::packet::{ClientId, Text};
/// use mqttspec::topic::{TopicFilter, TopicName};
///
/// let access = Access::parse("user anna\ntopic read weather/#\n").unwrap();
/// let client = SessionName::given(&ClientId::new(Text::new("tablet").unwrap()));
/// let rights = access.rights(Some("anna"), &client);
/// assert!(rights.may_read(&TopicName::new("weather/today").unwrap()));
/// assert!(!rights.may_write(&TopicName::new("weather/today").unwrap()));
/// // Granted, because something of it may be read; and that is all it brings.
/// assert!(rights.may_subscribe(&TopicFilter::new("#").unwrap()));
/// assert!(!rights.may_read(&TopicName::new("salaries").unwrap()));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Access {
    /// `None` when everybody may do everything.
    rules: Option<Rules>,
}

/// The rules of a file, by whom they are about.
#[derive(Clone, Debug, Default)]
struct Rules {
    everyone: Arc<[Rule]>,
    anonymous: Arc<[Rule]>,
    users: BTreeMap<String, Arc<[Rule]>>,
    clients: BTreeMap<String, Arc<[Rule]>>,
    /// With the user name or the Client Identifier in it.
    patterns: Vec<Pattern>,
}

/// What one Client may do. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Rights(Option<Arc<Concerned>>);

/// The rules that concern one Client.
#[derive(Debug)]
struct Concerned {
    /// Shared with all others that they concern.
    shared: Vec<Arc<[Rule]>>,
    /// Made of patterns.
    own: Vec<Rule>,
}

impl Access {
    /// Everybody may do everything.
    pub const fn open() -> Self {
        Self { rules: None }
    }

    /// Reads the rules of a file in the syntax of mosquitto.
    ///
    /// # Errors
    ///
    /// All that is wrong with it, in the order of the file.
    pub fn parse(text: &str) -> Result<Self, Vec<AccessFault>> {
        file::rules(text).map(|rules| Self { rules: Some(rules) })
    }

    /// What a Client may do: `user` is who it has proved to be, `None` for nobody in particular.
    pub fn rights(&self, user: Option<&str>, client: &SessionName) -> Rights {
        let Some(rules) = &self.rules else { return Rights::all() };
        // One without an identifier has none that a rule could name.
        let client = client.client_id();
        let of_user = match user {
            Some(user) => rules.users.get(user),
            None => Some(&rules.anonymous),
        };
        let of_client = client.and_then(|client| rules.clients.get(client));
        let shared = [Some(&rules.everyone), of_user, of_client];
        let shared = shared.into_iter().flatten().filter(|rules| !rules.is_empty()).cloned();
        let own = rules.patterns.iter().filter_map(|pattern| pattern.filled(user, client));
        Rights(Some(Arc::new(Concerned { shared: shared.collect(), own: own.collect() })))
    }
}

impl Rights {
    /// To do everything.
    pub const fn all() -> Self {
        Self(None)
    }

    /// Whether its Client may publish to `topic`.
    pub fn may_write(&self, topic: &TopicName) -> bool {
        self.decide(|rules| rules.allow(Allows::write, |filter| filter.matches(topic)))
    }

    /// Whether its Client may get a message of `topic`.
    pub fn may_read(&self, topic: &TopicName) -> bool {
        self.decide(|rules| rules.allow(Allows::read, |filter| filter.matches(topic)))
    }

    /// Whether there may be a topic that `filter` matches and its Client may read.
    ///
    /// Each rule is held against the filter by itself. Several that deny may take away together
    /// what each leaves; the subscription then stands and brings nothing.
    pub fn may_subscribe(&self, filter: &TopicFilter) -> bool {
        self.decide(|rules| {
            let denying = || rules.iter().filter(|rule| rule.allows.nothing());
            let is_denied = |wanted: &TopicFilter| denying().any(|rule| rule.filter.covers(wanted));
            let mut readable = rules.iter().filter(|rule| rule.allows.read());
            !is_denied(filter)
                && readable.any(|rule| rule.filter.overlaps(filter) && !is_denied(&rule.filter))
        })
    }

    /// Whether it is to do everything.
    pub const fn are_all(&self) -> bool {
        self.0.is_none()
    }

    fn decide(&self, look: impl FnOnce(&Concerned) -> bool) -> bool {
        self.0.as_deref().is_none_or(look)
    }
}

impl Concerned {
    fn iter(&self) -> impl Iterator<Item = &Rule> {
        self.shared.iter().flat_map(|rules| rules.iter()).chain(&self.own)
    }

    /// Whether a rule that fits allows what is wanted, and none that fits denies.
    fn allow(&self, wanted: impl Fn(Allows) -> bool, fits: impl Fn(&TopicFilter) -> bool) -> bool {
        let mut allowed = false;
        for rule in self.iter() {
            if rule.allows.nothing() {
                if fits(&rule.filter) {
                    return false;
                }
            } else if !allowed && wanted(rule.allows) {
                allowed = fits(&rule.filter);
            }
        }
        allowed
    }
}

#[cfg(test)]
mod tests;
