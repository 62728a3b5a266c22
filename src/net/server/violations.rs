//! Who has broken which statement, and how often: bounded, for whoever looks.
//!
//! Not here: the log, which has each of them once (`log`).

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use super::log::Who;

/// Which statement was broken by whom.
#[derive(Debug, Default)]
pub(super) struct Violations(Mutex<Seen>);

#[derive(Debug, Default)]
struct Seen {
    statements: BTreeMap<&'static str, u64>,
    /// By statement and by who it was; at most [`KEPT`].
    clients: BTreeMap<(&'static str, String), Culprit>,
}

#[derive(Clone, Debug)]
struct Culprit {
    address: String,
    times: u64,
    last: SystemTime,
    last_words: String,
}

/// A statement that one Client, or somebody at an address, has broken.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct ViolationCount {
    /// The statement, as the catalogue names it.
    pub statement: &'static str,
    /// The Client Identifier; `None` while there was none.
    pub client: Option<String>,
    /// Where the last one came from.
    pub address: String,
    /// How often, since the server began or since others took its place.
    pub times: u64,
    /// When it was the last time.
    pub last: SystemTime,
    /// What it was the last time.
    pub last_words: String,
}

/// How many pairs of a statement and who broke it are kept; above it the one that was longest ago
/// makes room. The sums by statement are of all.
const KEPT: usize = 1_000;

impl Violations {
    /// Takes down one.
    pub(super) fn add(&self, statement: &'static str, who: &Who<'_>, words: &dyn Display) {
        let (client, address) = (who.client().map(short), who.origin.host());
        // Ports change with each connection; the culprit is the host.
        let key = (statement, client.unwrap_or_else(|| format!("\0{address}")));
        let (last, last_words) = (SystemTime::now(), short(&words.to_string()));
        let mut seen = self.lock();
        *seen.statements.entry(statement).or_default() += 1;
        if seen.clients.len() >= KEPT && !seen.clients.contains_key(&key) {
            let oldest = seen.clients.iter().min_by_key(|(_, culprit)| culprit.last);
            let oldest = oldest.map(|(key, _)| key.clone());
            oldest.and_then(|key| seen.clients.remove(&key));
        }
        let times = seen.clients.get(&key).map_or(0, |culprit| culprit.times) + 1;
        seen.clients.insert(key, Culprit { address, times, last, last_words });
    }

    /// How often each statement was broken.
    pub(super) fn by_statement(&self) -> BTreeMap<&'static str, u64> {
        self.lock().statements.clone()
    }

    /// Who has broken what, in the order of the statements.
    pub(super) fn by_client(&self) -> Vec<ViolationCount> {
        let seen = self.lock();
        let counted = seen.clients.iter().map(|((statement, client), culprit)| {
            let client = (!client.starts_with('\0')).then(|| client.clone());
            let Culprit { address, times, last, last_words } = culprit.clone();
            ViolationCount { statement, client, address, times, last, last_words }
        });
        counted.collect()
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The beginning of what a Client may have made as long as it likes.
fn short(text: &str) -> String {
    const LONGEST: usize = 200;
    match text.char_indices().nth(LONGEST) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::server::origin::Origin;

    #[test]
    fn sums_are_of_all_and_those_who_did_it_are_bounded() {
        let violations = Violations::default();
        for number in 0..1_010_u16 {
            let [high, low] = number.to_be_bytes();
            let address = ([127, 1, high, low], 1).into();
            let who = Who { name: None, origin: Origin::Network(address) };
            violations.add("MQTT-3.1.0-1", &who, &"PUBLISH before CONNECT");
            violations.add("MQTT-3.1.0-1", &who, &"PINGREQ before CONNECT");
        }
        assert_eq!(violations.by_statement()["MQTT-3.1.0-1"], 2 * 1_010);
        let culprits = violations.by_client();
        assert_eq!(culprits.len(), KEPT);
        assert!(culprits.iter().all(|culprit| culprit.times == 2 && culprit.client.is_none()));
        assert!(culprits.iter().any(|culprit| culprit.address == "127.1.3.241"));
    }
}
