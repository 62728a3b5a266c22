//! 3.4 PUBACK, 3.5 PUBREC, 3.6 PUBREL and 3.7 PUBCOMP: their form, and which stands for what.
//!
//! Clauses: [MQTT-3.6.1-1], [U-3.4.1-1], [U-3.5.1-1], [U-3.6.1-1], [U-3.7.1-1], with
//! [MQTT-4.3.2-1] and [MQTT-4.3.3-1] for an answer of the wrong kind. Not here: the exchanges as
//! such, and acknowledgements for nothing, see 4.3.

use crate::case::{Case, Level};
use crate::finding::Finding;
use crate::need::Need;
use crate::peer::Peer;
use crate::stage::Stage;
use crate::wire::{Framed, Kind, Packet, Publish};

pub(super) const CASES: &[Case] = &[
    Case {
        address: "acknowledgements/puback-is-an-identifier",
        title: "A PUBACK is two octets behind its fixed header.",
        statements: &["U-3.4.1-1"],
        level: Level::Must,
        needs: &[],
        // The reader holds every packet against its length: here it gets to see this one.
        run: |stage| {
            let mut client = stage.client("a")?;
            client.send(Publish::qos1(0x0102, stage.topic("t"), "x"))?;
            client.expect_puback(0x0102)
        },
    },
    Case {
        address: "acknowledgements/pubrec-and-pubcomp-are-identifiers",
        title: "A PUBREC and a PUBCOMP are two octets each behind their fixed headers.",
        statements: &["U-3.5.1-1", "U-3.7.1-1"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let mut client = stage.client("a")?;
            client.send(Publish::qos2(0x0102, stage.topic("t"), "x"))?;
            client.expect_pubrec(0x0102)?;
            client.send(Packet::Pubrel(0x0102))?;
            client.expect_pubcomp(0x0102)
        },
    },
    Case {
        address: "acknowledgements/pubrel-is-an-identifier",
        title: "A PUBREL has the flags 0010, and two octets behind its fixed header.",
        statements: &["MQTT-3.6.1-1", "U-3.6.1-1"],
        level: Level::Must,
        needs: &[Need::Qos2Subscriptions],
        run: |stage| {
            let topic = stage.topic("t");
            let mut client = stage.client("a")?;
            client.subscribe_at(&topic, 2)?;
            client.publish_qos2(topic.as_str(), "x")?;
            let message = client
                .expect_any_publish()
                .map_err(|finding| finding.while_preparing("receive the message"))?;
            let Some(id) = message.id else {
                return Err(Finding::inconclusive("the message did not come at QoS 2"));
            };
            client.send(Packet::Pubrec(id))?;
            client.expect_pubrel(id)?;
            client.send(Packet::Pubcomp(id))
        },
    },
    Case {
        address: "acknowledgements/pubrel-with-wrong-flags-closes",
        title: "A PUBREL that is due, but has other flags than 0010, closes the connection.",
        statements: &["MQTT-3.6.1-1"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            (0..16)
                .filter(|&flags| flags != Kind::Pubrel.flags() && flags != DUP)
                .try_for_each(|flags| pubrel_with_flags_closes(stage, flags))
        },
    },
    Case {
        address: "acknowledgements/pubrel-with-dup-closes",
        title: "A PUBREL with the bit set that means DUP in PUBLISH closes the connection.",
        statements: &["MQTT-3.6.1-1"],
        level: Level::Must,
        needs: &[],
        run: |stage| pubrel_with_flags_closes(stage, DUP),
    },
    Case {
        address: "acknowledgements/pubrec-does-not-stand-for-puback",
        title: "A message of QoS 1 answered by PUBREC is not over: it is sent again, or the \
                connection is closed.",
        statements: &["MQTT-4.3.2-1"],
        level: Level::Must,
        needs: &[Need::PersistentSessions, Need::Qos1Subscriptions],
        run: |stage| does_not_end(stage, 1, Packet::Pubrec),
    },
    Case {
        address: "acknowledgements/puback-does-not-stand-for-pubrec",
        title: "A message of QoS 2 answered by PUBACK is not over: it is sent again, or the \
                connection is closed.",
        statements: &["MQTT-4.3.3-1"],
        level: Level::Must,
        needs: &[Need::PersistentSessions, Need::Qos2Subscriptions],
        run: |stage| does_not_end(stage, 2, Packet::Puback),
    },
    Case {
        address: "acknowledgements/order-of-pubacks",
        title: "Whether the PUBACKs for many messages come in the order of the messages.",
        statements: &["MQTT-3.3.4-1"],
        level: Level::Observe,
        needs: &[],
        run: |stage| {
            let mut client = stage.client("a")?;
            for id in MANY {
                client.send(Publish::qos1(id, stage.topic("t"), "x"))?;
            }
            let mut order = Vec::new();
            for _ in MANY {
                order.extend(client.expect_any()?.packet_id());
            }
            let kept = MANY.eq(order);
            let outcome = if kept { "in the order of the messages" } else { "in another order" };
            stage.observe("pubacks-for-many-messages-come", outcome);
            Ok(())
        },
    },
];

