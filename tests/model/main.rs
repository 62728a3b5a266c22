//! Every state that two machines and a network between them can get into, up to a few messages and
//! a few lost connections.
//!
//! The machines are those of the program, not models of them: `session::Sending` and
//! `session::Receiving` in `delivery`, the whole broker in `takeover`. A check that finds nothing
//! proves nothing until it has found something: each property has a seeded bug that breaks it.
//!
//! Prints the number of states with `cargo test --test model -- --nocapture`.

mod delivery;
mod takeover;
