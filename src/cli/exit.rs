//! How a command ends: its exit code, and the error that a person reads.

use std::process::ExitCode;

use anstream::eprintln;
use anstyle::{AnsiColor, Style};

/// As wished.
pub(super) const OK: u8 = 0;
/// The subject falls short.
pub(super) const FALLS_SHORT: u8 = 1;
/// The command line asks for what cannot be.
pub(super) const USAGE: u8 = 2;
/// The subject could not be reached, started or kept alive.
pub(super) const UNREACHABLE: u8 = 3;
/// A fault of our own.
pub(super) const OURS: u8 = 4;

/// A command that could not do what it was asked to.
#[derive(Debug)]
pub(super) struct Failed {
    /// The exit code.
    pub(super) code: u8,
    /// What went wrong, and what to do about it.
    pub(super) error: anyhow::Error,
}

impl From<anyhow::Error> for Failed {
    /// A fault of our own, unless somebody says otherwise.
    fn from(error: anyhow::Error) -> Self {
        Self { code: OURS, error }
    }
}

/// Prints the error, and gives the exit code.
pub(super) fn report(failed: Failed) -> ExitCode {
    const ERROR: Style = AnsiColor::Red.on_default().bold();
    eprintln!("{ERROR}error:{ERROR:#} {:#}", failed.error);
    ExitCode::from(failed.code)
}
