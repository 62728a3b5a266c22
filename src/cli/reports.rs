//! Where the report of a run goes: to the terminal, and to files of several forms.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use mqttspec_conformance::Report;

use super::evidence::Evidence;

/// What is to be written of a run.
#[derive(Debug, clap::Args)]
pub(super) struct Reports {
    /// Write the report as JSON; - for standard output
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,

    /// Write the report as JUnit XML; - for standard output
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,

    /// Write the report as one HTML page that needs nothing else; - for standard output
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,

    /// Write the report as Markdown, for a comment below a pull request; - for standard output
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,

    /// Write a badge: an SVG picture, or the JSON that shields reads where FILE ends in .json
    #[arg(long, value_name = "FILE")]
    badge: Option<PathBuf>,

    #[command(flatten)]
    evidence: Evidence,

    /// Print nothing but errors, and what was asked for on standard output
    #[arg(long, short)]
    quiet: bool,
}

impl Reports {
    /// Whether nothing but errors is to be printed.
    pub(super) const fn quiet(&self) -> bool {
        self.quiet
    }

    /// Prints the report, and writes it to the files that were asked for.
    pub(super) fn publish(&self, report: &Report) -> Result<(), anyhow::Error> {
        let files = [
            (&self.json, Report::to_json as fn(&Report) -> String),
            (&self.junit, Report::to_junit),
            (&self.html, Report::to_html),
            (&self.markdown, Report::to_markdown),
            (&self.badge, if is_json(self.badge.as_deref()) { shields } else { svg }),
        ];
        let mut stdout_is_taken = false;
        for (path, render) in files {
            let Some(path) = path else { continue };
            stdout_is_taken |= is_stdout(path);
            write_to(path, &render(report))?;
        }
        self.evidence.write(report)?;
        if !self.quiet {
            let text = report.to_terminal();
            if stdout_is_taken {
                anstream::eprint!("{text}");
            } else {
                anstream::print!("{text}");
            }
        }
        Ok(())
    }
}

fn is_json(path: Option<&Path>) -> bool {
    path.and_then(Path::extension).is_some_and(|extension| extension == "json")
}

fn shields(report: &Report) -> String {
    report.to_badge().to_shields_json()
}

fn svg(report: &Report) -> String {
    report.to_badge().to_svg()
}

pub(super) fn is_stdout(path: &Path) -> bool {
    path.as_os_str() == "-"
}

pub(super) fn write_to(path: &Path, text: &str) -> Result<(), anyhow::Error> {
    let written = if is_stdout(path) {
        io::stdout().lock().write_all(text.as_bytes())
    } else {
        File::create(path).and_then(|mut file| file.write_all(text.as_bytes()))
    };
    written.with_context(|| format!("cannot write the report to {}", path.display()))
}
