//! 4.3.3 QoS 2: exactly once, with the Server as the receiver.
//!
//! The Client repeats itself at each step of the exchange, on one connection and over several.
//! What counts is how often the message goes on, never when: U-4.3.3-1 leaves that free.
//!
//! Clauses: [MQTT-4.3.3-2].

use crate::case::{Case, Level};
use crate::finding::Finding;
use crate::need::Need;
use crate::peer::Peer;
use crate::stage::Stage;
use crate::wire::{Framed, Octets, Packet, Publish};

pub(super) const CASES: &[Case] = &[
    Case {
        address: "qos/2-sent-again-is-delivered-once",
        title: "A PUBLISH of QoS 2 sent again before its PUBREL is answered, and delivered once.",
        statements: &["MQTT-4.3.3-2"],
        level: Level::Must,
        needs: &[],
        run: |stage| sent_again(stage, 1),
    },
    Case {
        address: "qos/2-sent-again-and-again-is-delivered-once",
        title: "A PUBLISH of QoS 2 may be sent again any number of times before its PUBREL.",
        statements: &["MQTT-4.3.3-2"],
        level: Level::Must,
        needs: &[],
        run: |stage| sent_again(stage, 3),
    },
    Case {
        address: "qos2/first-seen-with-dup-is-delivered",
        title: "A PUBLISH of QoS 2 with DUP that the Server has never seen is delivered once.",
        statements: &["MQTT-4.3.3-2"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let mut scene = Scene::new(stage, false)?;
            scene.publish_again()?;
            scene.release()?;
            scene.delivered(1)
        },
    },
    Case {
        address: "qos2/exchanges-side-by-side",
        title: "Several exchanges of QoS 2 at once, each with a repeat, deliver one message each.",
        statements: &["MQTT-4.3.3-2"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let Scene { mut subscriber, mut publisher, topic } = Scene::new(stage, false)?;
            let ids = [300, 1, 65_535];
            let publish = |id: u16| Publish::qos2(id, topic.as_str(), id.to_string());
            for id in ids {
                publisher.send(publish(id).then(publish(id).dup()))?;
            }
            for id in ids {
                publisher.expect_pubrec(id)?;
                publisher.expect_pubrec(id)?;
            }
            publisher.send(ids.map(|id| Packet::Pubrel(id).octets()).concat())?;
            for id in ids {
                publisher.expect_pubcomp(id)?;
            }
            let messages = subscriber.until_sentinel(&mut publisher, &topic, 2)?;
            let mut seen: Vec<_> = messages.into_iter().map(|message| message.payload).collect();
            seen.sort();
            if seen == [b"1".as_slice(), b"300", b"65535"] {
                return Ok(());
            }
            let seen: Vec<_> = seen.iter().map(|text| String::from_utf8_lossy(text)).collect();
            Err(Finding::fail("the messages 1, 300 and 65535, once each", seen.join(", ")))
        },
    },
    Case {
        address: "qos2/fifty-exchanges-at-once",
        title: "Of fifty messages of QoS 2 that are taken over at once, all are delivered.",
        statements: &["MQTT-4.3.3-2", "MQTT-4.5.0-1"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let Scene { mut subscriber, mut publisher, topic } = Scene::new(stage, false)?;
            let message = |id: u16| Publish::qos2(id, topic.as_str(), id.to_be_bytes()).octets();
            publisher.send((1..=50).flat_map(message).collect::<Vec<_>>())?;
            // A Server may take over fewer at once: what it does not take over it does not owe.
            (1..=50)
                .try_for_each(|id| publisher.expect_pubrec(id))
                .map_err(|finding| finding.while_preparing("begin fifty exchanges"))?;
            let pubrels = (1..=50).flat_map(|id| Packet::Pubrel(id).octets());
            publisher.send(pubrels.collect::<Vec<_>>())?;
            for _ in 1..=50 {
                subscriber.expect_any_message()?;
            }
            Ok(())
        },
    },
    Case {
        address: "qos2/same-identifier-after-pubcomp-is-a-new-message",
        title: "After its PUBCOMP, a PUBLISH of QoS 2 with the same identifier is a new message.",
        statements: &["MQTT-4.3.3-2", "U-4.3.3-2"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let mut scene = Scene::new(stage, false)?;
            for _ in 0..2 {
                scene.publish()?;
                scene.release()?;
            }
            scene.delivered(2)
        },
    },
    Case {
        address: "qos2/same-identifier-after-pubcomp-with-dup-is-a-new-message",
        title: "After its PUBCOMP, a PUBLISH with the same identifier is a new message despite DUP.",
        statements: &["MQTT-4.3.3-2"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let mut scene = Scene::new(stage, false)?;
            scene.publish()?;
            scene.release()?;
            scene.publish_again()?;
            scene.release()?;
            scene.delivered(2)
        },
    },
    Case {
        address: "qos2/pubrel-again-gets-pubcomp-again",
        title: "Each PUBREL of an exchange that is over gets its PUBCOMP, and delivers nothing.",
        statements: &["MQTT-4.3.3-2"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let mut scene = Scene::new(stage, false)?;
            scene.publish()?;
            scene.release()?;
            // The rule makes no exception. Yet nothing is lost on a connection that lives, and
            // some take the repeat for a breach: only after a reconnect is the answer demanded.
            for _ in 0..2 {
                scene.release().map_err(as_warning)?;
            }
            scene.delivered(1)
        },
    },
    Case {
        address: "qos2/publish-again-after-reconnect-is-delivered-once",
        title: "A PUBLISH of QoS 2 repeated on a later connection of its Session is delivered once.",
        statements: &["MQTT-4.3.3-2", "MQTT-4.1.0-1"],
        level: Level::Must,
        needs: &[Need::PersistentSessions],
        run: |stage| {
            let mut scene = Scene::new(stage, true)?;
            scene.publish()?;
            scene = scene.reconnect(stage)?;
            scene.publish_again()?;
            scene = scene.reconnect(stage)?;
            scene.publish_again()?;
            scene.release()?;
            scene.delivered(1)
        },
    },
    Case {
        address: "qos2/publish-again-when-the-pubrec-was-lost",
        title: "A PUBLISH of QoS 2 whose PUBREC the Client did not see is delivered once.",
        statements: &["MQTT-4.3.3-2", "MQTT-4.1.0-1"],
        level: Level::Must,
        needs: &[Need::PersistentSessions],
        run: |stage| {
            let mut scene = Scene::new(stage, true)?;
            // It may have arrived or not: either way the repeat makes one message of it.
            scene.publisher.send(scene.message())?;
            scene = scene.reconnect(stage)?;
            scene.publish_again()?;
            scene.release()?;
            scene.delivered(1)
        },
    },
    Case {
        address: "qos2/released-after-reconnect-is-delivered-once",
        title: "A PUBREL on a later connection of its Session completes the exchange.",
        statements: &["MQTT-4.3.3-2", "MQTT-4.1.0-1"],
        level: Level::Must,
        needs: &[Need::PersistentSessions],
        run: |stage| {
            let mut scene = Scene::new(stage, true)?;
            scene.publish()?;
            scene = scene.reconnect(stage)?;
            scene.release()?;
            scene.delivered(1)
        },
    },
    Case {
        address: "qos2/pubrel-again-after-reconnect-gets-pubcomp",
        title: "A PUBREL whose PUBCOMP was lost gets it on the next connection of its Session.",
        statements: &["MQTT-4.3.3-2"],
        level: Level::Must,
        needs: &[Need::PersistentSessions],
        run: |stage| {
            let mut scene = Scene::new(stage, true)?;
            scene.publish()?;
            scene.release()?;
            scene = scene.reconnect(stage)?;
            scene.release()?;
            scene.delivered(1)
        },
    },
    Case {
        address: "qos2/when-a-message-goes-on",
        title: "A message of QoS 2 goes on when it is published or when it is released.",
        statements: &["U-4.3.3-1"],
        level: Level::Observe,
        needs: &[],
        run: |stage| {
            let mut scene = Scene::new(stage, false)?;
            scene.publish()?;
            // Of QoS 1, which waits for no release.
            let mut other = stage.client("other")?;
            let early = scene.subscriber.until_sentinel(&mut other, &scene.topic, 1)?;
            let when = if early.is_empty() { "at its PUBREL" } else { "at its PUBLISH" };
            stage.observe("qos-2-message-goes-on", when);
            scene.release()
        },
    },
];

