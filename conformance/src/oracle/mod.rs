//! The background oracle: rules that every packet of the subject is held against, in every case.
//!
//! A case looks at one thing; beside it a subject may use a Packet Identifier twice, or set a
//! flag that it must not. An [`Oracle`] belongs to one case and follows all its connections, each
//! through a [`Watch`]. What it hears decides no case: it goes to the [`Ledger`] of the run, and
//! the cases under `background/` tell what is in there, each by its own statement.
//!
//! It says nothing where the standard leaves a doubt, and nothing of messages once the judge
//! itself has broken a rule: what a subject makes of that is for the case to judge.

mod client;
mod filter;
mod ledger;
mod published;
mod rule;
mod session;
mod watch;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::finding::Mismatch;

pub(crate) use client::ClientWatch;
pub(crate) use filter::matches;
pub(crate) use ledger::Ledger;
pub use rule::Rule;
pub(crate) use watch::Watch;

use published::Published;
use session::Session;

/// What has been heard in one case.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    /// How often there was something to look at, by the rule.
    pub(crate) occasions: BTreeMap<Rule, usize>,
    /// The first breach of each statement, by the rule.
    pub(crate) breaches: Vec<(Rule, Mismatch)>,
}

/// Follows the connections of one case.
#[derive(Clone, Debug, Default)]
pub(crate) struct Oracle(Rc<RefCell<Case>>);

/// What the connections of a case have in common.
#[derive(Debug, Default)]
struct Case {
    heard: Heard,
    /// Set once the judge has broken a rule.
    is_mute: bool,
    connections: usize,
    /// By Client Identifier.
    sessions: BTreeMap<Vec<u8>, Rc<RefCell<Session>>>,
    published: Published,
}

impl Oracle {
    /// Takes note that the judge breaks a rule: from here on it says nothing of messages.
    pub(crate) fn mute(&self) {
        self.0.borrow_mut().is_mute = true;
    }

    /// Notes breaches that were heard elsewhere.
    pub(crate) fn repeat(&self, rule: Rule, breaches: Vec<Mismatch>) {
        let mut case = self.0.borrow_mut();
        breaches.into_iter().for_each(|breach| case.judge(rule, Some(breach)));
    }

    /// Takes out what has been heard.
    pub(crate) fn take(&self) -> Heard {
        std::mem::take(&mut self.0.borrow_mut().heard)
    }
}

impl Case {
    /// There was something to hold against the rule; with what is wrong with it, if anything.
    fn judge(&mut self, rule: Rule, breach: Option<Mismatch>) {
        *self.heard.occasions.entry(rule).or_default() += 1;
        let Some(breach) = breach else { return };
        let is_known = |(known, earlier): &(Rule, Mismatch)| {
            *known == rule && earlier.statement == breach.statement
        };
        if !self.heard.breaches.iter().any(is_known) {
            self.heard.breaches.push((rule, breach));
        }
    }
}

#[cfg(test)]
mod tests;
