//! Lists of the broker for people: columns that fit.

use std::borrow::Cow;
use std::time::{Duration, UNIX_EPOCH};

use anstream::println;
use serde_json::Value;

use crate::cli::calendar;

/// A title, and what stands below it of each item.
pub(super) type Column = (&'static str, fn(&Value) -> String);

pub(super) const SESSIONS: [Column; 9] = [
    ("CLIENT", |one| one["client"].as_str().map_or("(none)".into(), in_a_line)),
    ("CONNECTED", |one| yes(&one["connected"])),
    ("CLEAN", |one| yes(&one["clean_session"])),
    ("WAITING", |one| one["queued_messages"].to_string()),
    ("IN FLIGHT", |one| one["in_flight"].to_string()),
    ("DROPPED", |one| one["dropped"].to_string()),
    ("SUBSCRIPTIONS", |one| one["subscriptions"].to_string()),
    ("AWAY SINCE", |one| one["absent_since"].as_u64().map(away_since).unwrap_or_default()),
    ("USER", |one| text(&one["user"])),
];

pub(super) const SUBSCRIPTIONS: [Column; 2] =
    [("QOS", |one| one["qos"].to_string()), ("FILTER", |one| text(&one["filter"]))];

pub(super) const RETAINED: [Column; 3] = [
    ("QOS", |one| one["qos"].to_string()),
    ("OCTETS", |one| one["octets"].to_string()),
    ("TOPIC", |one| text(&one["topic"])),
];

pub(super) const CONNECTIONS: [Column; 5] = [
    ("NUMBER", |one| one["number"].to_string()),
    ("ADDRESS", |one| text(&one["address"])),
    ("RECEIVED", |one| one["moved"]["packets_received"].to_string()),
    ("SENT", |one| one["moved"]["packets_sent"].to_string()),
    ("CLIENT", |one| match (one["client"].as_str(), one["accepted"].as_bool()) {
        (Some(client), _) => in_a_line(client),
        (None, Some(true)) => "(none)".into(),
        (None, _) => "(not yet)".into(),
    }),
];

/// Prints a line for each of `items`, below titles.
pub(super) fn print(items: &Value, columns: &[Column]) {
    for line in lines(items, columns) {
        println!("{line}");
    }
}

fn lines(items: &Value, columns: &[Column]) -> Vec<String> {
    let items = items.as_array().map(Vec::as_slice).unwrap_or_default();
    let title = columns.iter().map(|(title, _)| (*title).to_owned()).collect::<Vec<_>>();
    let rows = items.iter().map(|item| columns.iter().map(|(_, cell)| cell(item)).collect());
    let rows: Vec<Vec<String>> = std::iter::once(title).chain(rows).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
    let widths: Vec<_> = (0..columns.len()).map(|column| width(column).unwrap_or(0)).collect();
    rows.iter()
        .map(|row| {
            let cells = row.iter().zip(&widths).map(|(cell, &width)| format!("{cell:width$}"));
            cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        })
        .collect()
}

/// What has come of reading files again; nothing where there are none.
pub(super) fn reloaded(body: &Value) -> String {
    let all = body["reloaded"].as_array().map(Vec::as_slice).unwrap_or_default();
    let told = all.iter().map(|one| {
        let what = text(&one["what"]);
        match one["error"].as_str() {
            None => format!("the {what} were read anew"),
            Some(error) => format!("the {what} stay as they were: {error}"),
        }
    });
    told.collect::<Vec<_>>().join("\n")
}

/// What a client has chosen, without what would move a terminal's cursor.
pub(super) fn printable(text: &str) -> Cow<'_, str> {
    escaped_if(text, |c| c.is_control() && c != '\n' && c != '\t')
}

fn text(value: &Value) -> String {
    value.as_str().map(in_a_line).unwrap_or_default()
}

/// The same without what would end the line of a table, or move its columns.
fn in_a_line(text: &str) -> String {
    escaped_if(text, char::is_control).into_owned()
}

/// The text, escaped if there is such a character in it.
fn escaped_if(text: &str, is_harmful: impl Fn(char) -> bool) -> Cow<'_, str> {
    if text.chars().any(is_harmful) { text.escape_debug().to_string().into() } else { text.into() }
}

/// When a Client was first seen to be away, to the second.
fn away_since(seconds: u64) -> String {
    let at = UNIX_EPOCH + Duration::from_secs(seconds);
    calendar::utc(at).replace(".000Z", "Z")
}

fn yes(value: &Value) -> String {
    if value.as_bool() == Some(true) { "yes" } else { "no" }.to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn columns_are_as_wide_as_what_stands_in_them() {
        let items = json!([
            { "qos": 0, "octets": 12_345_678, "topic": "a" },
            { "qos": 2, "octets": 1, "topic": "b\u{1b}[2J" },
            { "qos": 1, "octets": 1, "topic": "two\nlines" },
        ]);
        assert_eq!(
            lines(&items, &RETAINED),
            [
                "QOS  OCTETS    TOPIC",
                "0    12345678  a",
                r"2    1         b\u{1b}[2J",
                r"1    1         two\nlines",
            ]
        );
    }
}
