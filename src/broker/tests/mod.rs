//! Conversations with a server in one thread and on a made-up clock.

mod acknowledging;
mod bounding;
mod connecting;
mod displacing;
mod expiring;
mod gathering;
mod keeping;
mod memory;
mod model;
mod operating;
mod overflowing;
mod owing;
mod queueing;
mod restarting;
mod resting;
mod retaining;
mod rig;
mod rights;
mod sessions;
mod subscribing;
mod wills;
