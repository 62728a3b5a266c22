//! `mqttspec explain`: what a statement demands, where it is carried out, and what judges it.

mod entry;
mod json;
mod listed;
mod question;
mod source;
mod text;

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::Context;
use mqttspec_spec::Catalogue;

use self::entry::Entry;
use self::question::Question;
use self::source::Checkout;
use super::exit::{self, Failed};

/// Explain a statement, a section or a case
///
/// Without an argument it lists the sections of the standard. Within a checkout of mqttspec it
/// shows the very lines that carry a statement out.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// A statement (MQTT-3.1.2-24 or 3.1.2-24), a section (3.1.2) or cases (will/*)
    #[arg(value_name = "ID", value_parser = question::read)]
    questions: Vec<Question>,

    /// Print JSON: the statements in question and the cases that judge them
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  mqttspec explain                                 the sections, and how many statements each has
  mqttspec explain 3.1.2                           the statements of a section
  mqttspec explain MQTT-3.1.2-24 4.3.3-2           statements
  mqttspec explain connect/second-connect-closes   a case
  mqttspec explain --json                          everything, for programs";

/// Explains what was asked for.
pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failed> {
    let text = if arguments.json {
        json::answers(&arguments.questions)
    } else {
        let width = terminal_size::terminal_size().map_or(text::MOST_COLUMNS, |(w, _)| w.0.into());
        let checkout = std::env::current_dir().ok().and_then(|here| Checkout::around(&here));
        answers(&arguments.questions, width, checkout.as_ref())
    };
    match anstream::stdout().lock().write_all(text.as_bytes()) {
        // Whoever reads only the first lines has seen what they wanted.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
        done => done.context("cannot print")?,
    }
    Ok(ExitCode::from(exit::OK))
}

fn answers(questions: &[Question], width: usize, checkout: Option<&Checkout>) -> String {
    if questions.is_empty() {
        return text::sections(Catalogue::embedded(), &listed::all().collect::<Vec<_>>());
    }
    let answers: Vec<_> = questions
        .iter()
        .map(|question| match question {
            Question::Statement(statement) => {
                text::entry(&Entry::gather(statement, checkout), width)
            }
            Question::Section(heading) => text::section(heading, Catalogue::embedded(), width),
            Question::Cases(cases) => text::cases(cases, width),
        })
        .collect();
    answers.join("\n")
}
