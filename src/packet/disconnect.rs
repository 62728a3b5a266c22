//! DISCONNECT: a Client takes its leave.
//!
//! Clauses: U-3.14.2-1, U-3.14.3-1.

use bytes::BytesMut;

use super::{PacketType, writer};

/// A Client leaves in good order; its Will is not to be published.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Disconnect;

impl Disconnect {
    /// Appends the two octets of this packet to `out`.
    #[inline]
    pub fn encode(&self, out: &mut BytesMut) {
        writer::only_fixed_header(out, PacketType::Disconnect);
    }
}
