//! HTTP beside the broker: where, and with which token; and what statements mean.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::anyhow;
use mqttspec::net::{HttpOptions, HttpToken, StatementMeaning};
use mqttspec_spec::Catalogue;

use super::arguments::address;
use crate::cli::exit::{self, Failed};

/// HTTP beside the broker.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "HTTP")]
pub(super) struct HttpArguments {
    /// Serve a live status page, /metrics for Prometheus and /healthz here: HOST:PORT, or PORT of
    /// this machine only. Without --http-token-file it has to be an address of this machine
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    pub(super) http: Option<SocketAddr>,

    /// A file with the secret that requests over HTTP have to show, at least 16 characters; with it
    /// `mqttspec broker ctl` can look at sessions and end them
    #[arg(long, value_name = "FILE")]
    pub(super) http_token_file: Option<PathBuf>,
}

impl HttpArguments {
    /// The same as the server takes it; `None` when there is to be none.
    ///
    /// # Errors
    ///
    /// When the token cannot be read, or is none.
    pub(super) fn options(&self) -> Result<Option<HttpOptions>, Failed> {
        let token = self.http_token_file.as_deref().map(read_token).transpose()?;
        let Some(address) = self.http else { return Ok(None) };
        if token.is_none() && !address.ip().is_loopback() {
            let error = anyhow!(
                "--http {address} can be reached from other machines, and needs --http-token-file\n  \
                 head -c 24 /dev/urandom | base64 > token    makes one"
            );
            return Err(Failed { code: exit::USAGE, error });
        }
        let mut options = HttpOptions::new(address);
        options.token = token;
        options.meaning = meaning;
        Ok(Some(options))
    }
}

/// The secret that the file at `path` holds.
pub(super) fn read_token(path: &Path) -> Result<HttpToken, Failed> {
    let name = path.display();
    let failed = |error| Failed { code: exit::USAGE, error };
    let text = std::fs::read_to_string(path)
        .map_err(|error| failed(anyhow!("cannot read the token {name}: {error}")))?;
    text.parse().map_err(|error| failed(anyhow!("{name}: {error}")))
}

/// What a statement means, in the words of the catalogue.
fn meaning(id: &str) -> Option<StatementMeaning> {
    let catalogue = Catalogue::embedded();
    let statement = catalogue.get(id.parse().ok()?)?;
    let heading = catalogue.sections().iter().find(|heading| heading.number == statement.section);
    Some(StatementMeaning {
        level: statement.level.to_string(),
        section: heading.map_or_else(
            || statement.section.to_string(),
            |heading| format!("{} {}", heading.number, heading.title),
        ),
        text: statement.text.clone(),
        reading: statement.reading.clone(),
    })
}
