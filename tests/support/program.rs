//! The program `mqttspec`, run to its end.

use std::path::Path;
use std::process::Command;

/// How it ended, and what it wrote.
#[derive(Debug)]
pub(crate) struct Ended {
    /// Its exit code; `None` when a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs `mqttspec` in `folder`, without what a developer's environment would tell it.
pub(crate) fn mqttspec(folder: &Path, arguments: &[&str]) -> Ended {
    let output = Command::new(env!("CARGO_BIN_EXE_mqttspec"))
        .args(arguments)
        .current_dir(folder)
        .env_remove("MQTTSPEC_LOG")
        .env_remove("MQTTSPEC_PASSWORD")
        .env_remove("COLUMNS")
        .output()
        .expect("the program starts");
    let text = |octets| String::from_utf8(octets).expect("UTF-8");
    Ended { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}
