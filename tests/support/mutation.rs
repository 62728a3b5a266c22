//! Octets that are nearly packets: valid ones of all types, and what chance makes of them.

use mqttspec::packet::{
    Binary, Connack, ConnectRefusal, Credentials, Delivery, Disconnect, OneOrMore, Packet, Pingreq,
    Pingresp, Puback, Pubcomp, Publish, Pubrec, Pubrel, QoS, Suback, SubackCode, Text, Unsuback,
    Unsubscribe, Will,
};
use mqttspec::topic::{TopicFilter, TopicName};

use crate::peer::{clean, octets, packet_id, publish, subscribe};

/// Numbers that look random and are the same for the same seed (SplitMix64).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `bound`, which is not 0.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        let bound = u64::try_from(bound).expect("64 bits");
        usize::try_from(mixed % bound).expect("less than it was")
    }

    /// Any octet.
    pub(crate) fn octet(&mut self) -> u8 {
        u8::try_from(self.below(256)).expect("below 256")
    }
}

/// One of `packets`, changed in one to four places.
pub(crate) fn mutate(packets: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut octets = packets[random.below(packets.len())].clone();
    for _ in 0..=random.below(4) {
        // One place more than there are octets: behind the last something can be added, too.
        let place = random.below(octets.len() + 1);
        let end = place + random.below(octets.len() - place + 1);
        let other = &packets[random.below(packets.len())];
        match random.below(8) {
            0 if place < octets.len() => octets[place] ^= 1 << random.below(8),
            1 if place < octets.len() => octets[place] = random.octet(),
            2 => octets.insert(place, random.octet()),
            3 => drop(octets.drain(place..end)),
            4 => {
                let part = octets[place..end].to_vec();
                octets.splice(place..place, part);
            }
            5 => octets.truncate(place),
            6 => drop(octets.splice(place.., other[random.below(other.len())..].iter().copied())),
            _ => octets.extend_from_slice(other),
        }
    }
    octets
}

/// Packets of all fourteen types, in every shape that a type has.
pub(crate) fn packets() -> Vec<Vec<u8>> {
    let topic = || TopicName::new("hostile/topic").expect("a Topic Name");
    let filter = |text: &'static str| TopicFilter::new(text).expect("a Topic Filter");
    let text = |text: &'static str| Text::new(text).expect("text");
    let binary = |octets: &'static [u8]| Binary::new(octets).expect("not too long");
    let will =
        Will { topic: topic(), message: binary(b"gone"), qos: QoS::ExactlyOnce, retain: true };
    let credentials = Credentials { user_name: text("user"), password: Some(binary(b"secret")) };
    let number = packet_id(7);
    let filters = vec![filter("hostile/+/#"), filter("hostile/topic")];
    let packets: Vec<Packet> = vec![
        clean("hostile").into(),
        clean("hostile").with_will(&will).with_credentials(&credentials).into(),
        clean("hostile").with_clean_session(false).with_keep_alive_seconds(1).into(),
        Connack::Accepted { session_present: false }.into(),
        Connack::Refused(ConnectRefusal::NotAuthorized).into(),
        publish("hostile/topic", 7, "payload").into(),
        Publish {
            delivery: Delivery::ExactlyOnce { packet_id: number, dup: true },
            ..publish("hostile/topic", 7, "payload")
        }
        .into(),
        Publish {
            delivery: Delivery::AtMostOnce,
            retain: true,
            ..publish("hostile/topic", 7, vec![7; 200])
        }
        .into(),
        Puback { packet_id: number }.into(),
        Pubrec { packet_id: number }.into(),
        Pubrel { packet_id: number }.into(),
        Pubcomp { packet_id: number }.into(),
        subscribe("hostile/+/#", QoS::ExactlyOnce).into(),
        Suback::new(number, &OneOrMore::new(vec![SubackCode::Failure]).expect("one")).into(),
        Unsubscribe::new(number, &OneOrMore::new(filters).expect("two")).into(),
        Unsuback { packet_id: number }.into(),
        Pingreq.into(),
        Pingresp.into(),
        Disconnect.into(),
    ];
    packets.into_iter().map(|packet| octets(packet).to_vec()).collect()
}
