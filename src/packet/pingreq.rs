//! PINGREQ: a Client shows that it is there, and asks the same of the Server.
//!
//! Clauses: U-3.12.2-1, U-3.12.3-1.

use bytes::BytesMut;

use super::{PacketType, writer};

/// A Client shows that it is there.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Pingreq;

impl Pingreq {
    /// Appends the two octets of this packet to `out`.
    #[inline]
    pub fn encode(&self, out: &mut BytesMut) {
        writer::only_fixed_header(out, PacketType::Pingreq);
    }
}
