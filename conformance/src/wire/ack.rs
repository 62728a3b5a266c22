//! The packets that hold a Packet Identifier and nothing else.

use super::fields::Fields;
use super::malformed::{Fault, Malformed};
use super::packet::Kind;

pub(super) fn decode(kind: Kind, mut fields: Fields<'_>) -> Result<u16, Malformed> {
    let id = fields.packet_id(Fault::AckIdZero(kind))?;
    fields.end()?;
    Ok(id)
}
