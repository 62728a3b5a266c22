//! A store against the measure of all stores, on disks that lose, tear, fill up and rot.

mod changes;
mod damage;
#[path = "../../../../tests/support/disk.rs"]
mod disk;
mod faults;
mod fickle;
#[path = "../../../../tests/support/random.rs"]
mod random;
mod right;
