//! Taking packets off the front of what has been read so far.

use bytes::{Buf, Bytes, BytesMut};
use thiserror::Error;

use super::fixed_header::FixedHeader;
use super::{
    Connack, Connect, Disconnect, Malformed, Packet, PacketId, PacketType, Pingreq, Pingresp,
    Puback, Pubcomp, Publish, Pubrec, Pubrel, Suback, Subscribe, Unsuback, Unsubscribe,
};

/// Takes Control Packets off the front of a buffer.
///
/// It keeps no state between calls: any split of the same octets gives the same packets.
///
/// # Examples
///
/// ```
/// use bytes::BytesMut;
/// use mqttspec::packet::{Decoder, Packet, Pingreq};
///
/// let decoder = Decoder::default();
/// let mut read = BytesMut::from(&[0xc0][..]);
/// assert_eq!(decoder.decode(&mut read).unwrap(), None);
/// read.extend_from_slice(&[0x00, 0xe0]);
/// assert_eq!(decoder.decode(&mut read).unwrap(), Some(Packet::Pingreq(Pingreq)));
/// assert_eq!(&read[..], [0xe0]);
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Decoder {
    max_packet_size: usize,
}

/// Why there is no packet at the front of the buffer, and never will be.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum DecodeError {
    /// The octets are no Control Packet.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// The packet is larger than this side is willing to take.
    #[error(transparent)]
    TooLarge(#[from] PacketTooLarge),
    /// A CONNECT for another version of MQTT: the rest of it is not ours to read.
    // [MQTT-3.1.2-2] The Server answers with return code 0x01.
    #[error("CONNECT: Protocol Level {level} instead of 4 [MQTT-3.1.2-2], octet {offset}")]
    UnsupportedProtocolLevel {
        /// The level that was asked for.
        level: u8,
        /// Where it stands in the packet.
        offset: usize,
    },
}

impl DecodeError {
    /// The statement that asks for the end of the connection.
    pub const fn statement(&self) -> &'static str {
        match self {
            Self::Malformed(malformed) => malformed.statement(),
            // [MQTT-4.8.0-2] Not a fault of the peer: there is no room for its packet here.
            Self::TooLarge(_) => "MQTT-4.8.0-2",
            Self::UnsupportedProtocolLevel { .. } => "MQTT-3.1.2-2",
        }
    }
}

/// A packet larger than the configured maximum: a limit of this side, not of the standard.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("{packet_type} of {size} octets where {limit} is the limit [MQTT-4.8.0-2]")]
pub struct PacketTooLarge {
    /// Its type.
    pub packet_type: PacketType,
    /// How many octets the whole packet would have.
    pub size: usize,
    /// The limit, in octets.
    pub limit: usize,
}

impl Decoder {
    /// The largest packet that the standard allows, in octets.
    pub const MAX_PACKET_SIZE: usize = 5 + super::remaining_length::MAX;

    /// A decoder that refuses packets of more than `max_packet_size` octets, fixed header
    /// included.
    ///
    /// The refusal comes from the fixed header alone, before anything else is read or kept.
    pub const fn new(max_packet_size: usize) -> Self {
        Self { max_packet_size }
    }

    /// Takes the packet at the front of `buffer`, or gives `None` while it is not all there.
    ///
    /// `buffer` then has room for what is missing, up to 64 KiB of it: a length is a promise, and a
    /// peer that only promises costs no more. After an error the octets are of no more use:
    /// packets have no marks by which one could find the next.
    ///
    /// # Errors
    ///
    /// [`DecodeError`]. Fixed header faults are found as soon as their octet is there; the rest
    /// when the packet is complete.
    #[inline]
    pub fn decode(&self, buffer: &mut BytesMut) -> Result<Option<Packet>, DecodeError> {
        if let Some(packet) = self.decode_short(buffer) {
            return Ok(Some(packet));
        }
        self.decode_any(buffer)
    }

    /// Takes off a packet of two or four octets, if there is one and nothing is wrong with it.
    ///
    /// A connection that is busy sends hardly less of these than of PUBLISH. One comparison is all
    /// they need, and none of what can be wrong with a packet or missing from it.
    #[inline]
    fn decode_short(&self, buffer: &mut BytesMut) -> Option<Packet> {
        let (packet, size) = match buffer[..] {
            [ACCEPTED, 2, flags @ 0..=1, 0, ..] => {
                (Connack::Accepted { session_present: flags == 1 }.into(), 4)
            }
            [first, 2, high, low, ..] => {
                let packet_id = PacketId::new(u16::from_be_bytes([high, low]))?;
                let packet = match first {
                    PUBACK => Puback { packet_id }.into(),
                    PUBREC => Pubrec { packet_id }.into(),
                    PUBREL => Pubrel { packet_id }.into(),
                    PUBCOMP => Pubcomp { packet_id }.into(),
                    UNSUBACK => Unsuback { packet_id }.into(),
                    _ => return None,
                };
                (packet, 4)
            }
            [PINGREQ, 0, ..] => (Pingreq.into(), 2),
            [PINGRESP, 0, ..] => (Pingresp.into(), 2),
            [DISCONNECT, 0, ..] => (Disconnect.into(), 2),
            _ => return None,
        };
        if size > self.max_packet_size {
            return None;
        }
        buffer.advance(size);
        Some(packet)
    }