/// Packet Identifiers of many messages at once.
const MANY: std::ops::RangeInclusive<u16> = 1..=20;

/// The flags of a PUBREL that says it is sent again, as drafts of the standard had it.
const DUP: u8 = 0b1010;

fn pubrel_with_flags_closes(stage: &Stage<'_>, flags: u8) -> Result<(), Finding> {
    let mut client = stage.client("a")?;
    client.send(Publish::qos2(7, stage.topic("t"), "x"))?;
    client
        .expect_pubrec(7)
        .map_err(|finding| finding.while_preparing("begin an exchange of QoS 2"))?;
    let first = Kind::Pubrel.first_byte() & 0xf0 | flags;
    client.send_invalid(Packet::Pubrel(7).with_first_byte(first))?;
    client.expect_closed()
}

/// Answers a message wrongly, and expects it again when the Session is taken up.
///
/// Another message is not answered at all: when that does not come again either, the subject fails
/// to send anything again, which other cases judge.
fn does_not_end(stage: &Stage<'_>, qos: u8, answer: fn(u16) -> Packet) -> Result<(), Finding> {
    let (topic, other) = (stage.topic("t"), stage.topic("other"));
    let mut subscriber = stage.connect(stage.persistent("s"))?;
    subscriber.subscribe_at(&topic, qos)?;
    subscriber.subscribe_at(&other, qos)?;
    let mut publisher = stage.client("p")?;
    publisher.complete(Publish::at_qos(qos, 1, topic.as_str(), "wrongly answered"))?;
    publisher.complete(Publish::at_qos(qos, 2, other.as_str(), "not answered"))?;

    let mut id = None;
    for _ in [&topic, &other] {
        let message = subscriber
            .expect_any_publish()
            .map_err(|finding| finding.while_preparing("receive two messages at once"))?;
        if message.is_on(&topic) {
            id = message.id;
        }
    }
    let id = id.ok_or_else(|| Finding::inconclusive("the message came at QoS 0"))?;
    subscriber.send(answer(id))?;
    if !subscriber.goes_on()? {
        return Ok(());
    }
    subscriber.drop_connection()?;
    until_sent_again(&mut stage.resume("s")?, &topic)
}

/// Waits for the message on `topic`; the one on another topic shows that it is due.
pub(super) fn until_sent_again(subscriber: &mut Peer, topic: &str) -> Result<(), Finding> {
    let mut due = false;
    loop {
        match subscriber.sooner_or_later(None, Peer::expect_any_publish) {
            Ok(message) if message.is_on(topic) => return Ok(()),
            Ok(_) => due = true,
            Err(Finding::Fail(mismatch)) if due && mismatch.statement.is_none() => {
                let expected = format!("the message on {topic} sent again");
                return Err(Finding::fail(expected, "only the message on the other topic"));
            }
            Err(finding) => return Err(finding.while_preparing("receive anything again")),
        }
    }
}
