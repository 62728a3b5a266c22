//! The options of a subcommand from four places: defaults < file < environment < command line.
//!
//! Its flags are the one description of its options. The file has a key for each, named like the
//! flag with `_` for `-`; the environment a variable, that name in capitals after `MQTTSPEC_`.
//! Whoever adds a flag has added the other two, and [`page`] prints all of them.

mod fault;
mod file;
mod key;
mod page;

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use anyhow::anyhow;
use clap::parser::ValueSource;
use clap::{ArgMatches, Command};

pub(super) use self::fault::{Fault, told};
use self::file::Setting;
pub(super) use self::key::prepared;
use super::client;
use super::exit::{self, Failed};

/// What the command line, the environment and the file ask for.
pub(super) enum Asked {
    /// To carry this out.
    Run(ArgMatches),
    /// To print this, the options as a file.
    Print(String),
}

/// Reads `arguments`, the name of the program first. The options of `subcommand`, which has to be
/// [`prepared`], may also come from the environment and from the file that `--config` names.
///
/// Wrong arguments end the process here, as clap does it.
///
/// # Errors
///
/// When the file cannot be read, or something in it is wrong; with the place.
pub(super) fn read(
    command: &Command,
    subcommand: &str,
    arguments: Vec<OsString>,
) -> Result<Asked, Failed> {
    let place = arguments.iter().skip(1).position(|argument| argument == subcommand);
    let Some(behind) = place.map(|place| place + 2) else {
        let is_client = arguments.get(1).is_some_and(|name| name == "pub" || name == "sub");
        let matches = command.clone().try_get_matches_from(arguments);
        let matches = matches.unwrap_or_else(|error| match is_client {
            true => client::explained(error).exit(),
            false => error.exit(),
        });
        return Ok(Asked::Run(matches));
    };
    let described = command.find_subcommand(subcommand).expect("whoever asks has defined it");
    // What is wrong with the command line is said when it is read for good.
    let outline = command.clone().ignore_errors(true).try_get_matches_from(&arguments);
    let outline = outline.ok().and_then(|matches| matches.subcommand_matches(subcommand).cloned());
    let path = outline.as_ref().and_then(|outline| outline.get_one::<PathBuf>(CONFIG));
    let settings = match path {
        None => Vec::new(),
        Some(path) => settings(described, path)?,
    };

    let given = |id: &str| {
        let source = outline.as_ref().and_then(|outline| outline.value_source(id));
        matches!(source, Some(ValueSource::CommandLine | ValueSource::EnvVariable))
    };
    let from_file: Vec<_> = settings.into_iter().filter(|setting| !given(&setting.id)).collect();
    let mut all = arguments;
    all.splice(behind..behind, from_file.iter().flat_map(Setting::arguments).map(OsString::from));
    let matches = command.clone().get_matches_from(all);
    match matches.subcommand_matches(subcommand) {
        Some(asked) if asked.get_flag(PRINT_CONFIG) => {
            Ok(Asked::Print(page::page(described, asked)))
        }
        _ => Ok(Asked::Run(matches)),
    }
}

/// All that stands in the file at `path`.
fn settings(command: &Command, path: &Path) -> Result<Vec<Setting>, Failed> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        let error = anyhow!("cannot read the configuration {}: {error}", path.display());
        Failed { code: exit::USAGE, error }
    })?;
    file::settings(command, &text).map_err(|faults| {
        let name = path.display().to_string();
        Failed { code: exit::USAGE, error: anyhow!(told(&name, &text, &faults)) }
    })
}

/// Names the file.
const CONFIG: &str = "config";
/// Prints the options instead of using them.
const PRINT_CONFIG: &str = "print_config";
/// Reads the options instead of using them.
const CHECK_CONFIG: &str = "check_config";

/// Whether an argument says what to do with options, and is none.
fn is_about_options(id: &str) -> bool {
    [CONFIG, PRINT_CONFIG, CHECK_CONFIG].contains(&id)
}

/// The environment variable of the flag `--long`.
fn variable(long: &str) -> String {
    format!("MQTTSPEC_{}", long.replace('-', "_").to_uppercase())
}

/// The key of the flag `--long`.
fn key_name(long: &str) -> String {
    long.replace('-', "_")
}

/// Values as the command line takes them: text, whatever octets the system allows.
fn text(value: &OsStr) -> String {
    value.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests;
