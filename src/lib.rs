//! MQTT 3.1.1, executable.

pub mod broker;
pub mod client;
#[cfg(feature = "net")]
pub mod net;
pub mod packet;
pub mod session;
pub mod topic;
