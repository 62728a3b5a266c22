//! What a Session keeps of the buffers that messages were read into.

use std::sync::Arc;

use bytes::Bytes;

use super::rig::*;
use crate::packet::Publish;

/// How many of 1,000 messages for one Client share the memory that they were read into, when the
/// Client takes nothing meanwhile.
fn shared(rig: &mut Rig) -> usize {
    let publisher = rig.client("publisher");
    let buffer: Arc<[u8]> = Arc::new([7; 16]);
    for number in 1..=1_000 {
        let payload = Bytes::from_owner(buffer.clone());
        rig.say(publisher, Publish { payload, ..publish("t", "", Q1, number) });
        rig.hear(publisher);
    }
    Arc::strong_count(&buffer) - 1
}

#[test]
fn a_client_that_does_not_keep_up_pins_few_buffers() {
    let mut rig = Rig::new();
    let slow = rig.client("slow");
    rig.subscribe(slow, "t", Q1);
    let shared = shared(&mut rig);
    assert_eq!(shared, 64);
    assert_eq!(rig.hear(slow).len(), 1_000);
}

#[test]
fn a_client_that_is_away_pins_none() {
    let mut rig = Rig::new();
    let away = rig.connect(kept("away"));
    rig.hear(away);
    rig.subscribe(away, "t", Q1);
    rig.cut(away);
    assert_eq!(shared(&mut rig), 0);
}
