//! `mqttspec probe`: what a broker offers, how much it takes, what it does where it is free.

use std::path::PathBuf;
use std::process::ExitCode;

use anstream::eprintln;
use mqttspec_conformance::{RunOptions, Subject, probe};

use super::exit::{self, Failed};
use super::interrupt;
use super::progress::Bar;
use super::reports::{is_stdout, writable, write_to};
use super::subject::Which;

/// Find out what a broker offers, how much it takes, and what it does where it is free
///
/// Judges nothing. What it finds can be written as a profile, which `mqttspec test --profile` reads.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    #[command(flatten)]
    which: Which,

    /// Write a profile; - for standard output
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,

    /// What the profile calls the broker [default: the target]
    #[arg(long, value_name = "NAME", requires = "write")]
    name: Option<String>,

    /// Write what was found as JSON; - for standard output
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,

    /// Print nothing but errors, and what was asked for on standard output
    #[arg(long, short)]
    quiet: bool,
}

const EXAMPLES: &str = "\
Examples:
  mqttspec probe localhost:1883
  mqttspec probe --spawn 'mosquitto -p {port}' --write mine.toml
  mqttspec test --profile mine.toml                then judge by what was found

Exit codes: 0 it was looked at, 2 usage, 3 the broker could not be reached, started or kept alive";

/// Looks at a broker.
pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failed> {
    [&arguments.json, &arguments.write]
        .into_iter()
        .flatten()
        .try_for_each(|path| writable(path))?;
    interrupt::before_ending(Subject::terminate_all)?;
    let subject = arguments.which.subject()?;
    let mut options = RunOptions::default();
    if let Some(profile) = arguments.which.profile() {
        options.follow(profile.clone());
        // What it claims is not what is there.
        options.profile = options.profile.map(|mut profile| {
            profile.offers.clear();
            profile.limits = Default::default();
            profile
        });
    }
    let mut progress = Bar::new(arguments.quiet);
    let found = probe(&subject, &options, &mut progress);
    progress.clear();
    drop(subject);
    if let Some(lost) = &found.lost {
        return Err(arguments.which.not_reached(&found.target, lost));
    }
    let mut stdout_is_taken = false;
    if let Some(path) = &arguments.json {
        stdout_is_taken |= is_stdout(path);
        write_to(path, &found.to_json())?;
    }
    if let Some(path) = &arguments.write {
        stdout_is_taken |= is_stdout(path);
        let name = arguments.name.as_deref().unwrap_or(&found.target);
        write_to(path, &found.to_profile(name, arguments.which.command()))?;
        if !arguments.quiet && !is_stdout(path) {
            eprintln!("written: {}", path.display());
        }
    }
    if !arguments.quiet && !stdout_is_taken {
        anstream::print!("{}", found.to_text());
    }
    Ok(ExitCode::from(exit::OK))
}
