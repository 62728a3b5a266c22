//! Our decoder against the judge's reader, which shares no code with it, and against rumqttc's.

use bytes::BytesMut;
use mqttspec::packet::{DecodeError, MalformedKind, Packet};
use mqttspec_conformance::wire::{Fault, Kind, Read, Reader, Sender};

use super::decode::limited;
use super::third;
use super::translation::translate;

/// Both take the same octets, and mean the same by them.
///
/// They may differ in three things:
///
/// - A first octet that opens no packet is refused at once by our decoder. The judge waits until
///   the packet is there, to show all of it.
/// - Our decoder takes a CONNECT with an empty Client Identifier and CleanSession 0: the broker
///   answers it with return code 2. To the judge it is a packet that no Client may send.
/// - Our decoder knows no direction. So the judge is told that the right side sends.
///
/// What both take is the same to rumqttc.
pub fn differential(octets: &[u8]) {
    let decoder = limited(octets);
    let mut rest = octets;
    // Packets do not depend on those before them: a few in one input are enough.
    for _ in 0..MOST_PACKETS {
        let mut buffer = BytesMut::from(rest);
        let ours = decoder.decode(&mut buffer);
        let taken = rest.len() - buffer.len();
        let theirs = read(rest);
        match (ours, theirs.as_ref().map(|read| (&read.packet, read.octets.len()))) {
            (Ok(None) | Err(DecodeError::TooLarge(_)), None) => return,
            (Err(fault), None) => {
                assert!(is_of_first_octet(&fault), "only we refuse {rest:02x?}: {fault}");
                return;
            }
            (Err(_), Some((Err(_), _))) => return,
            (Ok(Some(packet)), Some((Ok(judged), length))) => {
                assert_eq!(&translate(&packet), judged, "{rest:02x?}");
                assert_eq!(taken, length, "{rest:02x?}");
                third::agrees(&rest[..taken], judged);
            }
            (Ok(Some(Packet::Connect(connect))), Some((Err(fault), length)))
                if fault.fault == Fault::ZeroLengthClientIdKept =>
            {
                assert!(connect.client_id().is_empty() && !connect.clean_session(), "{rest:02x?}");
                assert_eq!(taken, length, "{rest:02x?}");
            }
            (ours, theirs) => panic!("{rest:02x?}: we say {ours:?}, the judge {theirs:?}"),
        }
        rest = &rest[taken..];
    }
}

/// What the judge makes of the packet at the front, sent by a side that may send its type.
fn read(octets: &[u8]) -> Option<Read> {
    let kind =
        Kind::ALL.into_iter().find(|kind| octets.first().is_some_and(|o| o >> 4 == *kind as u8));
    let from_server = kind.is_some_and(|kind| !kind.comes_from(Sender::Client));
    let mut reader = Reader::new(if from_server { Sender::Server } else { Sender::Client });
    reader.push(octets);
    reader.next_read()
}

fn is_of_first_octet(fault: &DecodeError) -> bool {
    let DecodeError::Malformed(fault) = fault else { return false };
    let kinds = matches!(
        fault.kind,
        MalformedKind::FixedHeaderFlags { .. } | MalformedKind::ReservedPacketType { .. }
    );
    kinds && fault.offset == 0
}

/// Packets of one input that are looked at.
const MOST_PACKETS: usize = 16;
