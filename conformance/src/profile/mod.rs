//! What the judge is told of a broker: how to start it, whom it lets in, what it does not offer, and
//! what is known to fail.
//!
//! A profile is a TOML file, read strictly: a key that does not exist is an error with its line and
//! with what was perhaps meant. `brokers/README.md` describes every key; the profiles beside it are
//! built in, and have their file name for a name.
//!
//! Not here: what the judge finds out by itself, in `probe`.

mod access;
mod built_in;
mod error;
mod known;
mod limits;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Deserializer};

use crate::need::Need;
use crate::options::RunOptions;
use crate::subject::Launch;

pub use access::{Access, Credentials};
pub use error::ProfileError;
pub use known::Known;
pub use limits::Limits;

/// What the judge is told of a broker.
///
/// # Examples
///
/// ```
/// use mqttspec_conformance::Profile;
///
/// let profile: Profile = "
///     name = 'Mine'
///     start.command = './broker --port {port}'
///     offers.qos-2-subscriptions = false
/// ".parse()?;
/// assert_eq!(profile.name, "Mine");
///
/// let wrong = "name = 'Mine'\nofers = {}".parse::<Profile>().unwrap_err();
/// assert_eq!((wrong.line, wrong.suggestion), (Some(2), Some("offers".to_owned())));
/// # Ok::<(), mqttspec_conformance::ProfileError>(())
/// ```
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Profile {
    /// What reports call the broker.
    pub name: String,
    /// Where it comes from, and with which version the profile was last tried.
    #[serde(default)]
    pub about: String,
    /// How it is started; `None` when it has to run already.
    pub start: Option<Launch>,
    /// Where it is.
    #[serde(default)]
    pub at: Addresses,
    /// What every Client of the judge introduces itself with.
    pub credentials: Option<Credentials>,
    /// A Client whose rights end somewhere.
    pub access: Option<Access>,
    /// By the names of [`Need`]: what it offers, and what it does not and need not.
    #[serde(default, deserialize_with = "offers")]
    pub offers: BTreeMap<&'static str, bool>,
    /// How much it takes of what.
    #[serde(default)]
    pub limits: Limits,
    /// How long things may take.
    #[serde(default)]
    pub waits: Waits,
    /// How it is stopped and started while the judge looks on; `None` leaves those cases out.
    pub restart: Option<Restart>,
    /// What is known to fail.
    #[serde(default, deserialize_with = "known::known")]
    pub known: Vec<Known>,
}

/// Where a broker is. Placeholders of [`Launch`] stand for ports.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Addresses {
    /// `HOST:PORT` or a URL. `127.0.0.1:{port}` when it is left out and the broker is started.
    pub mqtt: Option<String>,
    /// The URL of its WebSocket listener; `None` when it has none.
    pub websocket: Option<String>,
}

/// How long things may take, in seconds. What the command line says goes before it.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Waits {
    /// Until something that is due has come.
    #[serde(default, deserialize_with = "seconds")]
    pub due: Option<Duration>,
    /// Until a connection that must be closed is closed.
    #[serde(default, deserialize_with = "seconds")]
    pub close: Option<Duration>,
    /// Until a silent connection is closed, after one and a half times its Keep Alive.
    #[serde(default, deserialize_with = "seconds")]
    pub keep_alive_tolerance: Option<Duration>,
}

/// How a broker is stopped and started again.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Restart {
    /// A command that does it, for a broker that the judge has not started. One that it has started
    /// gets SIGTERM, and then its command again, on the same ports and in the same folder.
    pub command: Option<String>,
    /// What the broker promises to keep: a promise that it does not keep is a failure.
    #[serde(default)]
    pub keeps: Vec<Kept>,
}

/// What may outlive a broker's process.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Kept {
    /// Messages of QoS 1 and 2 that wait for an absent Client.
    Messages,
    /// Retained messages.
    Retained,
    /// Sessions and their subscriptions.
    Sessions,
}

