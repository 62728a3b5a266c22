//! Conversations with a Client in one thread and on a made-up clock.

mod acknowledging;
mod chance;
mod commands;
mod connecting;
mod keep_alive;
mod keeping;
mod receiving;
mod renewing;
mod rig;
mod sessions;
mod violations;
