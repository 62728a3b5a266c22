//! The packets that are measured, as octets.

/// A packet that is measured, and the name it is measured under.
#[derive(Clone, Copy)]
pub(crate) struct Sample {
    /// Its type, in lower case.
    pub(crate) name: &'static str,
    /// The whole packet.
    pub(crate) octets: &'static [u8],
}

/// How many packets stand back to back in a round.
pub(crate) const PACKETS: usize = 1024;

/// One packet for each kind of work: a topic and a payload, many fields, a list, an integer, none.
pub(crate) const SAMPLES: [Sample; 5] = [
    Sample {
        name: "publish", // QoS 1, a topic of 19 octets, a payload of 64
        octets: b"\x32\x57\x00\x13plant/7/temperature\x00\x0a\
            0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    },
    Sample {
        name: "connect", // with all five fields
        octets: b"\x10\x5f\x00\x04MQTT\x04\xee\x00\x3c\x00\x14sensor-0123456789abc\
            \x00\x13plant/7/temperature\x00\x0cgone offline\x00\x0cplant-7-user\
            \x00\x0ccorrecthorse",
    },
    Sample {
        name: "subscribe", // two filters
        octets: b"\x82\x22\x00\x0a\x00\x13plant/+/temperature\x01\x00\x07plant/#\x02",
    },
    Sample { name: "puback", octets: b"\x40\x02\x00\x0a" },
    Sample { name: "pingreq", octets: b"\xc0\x00" },
];

impl Sample {
    /// [`PACKETS`] of it, back to back.
    pub(crate) fn stream(&self) -> Vec<u8> {
        self.octets.repeat(PACKETS)
    }
}
