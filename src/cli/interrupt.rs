//! SIGINT and SIGTERM for commands that block: what has to be done before they end.

use std::thread;

use anyhow::Context;
use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};

/// On SIGINT or SIGTERM does `last`, and ends the program as a shell expects it: 128 and the
/// number of the signal.
pub(super) fn before_ending(last: fn()) -> Result<(), anyhow::Error> {
    let runtime = Builder::new_current_thread().enable_all().build().context("no signals")?;
    let (mut interrupt, mut terminate) = {
        let _runtime = runtime.enter();
        (
            signal(SignalKind::interrupt()).context("cannot wait for SIGINT")?,
            signal(SignalKind::terminate()).context("cannot wait for SIGTERM")?,
        )
    };
    thread::spawn(move || {
        let code = runtime.block_on(async {
            tokio::select! {
                _ = interrupt.recv() => 128 + SignalKind::interrupt().as_raw_value(),
                _ = terminate.recv() => 128 + SignalKind::terminate().as_raw_value(),
            }
        });
        last();
        std::process::exit(code);
    });
    Ok(())
}
