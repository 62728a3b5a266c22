//! The one command, `mqttspec`. Each subcommand has its file under `cli`; no protocol is spoken
//! here.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
