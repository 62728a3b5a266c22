//! PUBLISH Packets of one topic, at QoS 0, as the octets that any number of receivers get.
//!
//! At QoS 0 a PUBLISH has nothing of its receiver's: no Packet Identifier, no DUP. So it is written
//! once, into one piece of memory with those that come together with it, and goes to all receivers
//! from there.
//!
//! Clauses: [MQTT-2.3.1-5], [MQTT-3.3.1-2], [MQTT-3.3.1-9]. Not here: which messages come together,
//! and who gets them, which is the broker's.

use std::ops::Range;

use bytes::{Buf, Bytes, BytesMut};

use super::fixed_header::FixedHeader;
use super::{Delivery, Packet, PacketType, Publish, reader};
use crate::topic::TopicName;

/// PUBLISH Packets of one topic, one behind the other: QoS 0, RETAIN 0.
///
/// It has memory of its own, as much as it needs; cheap to clone.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct PublishRun {
    octets: Bytes,
    packets: usize,
    /// How many octets each has that are neither fixed header nor payload.
    header: usize,
    payloads: usize,
}

impl PublishRun {
    /// How many packets there are; one at least.
    #[expect(clippy::len_without_is_empty, reason = "there is no empty one")]
    pub const fn len(&self) -> usize {
        self.packets
    }

    /// The packets as they are sent.
    pub const fn octets(&self) -> &Bytes {
        &self.octets
    }

    /// What they are about.
    pub fn topic(&self) -> TopicName {
        let start = self.first().length + LENGTH;
        let topic = &self.octets[start..start + self.header - LENGTH];
        TopicName::checked(reader::cut(&self.octets, topic))
    }

    /// How many octets of payload are in them.
    pub const fn payload_octets(&self) -> usize {
        self.payloads
    }

    /// How many octets of topic and payload are in them.
    pub const fn message_octets(&self) -> usize {
        self.payloads + (self.header - LENGTH) * self.packets
    }

    /// Takes off the first packet; `None` if it is the only one.
    pub fn split_first(&mut self) -> Option<Self> {
        if self.packets == 1 {
            return None;
        }
        let fixed = self.first();
        let payloads = fixed.remaining - self.header;
        let octets = self.octets.split_to(fixed.packet_size());
        self.packets -= 1;
        self.payloads -= payloads;
        Some(Self { octets, packets: 1, header: self.header, payloads })
    }

    /// Each packet by itself, as a value.
    pub fn packets(&self) -> impl Iterator<Item = Packet> {
        let mut rest = Some(self.clone());
        std::iter::from_fn(move || {
            let one = rest.as_mut()?.split_first().or_else(|| rest.take())?;
            Some(Publish::decode(one.first(), one.octets).ok().flatten().expect(WRITTEN))
        })
    }

    /// The fixed header of the first packet.
    fn first(&self) -> FixedHeader {
        FixedHeader::decode(&self.octets).ok().flatten().expect(WRITTEN)
    }
}

/// Why it can be read.
const WRITTEN: &str = "a run is what was written here";

/// How a PUBLISH of QoS 0 begins that has neither DUP nor RETAIN.
const PLAIN: u8 = PacketType::Publish.first_octet();

/// The two octets that say how long the topic is.
const LENGTH: usize = 2;

/// Where packets are written to become a run.
#[derive(Debug, Default)]
pub struct PublishRunWriter {
    octets: BytesMut,
    packets: usize,
    /// Where in the octets the topic of the first stands, its length before it.
    topic: Range<usize>,
    payloads: usize,
}

impl PublishRunWriter {
    /// How many packets have been written.
    pub const fn len(&self) -> usize {
        self.packets
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.packets == 0
    }

    /// How many octets they have.
    pub fn octets(&self) -> usize {
        self.octets.len()
    }

