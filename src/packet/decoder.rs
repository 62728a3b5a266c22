//! Taking packets off the front of what has been read so far.

use bytes::{Buf, Bytes, BytesMut};
use thiserror::Error;

use super::fixed_header::FixedHeader;
use super::{
    Connack, Connect, Disconnect, Malformed, Packet, PacketId, PacketType, Pingreq, Pingresp,
    Puback, Pubcomp, Publish, PublishRef, Pubrec, Pubrel, Suback, Subscribe, Unsuback, Unsubscribe,
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
    pub fn decode(&self, buffer: &mut BytesMut) -> Result<Option<Packet>, DecodeError> {
        // A connection that is busy sends hardly less acknowledgements than PUBLISH. A comparison
        // or two are all that they and the shortest packets need: what can be wrong with a packet,
        // or missing from it, is a question for those that are something else.
        match buffer[..] {
            [first, 2, high, low, ..] if is_acknowledgement(first) && self.takes(4) => {
                if let Some(packet_id) = PacketId::new(u16::from_be_bytes([high, low])) {
                    buffer.advance(4);
                    return Ok(Some(match first {
                        PUBACK => Packet::Puback(Puback { packet_id }),
                        PUBREC => Packet::Pubrec(Pubrec { packet_id }),
                        PUBREL => Packet::Pubrel(Pubrel { packet_id }),
                        PUBCOMP => Packet::Pubcomp(Pubcomp { packet_id }),
                        _ => Packet::Unsuback(Unsuback { packet_id }),
                    }));
                }
            }
            [CONNACK, 2, flags, code, ..] if self.takes(4) => {
                if let Some(connack) = Connack::known(flags, code) {
                    buffer.advance(4);
                    return Ok(Some(Packet::Connack(connack)));
                }
            }
            [first @ (PINGREQ | PINGRESP | DISCONNECT), 0, ..] if self.takes(2) => {
                buffer.advance(2);
                return Ok(Some(match first {
                    PINGREQ => Packet::Pingreq(Pingreq),
                    PINGRESP => Packet::Pingresp(Pingresp),
                    _ => Packet::Disconnect(Disconnect),
                }));
            }
            _ => {}
        }
        self.decode_any(buffer)
    }

    /// The PUBLISH at the front of `octets`, where it lies, and how many octets it has; `None` while
    /// it is not all there, and where another packet is.
    ///
    /// # Errors
    ///
    /// As [`decode`](Self::decode), of PUBLISH and of what is no packet at all.
    ///
    /// # Examples
    ///
    /// ```
    /// use mqttspec::packet::Decoder;
    ///
    /// let read = b"\x30\x07\0\x03a/bhi\xc0\0";
    /// let (publish, size) = Decoder::default().publish_at(read).unwrap().expect("it is all there");
    /// assert_eq!((publish.topic(), publish.payload), ("a/b", &b"hi"[..]));
    /// assert_eq!(Decoder::default().publish_at(&read[size..]).unwrap(), None, "a PINGREQ");
    /// ```
    #[inline]
    pub fn publish_at<'packet>(
        &self,
        octets: &'packet [u8],
    ) -> Result<Option<(PublishRef<'packet>, usize)>, DecodeError> {
        let Some(header) = FixedHeader::decode(octets)? else { return Ok(None) };
        if header.packet_type != PacketType::Publish {
            return Ok(None);
        }
        self.check_size(header)?;
        let size = header.packet_size();
        let Some(packet) = octets.get(..size) else { return Ok(None) };
        Ok(Some((PublishRef::read(header, packet)?, size)))
    }

    /// Refuses a packet that is too large.
    #[inline]
    fn check_size(&self, header: FixedHeader) -> Result<(), PacketTooLarge> {
        let size = header.packet_size();
        if self.takes(size) {
            return Ok(());
        }
        let limit = self.max_packet_size;
        Err(PacketTooLarge { packet_type: header.packet_type, size, limit })
    }

    /// Whether a packet of so many octets is not too large.
    #[inline]
    const fn takes(&self, size: usize) -> bool {
        size <= self.max_packet_size
    }

    /// Takes off the packet at the front, whatever it is.
    ///
    /// Here as in [`decode`](Self::decode), a packet is made where it is returned: the largest is
    /// many times the size of the smallest, and all would pay for moving it.
    #[inline]
    fn decode_any(&self, buffer: &mut BytesMut) -> Result<Option<Packet>, DecodeError> {
        let Some(header) = FixedHeader::decode(buffer)? else { return Ok(None) };
        self.check_size(header)?;
        let size = header.packet_size();
        let Some(packet) = buffer.get(..size) else {
            buffer.reserve((size - buffer.len()).min(ROOM_AT_ONCE));
            return Ok(None);
        };
        let reader = header.reader(packet);
        // Packets of one length share nothing with the buffer: no reference is counted.
        Ok(Some(match header.packet_type {
            PacketType::Publish => return Publish::decode(header, take(header, buffer)),
            PacketType::Connect => return share(header, buffer, Connect::decode),
            PacketType::Subscribe => return share(header, buffer, Subscribe::decode),
            PacketType::Unsubscribe => return share(header, buffer, Unsubscribe::decode),
            PacketType::Suback => return share(header, buffer, Suback::decode),
            PacketType::Connack => {
                let packet = Connack::decode(reader)?;
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

const CONNACK: u8 = PacketType::Connack.first_octet();
const PUBACK: u8 = PacketType::Puback.first_octet();
const PUBREC: u8 = PacketType::Pubrec.first_octet();
const PUBREL: u8 = PacketType::Pubrel.first_octet();
const PUBCOMP: u8 = PacketType::Pubcomp.first_octet();
const UNSUBACK: u8 = PacketType::Unsuback.first_octet();
const PINGREQ: u8 = PacketType::Pingreq.first_octet();
const PINGRESP: u8 = PacketType::Pingresp.first_octet();
const DISCONNECT: u8 = PacketType::Disconnect.first_octet();

/// Whether a packet that begins so has a Packet Identifier and nothing else.
#[inline]
const fn is_acknowledgement(first: u8) -> bool {
    matches!(first, PUBACK | PUBREC | PUBREL | PUBCOMP | UNSUBACK)
}

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
    match decode(header, take(header, buffer)) {
        Ok(packet) => Ok(Some(packet.into())),
        Err(fault) => Err(fault.into()),
    }
}

/// Takes off the octets of a packet.
#[inline]
fn take(header: FixedHeader, buffer: &mut BytesMut) -> Bytes {
    buffer.split_to(header.packet_size()).freeze()
}
