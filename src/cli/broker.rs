//! `mqttspec broker`: the reference broker.

use std::net::{SocketAddr, ToSocketAddrs};
use std::process::ExitCode;
use std::time::Duration;

use anstream::eprintln;
use anstyle::{AnsiColor, Style};
use anyhow::{Context, anyhow};
use mqttspec::broker::Limits;
use mqttspec::net::{Server, ServerOptions};
use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};

use super::exit::{self, Failed};
use super::logging;

/// Run the reference broker
///
/// It keeps everything in memory, takes every client, and names the statement of the standard when
/// it closes a connection. SIGINT and SIGTERM stop it in good order.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// Where to listen: HOST:PORT, or PORT of this machine only. Port 0 lets the system choose.
    /// May be given several times
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:1883", value_parser = address)]
    bind: Vec<SocketAddr>,

    /// Show every packet, and why a connection is closed
    #[arg(long)]
    explain: bool,

    /// Threads that serve connections [default: one for each core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    workers: Option<u16>,

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
}

const EXAMPLES: &str = "\
Examples:
  mqttspec broker                            on 127.0.0.1:1883
  mqttspec broker --explain                  every packet, and every refusal with its statement
  mqttspec broker --bind 0.0.0.0:1883        for other machines too: there is no access control yet";

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

/// Runs the broker until it is told to stop.
pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failed> {
    logging::start(arguments.explain);
    let mut threads = Builder::new_multi_thread();
    if let Some(workers) = arguments.workers {
        threads.worker_threads(workers.into());
    }
    let runtime = threads.enable_all().build().context("cannot start threads")?;
    runtime.block_on(serve(options(arguments)))
}

fn options(arguments: &Arguments) -> ServerOptions {
    let mut limits = Limits::default();
    limits.connect_timeout = Duration::from_secs(arguments.connect_timeout);
    limits.max_packet_size = arguments.max_packet_size.max(128);
    limits.max_in_flight = arguments.max_in_flight;
    limits.max_queued_messages = arguments.max_queued_messages;
    limits.max_queued_octets = arguments.max_queued_octets;
    limits.max_subscriptions = arguments.max_subscriptions;
    limits.max_retained_messages = arguments.max_retained_messages;
    limits.max_retained_octets = arguments.max_retained_octets;
    limits.max_sessions = arguments.max_sessions;
    let mut options = ServerOptions::default();
    options.bind = arguments.bind.clone();
    options.limits = limits;
    options.policy.relay_reserved_topics = arguments.relay_reserved_topics;
    options.max_connections = arguments.max_connections;
    options
}

async fn serve(options: ServerOptions) -> Result<ExitCode, Failed> {
    const NAME: Style = Style::new().bold();
    const ADDRESS: Style = AnsiColor::Green.on_default();
    let server = Server::bind(options).await.map_err(|e| Failed {
        code: exit::UNREACHABLE,
        error: anyhow!(e).context("is another broker running? --bind chooses another address"),
    })?;
    for address in server.addresses() {
        let version = env!("CARGO_PKG_VERSION");
        eprintln!(
            "{NAME}mqttspec broker {version}{NAME:#} on {ADDRESS}mqtt://{address}{ADDRESS:#}, \
             Ctrl-C stops it"
        );
    }
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot wait for SIGINT")?;
    let mut terminate = signal(SignalKind::terminate()).context("cannot wait for SIGTERM")?;
    let mut told = async move || {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    };
    let (stopping, stop) = tokio::sync::oneshot::channel();
    let run = server.run(async { stop.await.unwrap_or(()) });
    let patience = async {
        told().await;
        // Received by the server, unless it has come to its end by itself.
        let _ = stopping.send(());
        told().await;
    };
    let stopped = tokio::select! {
        stopped = run => stopped,
        () = patience => {
            eprintln!("stopped at once, as asked for twice");
            return Ok(ExitCode::from(exit::OK));
        }
    };
    let (open, abandoned) = (stopped.connections, stopped.abandoned);
    if abandoned == 0 {
        eprintln!("stopped; {open} connections closed in good order");
    } else {
        eprintln!("stopped; {abandoned} of {open} connections did not take what was left for them");
    }
    Ok(ExitCode::from(exit::OK))
}
