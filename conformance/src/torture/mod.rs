//! Torture: many publishers and subscribers, a network that fails, a broker that dies, and
//! afterwards the question whether everything came that had been promised.
//!
//! The network is a proxy that cuts at any octet, stalls and sends in pieces. Every sending,
//! acknowledgement and receipt is taken down, and the guarantees of delivery are held against
//! that: at QoS 0 never twice, at QoS 1 at least once, at QoS 2 once, in order, the last value
//! retained, the Will when it is due and not otherwise, Session Present true to what is there.
//!
//! What a seed decides is which faults there are; when they meet which packet is the machine's
//! business. Not here: cases, which judge one statement each (`cases`).

mod check;
mod faults;
mod history;
mod line;
mod publisher;
mod random;
mod report;
mod run;
mod subscriber;

use std::io;
use std::time::Duration;

use self::check::check;
use self::history::What;
use self::run::{Ran, Run};
use crate::subject::Subject;

/// How a broker is tortured.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TortureOptions {
    /// Decides the faults.
    pub seed: u64,
    /// How many publish. Default: 4.
    pub publishers: u32,
    /// How many listen, at QoS 2, 1 and 0 in turn. Default: 3.
    pub subscribers: u32,
    /// How long things go wrong. Default: 10 seconds.
    pub duration: Duration,
    /// How long all may take to come to rest afterwards. Default: 30 seconds.
    pub patience: Duration,
    /// How long what is missing then may still come, late and not lost. Default: 45 seconds; who
    /// sends again by a timer has been seen to wait for 30.
    pub lateness: Duration,
    /// What the broker promises to keep beyond its end.
    pub promise: Promise,
    /// Whether it is ended meanwhile, and how.
    pub ends: Ends,
    /// How often, if it is. Default: 3.
    pub restarts: u32,
}

/// What a broker promises to keep beyond its end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Promise {
    /// Sessions, their messages, and what is retained.
    Durable,
    /// Nothing.
    Volatile,
}

/// How a broker is ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Ends {
    /// By SIGKILL.
    Killed,
    /// Not at all.
    Never,
    /// By SIGTERM.
    Stopped,
}

impl Default for TortureOptions {
    fn default() -> Self {
        Self {
            seed: 1,
            publishers: 4,
            subscribers: 3,
            duration: Duration::from_secs(10),
            patience: Duration::from_secs(30),
            lateness: Duration::from_secs(45),
            promise: Promise::Volatile,
            ends: Ends::Never,
            restarts: 3,
        }
    }
}

/// What has come of it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Tortured {
    /// Where the broker is.
    pub target: String,
    /// How it was tortured.
    pub options: TortureOptions,
    /// How much happened.
    pub counts: Counts,
    /// What was promised and did not come.
    pub violations: Vec<Violation>,
    /// Why the broker could not be kept alive, if it could not.
    pub lost: Option<String>,
}

/// How much happened.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, serde::Serialize)]
#[non_exhaustive]
pub struct Counts {
    /// Messages sent for the first time.
    pub sent: u64,
    /// Messages sent again.
    pub sent_again: u64,
    /// Messages that the broker has acknowledged.
    pub acknowledged: u64,
    /// Messages that came to subscribers.
    pub received: u64,
    /// Connections that were accepted.
    pub connections: u64,
    /// Connections that the proxy has cut.
    pub cuts: u64,
    /// Ends of the broker.
    pub ends: u64,
}

/// Something that was promised and did not come.
#[derive(Clone, Debug, serde::Serialize)]
#[non_exhaustive]
pub struct Violation {
    /// What kind of failure it is, in a word or two.
    pub kind: &'static str,
    /// The statement that is broken.
    pub statement: &'static str,
    /// What is wrong, in a sentence.
    pub text: String,
    /// What happened to the message, its publisher and its subscriber meanwhile.
    pub story: Vec<String>,
}

impl Violation {
    fn new(kind: &'static str, statement: &'static str, text: String, story: Vec<String>) -> Self {
        Self { kind, statement, text, story }
    }
}

/// Tortures a broker, and tells meanwhile what goes on.
///
/// # Errors
///
/// The errors of opening a port.
pub fn torture(
    subject: &Subject,
    options: &TortureOptions,
    progress: &mut dyn FnMut(&str),
) -> io::Result<Tortured> {
    // Who is not there at all would be waited for until patience ends.
    let Ran { entries, cuts, lost } = match subject.check_alive() {
        Ok(()) => Run::new(subject, options)?.go(progress),
        Err(lost) => Ran { entries: Vec::new(), cuts: 0, lost: Some(lost) },
    };
    let mut counts = Counts { cuts: cuts.into(), ..Counts::default() };
    for entry in &entries {
        let count = match entry.what {
            What::Sent { dup: false, .. } => &mut counts.sent,
            What::Sent { dup: true, .. } => &mut counts.sent_again,
            What::Acknowledged(_) => &mut counts.acknowledged,
            What::Received { .. } => &mut counts.received,
            What::Connected { .. } => &mut counts.connections,
            What::Ended { .. } => &mut counts.ends,
            _ => continue,
        };
        *count += 1;
    }
    let violations = check(&entries, options.promise);
    let target = subject.target().to_string();
    Ok(Tortured { target, options: options.clone(), counts, violations, lost })
}
