//! How a broker is started: a command, the files that it reads, and the places that both name.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use tempfile::TempDir;

use super::error::SubjectError;

/// How a broker is started.
///
/// In each text of it, `{port}` stands for a free port of this machine on which the broker has to
/// listen, `{ws_port}` for another one for WebSocket, `{port:NAME}` for one more of each name, and
/// `{dir}` for a new folder that goes away with the broker. Whatever else stands in braces is left
/// as it is.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Launch {
    /// The command line. It is split as a shell splits it, but no shell runs it.
    pub command: String,
    /// Commands that run to their end before, one after the other.
    #[serde(default)]
    pub before: Vec<String>,
    /// Files that are written into `{dir}` before, by their names.
    #[serde(default)]
    pub files: BTreeMap<String, String>,
    /// Variables for the environment of all commands.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    /// How long it may take from its start to its first answer, in seconds; by default 60.
    pub ready_within: Option<u16>,
}

impl Launch {
    /// A command line and nothing else.
    pub fn new(command: impl Into<String>) -> Self {
        Self { command: command.into(), ..Self::default() }
    }

    /// The same with another time to get ready.
    #[must_use]
    pub const fn ready_within(mut self, seconds: u16) -> Self {
        self.ready_within = Some(seconds);
        self
    }

    pub(super) fn wait(&self) -> Duration {
        self.ready_within.map_or(READY_WAIT, |seconds| Duration::from_secs(seconds.into()))
    }

    /// Chooses the places, writes the files, and gives what is to be run.
    pub(super) fn prepare(&self) -> Result<Prepared, SubjectError> {
        let mut places = Places::default();
        let command = places.fill(&self.command)?;
        let before: Vec<_> =
            self.before.iter().map(|line| places.fill(line)).collect::<Result<_, _>>()?;
        let mut environment = Vec::new();
        for (name, value) in &self.environment {
            environment.push((name.clone(), places.fill(value)?));
        }
        for (name, text) in &self.files {
            let text = places.fill(text)?;
            let path = places.dir()?.join(name);
            let folder = path.parent().map_or(Ok(()), fs::create_dir_all);
            folder.and_then(|()| fs::write(&path, text)).map_err(SubjectError::Folder)?;
        }
        let Some(&port) = places.ports.get("port") else {
            let reason = "it does not say {port}, where the broker has to listen";
            return Err(SubjectError::CommandLine(reason.to_owned()));
        };
        Ok(Prepared { command, before, environment, port, places })
    }
}

impl From<&str> for Launch {
    fn from(command: &str) -> Self {
        Self::new(command)
    }
}

/// Commands without placeholders, and the places that stay theirs.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) command: String,
    pub(super) before: Vec<String>,
    pub(super) environment: Vec<(String, String)>,
    /// Where the broker listens.
    pub(super) port: u16,
    places: Places,
}

impl Prepared {
    /// Where it speaks WebSocket, if its command, or a file of it, says `{ws_port}`.
    pub(super) fn websocket_port(&self) -> Option<u16> {
        self.places.ports.get("ws_port").copied()
    }

    /// A text with the places of this start in it.
    pub(super) fn fill(&mut self, text: &str) -> Result<String, SubjectError> {
        self.places.fill(text)
    }
}

/// Ports by name, and the folder if there is one.
#[derive(Debug, Default)]
struct Places {
    ports: BTreeMap<String, u16>,
    dir: Option<TempDir>,
}

impl Places {
    fn fill(&mut self, text: &str) -> Result<String, SubjectError> {
        let mut filled = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(start) = rest.find('{') {
            filled.push_str(&rest[..start]);
            let name = rest[start + 1..].split_once('}').map(|(name, _)| name);
            let place = name.map_or(Ok(None), |name| self.place(name))?;
            match (name, place) {
                (Some(name), Some(place)) => {
                    filled.push_str(&place);
                    rest = &rest[start + name.len() + 2..];
                }
                // A brace of a file's own.
                _ => {
                    filled.push('{');
                    rest = &rest[start + 1..];
                }
            }
        }
        filled.push_str(rest);
        Ok(filled)
    }

    /// What a name in braces stands for; `None` when it is no placeholder.
    fn place(&mut self, name: &str) -> Result<Option<String>, SubjectError> {
        if name == "dir" {
            let dir = self.dir()?;
            let text = dir.to_str().ok_or_else(|| {
                SubjectError::CommandLine(format!("{} is not UTF-8", dir.display()))
            })?;
            return Ok(Some(text.to_owned()));
        }
        let is_word = |text: &str| {
            !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_alphanumeric())
        };
        let is_port =
            name == "port" || name == "ws_port" || name.strip_prefix("port:").is_some_and(is_word);
        is_port.then(|| self.port(name).map(|port| port.to_string())).transpose()
    }

    fn port(&mut self, name: &str) -> Result<u16, SubjectError> {
        if let Some(&port) = self.ports.get(name) {
            return Ok(port);
        }
        loop {
            let port = super::free_port().map_err(SubjectError::NoPort)?;
            // The system may give again what was not taken yet.
            if !self.ports.values().any(|&taken| taken == port) {
                self.ports.insert(name.to_owned(), port);
                return Ok(port);
            }
        }
    }

    fn dir(&mut self) -> Result<PathBuf, SubjectError> {
        if self.dir.is_none() {
            let made = tempfile::Builder::new().prefix("mqttspec-").tempdir();
            self.dir = Some(made.map_err(SubjectError::Folder)?);
        }
        Ok(self.dir.as_ref().map(|dir| dir.path().to_owned()).unwrap_or_default())
    }
}

/// Long enough for a broker on a virtual machine, Java's or Erlang's, in a busy CI.
const READY_WAIT: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_placeholder_stands_for_the_same_place_everywhere_and_other_braces_for_themselves() {
        let mut places = Places::default();
        let text = places.fill("-p {port} -w {ws_port} {port:http} {port} { a: {x} } {").unwrap();
        let (port, ws, http) =
            (places.ports["port"], places.ports["ws_port"], places.ports["port:http"]);
        assert_eq!(text, format!("-p {port} -w {ws} {http} {port} {{ a: {{x}} }} {{"));
        assert!(port != ws && ws != http && http != port);
        assert!(places.dir.is_none());
    }

    #[test]
    fn files_are_written_with_the_places_in_them() {
        let mut launch = Launch::new("broker {dir}/etc/a.conf");
        launch.files.insert("etc/a.conf".to_owned(), "listen {port}\nstore {dir}".to_owned());
        let prepared = launch.prepare().unwrap();
        let path = prepared.command.strip_prefix("broker ").unwrap().to_owned();
        let dir = path.strip_suffix("/etc/a.conf").unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text, format!("listen {}\nstore {dir}", prepared.port));
        drop(prepared);
        assert!(!std::path::Path::new(&path).exists());
    }

    #[test]
    fn somewhere_the_port_must_be_named() {
        let mut launch = Launch::new("broker");
        assert!(matches!(launch.prepare(), Err(SubjectError::CommandLine(_))));
        launch.environment.insert("PORT".to_owned(), "{port}".to_owned());
        assert!(launch.prepare().is_ok());
    }
}
