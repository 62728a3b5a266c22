//! Failures that are known: they fail no run, and one that is mended does, so that the list stays
//! true.

use std::collections::BTreeMap;

use mqttspec_spec::nearest_name;
use serde::{Deserialize, Deserializer};

use super::ProfileError;
use crate::cases::server;
use crate::glob::Glob;

/// Cases that are known to fail, and why.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Known {
    /// Which cases, as the profile names them: an address, or a pattern over addresses.
    pub pattern: String,
    /// Why they fail, in a sentence.
    pub reason: String,
    /// Whether they fail on some runs only: then it is no news that they pass.
    pub flaky: bool,
}

impl Known {
    /// Whether it speaks of the case at this address.
    pub fn covers(&self, address: &str) -> bool {
        Glob::new(self.pattern.as_str()).matches(address)
    }
}

/// `"will/*" = "why"`, or `"will/*" = { reason = "why", flaky = true }`.
pub(super) fn known<'de, D: Deserializer<'de>>(input: D) -> Result<Vec<Known>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "a reason, or { reason = \"…\", flaky = true }")]
    enum Entry {
        Reason(String),
        #[serde(rename_all = "kebab-case")]
        Whole(Whole),
    }
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Whole {
        reason: String,
        #[serde(default)]
        flaky: bool,
    }
    let entries = BTreeMap::<String, Entry>::deserialize(input)?;
    let known = entries.into_iter().map(|(pattern, entry)| match entry {
        Entry::Reason(reason) => Known { pattern, reason, flaky: false },
        Entry::Whole(Whole { reason, flaky }) => Known { pattern, reason, flaky },
    });
    Ok(known.collect())
}

/// Each entry has a reason, and cases that it speaks of.
pub(super) fn check(known: &[Known], text: &str) -> Result<(), ProfileError> {
    for Known { pattern, reason, .. } in known {
        let wrong = |message: String| ProfileError::at(pattern, message, text);
        if reason.trim().is_empty() {
            return Err(wrong(format!("{pattern} is known to fail without a reason")));
        }
        let glob = Glob::new(pattern.as_str());
        if !server::all().any(|case| glob.matches(case.address)) {
            let addresses = server::all().map(|case| case.address);
            return Err(wrong(format!("no case is meant by {pattern}"))
                .perhaps(nearest_name(pattern, addresses)));
        }
    }
    Ok(())
}
