//! The whole broker, tens of clients, their network, their clock and a disk, on one thread and from
//! one seed; afterwards the guarantees of delivery are held against what happened.
//!
//! The values of `broker` and `client` and the store of the program are driven as the shell drives
//! them, by octets. The network delays, splits, loses and breaks; the server dies with what its disk
//! had not yet, or stops in good order; clients leave, come back, turn their Sessions clean, die
//! with what they had not kept yet, and stay away until their Sessions end. Some Sessions are old
//! when a run begins, and out of Packet Identifiers soon; some queues are short.
//!
//! | variable | means |
//! |---|---|
//! | `MQTTSPEC_SEEDS` | so many seeds instead of [`SEEDS`] |
//! | `MQTTSPEC_SEED` | this one alone, and all of its story |

mod ageing;
mod agenda;
mod check;
mod defect;
#[path = "../support/disk.rs"]
mod disk;
mod dying;
mod history;
mod keep;
mod network;
mod peer;
mod plan;
#[path = "../support/random.rs"]
mod random;
mod reading;
mod saying;
mod server;
mod world;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use defect::Defect;
use history::Counts;
use world::{Outcome, run};

/// How many runs when nobody asks for more.
const SEEDS: u64 = 200;

/// How many lines of a story that went wrong are printed at its end.
const LINES: usize = 400;

fn variable(name: &str) -> Option<u64> {
    let value = std::env::var(name).ok()?;
    Some(value.parse().unwrap_or_else(|_| panic!("{name} is a number, not {value:?}")))
}

/// Runs `seeds` on all processors until one goes wrong or `ends`: what went wrong.
fn run_all(seeds: u64, visit: impl Fn(u64) -> bool + Sync) {
    let next = AtomicU64::new(0);
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds || !visit(seed) {
                        next.store(seeds, Ordering::Relaxed);
                        return;
                    }
                }
            });
        }
    });
}

/// Has a run again and tells the last `lines` of it.
fn explain(seed: u64, faults: &[String], lines: usize) -> String {
    let story = run(seed, None, true).story;
    let end = story[story.len().saturating_sub(lines)..].join("\n");
    let faults = faults.join("\n  ");
    format!("{end}\n\nMQTTSPEC_SEED={seed} goes wrong:\n  {faults}\n")
}

#[test]
fn the_guarantees_hold() {
    if let Some(seed) = variable("MQTTSPEC_SEED") {
        let Outcome { faults, .. } = run(seed, None, false);
        assert!(faults.is_empty(), "{}", explain(seed, &faults, usize::MAX));
        return;
    }
    let wrong = Mutex::new(None);
    let counts = Mutex::new(Counts::default());
    let runs = variable("MQTTSPEC_SEEDS").unwrap_or(SEEDS);
    run_all(runs, |seed| {
        let Outcome { faults, counts: of_run, .. } = run(seed, None, false);
        counts.lock().expect("nobody has panicked").add(&of_run);
        if !faults.is_empty() {
            wrong.lock().expect("nobody has panicked").get_or_insert((seed, faults.clone()));
        }
        faults.is_empty()
    });
    if let Some((seed, faults)) = wrong.into_inner().expect("nobody has panicked") {
        panic!("{}", explain(seed, &faults, LINES));
    }
    // Runs that never come to what they are about find nothing wrong, either.
    let counts = counts.into_inner().expect("nobody has panicked");
    println!("{runs} runs; {counts}");
    counts.check();
}

#[test]
fn the_same_seed_is_the_same_run() {
    for seed in [3, 4, 5] {
        let first = run(seed, None, true);
        assert!(first.story.len() > 100);
        assert_eq!(run(seed, None, true), first, "seed {seed}");
    }
}

/// How many seeds a defect may take to be found.
const SEEDS_OF_DEFECT: u64 = 200;

/// Each row: a test, the defect, and a part of what is said about it.
macro_rules! found {
    ($($name:ident: $defect:ident, $words:literal;)+) => {$(
        #[test]
        fn $name() {
            // Without it the same seeds go well, which is the first test.
            let said = (0..SEEDS_OF_DEFECT)
                .flat_map(|seed| run(seed, Some(Defect::$defect), false).faults)
                .find(|fault| fault.contains($words));
            assert!(said.is_some(), "it is not found");
        }
    )+};
}

found! {
    acting_on_the_end_at_once_is_found:     ActsOnTheEndAtOnce,            "had been discarded";
    acknowledging_too_early_is_found:       AnswersTooEarly,               "never came to peer";
    claiming_a_session_is_found:            ClaimsSessions,                "finds fault with the server";
    dropping_in_silence_is_found:           DropsInSilence,                "never came to peer";
    being_deaf_to_the_last_word_is_found:   DeafToTheLastWord,             "had been discarded";
    discarding_a_will_is_found:             DiscardsWills,                 "never came to peer";
    endless_patience_is_found:              EndlessPatience,               "silent for too long";
    ending_a_session_too_early_is_found:    ExpiresTooEarly,               "ended too early";
    never_ending_a_session_is_found:        NeverExpires,                  "should have ended";
    a_peer_without_its_identifiers_is_found: PeersForgetIdentifiers,       "came 2 times";
    a_peer_without_its_releases_is_found:   PeersForgetReleases,           "came 2 times";
    a_server_short_of_an_identifier_is_found: StopsAtTheLastIdentifier,    "does not come to rest";
    a_peer_short_of_an_identifier_is_found: PeersStopAtTheLastIdentifier,  "does not come to rest";
    forgetting_identifiers_is_found:        ForgetsIdentifiers,            "came 2 times";
    forgetting_what_is_retained_is_found:   ForgetsRetained,               "retained, not one of";
    forgetting_a_session_is_found:          ForgetsSessions,               "session present false";
    forgetting_wills_in_a_crash_is_found:   ForgetsWills,                  "never came to peer";
    losing_a_group_is_found:                LosesGroups,                   "never came to peer";
    losing_a_message_is_found:              LosesMessages,                 "never came to peer";
    keeping_back_pubrel_is_found:           NoPubrel,                      "does not come to rest";
    a_will_after_disconnect_is_found:       PublishesWillsAfterDisconnect, "had been discarded";
    a_second_copy_of_qos_0_is_found:        RepeatsFleeting,               "came 2 times";
    messages_out_of_order_are_found:        SwapsMessages,                 "after message";
    half_a_group_is_found:                  TearsGroups,                   "never came to peer";
}
