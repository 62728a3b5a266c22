//! The judge's own wire layer: a reader that forgives nothing and a writer that obeys nobody.
//!
//! What is read is checked against the whole of chapters 2 and 3, and each refusal names its
//! statement. What is written can be any octets: a packet in good order by default, with fields
//! that take illegal values and a [`Frame`] to bend what the fields cannot express.
//! One type a packet serves both ways, so that what a case expects is written like what it sends.
//!
//! Nothing here is shared with the broker and client of this project: two codecs written apart
//! are what makes their agreement evidence.

mod ack;
mod connack;
mod connect;
mod fields;
mod frame;
mod malformed;
mod packet;
mod publish;
mod reader;
mod subscribe;
mod text;
mod unsubscribe;

pub use connack::Connack;
pub use connect::{Connect, Will};
pub use frame::{Frame, Framed, Octets, remaining_length};
pub use malformed::{Fault, Malformed};
pub use packet::{Kind, Packet};
pub use publish::Publish;
pub(crate) use publish::topic_in;
pub use reader::{Read, Reader, Sender};
pub use subscribe::{Suback, Subscribe};
pub(crate) use text::quoted;
pub use text::{describe, hex};
pub use unsubscribe::Unsubscribe;

#[cfg(test)]
mod laws;
