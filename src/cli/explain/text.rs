//! The answers for people: coloured text that fits the terminal.

use std::collections::BTreeSet;
use std::fmt::{self, Write as _};

use anstyle::{AnsiColor, Style};
use mqttspec_spec::{Catalogue, Heading, Statement};

use super::entry::Entry;
use super::listed::Listed;

/// Longer lines are hard to read, however wide the terminal.
pub(super) const MOST_COLUMNS: usize = 100;

/// Below it every line would be one word.
const FEWEST_COLUMNS: usize = 50;

/// A statement, in full.
pub(super) fn entry(entry: &Entry<'_>, width: usize) -> String {
    let Entry { statement, title, .. } = entry;
    let mut page = Page::new(width);
    page.line(
        ID,
        &statement.id.to_string(),
        &format!("{}, binds: {}", statement.level, statement.binds),
    );
    page.line(DIM, &format!("{} {title}", statement.section), "");
    page.blank();
    page.item(2, "", &statement.text);
    page.blank();
    if let Some(reading) = &statement.reading {
        page.field("reading", [("", reading.as_str())]);
    }
    let places: Vec<_> = entry
        .implemented
        .iter()
        .map(|place| match &place.comment {
            Some((line, said)) => (format!("{}:{line}", place.path), said.as_str()),
            None => (place.path.clone(), ""),
        })
        .collect();
    page.field("carried out", places.iter().map(|(place, said)| (place.as_str(), *said)));
    let ways: Vec<_> = statement.shown_by.iter().map(|kind| kind.as_str()).collect();
    page.field("shown by", [("", ways.join(", ").as_str())]);
    if let Some(reason) = &statement.reason {
        page.field("why no case", [("", reason.as_str())]);
    }
    page.field("tests", entry.tests.iter().map(|path| (path.as_str(), "")));
    for (name, judged) in [("cases", "broker"), ("for clients", "client")] {
        let theirs = entry.cases.iter().filter(|case| case.judges == judged);
        page.field(name, theirs.map(|case| (case.address, case.title)));
    }
    page.field("gaps", entry.gaps());
    page.text
}

/// The statements of a section and of those below it, two lines of each.
pub(super) fn section(heading: &Heading, catalogue: &Catalogue, width: usize) -> String {
    let mut page = Page::new(width);
    let mut last = None;
    for statement in catalogue.section(&heading.number.to_string()) {
        if last != Some(statement.section) {
            if last.is_some() {
                page.blank();
            }
            let here = catalogue.sections().iter().find(|h| h.number == statement.section);
            let title = here.map_or("", |heading| heading.title.as_str());
            page.line(BOLD, &format!("{} {title}", statement.section), "");
            last = Some(statement.section);
        }
        let Statement { id, level, text, .. } = statement;
        page.beginning(&id.to_string(), &format!("{level}: {text}"));
    }
    page.text
}

/// A case with the words of its statements, or a list of several.
pub(super) fn cases(cases: &[Listed], width: usize) -> String {
    let mut page = Page::new(width);
    if let [case] = cases {
        page.line(ID, case.address, case.level);
        page.item(2, "", case.title);
        page.blank();
        let judged = case.statements.iter().filter_map(|id| {
            let statement = Catalogue::embedded().get(id.parse().ok()?)?;
            Some((*id, statement.text.as_str()))
        });
        page.field("judges", judged);
        page.field("needs", case.needs.iter().map(|need| (*need, "")));
    } else {
        for case in cases {
            page.line(ID, case.address, &case.statements.join(" "));
            page.item(2, "", case.title);
        }
    }
    page.text
}

/// The sections with two parts of a number and how much each holds.
pub(super) fn sections(catalogue: &Catalogue, cases: &[Listed]) -> String {
    let mut page = Page::new(MOST_COLUMNS);
    page.line(DIM, &row("section", ["numbered", "others", "cases"]), "");
    for heading in catalogue.sections() {
        let number = heading.number.to_string();
        let is_chapter = !number.contains('.');
        let here: Vec<_> = catalogue
            .section(&number)
            // A chapter without sections that hold anything stands for itself.
            .filter(|statement| !is_chapter || statement.section == heading.number)
            .collect();
        if number.matches('.').count() < 2 && !here.is_empty() {
            page.line(PLAIN, &counts(&format!("{number:<5}{}", heading.title), &here, cases), "");
        }
    }
    let all: Vec<_> = catalogue.statements().iter().collect();
    page.line(BOLD, &counts("all", &all, cases), "");
    page.text
}

