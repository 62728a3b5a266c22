//! What `mqttspec broker` can be asked for: the one description of its options.
//!
//! Each is a flag, a key of the configuration file and a variable of the environment; see
//! `configuration`. Where several options belong together they have a heading in common.

use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::anyhow;
use mqttspec::broker::{Access, Limits, QueuePolicy, UnauthorizedPublish};
use mqttspec::net::{Listen, ServerOptions};

use super::super::configuration::{Fault, told};
use super::super::exit::{self, Failed};
use super::super::logging::{LogFormat, LogLevel};
use super::super::number::whole;
use super::ctl;
use super::http::HttpArguments;
use super::passwords::PasswordArguments;
use super::state::StateArguments;
use super::tls::Tls;

/// Run the reference broker
///
/// It takes every client, keeps on disk what has to outlive it, and names the statement of the
/// standard when it closes a connection. SIGINT and SIGTERM stop it in good order.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct Arguments {
    /// Where to listen: mqtt://HOST:PORT, mqtts://HOST:PORT, ws://HOST:PORT/PATH,
    /// wss://HOST:PORT/PATH or unix:/PATH; ?proxy=true behind it where a proxy says by the PROXY
    /// protocol who comes. Port 0 lets the system choose. May be given several times [default:
    /// mqtt://127.0.0.1:1883]
    #[arg(long, value_name = "URL")]
    listen: Vec<Listen>,

    /// The short form for TCP: HOST:PORT, or PORT of this machine only. May be given several times
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    bind: Vec<SocketAddr>,

    #[command(flatten)]
    tls: Tls,

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
    explain: bool,

    /// How the log is written: a sentence a line for people, or an object of JSON a line with the
    /// statement, client, address and reason as fields
    #[arg(long, value_name = "FORMAT", help_heading = "Log", default_value = "text")]
    pub(super) log_format: LogFormat,

    /// How much is logged: error, warn, info for what clients do wrong too, debug for every end of
    /// a connection, trace for every packet
    #[arg(long, value_name = "LEVEL", help_heading = "Log", default_value = "info")]
    log_level: LogLevel,

    /// Write the process number into this file, and remove it at the end
    #[arg(long, value_name = "FILE")]
    pub(super) pid_file: Option<PathBuf>,

    /// Threads that serve connections [default: one for each core]
    #[arg(long, value_name = "N", value_parser = whole::<u16>(1..=1_024))]
    pub(super) workers: Option<u16>,

    /// How long a connection may take to send CONNECT, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = default().connect_timeout.as_secs(),
          value_parser = whole::<u64>(1..=DAY))]
    connect_timeout: u64,

    /// The largest packet taken, in octets, at least 128
    #[arg(long, value_name = "OCTETS", default_value_t = default().max_packet_size,
          value_parser = whole::<usize>(128..=LARGEST_PACKET))]
    max_packet_size: usize,

    /// Messages of QoS 1 and 2 on their way to one client without an acknowledgement
    #[arg(long, value_name = "N", default_value_t = default().max_in_flight,
          value_parser = whole::<u16>(1..=65_535))]
    max_in_flight: u16,

    /// Messages that may wait for one client
    #[arg(long, value_name = "N", default_value_t = default().max_queued_messages,
          value_parser = whole::<usize>(1..=MOST))]
    max_queued_messages: usize,

    /// Octets that may wait for one client
    #[arg(long, value_name = "OCTETS", default_value_t = default().max_queued_octets,
          value_parser = whole::<usize>(1..=MOST_OCTETS))]
    max_queued_octets: usize,

    /// Messages held for all clients together; no client may have more than half of what the others
    /// leave of it
    #[arg(long, value_name = "N", default_value_t = default().max_total_queued_messages,
          value_parser = whole::<usize>(1..=MOST))]
    max_total_queued_messages: usize,

    /// Octets held for all clients together, in the same way
    #[arg(long, value_name = "OCTETS", default_value_t = default().max_total_queued_octets,
          value_parser = whole::<usize>(1..=MOST_OCTETS))]
    max_total_queued_octets: usize,

    /// What is done about a message for which there is no room: drop it, drop the oldest of those
    /// that wait (QoS 0 first), or drop it and disconnect the client
    #[arg(long, value_name = "HOW", default_value = "drop-new")]
    queue_policy: WhenFull,

    /// Subscriptions that one session may have; above it a filter is refused
    #[arg(long, value_name = "N", default_value_t = default().max_subscriptions,
          value_parser = whole::<usize>(1..=MOST))]
    max_subscriptions: usize,

    /// Topics that may have a retained message; above it new ones are not kept
    #[arg(long, value_name = "N", default_value_t = default().max_retained_messages,
          value_parser = whole::<usize>(0..=MOST))]
    max_retained_messages: usize,

    /// Octets that may be retained; above it new messages are not kept
    #[arg(long, value_name = "OCTETS", default_value_t = default().max_retained_octets,
          value_parser = whole::<usize>(0..=MOST_OCTETS))]
    max_retained_octets: usize,

    /// Sessions, of clients connected and absent; above it new clients are refused
    #[arg(long, value_name = "N", default_value_t = default().max_sessions,
          value_parser = whole::<usize>(1..=MOST))]
    max_sessions: usize,

    /// Levels that a topic may have, at least 100; above it a client is disconnected and a filter
    /// refused
    #[arg(long, value_name = "N", default_value_t = default().max_topic_levels,
          value_parser = whole::<usize>(100..=65_536))]
    max_topic_levels: usize,

    /// Messages a second that one client may publish; above it the client is listened to more
    /// slowly, and nothing is lost. 0 for no bound
    #[arg(long, value_name = "N", default_value_t = default().max_publish_rate,
          value_parser = whole::<u32>(0..=1_000_000_000))]
    max_publish_rate: u32,

    /// How long a client may take nothing of what is sent to it before it is closed, in seconds
    #[arg(long, value_name = "SECONDS",
          default_value_t = ServerOptions::default().stall_timeout.as_secs(),
          value_parser = whole::<u64>(1..=DAY))]
    stall_timeout: u64,

    /// How long a client on a plain connection may have nothing to do, at most, before its task
    /// ends and it waits in less memory, in seconds; 0 for never
    #[arg(long, value_name = "SECONDS",
          default_value_t = ServerOptions::default().park_after.as_secs(),
          value_parser = whole::<u64>(0..=DAY))]
    park_after: u64,

    /// How long a stop may take, in seconds
    #[arg(long, value_name = "SECONDS",
          default_value_t = ServerOptions::default().stop_timeout.as_secs(),
          value_parser = whole::<u64>(0..=DAY))]
    stop_timeout: u64,

    /// Rules of who may publish and read what, in mosquitto's syntax; what no rule allows is then
    /// denied. Read anew on SIGHUP
    #[arg(long, value_name = "FILE", help_heading = "Access")]
    pub(super) acl_file: Option<PathBuf>,

    /// What is done about a message that its client may not publish [MQTT-3.3.5-2]: acknowledge
    /// and drop it, or close the connection
    #[arg(long, value_name = "HOW", help_heading = "Access", default_value = "acknowledge")]
    unauthorized_publish: Unauthorized,

    /// How often to publish what the broker counts, under $SYS/broker, in seconds; 0 for never
    #[arg(long, value_name = "SECONDS", default_value_t = 10,
          value_parser = whole::<u64>(0..=DAY))]
    sys_interval: u64,

    #[command(flatten)]
    pub(super) passwords: PasswordArguments,

    /// Network connections open at once; above it new ones are closed
    #[arg(long, value_name = "N", default_value_t = ServerOptions::default().max_connections,
          value_parser = whole::<usize>(1..=MOST))]
    max_connections: usize,

    /// Of these, how many may come from one address; above it new ones are closed
    #[arg(long, value_name = "N",
          default_value_t = ServerOptions::default().max_connections_per_address,
          value_parser = whole::<usize>(1..=MOST))]
    max_connections_per_address: usize,

    /// Let clients talk to each other on topics that begin with $
    #[arg(long)]
    relay_reserved_topics: bool,

    #[command(flatten)]
    pub(super) http: HttpArguments,

    #[command(flatten)]
    pub(super) state: StateArguments,

    #[command(subcommand)]
    pub(super) command: Option<Beside>,
}