/// A subscriber, and a publisher in an exchange with the Packet Identifier 7.
struct Scene {
    subscriber: Peer,
    publisher: Peer,
    topic: String,
}

impl Scene {
    fn new(stage: &Stage<'_>, persistent: bool) -> Result<Self, Finding> {
        let topic = stage.topic("t");
        let mut subscriber = stage.client("s")?;
        subscriber.subscribe(&topic, 2)?;
        if !persistent {
            return Ok(Self { subscriber, publisher: stage.client("p")?, topic });
        }
        let mut publisher = stage.connect(stage.persistent("p"))?;
        // Some keep no Session without a subscription, which is another matter.
        publisher.subscribe(&stage.topic("other"), 0)?;
        Ok(Self { subscriber, publisher, topic })
    }

    fn message(&self) -> Publish {
        Publish::qos2(7, self.topic.as_str(), "once")
    }

    fn publish(&mut self) -> Result<(), Finding> {
        self.publisher.send(self.message())?;
        self.publisher.expect_pubrec(7)
    }

    fn publish_again(&mut self) -> Result<(), Finding> {
        self.publisher.send(self.message().dup())?;
        self.publisher.expect_pubrec(7)
    }

    fn release(&mut self) -> Result<(), Finding> {
        self.publisher.send(Packet::Pubrel(7))?;
        self.publisher.expect_pubcomp(7)
    }

    /// Drops the publisher's connection, and comes back to its Session.
    fn reconnect(self, stage: &Stage<'_>) -> Result<Self, Finding> {
        self.publisher.drop_connection()?;
        Ok(Self { publisher: stage.resume("p")?, ..self })
    }

    /// So many messages have gone on, and no more before the next message of the publisher.
    fn delivered(mut self, times: usize) -> Result<(), Finding> {
        self.publisher.publish_qos2(self.topic.as_str(), "next")?;
        let mut copies = 0;
        loop {
            let message = self
                .subscriber
                .expect_any_message()
                .map_err(|finding| finding.while_preparing("receive the next message"))?;
            let is_over = message.payload == b"next";
            copies += usize::from(!is_over);
            if copies > times || is_over && copies < times {
                let expected = format!("the message delivered {times} times");
                return Err(Finding::fail(expected, format!("it {copies} times")));
            }
            if is_over {
                return Ok(());
            }
        }
    }
}

/// The same breach where only the stricter of two readings sees one.
fn as_warning(finding: Finding) -> Finding {
    match finding {
        Finding::Fail(mismatch) if mismatch.statement.is_none() => Finding::Warn(mismatch),
        other => other,
    }
}

/// An exchange in which the PUBLISH is repeated so often.
fn sent_again(stage: &Stage<'_>, times: usize) -> Result<(), Finding> {
    let mut scene = Scene::new(stage, false)?;
    scene.publish()?;
    for _ in 0..times {
        scene.publish_again()?;
    }
    scene.release()?;
    scene.delivered(1)
}
