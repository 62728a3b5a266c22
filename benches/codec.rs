//! What the codec costs: each packet 1024 times back to back in one fresh buffer, or as often as
//! makes 100,000 octets.
//!
//! criterion gives the time of a round and packets a second. The time depends on what else the
//! machine does; the number of instructions does not. One direction, one packet, so many rounds;
//! divide what callgrind collects by the packets of a round and by the rounds:
//!
//! ```text
//! cargo bench --bench codec
//! valgrind --tool=callgrind --callgrind-out-file=/dev/null --toggle-collect='*rounds*' \
//!     target/release/deps/codec-HASH decode publish-q1-64 100
//! ```
//!
//! The budget: PUBLISH is decoded in 60 ns and 800 instructions with every check, CONNECT in 100
//! ns, and PUBLISH is encoded in 15 ns. The codecs of others are beside it in `benches/peers`;
//! `tests/codec_allocations.rs` counts allocations.

#[path = "peers/src/octets.rs"]
mod octets;

use std::env;
use std::hint::black_box;

use bytes::BytesMut;
use criterion::{Criterion, Throughput};
use mqttspec::packet::{Decoder, Packet};

use octets::{SAMPLES, Sample};

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if let [direction, sample, count] = &arguments[..]
        && let Some(sample) = SAMPLES.iter().find(|known| known.name == sample)
    {
        rounds(&round(direction, sample), count.parse().expect("a number of rounds"));
        return;
    }
    let mut criterion = Criterion::default().configure_from_args();
    for direction in ["decode", "encode"] {
        let mut group = criterion.benchmark_group(direction);
        for sample in SAMPLES.iter() {
            group.throughput(Throughput::Elements(sample.packets() as u64));
            let round = round(direction, sample);
            group.bench_function(sample.name, |b| b.iter(&round));
        }
    }
    criterion.final_summary();
}

/// What callgrind collects: nothing but rounds.
#[inline(never)]
fn rounds(round: &dyn Fn(), count: u32) {
    (0..count).for_each(|_| round());
}

fn round(direction: &str, sample: &Sample) -> Box<dyn Fn()> {
    let (stream, packets) = (sample.stream(), sample.packets());
    if direction == "decode" {
        return Box::new(move || assert_eq!(decode(&stream), packets));
    }
    let packet = Decoder::default().decode(&mut BytesMut::from(sample.octets));
    let packet = packet.expect("valid").expect("whole");
    Box::new(move || assert_eq!(encode(&packet, packets, stream.len()), stream.len()))
}

/// Decodes all packets of a copy of `stream`, and says how many there were.
fn decode(stream: &[u8]) -> usize {
    let decoder = Decoder::default();
    let mut buffer = BytesMut::from(stream);
    let mut packets = 0;
    while let Ok(Some(packet)) = &decoder.decode(&mut buffer) {
        black_box(packet);
        packets += 1;
    }
    packets
}

/// Encodes `packet` so many times into a new buffer, and says how many octets that made.
fn encode(packet: &Packet, packets: usize, capacity: usize) -> usize {
    let mut out = BytesMut::with_capacity(capacity);
    for _ in 0..packets {
        black_box(packet).encode(&mut out).expect("it fits");
    }
    black_box(&out).len()
}