/// What can be done instead of running a broker.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Beside {
    Ctl(ctl::Arguments),
}

/// What is done about a message that its client may not publish.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Unauthorized {
    Acknowledge,
    Close,
}

/// What is done about a message for which there is no room.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum WhenFull {
    DropNew,
    DropOld,
    Disconnect,
}

impl Arguments {
    /// The rules of the access file; without one everybody may do everything.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, or something in it is wrong; with the place.
    pub(super) fn access(&self) -> Result<Access, Failed> {
        let Some(path) = &self.acl_file else { return Ok(Access::open()) };
        let name = path.display().to_string();
        let failed = |error| Failed { code: exit::USAGE, error };
        let text = std::fs::read_to_string(path)
            .map_err(|error| failed(anyhow!("cannot read the access rules {name}: {error}")))?;
        Access::parse(&text).map_err(|faults| {
            let faults: Vec<Fault> = faults
                .into_iter()
                .map(|fault| Fault {
                    place: fault.place,
                    what: fault.what,
                    help: fault.help.into(),
                })
                .collect();
            failed(anyhow!(told(&name, &text, &faults)))
        })
    }

    /// How much is logged.
    pub(super) fn log_level(&self) -> LogLevel {
        if self.explain { LogLevel::Trace } else { self.log_level }
    }

