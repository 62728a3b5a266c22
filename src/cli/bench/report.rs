//! What a run has found: a table for each load, and every round as JSON.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use hdrhistogram::Histogram;
use serde_json::{Value, json};

use super::round::{Load, Sample};
use super::scenario::Scenario;

/// All of a run.
pub(super) struct Report {
    names: Vec<String>,
    rounds: usize,
    pub(super) cells: Vec<Cell>,
}

/// One load, and what came of it with each broker.
pub(super) struct Cell {
    pub(super) load: Load,
    pub(super) entries: Vec<Entry>,
}

/// One load on one broker.
#[derive(Clone, Default)]
pub(super) struct Entry {
    /// In the order of the rounds.
    pub(super) samples: Vec<Sample>,
    /// Why there are no more of them, if a round broke off.
    pub(super) failure: Option<String>,
}

impl Cell {
    /// Whether some broker could not carry the load to its end.
    pub(super) fn has_gaps(&self) -> bool {
        self.entries.iter().any(|entry| entry.failure.is_some())
    }
}

impl Load {
    /// What it is, in a line.
    pub(super) fn title(&self) -> String {
        let Self { scenario, qos, payload, connections, messages, .. } = self;
        let mut title = scenario.to_string();
        match scenario.traffic(self.clients) {
            Some(traffic) => {
                let _ = write!(title, " {} to {}", traffic.publishers, traffic.subscribers);
            }
            None if *scenario == Scenario::Idle => {
                let _ = write!(title, ", {connections} connections");
            }
            None if scenario.has_qos() => {
                let _ = write!(title, ", {messages} messages");
            }
            None => {}
        }
        if scenario.has_qos() {
            let _ = write!(title, ", QoS {qos}, {payload} octets");
        }
        if self.keep_sessions && scenario.traffic(self.clients).is_some() {
            title.push_str(", kept Sessions");
        }
        if let Some(rate) = self.rate {
            let _ = write!(title, ", {rate} a second");
        }
        title
    }
}

impl Load {
    /// How many are counted if none is lost; 0 where time is the bound.
    fn expected(&self) -> f64 {
        match self.scenario {
            Scenario::Retained | Scenario::Offline => self.messages as f64,
            _ => 0.,
        }
    }
}

impl Report {
    pub(super) fn new(names: Vec<String>, rounds: usize) -> Self {
        Self { names, rounds, cells: Vec::new() }
    }

    /// The medians of a load, a broker a line, with what they are to the first broker's.
    pub(super) fn table(&self, cell: &Cell) -> String {
        const TITLE: Style = Style::new().bold();
        const DIM: Style = Style::new().dimmed();
        const BEST: Style = AnsiColor::Green.on_default();
        const LOST: Style = AnsiColor::Red.on_default();
        let mut text = String::new();
        let rows: Vec<Row> = cell.entries.iter().map(|entry| Row::of(&entry.samples)).collect();
        let has_latency = rows.iter().any(|row| row.latency.is_some());
        let _ = write!(text, "{TITLE}{}{TITLE:#}\n{DIM}", cell.load.title());
        let _ = write!(text, "  {:>12}/s", cell.load.scenario.unit());
        let _ = write!(text, "  {:>18}  {:>14}", "per CPU second", "memory");
        if has_latency {
            let _ = write!(text, "  {:>9} {:>9} {:>9} {:>9}", "p50", "p90", "p99", "p99.9");
        }
        let _ = writeln!(text, "{DIM:#}");
        let most =
            |value: fn(&Row) -> Option<f64>| rows.iter().filter_map(value).fold(0., f64::max);
        let best = (most(|row| Some(row.rate)), most(|row| row.per_cpu));
        for ((row, entry), name) in rows.iter().zip(&cell.entries).zip(&self.names) {
            if let Some(failure) = &entry.failure {
                let _ = writeln!(text, "  {LOST}broke off{LOST:#}  {name}: {failure}");
                continue;
            }
            let first = &rows[0];
            let columns = [
                (Some(row.rate), Some(first.rate), best.0, 8),
                (row.per_cpu, first.per_cpu, best.1, 12),
            ];
            for (value, first, best, width) in columns {
                let is_best = rows.len() > 1 && value.is_some_and(|value| value >= best);
                let style = if is_best { BEST } else { Style::new() };
                let number = value.map_or_else(|| "?".to_owned(), whole);
                let ratio = match value.zip(first) {
                    Some((value, first)) if rows.len() > 1 && first > 0. => {
                        format!("{:.2}x", value / first)
                    }
                    _ => String::new(),
                };
                let _ = write!(text, "  {style}{number:>width$}{style:#} {ratio:>5}");
            }
            let _ = write!(text, "  {:>14}", row.memory(&cell.load));
            if let Some(latency) = &row.latency {
                for nanoseconds in latency {
                    let _ = write!(text, " {:>9}", duration(*nanoseconds));
                }
            }
            let _ = writeln!(text, "  {name}");
            let missing = cell.load.expected() - row.count;
            if missing > 0. {
                let missing = whole(missing);
                let _ = writeln!(text, "  {DIM}of which {missing} messages never came{DIM:#}");
            }
        }
        text
    }

