//! What the fuzz targets do with octets: plain functions, which panic when something does not hold.
//!
//! `tests/fuzz_seeds.rs` of the root package takes this file in and runs them over the packet
//! vectors, so that neither nightly nor libFuzzer is needed to keep them true.

mod decode;
mod differential;
mod judge_reader;
mod translation;

pub use decode::decode;
pub use differential::differential;
pub use judge_reader::judge_reader;

/// How many octets at a time make about a thousand pieces at most: one, unless there are many.
fn piece(octets: &[u8]) -> usize {
    (octets.len() / 1024).max(1)
}
