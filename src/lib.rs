//! MQTT 3.1.1, executable.

pub mod packet;
pub mod session;
pub mod topic;
