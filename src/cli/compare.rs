//! `mqttspec compare`: reports side by side.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, anyhow};
use mqttspec_conformance::{Comparison, ReadReport};

use super::exit::{self, Failed};
use super::reports;

/// Compare reports: many brokers, or one before and after a change
///
/// Takes what `mqttspec test --json` wrote. Two reports are a before and an after: the exit code
/// says whether something passed and no longer does. Three or more are shown side by side.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// Two reports or more, as JSON
    #[arg(value_name = "REPORT", num_args = 2.., required = true)]
    reports: Vec<PathBuf>,

    /// A line for every statement, and not just for those that differ or fail
    #[arg(long)]
    all: bool,

    /// Write the comparison as one HTML page that needs nothing else; - for standard output
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,

    /// Write the comparison as Markdown, for a pull request; - for standard output
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,

    /// Print nothing but errors, and what was asked for on standard output
    #[arg(long, short)]
    quiet: bool,
}

const EXAMPLES: &str = "\
Examples:
  mqttspec compare main.json branch.json           what a change has broken or fixed
  mqttspec compare a.json b.json c.json            brokers side by side
  mqttspec compare *.json --html field.html        the same as a page

Exit codes: 0 no regression, or three reports and more; 1 something passed in the first of two
            reports and does not in the second; 2 usage, or a file that is no report";

/// Compares, prints, and writes what was asked for.
pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failed> {
    let reports: Vec<_> = arguments
        .reports
        .iter()
        .map(|path| Ok((name(path, &arguments.reports), read(path)?)))
        .collect::<Result<_, anyhow::Error>>()
        .map_err(|error| Failed { code: exit::USAGE, error })?;
    let comparison = Comparison::new(reports);
    let mut stdout_is_taken = false;
    if let Some(path) = &arguments.html {
        stdout_is_taken |= reports::is_stdout(path);
        reports::write_to(path, &comparison.to_html())?;
    }
    if let Some(path) = &arguments.markdown {
        stdout_is_taken |= reports::is_stdout(path);
        reports::write_to(path, &comparison.to_markdown())?;
    }
    if !arguments.quiet {
        let text = comparison.to_terminal(arguments.all);
        if stdout_is_taken {
            anstream::eprint!("{text}");
        } else {
            anstream::print!("{text}");
        }
    }
    Ok(ExitCode::from(comparison.exit_code()))
}

fn read(path: &Path) -> Result<ReadReport, anyhow::Error> {
    let text =
        fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    ReadReport::from_json(&text).map_err(|error| anyhow!("{}: {error}", path.display()))
}

/// What a report is called: its file without folder and ending, where that tells it apart.
fn name(path: &Path, all: &[PathBuf]) -> String {
    let stem = path.file_stem();
    let is_alone = all.iter().filter(|other| other.file_stem() == stem).count() == 1;
    match stem {
        Some(stem) if is_alone => stem.to_string_lossy().into_owned(),
        _ => path.display().to_string(),
    }
}
