//! Judges a broker: `judge HOST:PORT`, or `judge --spawn 'mosquitto -p {port}'`, and after that,
//! if you like, which cases: `'connect/*'`.

use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use mqttspec_conformance::{Glob, RunOptions, Subject, judge};

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let first = arguments.next().ok_or("name a broker: HOST:PORT, or --spawn COMMAND")?;
    let subject = if first == "--spawn" {
        let command = arguments.next().ok_or("--spawn wants a command line")?;
        Subject::spawn(&command, Duration::from_secs(30))?
    } else {
        Subject::at(first.parse()?)
    };
    let mut options = RunOptions::default();
    options.filter = arguments.next().map(Glob::new);

    let report = judge(&subject, &options, &mut ());
    anstream::print!("{}", report.to_terminal());
    Ok(ExitCode::from(report.exit_code()))
}
