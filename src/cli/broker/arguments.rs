//! What `mqttspec broker` can be asked for: the one description of its options.
//!
//! Each is a flag, a key of the configuration file and a variable of the environment; see
//! `configuration`. Where several options belong together they have a heading in common.

use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;
use std::time::Duration;

use mqttspec::broker::Limits;
use mqttspec::net::{Listen, ServerOptions};

use super::state::StateArguments;

/// Run the reference broker
///
/// It takes every client, keeps on disk what has to outlive it, and names the statement of the
/// standard when it closes a connection. SIGINT and SIGTERM stop it in good order.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct Arguments {
    /// Where to listen: mqtt://HOST:PORT, ws://HOST:PORT/PATH or unix:/PATH. Port 0 lets the
    /// system choose. May be given several times [default: mqtt://127.0.0.1:1883]
    #[arg(long, value_name = "URL")]
    listen: Vec<Listen>,

    /// The short form for TCP: HOST:PORT, or PORT of this machine only. May be given several times
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    bind: Vec<SocketAddr>,

    /// Read options from this file, in TOML; the environment and the command line go before it
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// Print all options as such a file, with what each means and what holds now, and end
    #[arg(long)]
    print_config: bool,

    /// Read all options and the files they name, say what is wrong with them, and end
    #[arg(long)]
    pub(super) check_config: bool,

    /// Show every packet, and why a connection is closed
    #[arg(long)]
    pub(super) explain: bool,

    /// Threads that serve connections [default: one for each core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(super) workers: Option<u16>,

    /// How long a connection may take to send CONNECT, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = default().connect_timeout.as_secs())]
    connect_timeout: u64,

    /// The largest packet taken, in octets, at least 128
    #[arg(long, value_name = "OCTETS", default_value_t = default().max_packet_size)]
    max_packet_size: usize,

    /// Messages of QoS 1 and 2 on their way to one client without an acknowledgement
    #[arg(long, value_name = "N", default_value_t = default().max_in_flight,
          value_parser = clap::value_parser!(u16).range(1..))]
    max_in_flight: u16,

    /// Messages that may wait for one client; above it new ones are dropped
    #[arg(long, value_name = "N", default_value_t = default().max_queued_messages)]
    max_queued_messages: usize,

    /// Octets that may wait for one client; above it new messages are dropped
    #[arg(long, value_name = "OCTETS", default_value_t = default().max_queued_octets)]
    max_queued_octets: usize,

    /// Subscriptions that one session may have; above it a filter is refused
    #[arg(long, value_name = "N", default_value_t = default().max_subscriptions)]
    max_subscriptions: usize,

    /// Topics that may have a retained message; above it new ones are not kept
    #[arg(long, value_name = "N", default_value_t = default().max_retained_messages)]
    max_retained_messages: usize,

    /// Octets that may be retained; above it new messages are not kept
    #[arg(long, value_name = "OCTETS", default_value_t = default().max_retained_octets)]
    max_retained_octets: usize,

    /// Sessions, of clients connected and absent; above it new clients are refused
    #[arg(long, value_name = "N", default_value_t = default().max_sessions)]
    max_sessions: usize,

    /// Network connections open at once; above it new ones are closed
    #[arg(long, value_name = "N", default_value_t = ServerOptions::default().max_connections)]
    max_connections: usize,

    /// Let clients talk to each other on topics that begin with $
    #[arg(long)]
    relay_reserved_topics: bool,

    #[command(flatten)]
    pub(super) state: StateArguments,
}

