//! SIGINT and SIGTERM for commands that block: what has to be done before they end.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use anyhow::Context;
use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};

/// SIGINT and SIGTERM, caught.
#[derive(Clone, Default)]
pub(super) struct Signals(Arc<Mutex<Option<First>>>);

/// What is done at the first of them, instead of ending; it is told what the program would have
/// ended with.
type First = Box<dyn FnOnce(u8) + Send>;

impl Signals {
    /// Leaves the end to `first` at the next signal. One more ends the program all the same.
    pub(super) fn at_first(&self, first: impl FnOnce(u8) + Send + 'static) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(first));
    }

    fn take(&self) -> Option<First> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// On SIGINT or SIGTERM does `last`, and ends the program as a shell expects it: with 128 and the
/// number of the signal.
pub(super) fn before_ending(last: fn()) -> Result<Signals, anyhow::Error> {
    let runtime = Builder::new_current_thread().enable_all().build().context("no signals")?;
    let (mut interrupt, mut terminate) = {
        let _runtime = runtime.enter();
        (
            signal(SignalKind::interrupt()).context("cannot wait for SIGINT")?,
            signal(SignalKind::terminate()).context("cannot wait for SIGTERM")?,
        )
    };
    let signals = Signals::default();
    let caught = signals.clone();
    thread::spawn(move || {
        loop {
            let kind = runtime.block_on(async {
                tokio::select! {
                    _ = interrupt.recv() => SignalKind::interrupt(),
                    _ = terminate.recv() => SignalKind::terminate(),
                }
            });
            let code = u8::try_from(128 + kind.as_raw_value()).unwrap_or(u8::MAX);
            let Some(first) = caught.take() else {
                last();
                std::process::exit(code.into());
            };
            first(code);
        }
    });
    Ok(signals)
}
