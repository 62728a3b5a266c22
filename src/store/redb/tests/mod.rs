//! A store against the measure of all stores, on disks that lose, tear, fill up and rot.

mod changes;
mod damage;
mod disk;
mod faults;
mod right;
