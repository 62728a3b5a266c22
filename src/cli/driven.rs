//! How a client under test is driven, as command lines say it.

use mqttspec_conformance::sabotage::{self, Sabotage};
use mqttspec_conformance::{ClientSubject, Role};
use mqttspec_spec::nearest_name;

use super::exit::{self, Failed};
use super::subject::built_in_driver;

/// The client that is meant: the one of this program where nothing is said.
#[derive(Debug, clap::Args)]
pub(super) struct Client {
    /// Drive the client by this program
    #[arg(long, value_name = "COMMAND", conflicts_with_all = ["publish", "subscribe"])]
    driver: Option<String>,

    /// The client is a command that publishes one message; {port}, {topic}, {payload}, {qos},
    /// {host}, {id} and {keep_alive} stand for what a case chooses
    #[arg(long, value_name = "COMMAND")]
    publish: Option<String>,

    /// The client is a command that subscribes, and prints a line for each message
    #[arg(long, value_name = "COMMAND")]
    subscribe: Option<String>,

    /// Put this sabotage between judge and client, to see what goes wrong: `mqttspec saboteur
    /// --list --client` has the names
    #[arg(long, value_name = "SABOTAGE", value_parser = sabotage)]
    behind: Option<&'static Sabotage>,
}

impl Client {
    /// Whether nothing is said of any client.
    pub(super) const fn is_unsaid(&self) -> bool {
        let Self { driver, publish, subscribe, behind } = self;
        driver.is_none() && publish.is_none() && subscribe.is_none() && behind.is_none()
    }

    /// The client, not started yet.
    pub(super) fn subject(&self) -> Result<ClientSubject, Failed> {
        let subject = match (&self.driver, self.publish.as_deref(), self.subscribe.as_deref()) {
            (Some(command), ..) => ClientSubject::driver(command),
            (None, None, None) => ClientSubject::driver(built_in_driver()?),
            (None, publish, subscribe) => ClientSubject::one_shot(publish, subscribe)
                .map_err(|error| Failed { code: exit::USAGE, error: error.into() })?,
        };
        Ok(if self.behind.is_some() { subject.behind(self.behind) } else { subject })
    }
}

/// The sabotage of clients with this name.
fn sabotage(name: &str) -> Result<&'static Sabotage, String> {
    let mut all = sabotage::of(Role::Client);
    let found = all.find(|sabotage| sabotage.name == name);
    found.ok_or_else(|| {
        let names = sabotage::of(Role::Client).map(|sabotage| sabotage.name);
        match nearest_name(name, names) {
            Some(nearest) => format!("no sabotage of clients has this name: perhaps {nearest}"),
            None => "no sabotage of clients has this name".to_owned(),
        }
    })
}