    /// Whether it says anywhere where to listen.
    pub(super) fn names_a_place(&self) -> bool {
        !self.bind.is_empty() || !self.listen.is_empty()
    }

    /// The same as the server takes it.
    ///
    /// # Errors
    ///
    /// When no certificate can be made.
    pub(super) fn options(&self) -> Result<ServerOptions, Failed> {
        let mut limits = Limits::default();
        limits.connect_timeout = Duration::from_secs(self.connect_timeout);
        limits.max_packet_size = self.max_packet_size;
        limits.max_in_flight = self.max_in_flight;
        limits.max_queued_messages = self.max_queued_messages;
        limits.max_queued_octets = self.max_queued_octets;
        limits.max_total_queued_messages = self.max_total_queued_messages;
        limits.max_total_queued_octets = self.max_total_queued_octets;
        let queue = match self.queue_policy {
            WhenFull::DropNew => QueuePolicy::DropNew,
            WhenFull::DropOld => QueuePolicy::DropOld,
            WhenFull::Disconnect => QueuePolicy::Disconnect,
        };
        limits.max_subscriptions = self.max_subscriptions;
        limits.max_retained_messages = self.max_retained_messages;
        limits.max_retained_octets = self.max_retained_octets;
        limits.max_sessions = self.max_sessions;
        limits.max_topic_levels = self.max_topic_levels;
        limits.max_publish_rate = self.max_publish_rate;
        let mut options = ServerOptions::default();
        options.policy.queue = queue;
        options.policy.session_expiry = self.state.session_expiry();
        let bound = self.bind.iter().map(|&address| address.into());
        let listen: Vec<Listen> = bound.chain(self.listen.iter().cloned()).collect();
        if !listen.is_empty() {
            options.listen = listen;
        }
        options.tls = self.tls.options(&options.listen)?;
        options.limits = limits;
        options.policy.relay_reserved_topics = self.relay_reserved_topics;
        options.policy.unauthorized_publish = match self.unauthorized_publish {
            Unauthorized::Acknowledge => UnauthorizedPublish::Acknowledge,
            Unauthorized::Close => UnauthorizedPublish::Close,
        };
        options.sys_interval =
            (self.sys_interval > 0).then(|| Duration::from_secs(self.sys_interval));
        self.passwords.apply(&mut options);
        options.max_connections = self.max_connections;
        options.max_connections_per_address = self.max_connections_per_address;
        options.stall_timeout = Duration::from_secs(self.stall_timeout);
        options.park_after = Duration::from_secs(self.park_after);
        options.stop_timeout = Duration::from_secs(self.stop_timeout);
        Ok(options)
    }
}