    /// Every round of every load.
    pub(super) fn to_json(&self) -> String {
        let cells: Vec<Value> = self.cells.iter().map(|cell| self.cell(cell)).collect();
        let report = json!({
            "schema": 1,
            "tool": { "name": "mqttspec", "version": env!("CARGO_PKG_VERSION") },
            "rounds": self.rounds,
            "cells": cells,
        });
        format!("{report:#}")
    }

    fn cell(&self, cell: &Cell) -> Value {
        let load = &cell.load;
        let brokers: Vec<Value> = self
            .names
            .iter()
            .zip(&cell.entries)
            .map(|(name, entry)| {
                let row = Row::of(&entry.samples);
                json!({
                    "broker": name,
                    "median": {
                        "per_second": row.rate,
                        "per_cpu_second": row.per_cpu,
                        "resident_octets": row.resident,
                    },
                    "rounds": entry.samples.iter().map(round).collect::<Vec<_>>(),
                    "failure": entry.failure,
                })
            })
            .collect();
        json!({
            "scenario": load.scenario.to_string(),
            "title": load.title(),
            "unit": load.scenario.unit(),
            "qos": load.scenario.has_qos().then_some(load.qos),
            "payload_octets": load.payload,
            "keep_sessions": load.keep_sessions,
            "rate": load.rate,
            "brokers": brokers,
        })
    }
}

fn round(sample: &Sample) -> Value {
    let latency = sample.latency.as_ref().map(|latency| {
        json!({
            "p50": latency.value_at_quantile(0.5),
            "p90": latency.value_at_quantile(0.9),
            "p99": latency.value_at_quantile(0.99),
            "p999": latency.value_at_quantile(0.999),
            "max": latency.max(),
        })
    });
    json!({
        "count": sample.count,
        "seconds": sample.time.as_secs_f64(),
        "cpu_seconds": sample.cpu.map(|cpu| cpu.as_secs_f64()),
        "resident_octets": sample.resident.map(|(octets, _)| octets),
        "resident_growth_octets": sample.resident.map(|(_, growth)| growth),
        "latency_ns": latency,
    })
}

/// The medians of one broker.
struct Row {
    count: f64,
    rate: f64,
    per_cpu: Option<f64>,
    resident: Option<f64>,
    /// Octets of memory for each that was counted.
    growth: Option<f64>,
    latency: Option<[f64; 4]>,
}

impl Row {
    fn of(samples: &[Sample]) -> Self {
        let count = |sample: &Sample| sample.count as f64;
        let of = |value: &dyn Fn(&Sample) -> Option<f64>| {
            let values: Option<Vec<f64>> = samples.iter().map(value).collect();
            values.and_then(median)
        };
        let quantile = |at: f64| {
            of(&|sample| {
                let latency =
                    sample.latency.as_ref().map(|l: &Histogram<u64>| l.value_at_quantile(at));
                latency.map(|nanoseconds| nanoseconds as f64)
            })
        };
        let latency = [0.5, 0.9, 0.99, 0.999].map(quantile);
        Self {
            count: of(&|sample| Some(count(sample))).unwrap_or_default(),
            rate: of(&|sample| Some(count(sample) / sample.time.as_secs_f64())).unwrap_or_default(),
            // Below two ticks of the clock a quotient means nothing.
            per_cpu: of(&|sample| {
                let cpu = sample.cpu?.as_secs_f64();
                (cpu >= 0.02).then(|| count(sample) / cpu)
            }),
            resident: of(&|sample| Some(sample.resident?.0 as f64)),
            growth: of(&|sample| Some(sample.resident?.1 as f64 / count(sample))),
            latency: latency[0].is_some().then(|| latency.map(Option::unwrap_or_default)),
        }
    }