    #[inline(never)]
    fn decode_any(&self, buffer: &mut BytesMut) -> Result<Option<Packet>, DecodeError> {
        let Some(header) = FixedHeader::decode(buffer)? else { return Ok(None) };
        let size = header.packet_size();
        if size > self.max_packet_size {
            let limit = self.max_packet_size;
            return Err(PacketTooLarge { packet_type: header.packet_type, size, limit }.into());
        }
        let Some(packet) = buffer.get(..size) else {
            buffer.reserve((size - buffer.len()).min(ROOM_AT_ONCE));
            return Ok(None);
        };
        let reader = header.reader(packet);
        // Each packet is made where it is returned: the largest is many times the size of the
        // smallest, and all would pay for moving it. Those of nothing but numbers share nothing
        // with the buffer, so no reference is counted for them.
        Ok(Some(match header.packet_type {
            PacketType::Publish => return share(header, buffer, Publish::decode),
            PacketType::Connect => return share(header, buffer, Connect::decode),
            PacketType::Subscribe => return share(header, buffer, Subscribe::decode),
            PacketType::Unsubscribe => return share(header, buffer, Unsubscribe::decode),
            PacketType::Connack => {
                let packet = Connack::decode(reader)?;
                buffer.advance(size);
                packet.into()
            }
            PacketType::Suback => {
                let packet = Suback::decode(reader)?;
                buffer.advance(size);
                packet.into()
            }
            PacketType::Puback
            | PacketType::Pubrec
            | PacketType::Pubrel
            | PacketType::Pubcomp
            | PacketType::Unsuback => {
                let packet_id = reader.only_packet_id()?;
                buffer.advance(size);
                match header.packet_type {
                    PacketType::Puback => Puback { packet_id }.into(),
                    PacketType::Pubrec => Pubrec { packet_id }.into(),
                    PacketType::Pubrel => Pubrel { packet_id }.into(),
                    PacketType::Pubcomp => Pubcomp { packet_id }.into(),
                    _ => Unsuback { packet_id }.into(),
                }
            }
            PacketType::Pingreq | PacketType::Pingresp | PacketType::Disconnect => {
                reader.finish()?;
                buffer.advance(size);
                match header.packet_type {
                    PacketType::Pingreq => Pingreq.into(),
                    PacketType::Pingresp => Pingresp.into(),
                    _ => Disconnect.into(),
                }
            }
        }))
    }
}

const ACCEPTED: u8 = PacketType::Connack.first_octet();
const PUBACK: u8 = PacketType::Puback.first_octet();
const PUBREC: u8 = PacketType::Pubrec.first_octet();
const PUBREL: u8 = PacketType::Pubrel.first_octet();
const PUBCOMP: u8 = PacketType::Pubcomp.first_octet();
const UNSUBACK: u8 = PacketType::Unsuback.first_octet();
const PINGREQ: u8 = PacketType::Pingreq.first_octet();
const PINGRESP: u8 = PacketType::Pingresp.first_octet();
const DISCONNECT: u8 = PacketType::Disconnect.first_octet();

/// The most that is set aside for octets that have only been announced.
const ROOM_AT_ONCE: usize = 64 * 1024;

impl Default for Decoder {
    /// Takes packets of every size that the standard allows.
    fn default() -> Self {
        Self::new(Self::MAX_PACKET_SIZE)
    }
}

/// Takes off a packet whose text and data stay slices of the buffer's memory.
#[inline]
fn share<P: Into<Packet>, E: Into<DecodeError>>(
    header: FixedHeader,
    buffer: &mut BytesMut,
    decode: impl FnOnce(FixedHeader, Bytes) -> Result<P, E>,
) -> Result<Option<Packet>, DecodeError> {
    match decode(header, buffer.split_to(header.packet_size()).freeze()) {
        Ok(packet) => Ok(Some(packet.into())),
        Err(fault) => Err(fault.into()),
    }
}
