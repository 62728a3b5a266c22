//! The kill matrix: which cases fail behind which sabotage.
//!
//! One broker and one proxy a sabotage, several of them at once, each judged by the cases of all
//! statements. A case is a victim when it fails, or warns although it passes without sabotage.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Proxy, Sabotage};
use crate::case::Level;
use crate::cases::server;
use crate::options::RunOptions;
use crate::report::Report;
use crate::run::judge;
use crate::subject::{Launch, Subject, SubjectError, Target};
use crate::verdict::Verdict;

/// Which cases fail behind which sabotage.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[non_exhaustive]
pub struct Matrix {
    /// Cases that fail or warn without any sabotage, with the proxy in between.
    pub without: BTreeSet<String>,
    /// What came of each sabotage, in document order.
    pub sabotages: Vec<Behind>,
}

/// What came of one sabotage.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[non_exhaustive]
pub struct Behind {
    /// Its name.
    pub name: String,
    /// What it does.
    pub title: String,
    /// The statements that it is meant to break.
    pub breaks: Vec<String>,
    /// Those of them that the judge found broken.
    pub found: Vec<String>,
    /// The cases that failed and judge one of those statements.
    pub victims: BTreeSet<String>,
    /// The other cases that failed.
    pub bystanders: BTreeSet<String>,
    /// Other statements that the judge found broken.
    pub others: Vec<String>,
}

/// What a kill matrix must not have.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Holes {
    /// Cases that fail without sabotage.
    pub false_alarms: Vec<String>,
    /// Sabotages, each with a statement that it breaks and nobody has noticed.
    pub survivors: Vec<String>,
    /// Statements that cases judge, and that no sabotage breaks.
    pub unbroken: Vec<String>,
    /// Cases that no sabotage makes fail.
    pub idle: Vec<String>,
}

impl Matrix {
    /// Judges brokers that `command` starts, as [`Subject::spawn`] does, behind each of these
    /// sabotages; `at_once` of them at a time. `told` hears of each that is over.
    ///
    /// # Errors
    ///
    /// Those of starting the broker.
    pub fn of(
        command: &str,
        sabotages: &[&'static Sabotage],
        at_once: usize,
        told: &(dyn Fn(&Behind) + Sync),
    ) -> Result<Self, SubjectError> {
        let without = judge_behind(command, None, &options())?;
        let next = AtomicUsize::new(0);
        let outcomes = Mutex::new(BTreeMap::new());
        thread::scope(|scope| {
            for _ in 0..at_once.clamp(1, sabotages.len().max(1)) {
                scope.spawn(|| {
                    while let Some(sabotage) = sabotages.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let behind = judge_behind(command, Some(sabotage), &options())
                            .map(|report| Behind::new(sabotage, &report));
                        if let Ok(behind) = &behind {
                            told(behind);
                        }
                        if let Ok(mut outcomes) = outcomes.lock() {
                            outcomes.insert(sabotage.name, behind);
                        }
                    }
                });
            }
        });
        let mut outcomes = outcomes.into_inner().unwrap_or_default();
        let ordered = sabotages.iter().filter_map(|sabotage| outcomes.remove(sabotage.name));
        Ok(Self { without: failed(&without), sabotages: ordered.collect::<Result<_, _>>()? })
    }

    /// What it must not have.
    pub fn holes(&self) -> Holes {
        let mut broken = BTreeSet::new();
        let mut fallen = BTreeSet::new();
        let mut survivors = Vec::new();
        for behind in &self.sabotages {
            broken.extend(behind.found.iter().chain(&behind.others).map(String::as_str));
            fallen.extend(behind.victims.iter().chain(&behind.bystanders).map(String::as_str));
            let unnoticed = behind.breaks.iter().filter(|id| !behind.found.contains(id));
            survivors.extend(unnoticed.map(|id| format!("{} {id}", behind.name)));
        }
        let judging = || server::all().filter(|case| case.level != Level::Observe);
        let judged: BTreeSet<_> = judging().flat_map(|case| case.statements).copied().collect();
        Holes {
            false_alarms: self.without.iter().cloned().collect(),
            survivors,
            unbroken: judged.difference(&broken).map(|&id| id.to_owned()).collect(),
            idle: judging()
                .filter(|case| !fallen.contains(case.address))
                .map(|case| case.address.to_owned())
                .collect(),
        }
    }

