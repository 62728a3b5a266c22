//! The bodies of the fuzz targets over every packet vector and its neighbours.
//!
//! The same inputs in each run: a vector, the vector cut at every place, and the vector with each
//! octet changed in turn. Random inputs are for the fuzzer, whose corpus begins with the vectors.

use std::path::Path;
use std::sync::LazyLock;

#[path = "../fuzz/src/lib.rs"]
#[expect(unreachable_pub, reason = "the file is the library of the fuzz targets")]
mod fuzz;
#[path = "../fixtures/read.rs"]
#[expect(unreachable_pub, reason = "the file is a reader for others to copy")]
mod read;

/// The octets of every vector.
static VECTORS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let vectors = read::vectors(Path::new("fixtures/packets")).expect("the committed files");
    vectors.into_iter().map(|(octets, _)| octets).collect()
});

/// Each row: a test, and the body that it runs.
macro_rules! replayed {
    ($($name:ident: $body:path;)+) => {$(
        #[test]
        fn $name() {
            // Whoever reads no file finds nothing wrong.
            assert!(VECTORS.len() >= 1000, "{} vectors", VECTORS.len());
            VECTORS.iter().for_each(|octets| for_each_neighbour(octets, $body));
        }
    )+};
}

replayed! {
    octets_into_our_decoder:        fuzz::decode;
    octets_into_the_judges_reader:  fuzz::judge_reader;
    our_decoder_against_the_judges: fuzz::differential;
}

/// Calls `body` with `octets` and with what is one edit away from them.
fn for_each_neighbour(octets: &[u8], body: fn(&[u8])) {
    body(octets);
    // In a long packet all that differs is at its start.
    let mut edited = octets[..octets.len().min(MOST_EDITED)].to_vec();
    for at in 0..edited.len() {
        body(&edited[..at]);
        let octet = edited[at];
        for other in [0, b'#', octet ^ 0x01, octet ^ 0x80, octet.wrapping_add(1)] {
            edited[at] = other;
            body(&edited);
        }
        edited[at] = octet;
    }
}

/// Octets of a vector that are changed one by one.
const MOST_EDITED: usize = 64;
