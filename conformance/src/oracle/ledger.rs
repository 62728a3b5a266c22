//! What was heard in all cases of a run.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Rule;
use crate::finding::Mismatch;
use crate::record::{Entry, Pages};

/// What was heard in all cases up to now.
#[derive(Debug, Default)]
pub(crate) struct Ledger(Mutex<BTreeMap<Rule, Overheard>>);

/// What was heard of one rule.
#[derive(Clone, Debug, Default)]
pub(crate) struct Overheard {
    /// How often there was something to look at.
    pub(crate) occasions: usize,
    /// The first breach of each statement, each with the cases that heard one.
    pub(crate) breaches: Vec<(Mismatch, Vec<&'static str>)>,
    /// The packets of the first case that heard a breach.
    pub(crate) transcript: Vec<Entry>,
}

impl Ledger {
    /// Takes in what was heard in a case.
    pub(crate) fn enter(&self, case: &'static str, pages: &Pages) {
        let mut rules = self.rules();
        for (rule, occasions) in &pages.heard.occasions {
            rules.entry(*rule).or_default().occasions += occasions;
        }
        for (rule, breach) in &pages.heard.breaches {
            let overheard = rules.entry(*rule).or_default();
            if overheard.breaches.is_empty() {
                overheard.transcript.clone_from(&pages.entries);
            }
            let same = |(known, _): &&mut (Mismatch, _)| known.statement == breach.statement;
            match overheard.breaches.iter_mut().find(same) {
                Some((_, cases)) if cases.contains(&case) => {}
                Some((_, cases)) => cases.push(case),
                None => overheard.breaches.push((breach.clone(), vec![case])),
            }
        }
    }

    /// What was heard of a rule.
    pub(crate) fn of(&self, rule: Rule) -> Overheard {
        self.rules().get(&rule).cloned().unwrap_or_default()
    }

    /// Whether a rule was broken, by the address of its case.
    pub(crate) fn is_broken(&self, address: &str) -> bool {
        let is_broken = |(rule, heard): (&Rule, &Overheard)| {
            rule.address() == address && !heard.breaches.is_empty()
        };
        self.rules().iter().any(is_broken)
    }

    fn rules(&self) -> MutexGuard<'_, BTreeMap<Rule, Overheard>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