    /// As JSON, with a line feed at the end.
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("text and lists");
        text.push('\n');
        text
    }

    /// Reads what [`to_json`](Self::to_json) has written.
    ///
    /// # Errors
    ///
    /// [`serde_json::Error`] when it is something else.
    pub fn from_json(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// As a page to read: by statement, and by sabotage.
    pub fn to_markdown(&self) -> String {
        let mut page = PREFACE.to_owned();
        page.push_str("## By statement\n\n| statement | broken by |\n|---|---|\n");
        for (id, names) in self.by_statement() {
            // Writing to a text does not fail.
            let _ = writeln!(page, "| {id} | {} |", names.join(", "));
        }
        page.push_str("\n## By sabotage\n");
        for behind in &self.sabotages {
            let breaks = behind.breaks.join(", ");
            let _ = write!(page, "\n### {}\n\n{}\nBreaks {breaks}.\n", behind.name, behind.title);
            for (what, cases) in [("Fails", &behind.victims), ("Fails as well", &behind.bystanders)]
            {
                if !cases.is_empty() {
                    let _ = writeln!(page, "{what}: {}.", shortened(cases));
                }
            }
        }
        page
    }

    fn by_statement(&self) -> BTreeMap<Section<'_>, Vec<&str>> {
        let mut by_statement = BTreeMap::<_, Vec<_>>::new();
        for behind in &self.sabotages {
            for id in &behind.found {
                by_statement.entry(Section(id)).or_default().push(behind.name.as_str());
            }
        }
        by_statement
    }
}

impl Behind {
    fn new(sabotage: &Sabotage, report: &Report) -> Self {
        let is_broken = |verdict| matches!(verdict, Verdict::Fail | Verdict::Warn);
        let broken: Vec<_> =
            report.statements.iter().filter(|s| is_broken(s.verdict)).map(|s| &*s.id).collect();
        let is_meant = |id: &&str| sabotage.breaks.contains(id);
        let judges_meant = |address: &String| {
            server::all()
                .any(|case| case.address == address && case.statements.iter().any(is_meant))
        };
        let (victims, bystanders) = failed(report).into_iter().partition(judges_meant);
        let owned = |ids: Vec<&str>| ids.into_iter().map(str::to_owned).collect();
        let (found, others) = broken.into_iter().partition(is_meant);
        Self {
            name: sabotage.name.to_owned(),
            title: sabotage.title.to_owned(),
            breaks: owned(sabotage.breaks.to_vec()),
            found: owned(found),
            victims,
            bystanders,
            others: owned(others),
        }
    }
}

impl Sabotage {
    /// Judges a broker that `command` starts, behind this sabotage.
    ///
    /// # Errors
    ///
    /// Those of starting the broker.
    pub fn judge(&self, command: &str, options: &RunOptions) -> Result<Report, SubjectError> {
        judge_behind(command, Some(self), options)
    }
}

fn judge_behind(
    command: &str,
    sabotage: Option<&Sabotage>,
    options: &RunOptions,
) -> Result<Report, SubjectError> {
    let launch = || Launch::new(command).ready_within(START_WAIT_SECONDS);
    // Once more: the free port may have been taken in between by what runs beside.
    let broker = Subject::spawn(launch()).or_else(|_| Subject::spawn(launch()))?;
    let nearby = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let proxy = Proxy::start(nearby, broker.target().clone(), sabotage);
    let proxy = proxy.map_err(SubjectError::NoPort)?;
    let subject = Subject::at(Target::new("127.0.0.1", proxy.address().port()));
    Ok(judge(&subject, options, &mut ()))
}

/// Waits for a broker on the same machine, of which most will come to nothing.
fn options() -> RunOptions {
    RunOptions {
        patience: Duration::from_millis(1500),
        close_wait: Duration::from_secs(1),
        keep_alive_tolerance: Duration::from_millis(1500),
        second_look: false,
        ..RunOptions::default()
    }
}

fn failed(report: &Report) -> BTreeSet<String> {
    let failed = |verdict| matches!(verdict, Verdict::Fail | Verdict::Warn);
    let cases = report.cases.iter().filter(|case| failed(case.verdict));
    cases.map(|case| case.case.to_owned()).collect()
}

/// A statement in the order of the document: by numbers, and not by digits.
#[derive(Debug, Eq, PartialEq)]
struct Section<'a>(&'a str);

impl Section<'_> {
    fn numbers(&self) -> (Vec<u32>, &str) {
        (self.0.split(['-', '.']).filter_map(|part| part.parse().ok()).collect(), self.0)
    }
}

impl Ord for Section<'_> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.numbers().cmp(&other.numbers())
    }
}

impl PartialOrd for Section<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl std::fmt::Display for Section<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

/// A few of many cases; the machine form has all.
fn shortened(cases: &BTreeSet<String>) -> String {
    let mut shown: Vec<_> = cases.iter().take(SHOWN).map(|case| format!("`{case}`")).collect();
    if cases.len() > SHOWN {
        shown.push(format!("{} more", cases.len() - SHOWN));
    }
    shown.join(", ")
}

/// Cases that a line of the page names.
const SHOWN: usize = 8;

/// How long a broker may take from its start to its first CONNACK.
const START_WAIT_SECONDS: u16 = 20;

const PREFACE: &str = "\
# The kill matrix

A judge that cannot fail anybody shows nothing.
Each *sabotage* below is a proxy that stands before a conforming broker and breaks one thing; the cases that fail behind it are listed with it.
Generated by `mqttspec saboteur --matrix docs`, which ends in an error when a case fails without sabotage, when a sabotage gets by, when no sabotage breaks a statement that is judged, or when nothing can make a case fail.
The machine form is `kill-matrix.json`; `tests/kill_matrix.rs` holds part of it against the cases on every run.

";