impl Profile {
    /// The built-in profile of this name, or the file at this path: what has a slash in it or ends
    /// in `.toml` is a path.
    ///
    /// # Errors
    ///
    /// [`ProfileError`] when there is none, or it is not well formed.
    pub fn find(name_or_path: &str) -> Result<Self, ProfileError> {
        let path = Path::new(name_or_path);
        let is_file = name_or_path.contains('/') || path.extension().is_some_and(|e| e == "toml");
        let read = if is_file {
            let text = std::fs::read_to_string(path)
                .map_err(|error| ProfileError::plain(format!("cannot read it: {error}")))
                .map_err(|error| error.of(name_or_path))?;
            text.parse()
        } else {
            built_in::text(name_or_path)?.parse()
        };
        read.map_err(|error: ProfileError| error.of(name_or_path))
    }

    /// The names of the built-in profiles, in alphabetical order.
    pub fn built_in() -> impl Iterator<Item = &'static str> {
        built_in::names()
    }

    /// What it says of a need; `None` when nothing.
    pub(crate) fn claims(&self, need: Need) -> Option<bool> {
        match need {
            Need::AccessRules => Some(self.access.is_some()),
            Need::Restart => Some(self.restart.is_some()),
            Need::DurableMessages => Some(self.keeps(Kept::Messages)),
            Need::DurableRetained => Some(self.keeps(Kept::Retained)),
            Need::DurableSessions => Some(self.keeps(Kept::Sessions)),
            need => self.offers.get(need.name()?).copied(),
        }
    }

    fn keeps(&self, what: Kept) -> bool {
        self.restart.as_ref().is_some_and(|restart| restart.keeps.contains(&what))
    }
}

impl RunOptions {
    /// Judges by this profile, and takes over its waits.
    pub fn follow(&mut self, profile: Profile) {
        let Waits { due, close, keep_alive_tolerance } = profile.waits;
        self.patience = due.unwrap_or(self.patience);
        self.close_wait = close.unwrap_or(self.close_wait);
        self.keep_alive_tolerance = keep_alive_tolerance.unwrap_or(self.keep_alive_tolerance);
        self.profile = Some(profile);
    }
}

impl std::str::FromStr for Profile {
    type Err = ProfileError;

    /// Reads the TOML of a profile.
    ///
    /// # Errors
    ///
    /// [`ProfileError`] with the line, where there is one.
    fn from_str(text: &str) -> Result<Self, ProfileError> {
        let profile: Self =
            toml::from_str(text).map_err(|error| ProfileError::of_toml(&error, text))?;
        profile.check(text)?;
        Ok(profile)
    }
}

impl Profile {
    /// Sees to what the form alone does not say.
    fn check(&self, text: &str) -> Result<(), ProfileError> {
        if self.name.trim().is_empty() {
            return Err(ProfileError::at("name", "the name is empty", text));
        }
        if self.access.is_some() && self.credentials.is_none() {
            let what = "the judge needs a user with all rights too: add [credentials]";
            return Err(ProfileError::at("access", what, text));
        }
        known::check(&self.known, text)
    }
}

fn offers<'de, D: Deserializer<'de>>(input: D) -> Result<BTreeMap<&'static str, bool>, D::Error> {
    let offers = BTreeMap::<Offer, bool>::deserialize(input)?;
    Ok(offers.into_iter().map(|(Offer(name), offered)| (name, offered)).collect())
}

/// The name of something that a probe can find.
#[derive(Eq, Ord, PartialEq, PartialOrd)]
struct Offer(&'static str);

impl<'de> Deserialize<'de> for Offer {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let name = String::deserialize(input)?;
        let found = OFFERS.iter().find(|known| **known == name);
        found
            .map(|&known| Self(known))
            .ok_or_else(|| serde::de::Error::unknown_field(&name, OFFERS))
    }
}

/// What a probe can find, by the names of [`Need`].
const OFFERS: &[&str] = &[
    "persistent-sessions",
    "qos-1-subscriptions",
    "qos-2-subscriptions",
    "retained-messages",
    "wildcards",
    "zero-length-client-id",
];

fn seconds<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Duration>, D::Error> {
    let seconds = f64::deserialize(input)?;
    match Duration::try_from_secs_f64(seconds) {
        Ok(wait) if (0.001..=3_600.0).contains(&seconds) => Ok(Some(wait)),
        _ => Err(serde::de::Error::custom("it must be from 0.001 to 3600 seconds")),
    }
}

#[cfg(test)]
mod tests;
