//! Many, slow and greedy clients of a broker, one kind at a time, while a bystander at QoS 1 is
//! served: how it fares, and what the broker has to remember for each of them.
//!
//! The numbers are small ones, for every day. `MQTTSPEC_SIEGE=1 cargo test --release --test siege --
//! --nocapture --test-threads 1` has thousands, and prints what docs/performance.md shows.

mod absent;
#[path = "../support/authority.rs"]
mod authority;
#[path = "../support/broker.rs"]
mod broker;
#[path = "../support/bystander.rs"]
mod bystander;
mod crowds;
mod frames;
mod greedy;
mod guesses;
mod handshakes;
#[path = "../support/peer.rs"]
mod peer;

use std::time::Duration;

use broker::Broker;
use bystander::{Bystander, resident};

/// What a bystander may have to wait for its message, by far.
const WAIT: Duration = Duration::from_secs(5);

/// What a broker may have grown by for no client in particular: buffers, and the allocator's
/// reserves.
const RESERVE: u64 = 16 * 1024 * 1024;

/// `few`, or `many` when the siege is a real one.
fn number(few: usize, many: usize) -> usize {
    if std::env::var_os("MQTTSPEC_SIEGE").is_none() { few } else { many }
}

/// The same of connections at once, as far as there may be open files for them: each takes a
/// descriptor here, and one there.
fn at_once(few: usize, many: usize) -> usize {
    let number = number(few, many);
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    let raised = rustix::process::Rlimit { current: limit.maximum, maximum: limit.maximum };
    let _ = rustix::process::setrlimit(rustix::process::Resource::Nofile, raised);
    let most = limit.maximum.and_then(|most| usize::try_from(most).ok()).unwrap_or(usize::MAX);
    number.min(most.saturating_sub(100))
}

/// A broker under siege, and somebody who wants to be served meanwhile.
struct Siege {
    what: &'static str,
    broker: Broker,
    bystander: Bystander,
    before: u64,
}

impl Siege {
    fn of(what: &'static str, options: &str) -> Self {
        let broker = Broker::start(&format!("--bind 127.0.0.1:0 {options}"));
        let bystander = Bystander::start(broker.address);
        let before = resident(&broker);
        Self { what, broker, bystander, before }
    }

    /// How much the broker has grown, in octets.
    fn growth(&self) -> u64 {
        resident(&self.broker).saturating_sub(self.before)
    }

    /// The end, after which everything is as it was: `count` of them must not have taken more than
    /// `each` octets at their height, which was `growth`.
    #[expect(clippy::print_stdout, reason = "what the trial is for, shown by --nocapture")]
    fn end(self, count: usize, growth: u64, each: u64) {
        let Self { what, broker, bystander, .. } = self;
        let took = bystander.end();
        let of = |percent: usize| took[(took.len() - 1) * percent / 100];
        println!(
            "{count} {what}: a bystander's message takes {:.1?}, of a hundred one more than {:.1?}, \
             {:.1?} at most; {} KiB, {} octets each",
            of(50),
            of(99),
            of(100),
            growth / 1024,
            growth / count as u64,
        );
        assert!(of(100) < WAIT, "a bystander has waited for {:?}", of(100));
        let most = RESERVE + each * count as u64;
        assert!(growth <= most, "{what}: {growth} octets where {most} are enough");
        drop(broker);
    }
}