    /// Writes `publish`, which has QoS 0, RETAIN 0 and the topic of those that are there, behind
    /// them.
    ///
    /// Nothing is written of one that no fixed header could announce: none can have announced it.
    pub fn push(&mut self, publish: &Publish) {
        // [MQTT-3.3.1-9] RETAIN 0,
        // [MQTT-3.3.1-2] DUP 0,
        // [MQTT-2.3.1-5] and no identifier.
        debug_assert!(publish.delivery == Delivery::AtMostOnce && !publish.retain);
        let payload = publish.payload.len();
        if publish.encode(&mut self.octets).is_ok() {
            if self.is_empty() {
                let end = self.octets.len() - payload;
                self.topic = end - LENGTH - publish.topic.as_str().len()..end;
            }
            self.packets += 1;
            self.payloads += payload;
        }
    }

    /// Takes the packet at the front of `read` as it stands, if it is one that
    /// [`push`](Self::push) would write behind those that are there, of `most` octets at the most:
    /// how many octets its payload has.
    ///
    /// What it is not must be decoded. What it is was checked with the first: the flags say QoS 0
    /// and RETAIN 0, and the topic is the same, octet for octet.
    #[inline]
    pub fn take_alike(&mut self, read: &mut BytesMut, most: usize) -> Option<usize> {
        let header = FixedHeader::decode(read).ok().flatten()?;
        let (fixed, size) = (header.length, header.packet_size());
        // As short as it can be said, the length does not end in an octet that adds nothing.
        let is_shortest = fixed == 2 || read[fixed - 1] != 0;
        let is_plain = read[0] == PLAIN && is_shortest;
        let packet = read.get(..size).filter(|_| is_plain && size <= most && !self.is_empty())?;
        let payload = packet[fixed..].strip_prefix(&self.octets[self.topic.clone()])?.len();
        self.octets.extend_from_slice(packet);
        self.packets += 1;
        self.payloads += payload;
        read.advance(size);
        Some(payload)
    }

