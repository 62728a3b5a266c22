//! What the fuzz targets do with octets: plain functions, which panic when something does not hold.
//!
//! `tests/fuzz_seeds.rs` of the root package takes this file in and runs them over the packet
//! vectors and over octets of its own, so that neither nightly nor libFuzzer is needed to keep
//! them true.

mod broker;
mod choices;
mod decode;
mod differential;
mod encode;
mod front;
mod judge_reader;
mod packed;
mod pieces;
mod said;
mod store;
mod texts;
mod third;
mod topics;
mod translation;

pub use broker::broker;
pub use decode::decode;
pub use differential::differential;
pub use encode::encode;
pub use front::front;
pub use judge_reader::judge_reader;
pub use packed::{packed, unpacked};
pub use pieces::pieces;
pub use store::store;
pub use texts::texts;
pub use topics::topics;

/// How many octets at a time make about a thousand pieces at most: one, unless there are many.
fn piece(octets: &[u8]) -> usize {
    (octets.len() / 1024).max(1)
}
