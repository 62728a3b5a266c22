//! The configuration file: which options it sets, and what is wrong with it.

use std::error::Error as _;
use std::ops::Range;

use clap::Command;
use clap::error::{Error, ErrorKind};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::fault::Fault;
use super::key::{Key, Kind, keys};

/// An option that the file sets.
#[derive(Debug)]
pub(super) struct Setting {
    /// How clap names it.
    pub(super) id: String,
    long: String,
    values: Vec<String>,
}

impl Setting {
    /// The same as arguments of a command line.
    pub(super) fn arguments(&self) -> impl Iterator<Item = String> {
        self.values.iter().map(|value| format!("--{}={value}", self.long))
    }
}

/// The options of `command` that `text` sets.
///
/// # Errors
///
/// All that is wrong with it, in the order of the file.
pub(super) fn settings(command: &Command, text: &str) -> Result<Vec<Setting>, Vec<Fault>> {
    let (table, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        return Err(errors.iter().map(not_toml).collect());
    }
    let mut settings = Vec::new();
    let mut faults = Vec::new();
    for (name, value) in table.get_ref() {
        match setting(command, name, value) {
            Ok(setting) => settings.push(setting),
            Err(fault) => faults.push(fault),
        }
    }
    faults.sort_by_key(|fault| fault.place.start);
    if faults.is_empty() { Ok(settings) } else { Err(faults) }
}

fn not_toml(error: &toml::de::Error) -> Fault {
    let help = "the file is written in TOML: name = value, texts in quotes".to_owned();
    Fault { place: error.span().unwrap_or(0..0), what: error.message().to_owned(), help }
}

fn setting(
    command: &Command,
    name: &Spanned<impl AsRef<str>>,
    value: &Spanned<DeValue<'_>>,
) -> Result<Setting, Fault> {
    let wanted = name.get_ref().as_ref();
    let key = keys(command)
        .find(|key| key.name() == wanted)
        .ok_or_else(|| unknown(command, wanted, name.span()))?;
    let values = match value.get_ref() {
        DeValue::Array(values) if key.has_many() => {
            values.iter().map(|value| scalar(key, value)).collect::<Result<_, _>>()?
        }
        _ => vec![scalar(key, value)?],
    };
    let setting = Setting { id: key.id().to_owned(), long: key.long().to_owned(), values };
    // By the very parser of the flag, and without the environment: what it says belongs here.
    let alone = command.clone().no_binary_name(true).mut_args(|argument| argument.env(None));
    match alone.try_get_matches_from(setting.arguments()) {
        Err(error) if is_about_value(&error) => Err(refused(key, &error, value.span())),
        // What it wants beside it may stand elsewhere.
        _ => Ok(setting),
    }
}

fn is_about_value(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::InvalidValue | ErrorKind::ValueValidation)
}

/// The value as the command line takes it.
fn scalar(key: Key<'_>, value: &Spanned<DeValue<'_>>) -> Result<String, Fault> {
    let (shown, kind) = match value.get_ref() {
        DeValue::String(text) => (text.to_string(), Kind::Text),
        DeValue::Boolean(switch) => (switch.to_string(), Kind::Switch),
        DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) => (number.to_string(), Kind::Number),
            Err(_) => (number.to_string(), Kind::Number),
        },
        DeValue::Float(number) => (number.to_string(), Kind::Number),
        DeValue::Datetime(time) => (time.to_string(), Kind::Text),
        DeValue::Array(_) => return Err(shape(key, value.span(), "one value, and not a list")),
        DeValue::Table(_) => return Err(shape(key, value.span(), "a value, and not a table")),
    };
    match (key.kind(), kind) {
        // A port may be written as the number that it is.
        (Kind::Text, Kind::Number) => Ok(shown),
        (wanted, kind) if wanted == kind => Ok(shown),
        (Kind::Switch, _) => Err(shape(key, value.span(), "true or false, without quotes")),
        (Kind::Number, _) => Err(shape(key, value.span(), "a number, without quotes")),
        (Kind::Text, _) => Err(shape(key, value.span(), "a text, in quotes")),
    }
}

fn shape(key: Key<'_>, place: Range<usize>, wanted: &str) -> Fault {
    let name = key.name();
    Fault { place, what: format!("{name} takes {wanted}"), help: example(key) }
}

fn unknown(command: &Command, wanted: &str, place: Range<usize>) -> Fault {
    let names: Vec<_> = keys(command).map(Key::name).collect();
    let spelled = wanted.replace('-', "_").to_lowercase();
    let likeness = |name: &str| strsim::jaro_winkler(&spelled, name);
    let nearest = names.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    let help = match nearest.filter(|name| likeness(name) > ALIKE) {
        Some(name) => format!("did you mean {name}?"),
        None => "--print-config prints all that may stand here".to_owned(),
    };
    Fault { place, what: format!("unknown key {wanted}"), help }
}

/// From here on two names are alike enough to be taken for each other: clap's own measure is 0.7,
/// for command lines that are seen by whoever has written them just now.
const ALIKE: f64 = 0.8;

fn refused(key: Key<'_>, error: &Error, place: Range<usize>) -> Fault {
    let choices = key.choices();
    let help = match error.source() {
        Some(source) => source.to_string(),
        None if error.kind() == ErrorKind::InvalidValue && !choices.is_empty() => {
            format!("it is one of {}", choices.join(", "))
        }
        None => example(key),
    };
    Fault { place, what: format!("{} cannot have this value", key.name()), help }
}

/// How the option is written.
fn example(key: Key<'_>) -> String {
    let value = match key.kind() {
        Kind::Switch => "true".to_owned(),
        Kind::Number => key.placeholder(),
        Kind::Text => format!("\"{}\"", key.placeholder()),
    };
    format!("write {} = {value}", key.name())
}
