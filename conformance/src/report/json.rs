//! The report for programs: its form is `schema/report.schema.json`.

use super::Report;

impl Report {
    /// The report as JSON, indented, with a line feed at the end.
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self)
            .expect("texts and numbers, with texts for keys, can always be written");
        text.push('\n');
        text
    }
}
