//! Judges a broker and prints what it finds:
//!
//! ```text
//! cargo run --example judge -- [--json] (HOST:PORT | --spawn 'mosquitto -p {port}') [CASES]
//! ```
//!
//! CASES is a pattern over addresses, such as `connect/*`.

use std::error::Error;
use std::process::ExitCode;

use mqttspec_conformance::{Glob, RunOptions, Subject, judge};

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1).peekable();
    let json = arguments.next_if_eq("--json").is_some();
    let first = arguments.next().ok_or("name a broker: HOST:PORT, or --spawn COMMAND")?;
    let subject = if first == "--spawn" {
        let command = arguments.next().ok_or("--spawn wants a command line")?;
        Subject::spawn(command.as_str())?
    } else {
        Subject::at(first.parse()?)
    };
    let mut options = RunOptions::default();
    options.filter = arguments.next().map(Glob::new);

    let report = judge(&subject, &options, &mut ());
    anstream::print!("{}", if json { report.to_json() } else { report.to_terminal() });
    Ok(ExitCode::from(report.exit_code()))
}
