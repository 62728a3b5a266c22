//! What outlives a Network Connection: both halves of the delivery protocols.
//!
//! A Client and a Server each send messages and each receive some, by the same rules. [`Sending`]
//! is the one half, [`Receiving`] the other; whoever keeps both over a lost connection keeps the
//! promise of QoS 1 and 2.
//!
//! Clauses: 2.3.1, 4.3, 4.4, 4.6. Not here: sockets, the clock, and who the peer is.

mod message;
mod packet_ids;
mod receiving;
mod sending;
mod sparse;

pub use message::{Message, Outbound};
pub use receiving::{Received, Receiving};
pub use sending::{Completed, Sending, UnexpectedAck};
pub(crate) use sparse::{Empty, Sparse};

#[cfg(test)]
mod tests;
