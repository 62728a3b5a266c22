//! What the server's log looks like: for people in a terminal, or as JSON for machines.

use std::fmt;
use std::io::IsTerminal;
use std::sync::OnceLock;
use std::time::Instant;

use anstream::adapter::strip_str;
use anstream::eprintln;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::{Writer, debug_fn};
use tracing_subscriber::fmt::time::FormatTime;

/// How a line of the log is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub(super) enum LogFormat {
    /// A sentence, behind the seconds since the start
    Text,
    /// An object of JSON in each line: timestamp, level, message, and statement, client, address
    /// and reason where there are any
    Json,
}

/// How much is logged.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub(super) enum LogLevel {
    /// What keeps the broker from its work
    Error,
    /// And what it does not do for lack of room
    Warn,
    /// And what clients do wrong
    Info,
    /// And every end of a connection
    Debug,
    /// And every packet
    Trace,
}

/// How the lines of this process are written; the first word counts.
static FORMAT: OnceLock<LogFormat> = OnceLock::new();

/// Prints the log to standard error.
///
/// The environment variable `MQTTSPEC_LOG` says more exactly what to show, in the form of
/// `tracing`'s filters: `mqttspec::packets=debug`.
pub(super) fn start(format: LogFormat, level: LogLevel) {
    let usual = match level {
        LogLevel::Error => "error",
        LogLevel::Warn => "warn",
        LogLevel::Info => "info",
        LogLevel::Debug => "info,mqttspec=debug,mqttspec::packets=info",
        LogLevel::Trace => "info,mqttspec=debug",
    };
    let filter = EnvFilter::try_from_env("MQTTSPEC_LOG").unwrap_or_else(|_| EnvFilter::new(usual));
    let colours = anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match FORMAT.get_or_init(|| format) {
        LogFormat::Text => log
            .with_ansi(colours && std::io::stderr().is_terminal())
            .with_timer(SinceStart(Instant::now()))
            .with_target(false)
            .with_level(false)
            // The sentence has it all; the fields are for machines.
            .fmt_fields(debug_fn(|out, field, value| match field.name() {
                "message" => write!(out, "{value:?}"),
                _ => Ok(()),
            }))
            .init(),
        LogFormat::Json => {
            log.json().flatten_event(true).with_current_span(false).with_span_list(false).init();
        }
    }
}

/// Says something of the program itself: to people as it is, to machines in the log.
pub(super) fn say(words: fmt::Arguments<'_>) {
    match FORMAT.get() {
        Some(LogFormat::Json) => {
            let words = words.to_string();
            tracing::info!(target: "mqttspec::program", "{}", strip_str(&words));
        }
        Some(LogFormat::Text) | None => eprintln!("{words}"),
    }
}

/// The same of what somebody should see to.
pub(super) fn warn(words: fmt::Arguments<'_>) {
    match FORMAT.get() {
        Some(LogFormat::Json) => {
            let words = words.to_string();
            tracing::warn!(target: "mqttspec::program", "{}", strip_str(&words));
        }
        Some(LogFormat::Text) | None => eprintln!("{words}"),
    }
}

/// Seconds since the start, to the millisecond: what a person compares.
struct SinceStart(Instant);

impl FormatTime for SinceStart {
    fn format_time(&self, out: &mut Writer<'_>) -> fmt::Result {
        write!(out, "{:9.3}", self.0.elapsed().as_secs_f64())
    }
}
