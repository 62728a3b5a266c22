//! A store whose file is not as it was left.

use std::io;
use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use mqttspec::broker::{Change, Kept, KeptMessage, MessageNumber, SessionNumber};
use mqttspec::packet::{ClientId, PacketId, QoS, Text};
use mqttspec::session::Message;
use mqttspec::store::{Redb, Store as _, StoreError, Syncing};
use mqttspec::topic::{TopicFilter, TopicName};
use redb::StorageBackend;
use redb::backends::InMemoryBackend;

use super::choices::Choices;

/// Changes a sound file as `octets` choose: what is read then is right, or refused.
pub fn store(octets: &[u8]) {
    let (file, right) = &*SOUND;
    let mut file = file.clone();
    let mut choices = Choices::new(octets);
    while !choices.is_empty() {
        let place = [choices.octet(), choices.octet(), choices.octet()];
        let place = place.into_iter().fold(0, |place, octet| place << 8 | usize::from(octet));
        let place = place % file.len();
        match choices.below(4) {
            0 => file[place] = choices.octet(),
            1 => file[place] ^= 1 << choices.below(8),
            2 => file[place..].iter_mut().take(512).for_each(|octet| *octet = 0),
            _ => file.truncate(place.max(1)),
        }
    }
    if let Ok(mut store) = open(&Memory::with(&file)) {
        assert!(store.load().expect("it was opened") == *right, "it is neither right nor refused");
    }
}

/// A file with something of everything, and what it holds.
static SOUND: LazyLock<(Vec<u8>, Kept)> = LazyLock::new(|| {
    let memory = Memory::with(&[]);
    let mut store = open(&memory).expect("an empty one is made");
    for number in 0..20 {
        store.commit(&changes(number)).expect("there is room");
    }
    drop(store);
    let file = memory.content();
    let kept = open(&Memory::with(&file)).expect("it is sound").load().expect("it was opened");
    (file, kept)
});

fn changes(number: u64) -> Vec<Change> {
    let session = SessionNumber(number / 4);
    let topic = TopicName::new(format!("t/{}", number % 3)).expect("a Topic Name");
    let payload = Bytes::from(vec![7; 40 * usize::try_from(number).expect("a few")]);
    let message = Message { topic, payload, qos: QoS::ExactlyOnce, retain: true };
    let kept = KeptMessage { number: MessageNumber(100 + number), message: Arc::new(message) };
    let packet_id = PacketId::new(1 + u16::try_from(number).expect("a few")).expect("above 0");
    let (qos, retain, order) = (QoS::ExactlyOnce, false, number + 1);
    let mut changes = vec![
        Change::Subscribed { session, filter: TopicFilter::new("t/#").expect("a filter"), qos },
        Change::Received { session, packet_id },
        Change::Retained { message: kept.clone() },
        Change::Queued { session, order, message: kept, qos, retain },
        Change::Sent { session, order, packet_id },
    ];
    if number.is_multiple_of(4) {
        let client_id = ClientId::new(Text::new(format!("client {number}")).expect("text"));
        changes.insert(0, Change::SessionBegun { session, client_id });
    }
    changes
}

fn open(memory: &Memory) -> Result<Redb, StoreError> {
    let memory = memory.clone();
    Redb::on("memory", move || Ok(Box::new(memory.clone())), Syncing::Never)
}

/// A file in memory; clones are the same one.
#[derive(Clone, Debug)]
struct Memory(Arc<InMemoryBackend>);

impl Memory {
    fn with(content: &[u8]) -> Self {
        let memory = InMemoryBackend::new();
        memory.set_len(content.len() as u64).expect("there is room");
        memory.write(0, content).expect("it is long enough");
        Self(Arc::new(memory))
    }

    fn content(&self) -> Vec<u8> {
        let length = usize::try_from(self.0.len().expect("it is there")).expect("it is short");
        let mut content = vec![0; length];
        self.0.read(0, &mut content).expect("it is as long as that");
        content
    }
}

impl StorageBackend for Memory {
    fn len(&self) -> io::Result<u64> {
        self.0.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.0.read(offset, out)
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.0.set_len(length)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.0.write(offset, data)
    }
}
