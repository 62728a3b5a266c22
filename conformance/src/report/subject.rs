//! What a report says of the broker or the client that was judged.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::need::Capabilities;
use crate::wire::Sender;

/// What a subject is.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// It accepts Network Connections.
    #[default]
    Broker,
    /// It opens them.
    Client,
}

impl Role {
    /// On which side of a connection the subject is.
    pub(crate) const fn sender(self) -> Sender {
        match self {
            Self::Broker => Sender::Server,
            Self::Client => Sender::Client,
        }
    }
}

/// The broker or the client that was judged.
#[derive(Clone, Debug, Serialize)]
pub struct SubjectReport {
    /// Which of them.
    pub role: Role,
    /// Where it is; of a client its name and version.
    pub target: String,
    /// The command line that started it, or drives it; `None` when it ran already.
    pub command: Option<String>,
    /// The name in the profile by which it was judged; `None` without one.
    pub profile: Option<String>,
    /// What it was found to offer.
    pub capabilities: Capabilities,
    /// How much it takes of what, as far as anybody has said or found out.
    pub limits: BTreeMap<&'static str, u32>,
    /// What its profile claims that it offers, and it does not.
    pub claimed_in_vain: Vec<&'static str>,
    /// Why it could not be reached or is no longer there; `None` when all is well.
    pub lost: Option<String>,
    /// Why it had to be started anew in the course of the run, each time.
    pub losses: Vec<String>,
    /// The last that it has printed; only of a broker that was started here and then lost.
    pub output: Option<String>,
}

impl SubjectReport {
    /// A client, before anything is known of it but how it is driven.
    pub(crate) fn of_client(command: String) -> Self {
        Self {
            role: Role::Client,
            target: "a client".to_owned(),
            command: Some(command),
            profile: None,
            capabilities: Capabilities::default(),
            limits: BTreeMap::new(),
            claimed_in_vain: Vec::new(),
            lost: None,
            losses: Vec::new(),
            output: None,
        }
    }
}