fn counts(title: &str, statements: &[&Statement], cases: &[Listed]) -> String {
    let ids: BTreeSet<_> = statements.iter().map(|statement| statement.id.to_string()).collect();
    let numbered = statements.iter().filter(|statement| statement.is_numbered()).count();
    let judging = cases.iter().filter(|case| case.statements.iter().any(|id| ids.contains(*id)));
    let counted = [numbered, statements.len() - numbered, judging.count()];
    row(title, counted.map(|count| count.to_string()))
}

fn row<T: fmt::Display>(title: &str, [numbered, others, cases]: [T; 3]) -> String {
    format!("{title:<46}{numbered:>10}{others:>10}{cases:>10}")
}

/// A text that grows downwards, within its width.
struct Page {
    text: String,
    width: usize,
}

impl Page {
    fn new(width: usize) -> Self {
        Self { text: String::new(), width: width.clamp(FEWEST_COLUMNS, MOST_COLUMNS) }
    }

    fn blank(&mut self) {
        self.text.push('\n');
    }

    /// One line: something in a style, and something beside it.
    fn line(&mut self, style: Style, what: &str, beside: &str) {
        let beside = if beside.is_empty() { String::new() } else { format!("  {beside}") };
        self.add(format_args!("{style}{what}{style:#}{beside}\n"));
    }

    /// A name in the margin and what there is of it, one below the other; nothing of nothing.
    fn field<'a>(&mut self, name: &str, items: impl IntoIterator<Item = (&'a str, &'a str)>) {
        for (index, (head, body)) in items.into_iter().enumerate() {
            let shown = if index == 0 { name } else { "" };
            self.add(format_args!("  {DIM}{shown:<width$}{DIM:#}", width = MARGIN - 2));
            self.rest_of_item(MARGIN, head, body);
        }
    }

    /// Something to point at and a text that goes on below it, both indented.
    fn item(&mut self, indent: usize, head: &str, body: &str) {
        self.add(format_args!("{:indent$}", ""));
        self.rest_of_item(indent, head, body);
    }

    /// The same from where the line stands. Below a head the text goes on a little further in.
    fn rest_of_item(&mut self, indent: usize, head: &str, body: &str) {
        let gap = if head.is_empty() || body.is_empty() { "" } else { "  " };
        let indent = if head.is_empty() { indent } else { indent + 2 };
        let used = (head.chars().count() + gap.len()).saturating_sub(2);
        let lines = wrapped(body, self.width - indent, used);
        self.add(format_args!("{HEAD}{head}{HEAD:#}"));
        for (index, line) in lines.iter().enumerate() {
            match index {
                0 if line.is_empty() => {}
                0 => self.add(format_args!("{gap}{line}")),
                _ => self.add(format_args!("\n{:indent$}{line}", "")),
            }
        }
        self.blank();
    }

    /// Two lines of a text beside its id.
    fn beginning(&mut self, id: &str, text: &str) {
        let lines = wrapped(text, self.width - MARGIN - 3, 0);
        self.add(format_args!("  {ID}{id:<width$}{ID:#}{}\n", lines[0], width = MARGIN - 2));
        if let Some(second) = lines.get(1) {
            let more = if lines.len() > 2 { " …" } else { "" };
            self.add(format_args!("{:MARGIN$}{second}{more}\n", ""));
        }
    }

    fn add(&mut self, what: fmt::Arguments<'_>) {
        self.text.write_fmt(what).expect("a String takes all that is written to it");
    }
}

/// A text in lines of at most `width` characters, the first of which has `used` already.
///
/// A word that does not fit into any line has one of its own.
fn wrapped(text: &str, width: usize, used: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut column = used;
    for word in text.split(' ') {
        let length = word.chars().count();
        let line = lines.last_mut().expect("there is a first line");
        if column + usize::from(!line.is_empty()) + length > width && column > 0 {
            lines.push(word.to_owned());
            column = length;
        } else {
            if !line.is_empty() {
                line.push(' ');
                column += 1;
            }
            line.push_str(word);
            column += length;
        }
    }
    lines
}

/// Where fields and the texts beside ids begin.
const MARGIN: usize = 17;

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const HEAD: Style = AnsiColor::Green.on_default();
const ID: Style = AnsiColor::Cyan.on_default().bold();
const PLAIN: Style = Style::new();

#[cfg(test)]
mod tests;
