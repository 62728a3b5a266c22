//! The one command, `mqttspec`.
fn main() {}
