//! How much memory this process has, as Linux counts it.

use std::fs;

/// The most it had at once, in KiB.
pub(crate) fn peak() -> u64 {
    field("VmHWM:")
}

/// What it has now, in KiB.
pub(crate) fn now() -> u64 {
    field("VmRSS:")
}

fn field(name: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("a line");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}
