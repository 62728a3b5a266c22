//! The codec allocates for no packet: whatever one holds is a slice of the buffer.

#[path = "../benches/peers/src/octets.rs"]
mod octets;

use allocation_counter::measure;
use bytes::BytesMut;
use mqttspec::packet::Decoder;

use octets::SAMPLES;

/// How often decoding a whole buffer of packets may allocate, beyond making that buffer.
///
/// The first packet that shares the buffer's memory gives the buffer a count of references.
const TO_SHARE_THE_BUFFER: u64 = 1;

#[test]
fn decoding_allocates_for_no_packet() {
    for sample in SAMPLES.iter() {
        let mut buffer = BytesMut::from(&sample.stream()[..]);
        let decoder = Decoder::default();
        let mut packets = 0;
        let seen = measure(|| {
            while let Ok(Some(_)) = decoder.decode(&mut buffer) {
                packets += 1;
            }
        });
        assert_eq!(packets, sample.packets(), "{}", sample.name);
        let expected = match sample.name {
            name if name.starts_with("publish") => TO_SHARE_THE_BUFFER,
            "connect" | "subscribe" | "suback" | "unsubscribe" => TO_SHARE_THE_BUFFER,
            _ => 0,
        };
        assert_eq!(seen.count_total, expected, "{}", sample.name);
    }
}

#[test]
fn encoding_into_a_buffer_with_room_allocates_nothing() {
    for sample in SAMPLES.iter() {
        let mut buffer = BytesMut::from(sample.octets);
        let packet = Decoder::default().decode(&mut buffer).unwrap().unwrap();
        let mut out = BytesMut::with_capacity(sample.octets.len());
        let seen = measure(|| packet.encode(&mut out).unwrap());
        assert_eq!(&out[..], sample.octets, "{}", sample.name);
        assert_eq!(seen.count_total, 0, "{}", sample.name);
    }
}
