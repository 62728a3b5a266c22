//! Which cases are meant: by address, by statement, by a set that never changes, by famous bugs.

use std::io::{self, Write as _};

use anstyle::Style;
use anyhow::{Context as _, anyhow};
use mqttspec_conformance::cases::{client, server};
use mqttspec_conformance::{Bug, Glob, Level, Requirements, RunOptions};
use mqttspec_spec::{Catalogue, StatementId};

use super::exit::{self, Failed};

/// What narrows a run, of either role. All of it together has to hold.
#[derive(Debug, clap::Args)]
pub(super) struct Named {
    /// List the cases, or the bugs of --corpus, instead of running them
    #[arg(long)]
    list: bool,

    /// List nothing but the addresses
    #[arg(long)]
    addresses: bool,

    /// Only cases whose address matches: 'will/*', '*/session-*', or just 'will'
    #[arg(long, value_name = "GLOB")]
    filter: Option<String>,

    /// Only cases that judge this statement: MQTT-3.1.2-24 or 3.1.2-24. May be given several times
    #[arg(long = "statement", value_name = "ID", value_parser = statement)]
    statements: Vec<StatementId>,
}

/// What narrows a run over a broker.
#[derive(Debug, clap::Args)]
pub(super) struct Selection {
    #[command(flatten)]
    named: Named,

    /// Only cases of this requirement set, which never changes: 2026.1, or a file of addresses
    #[arg(long, value_name = "SET|FILE", value_parser = Requirements::find)]
    requirements: Option<Requirements>,

    /// Only cases that show famous bugs of brokers, and tell which of them this one has. A pattern
    /// over their names narrows it: --corpus='emqx-*'
    #[arg(long, value_name = "GLOB", num_args = 0..=1, require_equals = true,
          default_missing_value = "*")]
    corpus: Option<String>,
}

impl Named {
    /// Narrows a run over a client. `false` when the cases were to be listed, and have been.
    ///
    /// # Errors
    ///
    /// When no case is left.
    pub(super) fn narrow_client(&self, options: &mut RunOptions) -> Result<bool, Failed> {
        self.apply(options);
        let cases = client::all().filter(|case| options.selects_client(case));
        self.list(cases.map(|case| Listed(case.address, case.title, case.level, case.statements)))
    }

    fn apply(&self, options: &mut RunOptions) {
        options.filter = self.filter.as_ref().map(Glob::new);
        options.statements.clone_from(&self.statements);
    }

    /// Lists the cases, if that was asked for. `false` when it was.
    fn list(&self, cases: impl Iterator<Item = Listed>) -> Result<bool, Failed> {
        let cases: Vec<_> = cases.collect();
        if cases.is_empty() {
            return Err(nothing("no case is meant by that; --list shows what there is"));
        }
        if self.addresses {
            print(cases.iter().map(|case| format!("{}\n", case.0)))?;
        } else if self.list {
            print(cases.iter().map(case_entry))?;
        }
        Ok(!self.list && !self.addresses)
    }
}

impl Selection {
    /// Narrows a run. `false` when the cases were to be listed, and have been.
    ///
    /// # Errors
    ///
    /// When no case is left, or no bug.
    pub(super) fn narrow(&self, options: &mut RunOptions) -> Result<bool, Failed> {
        self.named.apply(options);
        options.requirements.clone_from(&self.requirements);
        if let Some(pattern) = &self.corpus {
            options.bugs = Bug::named(pattern).collect();
            if options.bugs.is_empty() {
                return Err(nothing(
                    "no bug is meant by that; --corpus --list shows what there is",
                ));
            }
        }
        if self.named.list && !self.named.addresses && !options.bugs.is_empty() {
            print(options.bugs.iter().map(|bug| bug_entry(bug)))?;
            return Ok(false);
        }
        let cases = server::all().filter(|case| options.selects(case));
        let listed = |case: &mqttspec_conformance::Case| {
            Listed(case.address, case.title, case.level, case.statements)
        };
        self.named.list(cases.map(listed))
    }
}

/// What a list says of a case: address, title, level, statements.
struct Listed(&'static str, &'static str, Level, &'static [&'static str]);

fn nothing(what: &'static str) -> Failed {
    Failed { code: exit::USAGE, error: anyhow!(what) }
}

fn case_entry(Listed(address, title, level, statements): &Listed) -> String {
    let (level, statements) = (level.as_str(), statements.join(" "));
    format!("{NAME}{address}{NAME:#}  {level}  {statements}\n  {title}\n")
}

fn bug_entry(bug: &Bug) -> String {
    let Bug { name, broker, link, text, .. } = bug;
    let versions = bug.versions.as_deref().map(|text| format!(" {text}")).unwrap_or_default();
    let (statements, cases) = (bug.statements.join(" "), bug.cases.join(" "));
    format!(
        "{NAME}{name}{NAME:#}  {broker}{versions}  {statements}\n  {text}\n  {link}\n  {cases}\n"
    )
}

fn print(entries: impl Iterator<Item = String>) -> Result<(), anyhow::Error> {
    let mut out = anstream::stdout().lock();
    let mut entries = entries;
    match entries.try_for_each(|entry| out.write_all(entry.as_bytes())) {
        // Whoever reads only the first lines has seen what they wanted.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        done => done.context("cannot print"),
    }
}

/// A statement that there is.
pub(super) fn statement(text: &str) -> Result<StatementId, String> {
    let catalogue = Catalogue::embedded();
    match text.parse() {
        Ok(id) if catalogue.get(id).is_some() => Ok(id),
        _ => {
            let nearest = catalogue.nearest(text, 3);
            let nearest: Vec<_> = nearest.iter().map(StatementId::to_string).collect();
            Err(format!("no such statement in MQTT 3.1.1; near it: {}", nearest.join(", ")))
        }
    }
}

const NAME: Style = Style::new().bold();