const EXAMPLES: &str = "\
Examples:
  mqttspec broker                            on 127.0.0.1:1883
  mqttspec broker --explain                  every packet, and every refusal with its statement
  mqttspec broker --volatile                 everything in memory
  mqttspec broker --data-dir /srv/mqtt --sync interval=100ms
                                             at most a tenth of a second is lost in a crash
  mqttspec broker --bind 0.0.0.0:1883 --password-file users --acl-file rules
                                             for other machines too; `mqttspec passwd` makes users
  mqttspec broker --bind 1883 --listen ws://127.0.0.1:8080/mqtt
                                             for browsers too
  mqttspec broker --listen mqtts://0.0.0.0:8883 --tls-cert broker.pem --tls-key broker.key
                                             with TLS; SIGHUP reads the certificates again
  mqttspec broker --listen unix:/run/user/1000/mqtt.sock
                                             for this machine only, by the rights of a file
  mqttspec broker --print-config > b.toml    all options, to be edited
  mqttspec broker --config b.toml            as the file says

Every option may also be set by the environment: MQTTSPEC_ and its name in capitals, such as
MQTTSPEC_MAX_CONNECTIONS. Defaults < file < environment < command line.";

/// No packet of MQTT is larger: five octets, and the largest Remaining Length.
const LARGEST_PACKET: u64 = 268_435_460;
/// More of anything has no room in memory. Sums of several stay numbers.
const MOST: u64 = 1_000_000_000;
/// The same in octets: 256 TiB.
const MOST_OCTETS: u64 = 1 << 48;
/// The longest wait in seconds.
const DAY: u64 = 86_400;

fn default() -> Limits {
    Limits::default()
}

/// `HOST:PORT`, or `PORT` of this machine only.
pub(super) fn address(text: &str) -> Result<SocketAddr, String> {
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
    fn every_number_has_a_range() {
        let command = Program::command();
        let broker = command.find_subcommand("broker").expect("it is there");
        let is_number = |argument: &&clap::Arg| {
            let names = argument.get_value_names().unwrap_or_default();
            names.iter().any(|name| ["N", "OCTETS", "SECONDS"].contains(&name.as_str()))
        };
        let mut count = 0;
        for argument in broker.get_arguments().filter(is_number) {
            let long = argument.get_long().expect("an option");
            for number in ["18446744073709551615", "18446744073709551616", "-1", "1.5"] {
                let given = format!("--{long}={number}");
                let told = Program::try_parse_from(["mqttspec", "broker", &given])
                    .expect_err(&given)
                    .to_string();
                assert!(told.contains("it is a whole number from "), "{told}");
            }
            count += 1;
        }
        assert!(count > 20, "{count} of them");
    }

    #[test]
    fn every_option_has_a_default_that_it_takes() {
        let Program::Broker(arguments) =
            Program::try_parse_from(["mqttspec", "broker"]).expect("nothing is needed");
        let (options, usual) = (arguments.options().unwrap(), ServerOptions::default());
        assert_eq!(options.limits, usual.limits);
        assert_eq!(options.policy, usual.policy);
        assert_eq!(options.listen, usual.listen);
        assert_eq!(options.max_connections, usual.max_connections);
    }
}
