//! What was sent, what was acknowledged, what has come, and whether that goes together.

use std::collections::BTreeSet;
use std::fmt;

use mqttspec::session::Message;

/// The numbers of messages, by QoS.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    acknowledged: [BTreeSet<u32>; 3],
    unknown: [BTreeSet<u32>; 3],
    received: [Vec<u32>; 3],
    missing: [BTreeSet<u32>; 3],
}

impl Tally {
    /// The publisher was told that the message is delivered.
    pub(crate) fn acknowledged(&mut self, index: usize, number: u32) {
        self.acknowledged[index].insert(number);
        if index > 0 && !self.received[index].contains(&number) {
            self.missing[index].insert(number);
        }
    }

    /// The publisher ended before it was told anything.
    pub(crate) fn unknown(&mut self, index: usize, number: u32) {
        self.unknown[index].insert(number);
    }

    /// The subscriber has it.
    pub(crate) fn received(&mut self, message: &Message) {
        let index = match message.topic.as_str() {
            "t/0" => 0,
            "t/1" => 1,
            "t/2" => 2,
            other => panic!("a message to {other}"),
        };
        let text = std::str::from_utf8(&message.payload).expect("text");
        let number = text.parse().expect("a number");
        self.received[index].push(number);
        self.missing[index].remove(&number);
    }

    /// What was acknowledged and has not come.
    pub(crate) const fn missing(&self) -> &[BTreeSet<u32>; 3] {
        &self.missing
    }

    /// Whether all that was acknowledged at QoS 1 and 2 has come.
    pub(crate) fn is_complete(&self) -> bool {
        self.missing.iter().all(BTreeSet::is_empty)
    }

    pub(crate) fn check(&self, seed: u64) {
        for index in 0..3 {
            let received = &self.received[index];
            let all: BTreeSet<u32> = received.iter().copied().collect();
            if index > 0 {
                // MQTT-4.3.2-1, MQTT-4.3.3-1
                let lost: Vec<_> = self.acknowledged[index].difference(&all).collect();
                assert!(lost.is_empty(), "seed {seed}: {lost:?} of QoS {index} are lost");
            }
            if index != 1 {
                // MQTT-4.3.1-1, MQTT-4.3.3-2
                let twice = received.len() - all.len();
                assert_eq!(twice, 0, "seed {seed}: {twice} of QoS {index} came twice");
            }
            // MQTT-4.6.0-1, MQTT-4.6.0-6: by the first time that each came.
            let mut seen = BTreeSet::new();
            let first = received.iter().filter(|number| seen.insert(**number));
            assert!(first.is_sorted(), "seed {seed}: QoS {index} is out of order: {received:?}");
            let told: BTreeSet<_> = self.acknowledged[index].union(&self.unknown[index]).collect();
            let foreign = index > 0 && !all.iter().all(|number| told.contains(number));
            assert!(!foreign, "seed {seed}: QoS {index} has what nobody sent");
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let acknowledged = self.acknowledged.each_ref().map(BTreeSet::len);
        let received = self.received.each_ref().map(Vec::len);
        write!(f, "{acknowledged:?} acknowledged and {received:?} received, by QoS")
    }
}
