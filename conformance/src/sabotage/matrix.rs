//! The kill matrix: which cases fail behind which sabotage.
//!
//! One broker and one proxy a sabotage, several of them at once, each judged by all cases; or one
//! client, with a proxy a case. A case is a victim when it fails, or warns although it passes
//! without sabotage. A case that only tells what a subject does where it is free cannot fail: it has
//! to tell something else.
//!
//! Not here: the broker and its proxies, in `field`; what is different for clients, in `side`; the
//! page to read, in `page`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use serde::{Deserialize, Serialize};

use super::Sabotage;
use super::field::{Field, hasty, is_bad};
use super::side;
use crate::case::Level;
use crate::client::{ClientSubject, DriverError};
use crate::options::RunOptions;
use crate::profile::Profile;
use crate::report::{Report, Role};
use crate::subject::SubjectError;
use crate::verdict::Verdict;

/// Which cases fail behind which sabotage.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[non_exhaustive]
pub struct Matrix {
    /// Whose cases they are.
    #[serde(default)]
    pub role: Role,
    /// Cases that do not pass without any sabotage, with the proxy in between.
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
    /// The cases that tell of another choice than without it, where a broker is free.
    pub told: BTreeSet<String>,
    /// Other statements that the judge found broken.
    pub others: Vec<String>,
}

/// What a kill matrix must not have.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Holes {
    /// Cases that do not pass without sabotage.
    pub false_alarms: Vec<String>,
    /// Sabotages, each with a statement that it breaks and nobody has noticed.
    pub survivors: Vec<String>,
    /// Statements that cases judge, and that no sabotage breaks.
    pub unbroken: Vec<String>,
    /// Cases that no sabotage makes fail, or tell something else, and that are no exception.
    pub idle: Vec<String>,
    /// Exceptions that are none: a sabotage of what they judge makes them fail, or they are no cases.
    pub needless: Vec<String>,
}

