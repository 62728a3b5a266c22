//! How the judge reaches a broker, beyond where it is: who to be there, TLS, and its WebSocket.

use std::path::PathBuf;

use anyhow::anyhow;
use mqttspec_conformance::{Security, Subject, Target};

use super::exit::{self, Failed};

/// Options of every subcommand that judges a broker.
#[derive(Debug, clap::Args)]
pub(super) struct Reach {
    /// Where the broker speaks WebSocket, for the cases about that: ws://HOST:PORT/PATH or wss://.
    /// Needed only when the target is no such URL itself
    #[arg(long, value_name = "URL", value_parser = websocket)]
    websocket: Option<Target>,

    /// The user name in every CONNECT
    #[arg(long, value_name = "NAME")]
    username: Option<String>,

    /// The password in every CONNECT that has a user name
    #[arg(long, value_name = "PASSWORD", env = "MQTTSPEC_PASSWORD", hide_env_values = true)]
    password: Option<String>,

    /// Believe a broker with TLS only by the authorities in this PEM file [default: those that the
    /// system knows]
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,

    /// The certificates to show to a broker with TLS, in PEM, our own first
    #[arg(long, value_name = "FILE", requires = "key")]
    cert: Option<PathBuf>,

    /// Their private key, in PEM
    #[arg(long, value_name = "FILE", requires = "cert")]
    key: Option<PathBuf>,

    /// Believe every broker with TLS, whoever it is
    #[arg(long, conflicts_with = "ca")]
    insecure: bool,
}

impl Reach {
    /// The same subject, reached as these options say.
    pub(super) fn apply(&self, subject: Subject) -> Result<Subject, Failed> {
        let mut subject = subject;
        if let Some(websocket) = &self.websocket {
            subject = subject.with_websocket(websocket.clone());
        }
        match (&self.username, &self.password) {
            (Some(username), password) => {
                subject = subject.with_credentials(username, password.as_deref());
            }
            // The URL may have the name, and the password be kept out of it.
            (None, Some(password)) => {
                let named = subject.target().credentials().map(|(name, _)| name.to_owned());
                if let Some(username) = named {
                    subject = subject.with_credentials(&username, Some(password));
                }
            }
            (None, None) => {}
        }
        if !self.wants_tls() {
            return Ok(subject);
        }
        let subject = subject.with_security(&self.security());
        subject.map_err(|error| Failed { code: exit::USAGE, error: anyhow!(error) })
    }

    /// The same for a broker that this program starts with a certificate that nobody can check.
    pub(super) fn security_of_own(&self) -> Security {
        if self.wants_tls() { self.security() } else { Security::default().insecure() }
    }

    const fn wants_tls(&self) -> bool {
        self.ca.is_some() || self.cert.is_some() || self.insecure
    }

    /// TLS as these options say.
    pub(super) fn security(&self) -> Security {
        let mut security = Security::default();
        if let Some(ca) = &self.ca {
            security = security.with_ca(ca);
        }
        if let (Some(cert), Some(key)) = (&self.cert, &self.key) {
            security = security.with_identity(cert, key);
        }
        if self.insecure { security.insecure() } else { security }
    }
}

fn websocket(text: &str) -> Result<Target, String> {
    let target: Target = text.parse().map_err(|error| format!("{error}"))?;
    if !target.is_websocket() {
        return Err("it should look like ws://localhost:8080/mqtt".to_owned());
    }
    Ok(target)
}
