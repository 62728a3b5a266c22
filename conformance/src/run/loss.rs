//! A subject that dies on the way, or answers nobody any more.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::Run;
use crate::case::Case;
use crate::finding::Finding;
use crate::subject::BETWEEN_ATTEMPTS;

/// What came of the conversation of a case.
pub(super) type Outcome = Result<(), Finding>;

impl Run<'_> {
    /// Sees to it that a subject which died, or answers nobody any more, is noticed: what a case
    /// found in one that is gone says nothing of the rule it is about. To close a connection by
    /// dying is no answer to a breach either.
    pub(super) fn look_after(
        &self,
        case: &Case,
        outcome: Outcome,
        is_destructive: bool,
        is_last: bool,
    ) -> Outcome {
        if outcome.is_ok() && !is_destructive {
            return outcome;
        }
        let there = match self.answered {
            true => self.still_answers(),
            // It never answered, which is what the cases say of it.
            false => self.subject.check_alive(),
        };
        if let Err(reason) = there {
            let first = || format!("{reason}, during {}", self.suspects(case));
            guard(&self.lost).get_or_insert_with(first);
            if is_last {
                return Err(Finding::fail("a broker that is still there afterwards", reason));
            }
        }
        match (self.lost(), outcome) {
            (None, outcome) => outcome,
            (Some(_), Ok(())) => Err(Finding::Error("the subject was lost meanwhile".to_owned())),
            (Some(_), Err(finding)) => {
                Err(Finding::Error(format!("the subject was lost; before that: {finding}")))
            }
        }
    }

    /// Whether the subject answers somebody who has nothing to do with the cases. On a busy machine
    /// it may merely be slow, however hasty the judge; and it may have closed this connection for
    /// what came on another, which is for the cases to tell.
    fn still_answers(&self) -> Result<(), String> {
        let begin = Instant::now();
        let wait = (self.options.patience * 10).max(LEAST_TO_BE_LOST);
        loop {
            match self.subject.check_answers(wait.saturating_sub(begin.elapsed())) {
                Err(reason) if begin.elapsed() >= wait || self.subject.check_alive().is_err() => {
                    return Err(reason);
                }
                Err(_) => thread::sleep(BETWEEN_ATTEMPTS),
                Ok(()) => return Ok(()),
            }
        }
    }

    /// Why the subject is no longer there; `None` while it is.
    pub(super) fn lost(&self) -> Option<String> {
        guard(&self.lost).clone()
    }

    /// This case, and those that run beside it: whoever looks for the reason begins with them.
    fn suspects(&self, case: &Case) -> String {
        let running = self.running();
        let others: Vec<_> = running.iter().filter(|address| **address != case.address).collect();
        let named: Vec<_> =
            others.iter().take(MOST_SUSPECTS).map(|name| name.to_string()).collect();
        match others.len() {
            0 => case.address.to_owned(),
            count if count <= MOST_SUSPECTS => {
                format!("{}, beside {}", case.address, named.join(", "))
            }
            count => format!(
                "{}, beside {} and {} other cases",
                case.address,
                named.join(", "),
                count - MOST_SUSPECTS
            ),
        }
    }

    pub(super) fn running(&self) -> MutexGuard<'_, Vec<&'static str>> {
        guard(&self.running)
    }
}

/// A case that panicked has left nothing half done in what these hold.
pub(super) fn guard<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Cases that a loss is told with, besides the one that noticed it.
const MOST_SUSPECTS: usize = 6;

/// Who answers nobody for so long is held for lost at the earliest.
const LEAST_TO_BE_LOST: Duration = Duration::from_secs(5);
