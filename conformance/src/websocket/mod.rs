//! WebSocket as the judge speaks it: frames that may break any rule, and a reader that forgives
//! nothing.
//!
//! Libraries for WebSocket make it hard to do what a case is about: packets cut over frames, text
//! where binary is due, fragments with a ping between them, no subprotocol or another one. So the
//! frames and the handshake of RFC 6455 are here, for both sides: a case speaks as a Client, and
//! the saboteur answers as a Server. Neither knows a socket.
//!
//! Clauses: [MQTT-6.0.0-1], [MQTT-6.0.0-3], [MQTT-6.0.0-4].

mod frame;
mod reader;
mod upgrade;

pub use frame::Frame;
pub use reader::{FrameFault, FrameReader, Received};
pub use upgrade::{Answer, InvalidUpgrade, Request};