    /// All that the broker has; of open connections, what each has added.
    fn memory(&self, load: &Load) -> String {
        let (octets, unit, name) = match load.scenario {
            Scenario::Idle => (self.growth, KIB, "KiB each"),
            _ => (self.resident, MIB, "MiB"),
        };
        octets.map_or_else(|| "?".to_owned(), |octets| format!("{:.1} {name}", octets / unit))
    }
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    let upper = *values.get(middle)?;
    let lower = if values.len() % 2 == 1 { upper } else { values[middle - 1] };
    Some(f64::midpoint(lower, upper))
}

/// A number with its thousands apart.
fn whole(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place) % 3 == 0 {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

fn duration(nanoseconds: f64) -> String {
    match nanoseconds {
        n if n < 1e6 => format!("{:.0} µs", n / 1e3),
        n if n < 1e9 => format!("{:.1} ms", n / 1e6),
        n => format!("{:.1} s", n / 1e9),
    }
}

const KIB: f64 = 1024.;
const MIB: f64 = 1024. * 1024.;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_median_is_in_the_middle() {
        assert_eq!(median(vec![3., 1., 2.]), Some(2.));
        assert_eq!(median(vec![4., 1., 2., 3.]), Some(2.5));
        assert_eq!(median(Vec::new()), None);
    }

    #[test]
    fn thousands_stand_apart() {
        let texts = [0., 999., 1000., 1_234_567.].map(whole);
        assert_eq!(texts, ["0", "999", "1 000", "1 234 567"]);
    }

    fn load(scenario: Scenario, rate: Option<u32>) -> Load {
        Load {
            scenario,
            qos: 1,
            payload: 64,
            clients: (None, None),
            rate,
            window: 20,
            keep_sessions: rate.is_some(),
            connections: 1000,
            messages: 5000,
            time: Duration::from_secs(2),
            warm_up: Duration::ZERO,
        }
    }

    fn sample(count: u64, cpu: Option<Duration>) -> Sample {
        let mut latency = Histogram::new(3).unwrap();
        (1..=1000).for_each(|n| latency.record(n * 5000).unwrap());
        Sample {
            count,
            time: Duration::from_secs(2),
            cpu,
            resident: cpu.map(|_| (12 << 20, 3 << 20)),
            latency: Some(latency),
        }
    }

    #[test]
    fn people_read_a_table_for_each_load() {
        let names = ["ours", "theirs", "gone"].map(str::to_owned).to_vec();
        let mut report = Report::new(names, 1);
        let second = Some(Duration::from_secs(1));
        let entries = vec![
            Entry { samples: vec![sample(5000, second)], failure: None },
            Entry { samples: vec![sample(4000, None)], failure: None },
            Entry { samples: vec![], failure: Some("the connection closed".to_owned()) },
        ];
        let silent = |mut sample: Sample| {
            sample.latency = None;
            Entry { samples: vec![sample], failure: None }
        };
        report
            .cells
            .push(Cell { load: load(Scenario::Pairs, Some(2000)), entries: entries.clone() });
        report.cells.push(Cell { load: load(Scenario::Offline, None), entries });
        let entries = vec![silent(sample(1000, second)), silent(sample(1000, second))];
        report.cells.push(Cell { load: load(Scenario::Idle, None), entries });
        let text: String = report.cells.iter().map(|cell| report.table(cell)).collect();
        insta::assert_snapshot!("people_read", anstream::adapter::strip_str(&text));
        insta::assert_snapshot!(
            "programs_read",
            report.to_json().replace(env!("CARGO_PKG_VERSION"), "VERSION")
        );
    }
}
