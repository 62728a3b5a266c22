//! Why a subject cannot be judged at all.

use std::io;

/// Why a subject cannot be reached or started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SubjectError {
    /// The command line cannot be used.
    #[error("cannot use the command line: {0}")]
    CommandLine(String),
    /// A folder, or a file in it, cannot be made.
    #[error("cannot write the files that the broker reads: {0}")]
    Folder(#[source] io::Error),
    /// The machine gives no port.
    #[error("no free port on this machine")]
    NoPort(#[source] io::Error),
    /// The broker was started and does not answer.
    #[error("the broker did not get ready: {reason}{}", printed(output))]
    NotReady {
        /// What was waited for.
        reason: String,
        /// The last that it has printed.
        output: String,
    },
    /// A command that prepares the start, or carries out a restart, failed.
    #[error("{command} ended with {end}{}", printed(output))]
    Preparation {
        /// Its command line.
        command: String,
        /// How it ended.
        end: String,
        /// The last that it has printed.
        output: String,
    },
    /// The broker does not run under the judge, and no command restarts it.
    #[error("there is no command that restarts the broker")]
    NoRestart,
    /// Certificates or keys that cannot be used.
    #[error(transparent)]
    Security(#[from] super::SecurityError),
    /// A target that no broker can have.
    #[error(transparent)]
    Target(#[from] super::InvalidTarget),
    /// The program cannot be started.
    #[error("cannot start {program}")]
    Start {
        /// Its name.
        program: String,
        /// What the system says.
        source: io::Error,
    },
}

fn printed(output: &str) -> String {
    if output.is_empty() { String::new() } else { format!("\nit printed:\n{output}") }
}
