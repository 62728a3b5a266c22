//! Where the report of a run goes: to the terminal, and to files of several forms.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use mqttspec_conformance::Report;

use super::evidence::Evidence;
use super::exit::{self, Failed};

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

    /// Looks, before a run that takes its time, whether its report can be written at the end.
    pub(super) fn check(&self) -> Result<(), Failed> {
        let files = [&self.json, &self.junit, &self.html, &self.markdown, &self.badge];
        files.into_iter().flatten().try_for_each(|path| writable(path))?;
        self.evidence.check()
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
        // Before the files, as a disk that is full must not cost all that the run has found.
        if !self.quiet {
            let mut paths = files.iter().filter_map(|(path, _)| path.as_deref());
            let stdout_is_taken = paths.any(is_stdout);
            let text = report.to_terminal();
            if stdout_is_taken {
                anstream::eprint!("{text}");
            } else {
                anstream::print!("{text}");
            }
        }
        for (path, render) in files {
            path.as_ref().map_or(Ok(()), |path| write_to(path, &render(report)))?;
        }
        self.evidence.write(report)
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

/// Refuses a place that no file can be written to.
pub(super) fn writable(path: &Path) -> Result<(), Failed> {
    if is_stdout(path) {
        return Ok(());
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let reason = match folder {
        Some(folder) if !folder.is_dir() => format!("there is no folder {}", folder.display()),
        _ if path.is_dir() => "it is a folder".to_owned(),
        _ => return Ok(()),
    };
    let error = anyhow!("cannot write to {}: {reason}", path.display());
    Err(Failed { code: exit::USAGE, error })
}

pub(super) fn write_to(path: &Path, text: &str) -> Result<(), anyhow::Error> {
    let written = if is_stdout(path) {
        io::stdout().lock().write_all(text.as_bytes())
    } else {
        File::create(path).and_then(|mut file| file.write_all(text.as_bytes()))
    };
    written.with_context(|| format!("cannot write to {}", path.display()))
}
