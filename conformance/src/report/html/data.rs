//! Findings and packets, as the JSON that a page's script draws from.
//!
//! Packets are arrays instead of objects, since there are thousands. When they would make the page
//! slow to load, all transcripts are cut alike: to fewer octets first, then to their ends.

use serde::Serialize;

use super::super::outline::{self, clipped};
use super::super::{CaseReport, narrowed};
use crate::finding::Finding;
use crate::record::{Entry, Side};
use crate::verdict::Verdict;

/// All cases in the order of the report, as JSON that can stand in a `script` element.
///
/// The element ends at the first `</script`, and a browser may look for `<!--` too: no `<` of the
/// JSON is written as itself.
pub(super) fn embedded(cases: &[CaseReport]) -> String {
    let mut json = String::new();
    for (cut, is_last) in CUTS.iter().zip(1..).map(|(&cut, nth)| (cut, nth == CUTS.len())) {
        if !is_last && cut.least_octets(cases) > MOST_OCTETS {
            continue;
        }
        let drawn: Vec<_> = cases.iter().map(|case| Drawn::new(case, cut)).collect();
        json = serde_json::to_string(&drawn).expect("texts and numbers can always be written");
        json = json.replace('<', "\\u003c");
        if json.len() <= MOST_OCTETS {
            break;
        }
    }
    json
}

/// What a script draws of one case.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Drawn<'a> {
    findings: Vec<DrawnFinding<'a>>,
    statements: Vec<&'static str>,
    /// The connections in the order in which they come up: steps name them by their place.
    peers: Vec<&'a str>,
    steps: Vec<Step>,
    left_out: usize,
    /// Lines of shell that show it again.
    again: Vec<String>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum DrawnFinding<'a> {
    Mismatch { verdict: Verdict, expected: &'a str, seen: &'a str },
    Other { verdict: Verdict, text: String },
}

/// Milliseconds, peer, whether the subject sent it, packet, octets, whether there are more.
type Step = (u64, usize, u8, String, String, u8);

impl<'a> Drawn<'a> {
    fn new(case: &'a CaseReport, cut: Cut) -> Self {
        let left_out = case.transcript.len().saturating_sub(cut.entries);
        let shown = &case.transcript[left_out..];
        let mut peers: Vec<&str> = Vec::new();
        for entry in shown {
            if !peers.contains(&entry.peer.as_str()) {
                peers.push(&entry.peer);
            }
        }
        let steps = shown.iter().map(|entry| step(entry, &peers, cut)).collect();
        let mut statements = case.statements.to_vec();
        for id in case.findings.iter().filter_map(narrowed) {
            if !statements.contains(&id) {
                statements.push(id);
            }
        }
        let mut again: Vec<_> = case.shell.clone().into_iter().collect();
        again.extend(case.replay.is_some().then(|| outline::again(case)));
        Self {
            findings: case.findings.iter().map(DrawnFinding::from).collect(),
            statements,
            peers,
            steps,
            left_out,
            again,
        }
    }
}

impl<'a> From<&'a Finding> for DrawnFinding<'a> {
    fn from(finding: &'a Finding) -> Self {
        let verdict = Verdict::from(finding);
        match finding {
            Finding::Fail(mismatch) | Finding::Warn(mismatch) => {
                Self::Mismatch { verdict, expected: &mismatch.expected, seen: &mismatch.seen }
            }
            other => Self::Other { verdict, text: other.to_string() },
        }
    }
}

fn step(entry: &Entry, peers: &[&str], cut: Cut) -> Step {
    let peer = peers.iter().position(|peer| *peer == entry.peer).unwrap_or_default();
    let by_subject = u8::from(entry.from == Side::Subject);
    let hex = entry.hex.get(..cut.octets * 2).unwrap_or(&entry.hex);
    let more = u8::from(hex.len() < entry.hex.len());
    let packet = clipped(&entry.packet, cut.characters);
    (entry.at_ms, peer, by_subject, packet, hex.to_owned(), more)
}

/// What is kept of a transcript.
#[derive(Clone, Copy)]
struct Cut {
    /// Octets of a packet. At least one: a step without octets is an event.
    octets: usize,
    /// Characters of a packet's description.
    characters: usize,
    /// Entries, counted from the end, where it went wrong.
    entries: usize,
}

impl Cut {
    /// What the transcripts take at least. Writing them all out only to see that they are too long
    /// would cost a second for each gigabyte.
    fn least_octets(self, cases: &[CaseReport]) -> usize {
        let first = |case: &CaseReport| case.transcript.len().saturating_sub(self.entries);
        cases
            .iter()
            .flat_map(|case| &case.transcript[first(case)..])
            .map(|entry| {
                entry.hex.len().min(self.octets * 2) + entry.packet.len().min(self.characters)
            })
            .sum()
    }
}

/// From all that is worth it down to what always fits: the last makes 1,000 cases 2 MiB at most.
const CUTS: [Cut; 5] = [
    Cut { octets: 256, characters: 600, entries: 1_000 },
    Cut { octets: 64, characters: 300, entries: 400 },
    Cut { octets: 32, characters: 160, entries: 100 },
    Cut { octets: 16, characters: 100, entries: 40 },
    Cut { octets: 8, characters: 80, entries: 10 },
];

/// A third of the page's 3 MiB is left for everything else.
const MOST_OCTETS: usize = 2 << 20;
