//! Our codec beside the codecs of others: nanoseconds a packet, as a table.
//!
//! A round is 1024 packets back to back in one fresh buffer, or as many as make 100,000 octets; making
//! the buffer is part of it. The codecs take turns, so that what else the machine does meets all of
//! them, and the best round of each counts: the rest measures the machine. A packet is looked at where
//! its decoder has put it, and dropped.
//!
//! ```text
//! cargo run --release --manifest-path benches/peers/Cargo.toml             # the table
//! cargo run --release --manifest-path benches/peers/Cargo.toml -- 2000     # of so many rounds
//! ```
//!
//! Instructions do not depend on the load. One codec, one direction, one packet, so many rounds;
//! divide what callgrind collects by the packets, which the last line of the output counts:
//!
//! ```text
//! valgrind --tool=callgrind --callgrind-out-file=/dev/null --toggle-collect='*rounds*' \
//!     benches/peers/target/release/mqttspec-codec-peers decode puback mqttspec 20
//! bash benches/peers/instructions      # the table of all
//! ```

mod mqttbytes;
mod mqttrs;
mod mqttspec;
mod ntex;
mod octets;
mod protocol_core;
mod rumqttc;

use std::env;
use std::time::{Duration, Instant};

use octets::{SAMPLES, Sample};

/// A codec as the benchmark sees it.
struct Codec {
    name: &'static str,
    /// Takes all packets off a copy of the octets and says how many there were.
    decode: fn(&[u8]) -> usize,
    /// Makes the value that the octets stand for, ready to be encoded again and again.
    encoder: fn(&'static [u8]) -> Encode,
}

/// Encodes so many packets into one fresh buffer of that capacity; says how many octets it wrote.
type Encode = Box<dyn Fn(usize, usize) -> usize>;

/// A round, ready to run.
type Round = Box<dyn Fn()>;

const CODECS: [Codec; 8] = [
    mqttspec::CODEC,
    mqttspec::BORROWED,
    mqttspec::ALL_READ,
    mqttrs::CODEC,
    mqttbytes::CODEC,
    rumqttc::CODEC,
    protocol_core::CODEC,
    ntex::CODEC,
];

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => table(500),
        [count] => table(count.parse().expect("a number of rounds")),
        [direction, sample, codec, count] => {
            let sample = SAMPLES.iter().find(|known| known.name == sample).expect("a packet");
            let codec = CODECS.iter().find(|known| known.name == codec).expect("a codec");
            let count = count.parse().expect("a number of rounds");
            rounds(&round(direction, codec, sample), count);
            println!("{}", sample.packets() * count as usize);
        }
        _ => panic!("no argument, the number of rounds, or: decode|encode PACKET CODEC ROUNDS"),
    }
}

fn round(direction: &str, codec: &Codec, sample: &Sample) -> Round {
    let (stream, packets) = (sample.stream(), sample.packets());
    if direction == "decode" {
        let decode = codec.decode;
        Box::new(move || assert_eq!(decode(&stream), packets))
    } else {
        let encode = (codec.encoder)(sample.octets);
        Box::new(move || assert_eq!(encode(packets, stream.len()), stream.len()))
    }
}

/// What callgrind collects: nothing but rounds.
#[inline(never)]
fn rounds(round: &Round, count: u32) {
    (0..count).for_each(|_| round());
}

fn table(count: u32) {
    for direction in ["decode", "encode"] {
        let names: Vec<_> = CODECS.iter().map(|codec| codec.name).collect();
        println!("| {direction}, ns a packet | {} |", names.join(" | "));
        println!("|---|{}", "--:|".repeat(CODECS.len()));
        for sample in SAMPLES.iter() {
            let contenders = CODECS.each_ref().map(|codec| round(direction, codec, sample));
            let packets = sample.packets() as f64;
            let cells: Vec<String> = best(&contenders, count)
                .iter()
                .map(|time| format!("{:.1}", time.as_nanos() as f64 / packets))
                .collect();
            println!("| {} | {} |", sample.name, cells.join(" | "));
        }
        println!();
    }
}

/// The shortest time of each, after `count` turns.
fn best(contenders: &[Round], count: u32) -> Vec<Duration> {
    let mut best = vec![Duration::MAX; contenders.len()];
    for _ in 0..count {
        for (best, round) in best.iter_mut().zip(contenders) {
            let start = Instant::now();
            round();
            *best = start.elapsed().min(*best);
        }
    }
    best
}