impl Matrix {
    /// Judges brokers that `profile` has started behind each of these sabotages; `at_once` of them
    /// at a time. `told` hears of each that is over.
    ///
    /// # Errors
    ///
    /// Those of starting the broker.
    pub fn of(
        profile: &Profile,
        sabotages: &[&'static Sabotage],
        at_once: usize,
        told: &(dyn Fn(&Behind) + Sync),
    ) -> Result<Self, SubjectError> {
        Self::gathered(Role::Broker, || Field::open(profile), sabotages, at_once, told)
    }

    /// Judges this client behind each of these sabotages; `at_once` of them at a time. `told` hears
    /// of each that is over.
    ///
    /// # Errors
    ///
    /// Those of starting the driver.
    pub fn of_client(
        client: &ClientSubject,
        sabotages: &[&'static Sabotage],
        at_once: usize,
        told: &(dyn Fn(&Behind) + Sync),
    ) -> Result<Self, DriverError> {
        client.check()?;
        Self::gathered(Role::Client, || Ok(client.clone()), sabotages, at_once, told)
    }

    fn gathered<G: Ground>(
        role: Role,
        open: impl Fn() -> Result<G, G::Error> + Sync,
        sabotages: &[&'static Sabotage],
        at_once: usize,
        told: &(dyn Fn(&Behind) + Sync),
    ) -> Result<Self, G::Error> {
        let without = open()?.judge(None, &hasty())?;
        let choices = choices(&without);
        let next = AtomicUsize::new(0);
        let outcomes = Mutex::new(BTreeMap::new());
        thread::scope(|scope| {
            for _ in 0..at_once.clamp(1, sabotages.len().max(1)) {
                scope.spawn(|| {
                    while let Some(sabotage) = sabotages.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let behind = open()
                            .and_then(|ground| Behind::judged(role, &ground, sabotage, &choices));
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
        let sabotages = ordered.collect::<Result<_, _>>()?;
        Ok(Self { role, without: not_passed(&without), sabotages })
    }

    /// What it must not have.
    pub fn holes(&self) -> Holes {
        let mut broken = BTreeSet::new();
        let mut fallen = BTreeSet::new();
        let (mut victims, mut survivors) = (BTreeSet::new(), Vec::new());
        for behind in &self.sabotages {
            victims.extend(behind.victims.iter().map(String::as_str));
            broken.extend(behind.found.iter().chain(&behind.others).map(String::as_str));
            let fell = behind.victims.iter().chain(&behind.bystanders).chain(&behind.told);
            fallen.extend(fell.map(String::as_str));
            let unnoticed = behind.breaks.iter().filter(|id| !behind.found.contains(id));
            survivors.extend(unnoticed.map(|id| format!("{} {id}", behind.name)));
        }
        let all = side::cases(self.role);
        let judging = all.iter().filter(|case| case.level != Level::Observe);
        let judged: BTreeSet<_> = judging.flat_map(|case| case.statements).copied().collect();
        let cases: BTreeSet<_> = all.iter().map(|case| case.address).collect();
        let excepted: BTreeSet<_> =
            side::exceptions(self.role).iter().map(|(case, _)| *case).collect();
        let owned = |names: BTreeSet<&str>| names.into_iter().map(str::to_owned).collect();
        // What a case only happens to tell otherwise, or to fail at, is no reason to rely on.
        let needless =
            excepted.iter().filter(|case| victims.contains(*case) || !cases.contains(*case));
        Holes {
            false_alarms: self.without.iter().cloned().collect(),
            survivors,
            unbroken: owned(&judged - &broken),
            needless: needless.map(|&case| case.to_owned()).collect(),
            idle: owned(&(&cases - &fallen) - &excepted),
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
}

/// What is judged behind sabotages.
pub(super) trait Ground {
    /// Why it cannot be judged.
    type Error: Send;

    /// Judges it behind a sabotage, or behind a proxy that breaks nothing.
    fn judge(
        &self,
        sabotage: Option<&'static Sabotage>,
        options: &RunOptions,
    ) -> Result<Vec<Report>, Self::Error>;
}

impl Behind {
    /// Judges a subject behind this sabotage.
    ///
    /// Where it upsets what runs beside a case, cases come to their point only by themselves: those
    /// that have not noticed a statement broken are had again, one after the other.
    fn judged<G: Ground>(
        role: Role,
        ground: &G,
        sabotage: &'static Sabotage,
        choices: &Choices,
    ) -> Result<Self, G::Error> {
        let mut reports = ground.judge(Some(sabotage), &hasty())?;
        let behind = Self::new(role, sabotage, &reports, choices);
        let unnoticed = |id: &&str| {
            behind.breaks.iter().any(|b| b == id) && !behind.found.iter().any(|f| f == id)
        };
        let silent: BTreeSet<_> = side::cases(role)
            .into_iter()
            .filter(|case| case.statements.iter().any(unnoticed))
            .map(|case| case.address)
            .collect();
        if silent.is_empty() {
            return Ok(behind);
        }
        let options = RunOptions { jobs: 1, among: Some(silent), ..hasty() };
        reports.extend(ground.judge(Some(sabotage), &options)?);
        Ok(Self::new(role, sabotage, &reports, choices))
    }

    fn new(role: Role, sabotage: &Sabotage, reports: &[Report], choices: &Choices) -> Self {
        let statements = reports.iter().flat_map(|report| &report.statements);
        let broken: BTreeSet<_> =
            statements.filter(|s| is_bad(s.verdict)).map(|s| s.id.to_string()).collect();
        let is_meant = |id: &str| sabotage.breaks.contains(&id);
        let all = side::cases(role);
        let judges_meant = |address: &String| {
            all.iter().any(|case| {
                case.address == address && case.statements.iter().any(|id| is_meant(id))
            })
        };
        let cases = reports.iter().flat_map(|report| &report.cases);
        let failed = cases.filter(|case| is_bad(case.verdict)).map(|case| case.case.to_owned());
        let (victims, bystanders) = failed.partition(judges_meant);
        let (found, others) = broken.into_iter().partition(|id| is_meant(id));
        let choices_now = self::choices(reports);
        let told = choices_now.into_iter().filter(|choice| !choices.contains(choice));
        Self {
            name: sabotage.name.to_owned(),
            title: sabotage.title.to_owned(),
            breaks: sabotage.breaks.iter().map(|&id| id.to_owned()).collect(),
            found,
            victims,
            bystanders,
            told: told.map(|(case, ..)| case).collect(),
            others,
        }
    }
}

/// What cases tell of a broker where it is free: the case, what there was to choose, and the
/// choice.
type Choices = BTreeSet<(String, String, String)>;

fn choices(reports: &[Report]) -> Choices {
    let observed = reports.iter().flat_map(|report| &report.observed);
    let choice = |observed: &crate::report::Observed| {
        let observation = &observed.observation;
        (observed.case.to_owned(), observation.what.to_string(), observation.behaviour.clone())
    };
    // How long something took differs each time, whatever is broken.
    observed.map(choice).filter(|(.., behaviour)| !behaviour.ends_with(" ms")).collect()
}

fn not_passed(reports: &[Report]) -> BTreeSet<String> {
    let cases = reports.iter().flat_map(|report| &report.cases);
    // What the broker does not offer is idle behind every sabotage, unless it is an exception.
    let is_good = |verdict| matches!(verdict, Verdict::Pass | Verdict::Unsupported);
    let not_passed = cases.filter(|case| !is_good(case.verdict));
    not_passed.map(|case| case.case.to_owned()).collect()
}
