//! The broker and whoever has started it: what it is handed, and what it tells.
//!
//! systemd hands over sockets and wants to hear when the broker is ready, reads its files anew,
//! stops, and that it is alive; scripts want its process number in a file.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use listenfd::ListenFd;
use mqttspec::net::{Control, Inherited, Listen};
use sd_notify::NotifyState;

use crate::cli::exit::{self, Failed};
use crate::cli::logging::say;

/// Tells systemd; does nothing where there is none.
fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        say(format_args!("cannot tell the service manager: {error}"));
    }
}

/// The broker listens.
pub(super) fn ready() {
    tell(&[NotifyState::Ready]);
}

/// The broker reads its files anew, until it is [`ready`] again.
pub(super) fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(_) => tell(&[NotifyState::Reloading]),
    }
}

/// The broker stops.
pub(super) fn stopping() {
    tell(&[NotifyState::Stopping]);
}

/// Tells systemd that the broker is alive, as often as it wants to hear, for ever.
pub(super) async fn stay_alive(control: &Control) {
    let Some(limit) = sd_notify::watchdog_enabled().filter(|limit| !limit.is_zero()) else {
        return std::future::pending().await;
    };
    let mut ticks = tokio::time::interval(limit / 2);
    loop {
        ticks.tick().await;
        // Whoever holds a lock for good keeps this from the next line, too.
        control.figures();
        tell(&[NotifyState::Watchdog]);
    }
}

/// The sockets that are handed over, by the convention of `LISTEN_FDS`.
///
/// What is spoken on each is the name that systemd gives it: `mqtt`, `mqtts`, `ws` or `wss`; any
/// other stands for `mqtt`.
///
/// # Errors
///
/// When one of them is no socket that listens for streams.
pub(super) fn inherited() -> Result<Vec<Inherited>, Failed> {
    let names = std::env::var("LISTEN_FDNAMES").unwrap_or_default();
    let mut names = names.split(':');
    let mut sockets = ListenFd::from_env();
    (0..sockets.len())
        .map(|index| {
            let name = names.next().filter(|name| ["mqtts", "ws", "wss"].contains(name));
            let scheme = name.unwrap_or("mqtt");
            take(&mut sockets, index, scheme).map_err(|error| Failed {
                code: exit::USAGE,
                error: error.context(format!("socket {index} of LISTEN_FDS is of no use")),
            })
        })
        .collect()
}

fn take(sockets: &mut ListenFd, index: usize, scheme: &str) -> Result<Inherited, anyhow::Error> {
    if let Ok(Some(socket)) = sockets.take_tcp_listener(index) {
        let listen: Listen = format!("{scheme}://{}", socket.local_addr()?).parse()?;
        return Ok(Inherited::tcp(listen, socket));
    }
    let socket = sockets.take_unix_listener(index)?.ok_or_else(|| anyhow!("it is taken"))?;
    let address = socket.local_addr()?;
    let path = address.as_pathname().unwrap_or(Path::new("/"));
    if scheme != "mqtt" {
        return Err(anyhow!("{scheme} is spoken over TCP only"));
    }
    let listen: Listen = format!("unix:{}", path.display()).parse()?;
    Ok(Inherited::unix(listen, socket))
}

/// A file with the process number of the broker, gone with it.
#[derive(Debug)]
pub(super) struct PidFile(PathBuf);

impl PidFile {
    /// Writes it.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub(super) fn write(path: &Path) -> Result<Self, Failed> {
        let written = fs::write(path, content());
        let written =
            written.with_context(|| format!("cannot write --pid-file {}", path.display()));
        written.map_err(|error| Failed { code: exit::UNREACHABLE, error })?;
        Ok(Self(path.to_owned()))
    }
}

impl Drop for PidFile {
    fn drop(&mut self) {
        // Another broker may have put its own in its place.
        let found: io::Result<String> = fs::read_to_string(&self.0);
        if found.is_ok_and(|found| found == content()) {
            let _ = fs::remove_file(&self.0);
        }
    }
}

fn content() -> String {
    format!("{}\n", std::process::id())
}
