//! The bodies of the fuzz targets over seeds: the same inputs in each run.
//!
//! Those that read packets get every packet vector and its neighbours: the vector cut at every
//! place, and with each octet changed in turn. Those that take octets for choices get some that are
//! drawn from numbers. What is in `fuzz/seeds` goes to its target, and so do its neighbours; and what
//! is in `fuzz/corpora`, which a fuzzer has come to. Random inputs are for the fuzzer.

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

#[path = "../fuzz/src/lib.rs"]
#[expect(unreachable_pub, reason = "the file is the library of the fuzz targets")]
mod fuzz;
#[path = "support/random.rs"]
#[expect(dead_code, reason = "others need more of it")]
mod random;
#[path = "../fixtures/read.rs"]
#[expect(unreachable_pub, reason = "the file is a reader for others to copy")]
mod read;

use random::Random;

/// The octets of every vector.
static VECTORS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let vectors = read::vectors(Path::new("fixtures/packets")).expect("the committed files");
    let vectors: Vec<_> = vectors.into_iter().map(|(octets, _)| octets).collect();
    // Whoever reads no file finds nothing wrong.
    assert!(vectors.len() >= 1000, "{} vectors", vectors.len());
    vectors
});

/// Each row: a test, the body that it runs, and over what.
macro_rules! replayed {
    ($($name:ident: $body:path, $over:expr;)+) => {$(
        #[test]
        fn $name() {
            $over($body);
        }
    )+};
}

replayed! {
    octets_into_our_decoder:         fuzz::decode,       vectors;
    octets_into_the_judges_reader:   fuzz::judge_reader, vectors;
    our_decoder_against_two_others:  fuzz::differential, vectors;
    octets_in_pieces_of_any_length:  fuzz::pieces,       cut_vectors;
    any_packet_written_and_read:     fuzz::encode,       |body| drawn(2_000, 400, body);
    operations_on_the_topic_trees:   fuzz::topics,       |body| drawn(2_000, 400, body);
    operations_on_a_broker:          fuzz::broker,       |body| drawn(2_000, 600, body);
    operations_that_were_found_once: fuzz::broker,       |body| committed("broker", 1, body);
    damage_to_the_file_of_the_store: fuzz::store,        |body| drawn(150, 30, body);
    octets_to_the_doors_of_a_server: fuzz::front,        |body| committed("front", 7, body);
    texts_of_every_kind:             fuzz::texts,        |body| committed("texts", 1, body);
}

type Body = fn(&[u8]);

/// What a fuzzer came to from nothing, by target.
#[test]
fn what_a_fuzzer_has_come_to() {
    let bodies: [(&str, Body); 10] = [
        ("broker", fuzz::broker),
        ("decode", fuzz::decode),
        ("differential", fuzz::differential),
        ("encode", fuzz::encode),
        ("front", fuzz::front),
        ("judge_reader", fuzz::judge_reader),
        ("pieces", fuzz::pieces),
        ("store", fuzz::store),
        ("texts", fuzz::texts),
        ("topics", fuzz::topics),
    ];
    for file in fs::read_dir("fuzz/corpora").expect("the committed files") {
        let path = file.expect("a name").path();
        let name = path.file_name().and_then(|name| name.to_str()).expect("text");
        let (_, body) = bodies.iter().find(|(target, _)| *target == name).expect("a target");
        let octets = fs::read(&path).expect("a committed file");
        let inputs = fuzz::unpacked(&octets);
        assert!(inputs.len() > 10, "{} of {name}", inputs.len());
        assert_eq!(
            fuzz::packed(&inputs.iter().map(|input| input.to_vec()).collect::<Vec<_>>()),
            octets
        );
        inputs.into_iter().for_each(body);
    }
}

fn vectors(body: fn(&[u8])) {
    VECTORS.iter().for_each(|octets| for_each_neighbour(octets, 1, body));
}

/// Each vector behind another with which it makes a stream, and that behind lengths of pieces.
fn cut_vectors(body: fn(&[u8])) {
    let mut random = Random::new(1);
    for pair in VECTORS.windows(2) {
        let stream = pair.concat();
        let short = &stream[..stream.len().min(512)];
        for most in [2, 8, 64] {
            let lengths = short.iter().map(|_| octet(&mut random, most));
            body(&lengths.chain(short.iter().copied()).collect::<Vec<_>>());
        }
    }
}

/// So many inputs of at most so many octets.
fn drawn(count: u64, most: usize, body: fn(&[u8])) {
    for seed in 0..count {
        let mut random = Random::new(seed);
        let length = random.place(most + 1);
        body(&(0..length).map(|_| octet(&mut random, 256)).collect::<Vec<_>>());
    }
}

fn octet(random: &mut Random, bound: u64) -> u8 {
    u8::try_from(random.below(bound)).expect("less than 256")
}

/// The seeds of `target`, and of their neighbours every so many.
fn committed(target: &str, step: usize, body: fn(&[u8])) {
    let folder = Path::new("fuzz/seeds").join(target);
    let mut paths: Vec<_> = fs::read_dir(&folder)
        .expect("the committed files")
        .map(|entry| entry.expect("a name").path())
        .collect();
    paths.sort();
    assert!(!paths.is_empty(), "nothing in {}", folder.display());
    for path in paths {
        for_each_neighbour(&fs::read(path).expect("a committed file"), step, body);
    }
}

/// Calls `body` with `octets`, and with every so many of those that are one edit away from them.
fn for_each_neighbour(octets: &[u8], step: usize, body: fn(&[u8])) {
    body(octets);
    let mut count = 0;
    let mut visit = |neighbour: &[u8]| {
        if count % step == 0 {
            body(neighbour);
        }
        count += 1;
    };
    // In a long packet all that differs is at its start.
    let mut edited = octets[..octets.len().min(MOST_EDITED)].to_vec();
    for at in 0..edited.len() {
        visit(&edited[..at]);
        let octet = edited[at];
        for other in [0, b'#', octet ^ 0x01, octet ^ 0x80, octet.wrapping_add(1)] {
            edited[at] = other;
            visit(&edited);
        }
        edited[at] = octet;
    }
}

/// Octets of a vector that are changed one by one.
const MOST_EDITED: usize = 64;
