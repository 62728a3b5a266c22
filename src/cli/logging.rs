//! What the server's log looks like in a terminal.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::time::uptime;

/// Prints the log to standard error.
///
/// `explain` shows a line for each packet. The environment variable `MQTTSPEC_LOG` says more
/// exactly what to show, in the form of `tracing`'s filters: `mqttspec::packets=debug`.
pub(super) fn start(explain: bool) {
    let usual = if explain { "info,mqttspec=debug" } else { "info" };
    let filter = EnvFilter::try_from_env("MQTTSPEC_LOG").unwrap_or_else(|_| EnvFilter::new(usual));
    let colours = anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(colours && std::io::stderr().is_terminal())
        .with_timer(uptime())
        .with_target(false)
        .with_level(false)
        .init();
}
