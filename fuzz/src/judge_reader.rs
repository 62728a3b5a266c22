//! Any octets into the judge's reader.

use mqttspec_conformance::wire::{Octets, Read, Reader, Sender, describe};

/// Reads all packets in `octets`, from either side: at once and in pieces the same, and each that
/// is accepted reads back.
pub fn judge_reader(octets: &[u8]) {
    for sender in [Sender::Client, Sender::Server] {
        let whole = read_all(octets, octets.len().max(1), sender);
        let pieces = read_all(octets, super::piece(octets), sender);
        let packets = |reads: &[Read]| reads.iter().map(|r| r.packet.clone()).collect::<Vec<_>>();
        assert_eq!(packets(&pieces), packets(&whole), "in pieces");
        for Read { octets, packet } in whole {
            match packet {
                Ok(packet) => {
                    let again = read_all(&packet.octets(), usize::MAX, sender);
                    assert_eq!(again.first().map(|read| &read.packet), Some(&Ok(packet)));
                }
                Err(fault) => assert!(fault.offset <= octets.len(), "{fault}"),
            }
        }
        let described = describe(octets, sender);
        let end = described.last().map_or(0, |(_, range)| range.end);
        assert_eq!(end, octets.len(), "octets that no line speaks of");
    }
}

fn read_all(octets: &[u8], piece: usize, sender: Sender) -> Vec<Read> {
    let mut reader = Reader::new(sender);
    let mut reads = Vec::new();
    for piece in octets.chunks(piece) {
        reader.push(piece);
        reads.extend(std::iter::from_fn(|| reader.next_read()));
    }
    reads
}
