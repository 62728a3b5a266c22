//! All options as a file: what each means, its default, and what holds now.

use std::fmt::Write as _;

use clap::{ArgMatches, Command};

use super::key::{Key, Kind, keys};
use super::{text, variable};

/// The options of `command` as a file, with the values of `matches`.
///
/// What has its default stands as a comment, so that the file goes on to have it.
pub(super) fn page(command: &Command, matches: &ArgMatches) -> String {
    let mut page = String::from(HEADER);
    let mut heading = None;
    for key in keys(command) {
        if key.heading() != heading {
            heading = key.heading();
            let title = heading.unwrap_or("Options");
            // Writing to a text cannot fail.
            let _ = write!(page, "\n# {title}\n# {}\n", "-".repeat(title.chars().count()));
        }
        page.push('\n');
        let meaning = format!("{}. [{}]", key.meaning(), variable(key.long()));
        for line in folded(&meaning) {
            let _ = writeln!(page, "# {line}");
        }
        let _ = writeln!(page, "{}", assignment(key, matches));
    }
    page
}

const HEADER: &str = "\
# The configuration of `mqttspec broker`, in TOML.
#
# A line that begins with # and an option shows its default. The environment goes before this
# file, with the variable in brackets, and the command line before both.
";

/// `name = value`, as a comment where the value is the default.
fn assignment(key: Key<'_>, matches: &ArgMatches) -> String {
    use clap::parser::ValueSource::DefaultValue;

    let name = key.name();
    let values: Vec<_> = matches
        .get_raw(key.id())
        .into_iter()
        .flatten()
        .map(|value| written(key.kind(), &text(value)))
        .collect();
    let value = match values.as_slice() {
        [] => return format!("# {name} = {}", written(key.kind(), &key.placeholder())),
        values if key.has_many() => format!("[{}]", values.join(", ")),
        [value, ..] => value.clone(),
    };
    let is_default = matches.value_source(key.id()) == Some(DefaultValue);
    format!("{}{name} = {value}", if is_default { "# " } else { "" })
}

fn written(kind: Kind, value: &str) -> String {
    match kind {
        Kind::Switch | Kind::Number => value.to_owned(),
        Kind::Text => toml::Value::from(value).to_string(),
    }
}

/// `text` in lines that fit.
fn folded(text: &str) -> Vec<String> {
    const WIDTH: usize = 96;
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.last_mut().expect("there is one from the beginning");
        if last.is_empty() {
            last.push_str(word);
        } else if last.chars().count() + 1 + word.chars().count() <= WIDTH {
            last.push(' ');
            last.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}