impl Arguments {
    /// The same as the server takes it.
    pub(super) fn options(&self) -> ServerOptions {
        let mut limits = Limits::default();
        limits.connect_timeout = Duration::from_secs(self.connect_timeout);
        limits.max_packet_size = self.max_packet_size.max(128);
        limits.max_in_flight = self.max_in_flight;
        limits.max_queued_messages = self.max_queued_messages;
        limits.max_queued_octets = self.max_queued_octets;
        limits.max_subscriptions = self.max_subscriptions;
        limits.max_retained_messages = self.max_retained_messages;
        limits.max_retained_octets = self.max_retained_octets;
        limits.max_sessions = self.max_sessions;
        let mut options = ServerOptions::default();
        let bound = self.bind.iter().map(|&address| address.into());
        let listen: Vec<Listen> = bound.chain(self.listen.iter().cloned()).collect();
        if !listen.is_empty() {
            options.listen = listen;
        }
        options.limits = limits;
        options.policy.relay_reserved_topics = self.relay_reserved_topics;
        options.max_connections = self.max_connections;
        options
    }
}

const EXAMPLES: &str = "\
Examples:
  mqttspec broker                            on 127.0.0.1:1883
  mqttspec broker --explain                  every packet, and every refusal with its statement
  mqttspec broker --volatile                 everything in memory
  mqttspec broker --data-dir /srv/mqtt --sync interval=100ms
                                             at most a tenth of a second is lost in a crash
  mqttspec broker --bind 0.0.0.0:1883        for other machines too: there is no access control yet
  mqttspec broker --bind 1883 --listen ws://127.0.0.1:8080/mqtt
                                             for browsers too
  mqttspec broker --listen unix:/run/user/1000/mqtt.sock
                                             for this machine only, by the rights of a file
  mqttspec broker --print-config > b.toml    all options, to be edited
  mqttspec broker --config b.toml            as the file says

Every option may also be set by the environment: MQTTSPEC_ and its name in capitals, such as
MQTTSPEC_MAX_CONNECTIONS. Defaults < file < environment < command line.";

fn default() -> Limits {
    Limits::default()
}

/// `HOST:PORT`, or `PORT` of this machine only.
fn address(text: &str) -> Result<SocketAddr, String> {
    let host_and_port = match text.parse::<u16>() {
        Ok(port) => format!("127.0.0.1:{port}"),
        Err(_) => text.to_owned(),
    };
    let mut found = host_and_port
        .to_socket_addrs()
        .map_err(|e| format!("{e}; it should look like 127.0.0.1:1883, [::1]:1883 or 1883"))?;
    found.next().ok_or_else(|| "no address has this name".to_owned())
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use clap::{CommandFactory as _, Parser};

    use super::super::super::configuration::{self, Asked};
    use super::*;

    #[derive(Debug, Parser)]
    enum Program {
        Broker(Arguments),
    }

    /// What `mqttspec broker --print-config` prints.
    fn page() -> String {
        let command = Program::command().mut_subcommand("broker", configuration::prepared);
        let arguments = ["mqttspec", "broker", "--print-config"].map(OsString::from).to_vec();
        match configuration::read(&command, "broker", arguments) {
            Ok(Asked::Print(page)) => page,
            _ => panic!("no page"),
        }
    }

    /// The long names of all flags that are options.
    fn options() -> Vec<String> {
        let command = Program::command();
        let broker = command.find_subcommand("broker").expect("it is there");
        let names = broker.get_arguments().filter_map(|argument| argument.get_long());
        let about = ["config", "print-config", "check-config", "help"];
        names.filter(|name| !about.contains(name)).map(str::to_owned).collect()
    }

    #[test]
    fn every_option_stands_on_the_page_with_a_variable() {
        let page = page();
        for option in options() {
            let name = option.replace('-', "_");
            let line = format!("\n# {name} = ");
            assert_eq!(page.matches(&line).count(), 1, "{line}");
            assert!(page.contains(&format!("[MQTTSPEC_{}]", name.to_uppercase())), "{name}");
        }
    }

    #[test]
    fn every_option_has_a_default_that_it_takes() {
        let Program::Broker(arguments) =
            Program::try_parse_from(["mqttspec", "broker"]).expect("nothing is needed");
        let (options, usual) = (arguments.options(), ServerOptions::default());
        assert_eq!(options.limits, usual.limits);
        assert_eq!(options.policy, usual.policy);
        assert_eq!(options.listen, usual.listen);
        assert_eq!(options.max_connections, usual.max_connections);
    }
}
