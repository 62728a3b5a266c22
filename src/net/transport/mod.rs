//! What carries the octets of a Network Connection: TCP, Unix sockets, TLS, WebSocket.
//!
//! Server and Client share all of it but the side of a handshake that each takes. A transport
//! knows no Control Packet; what it gives is an ordered stream of octets both ways.

mod endpoint;
mod stream;
#[cfg(feature = "tls")]
pub(super) mod tls;
#[cfg(feature = "ws")]
pub(super) mod websocket;

pub use endpoint::{Endpoint, InvalidEndpoint, Place};
#[cfg(unix)]
pub(super) use stream::Socket;
pub(super) use stream::{Stream, is_not_binary};
