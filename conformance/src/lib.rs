//! A black-box judge for MQTT 3.1.1.

pub mod wire;
