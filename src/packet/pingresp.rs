//! PINGRESP: the Server is there too.
//!
//! Clauses: U-3.13.2-1, U-3.13.3-1.

use bytes::BytesMut;

use super::{PacketType, writer};

/// The Server's answer to PINGREQ.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Pingresp;

impl Pingresp {
    /// Appends the two octets of this packet to `out`.
    #[inline]
    pub fn encode(&self, out: &mut BytesMut) {
        writer::only_fixed_header(out, PacketType::Pingresp);
    }
}
