//! What a broker that was started here has used of the machine, from `/proc`.

use std::fs;
use std::time::Duration;

/// Processor time and memory of a process group.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Usage {
    /// User and system time since its start.
    pub(super) cpu: Duration,
    /// Octets of memory that are resident now.
    pub(super) resident: u64,
}

/// The usage of all processes of `group`; `None` where there is no `/proc` to read.
pub(super) fn of(group: u32) -> Option<Usage> {
    let ticks = rustix::param::clock_ticks_per_second();
    let page = u64::try_from(rustix::param::page_size()).ok()?;
    let mut usage = Usage::default();
    let mut seen = false;
    for entry in fs::read_dir("/proc").ok()?.flatten() {
        let is_process = entry.file_name().to_str().is_some_and(|name| name.parse::<u32>().is_ok());
        if !is_process {
            continue;
        }
        // One that has ended in the meantime is none.
        let Ok(stat) = fs::read_to_string(entry.path().join("stat")) else { continue };
        let Some((of, cpu, pages)) = fields(&stat) else { continue };
        if of == group {
            seen = true;
            usage.cpu += Duration::from_secs_f64(cpu as f64 / ticks as f64);
            usage.resident += pages * page;
        }
    }
    seen.then_some(usage)
}

/// Process group, ticks of processor time, and resident pages of a line of `/proc/N/stat`.
fn fields(stat: &str) -> Option<(u32, u64, u64)> {
    // The name stands in parentheses and may hold spaces, and parentheses.
    let (_, after) = stat.rsplit_once(')')?;
    let field = |number: usize| after.split_ascii_whitespace().nth(number - 3);
    let number = |at: usize| field(at)?.parse::<u64>().ok();
    Some((field(5)?.parse().ok()?, number(14)? + number(15)?, number(24)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_process_confuses_nobody() {
        let stat = "7 (a) b (c)) S 1 42 1 0 -1 4 9 0 0 0 11 22 0 0 20 0 3 0 5 999 640 1 1 1";
        assert_eq!(fields(stat), Some((42, 33, 640)));
    }

    #[test]
    fn this_process_uses_memory() {
        let group = rustix::process::getpgrp().as_raw_nonzero().get().cast_unsigned();
        assert!(of(group).is_none_or(|usage| usage.resident > 0));
    }
}