    /// The run of those that were written, if there are any; the next begin another.
    pub fn finish(&mut self) -> Option<PublishRun> {
        let run = (!self.is_empty()).then(|| PublishRun {
            // A copy has no room that nobody needs, and this memory serves for the next run.
            octets: Bytes::copy_from_slice(&self.octets),
            packets: self.packets,
            header: self.topic.len(),
            payloads: self.payloads,
        });
        self.octets.clear();
        (self.packets, self.payloads) = (0, 0);
        run
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::Decoder;

    fn publish(payload: &'static [u8]) -> Publish {
        let topic = TopicName::new("a/b").unwrap();
        let payload = Bytes::from_static(payload);
        Publish { topic, payload, delivery: Delivery::AtMostOnce, retain: false }
    }

    fn run(payloads: &[&'static [u8]]) -> PublishRun {
        let mut writer = PublishRunWriter::default();
        payloads.iter().for_each(|payload| writer.push(&publish(payload)));
        writer.finish().expect("there are some")
    }

    /// A short one, an empty one, and one whose Remaining Length has two octets.
    const PAYLOADS: [&[u8]; 3] = [b"1", b"", &[7; 200]];

    #[test]
    fn its_octets_are_those_of_its_packets() {
        // MQTT-2.3.1-5, MQTT-3.3.1-2, MQTT-3.3.1-9
        let run = run(&PAYLOADS);
        let packets = PAYLOADS.map(|payload| Packet::from(publish(payload)));
        let mut octets = BytesMut::new();
        packets.iter().for_each(|packet| packet.encode(&mut octets).unwrap());
        assert_eq!(run.octets(), &octets);
        assert_eq!(run.packets().collect::<Vec<_>>(), packets);
        assert_eq!(run.topic().as_str(), "a/b");
        assert_eq!((run.len(), run.payload_octets(), run.message_octets()), (3, 201, 210));
    }

    #[test]
    fn taken_apart_it_is_the_runs_of_each() {
        let mut rest = run(&PAYLOADS);
        for payload in &PAYLOADS[..2] {
            assert_eq!(rest.split_first(), Some(run(&[payload])));
        }
        assert_eq!(rest, run(&PAYLOADS[2..]));
        assert_eq!(rest.split_first(), None);
        assert_eq!(rest, run(&PAYLOADS[2..]), "the last one stays");
        assert_eq!(rest.topic().as_str(), "a/b", "behind a longer fixed header");
    }

    #[test]
    fn a_writer_begins_anew_behind_a_run() {
        let mut writer = PublishRunWriter::default();
        assert_eq!(writer.finish(), None);
        writer.push(&publish(b"1"));
        assert_eq!((writer.len(), writer.octets()), (1, 8));
        assert_eq!(writer.finish(), Some(run(&[b"1"])));
        assert!(writer.is_empty());
        writer.push(&publish(b"22"));
        writer.push(&publish(b""));
        assert_eq!((writer.len(), writer.octets()), (2, 16));
        assert_eq!(writer.finish(), Some(run(&[b"22", b""])));
    }

    macro_rules! alike {
        ($($name:ident: $octets:expr => $taken:expr;)+) => {$(
            #[test]
            fn $name() {
                let mut writer = PublishRunWriter::default();
                writer.push(&publish(b"1"));
                let mut read = BytesMut::from(&$octets[..]);
                let taken: Option<usize> = $taken;
                assert_eq!(writer.take_alike(&mut read, 100), taken);
                // What is taken is as if it had been decoded and pushed.
                let mut other = PublishRunWriter::default();
                other.push(&publish(b"1"));
                let mut rest = BytesMut::from(&$octets[..]);
                if taken.is_some() {
                    let decoded = Decoder::default().decode(&mut rest);
                    let Ok(Some(Packet::Publish(publish))) = decoded else { panic!("{decoded:?}") };
                    other.push(&publish);
                }
                assert_eq!((writer.finish(), read), (other.finish(), rest));
            }
        )+};
    }

    alike! {
        // What was read => how many octets of payload were taken
        another_payload:         b"\x30\x07\0\x03a/b22"         => Some(2);
        no_payload:              b"\x30\x05\0\x03a/b"           => Some(0);
        more_behind:             b"\x30\x06\0\x03a/b2\x30\x06"  => Some(1);
        longest_of_one_octet:    [&b"\x30\x5f\0\x03a/b"[..], &[7; 90]].concat() => Some(90);
        nothing:                 b""                             => None;
        incomplete:              b"\x30\x07\0\x03a/b2"          => None;
        incomplete_length:       b"\x30\x87"                     => None;
        another_topic:           b"\x30\x06\0\x03a/c2"          => None;
        longer_topic:            b"\x30\x06\0\x04a/bc"          => None;
        shorter_topic:           b"\x30\x06\0\x02a/b2"          => None;
        no_topic:                b"\x30\x01\0"                   => None;
        topic_beyond_the_packet: b"\x30\x04\0\x03a/b2"          => None;
        retained:                b"\x31\x06\0\x03a/b2"          => None;
        qos_1:                   b"\x32\x08\0\x03a/b\0\x012"    => None;
        dup:                     b"\x38\x06\0\x03a/b2"          => None;
        another_packet:          b"\xc0\0"                       => None;
        length_longer_than_need: b"\x30\x86\0\0\x03a/b2"        => None;
        too_large:               [&b"\x30\x64\0\x03a/b"[..], &[7; 95]].concat() => None;
    }

    #[test]
    fn a_length_of_two_octets_is_taken_as_well() {
        let mut writer = PublishRunWriter::default();
        writer.push(&publish(b""));
        let mut read = BytesMut::new();
        publish(&[7; 300]).encode(&mut read).unwrap();
        assert_eq!(writer.take_alike(&mut read, 1_000), Some(300));
        assert_eq!(writer.finish(), Some(run(&[b"", &[7; 300]])));
    }

    #[test]
    fn without_a_first_nothing_is_alike() {
        let mut read = BytesMut::from(&b"\x30\x06\0\x03a/b2"[..]);
        let mut writer = PublishRunWriter::default();
        assert_eq!(writer.take_alike(&mut read, 100), None);
        writer.push(&publish(b"1"));
        writer.finish();
        assert_eq!(writer.take_alike(&mut read, 100), None);
    }
}
