//! The packets that are measured, as octets.

use std::sync::LazyLock;

/// A packet that is measured, and the name it is measured under.
#[derive(Clone, Copy)]
pub(crate) struct Sample {
    /// Its type, in lower case, and what sets it apart from others of its type.
    pub(crate) name: &'static str,
    /// The whole packet.
    pub(crate) octets: &'static [u8],
}

/// The most packets of a round.
const PACKETS: usize = 1024;

/// The most octets of a round: more would measure the memory behind the caches, and an allocator
/// that gets each buffer from the system.
const ROUND_OCTETS: usize = 100_000;

/// Every Control Packet, and PUBLISH at QoS 0 with as little and with as much as is usual.
pub(crate) static SAMPLES: LazyLock<[Sample; 16]> = LazyLock::new(|| {
    [
        // with all five fields
        sample(
            "connect",
            b"\x10\x5f\x00\x04MQTT\x04\xee\x00\x3c\x00\x14sensor-0123456789abc\
            \x00\x13plant/7/temperature\x00\x0cgone offline\x00\x0cplant-7-user\
            \x00\x0ccorrecthorse",
        ),
        sample("connack", b"\x20\x02\x01\x00"),
        // a topic of 19 octets in all three
        sample("publish-q0-4", b"\x30\x19\x00\x13plant/7/temperature21.5"),
        sample(
            "publish-q1-64",
            b"\x32\x57\x00\x13plant/7/temperature\x00\x0a\
            0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        ),
        sample("publish-q0-4096", large_publish().leak()),
        sample("puback", b"\x40\x02\x00\x0a"),
        sample("pubrec", b"\x50\x02\x00\x0a"),
        sample("pubrel", b"\x62\x02\x00\x0a"),
        sample("pubcomp", b"\x70\x02\x00\x0a"),
        // two filters, and the answer to them
        sample("subscribe", b"\x82\x22\x00\x0a\x00\x13plant/+/temperature\x01\x00\x07plant/#\x02"),
        sample("suback", b"\x90\x04\x00\x0a\x01\x02"),
        sample("unsubscribe", b"\xa2\x20\x00\x0a\x00\x13plant/+/temperature\x00\x07plant/#"),
        sample("unsuback", b"\xb0\x02\x00\x0a"),
        sample("pingreq", b"\xc0\x00"),
        sample("pingresp", b"\xd0\x00"),
        sample("disconnect", b"\xe0\x00"),
    ]
});

const fn sample(name: &'static str, octets: &'static [u8]) -> Sample {
    Sample { name, octets }
}

fn large_publish() -> Vec<u8> {
    let mut octets = b"\x30\x95\x20\x00\x13plant/7/temperature".to_vec();
    octets.resize(octets.len() + 4096, b'x');
    octets
}

impl Sample {
    /// How many of it are a round.
    pub(crate) fn packets(&self) -> usize {
        (ROUND_OCTETS / self.octets.len()).min(PACKETS)
    }

    /// So many of it, back to back.
    pub(crate) fn stream(&self) -> Vec<u8> {
        self.octets.repeat(self.packets())
    }
}
