//! What the server's log looks like in a terminal.

use std::fmt;
use std::io::IsTerminal;
use std::time::Instant;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;

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
        .with_timer(SinceStart(Instant::now()))
        .with_target(false)
        .with_level(false)
        .init();
}

/// Seconds since the start, to the millisecond: what a person compares.
struct SinceStart(Instant);

impl FormatTime for SinceStart {
    fn format_time(&self, out: &mut Writer<'_>) -> fmt::Result {
        write!(out, "{:9.3}", self.0.elapsed().as_secs_f64())
    }
}
