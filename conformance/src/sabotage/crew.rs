//! Threads that are used again: a proxy needs two a connection, and a matrix a million
//! connections.

use std::sync::mpsc::{Sender, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

type Job = Box<dyn FnOnce() + Send>;

/// Has the job done by a thread that has nothing else to do, or by a new one.
pub(super) fn run(job: impl FnOnce() + Send + 'static) {
    let job: Job = Box::new(job);
    let waiting = idle().pop();
    let job = match waiting {
        None => job,
        Some(thread) => match thread.send(job) {
            Ok(()) => return,
            // It has panicked over its last job.
            Err(returned) => returned.0,
        },
    };
    thread::spawn(move || {
        job();
        loop {
            let (sender, next) = channel::<Job>();
            idle().push(sender);
            let Ok(job) = next.recv() else { return };
            job();
        }
    });
}

fn idle() -> MutexGuard<'static, Vec<Sender<Job>>> {
    IDLE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Those that wait for a job. There are as many as were ever busy at once.
static IDLE: Mutex<Vec<Sender<Job>>> = Mutex::new(Vec::new());

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_run_beside_each_other() {
        let (begun, beginnings) = channel();
        let mut ends = Vec::new();
        for number in 0..20 {
            let (end, over) = channel::<()>();
            let begun = begun.clone();
            run(move || {
                begun.send(number).expect("somebody listens");
                // Ends when the test lets go of the other end.
                let _ = over.recv();
            });
            ends.push(end);
        }
        let mut seen: Vec<_> = beginnings.iter().take(20).collect();
        seen.sort_unstable();
        assert_eq!(seen, (0..20).collect::<Vec<_>>());
    }
}
