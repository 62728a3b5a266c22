//! 3.3.5, 3.8.4 Clients whose rights end somewhere: what they publish, and what they subscribe to.
//!
//! Only a profile can tell of such a Client. What it says of its rights is a claim that has to hold:
//! a message that comes through all the same is a failure.
//!
//! Clauses: [MQTT-3.3.5-2], [MQTT-3.8.4-5], [MQTT-3.9.3-1].
//! Not here: who is let in at all, in `access_connect`; topics that begin with `$`, in
//! `reserved_topics`.

use crate::case::{Case, Level};
use crate::finding::Finding;
use crate::need::Need;
use crate::peer::Peer;
use crate::stage::Stage;
use crate::wire::{Packet, Publish, Suback, Subscribe};

pub(super) const CASES: &[Case] = &[
    Case {
        address: "access/publish-at-qos-1-is-acknowledged-or-closes",
        title: "A PUBLISH of QoS 1 without the right to is acknowledged, or closes the connection.",
        statements: &["MQTT-3.3.5-2"],
        level: Level::Must,
        needs: &[Need::AccessRules],
        run: |stage| publish_without_rights(stage, 1).map(|_| ()),
    },
    Case {
        address: "access/publish-at-qos-2-is-acknowledged-or-closes",
        title: "A PUBLISH of QoS 2 without the right to is acknowledged to the end, or closes the connection.",
        statements: &["MQTT-3.3.5-2"],
        level: Level::Must,
        needs: &[Need::AccessRules],
        run: |stage| publish_without_rights(stage, 2).map(|_| ()),
    },
    Case {
        address: "access/publish-at-qos-0-reaches-nobody",
        title: "A PUBLISH of QoS 0 without the right to reaches nobody.",
        statements: &["MQTT-3.3.5-2"],
        level: Level::Must,
        needs: &[Need::AccessRules],
        run: |stage| publish_without_rights(stage, 0).map(|_| ()),
    },
    Case {
        address: "access/nothing-is-retained-without-rights",
        title: "A PUBLISH without the right to leaves no retained message, and clears none.",
        statements: &["MQTT-3.3.5-2"],
        level: Level::Must,
        needs: &[Need::AccessRules, Need::RetainedMessages],
        run: |stage| {
            let (empty, full) =
                (forbidden_to_publish(stage, "e")?, forbidden_to_publish(stage, "f")?);
            let mut owner = stage.client("owner")?;
            owner.complete(Publish::qos1(1, full.as_str(), "stays").retain())?;
            for (name, topic, payload) in [("a", &empty, "sneaked in"), ("b", &full, "")] {
                let mut limited = stage.connect(stage.limited(name)?)?;
                limited.send(Publish::qos1(7, topic.as_str(), payload).retain())?;
                reaction(&mut limited, 1)?;
            }
            owner.subscribe(&empty, 0)?;
            owner.subscribe(&full, 0)?;
            let messages = owner.until_own_sentinel(&empty, 0)?;
            match messages.iter().find(|message| message.topic == empty.as_bytes()) {
                Some(message) => Err(Finding::fail("no retained message", message)),
                None if messages.iter().any(|message| message.payload == b"stays") => Ok(()),
                None => Err(Finding::fail("the retained message, still there", "none")),
            }
        },
    },
    Case {
        address: "access/publish-without-rights",
        title: "What becomes of a PUBLISH without the right to.",
        statements: &["MQTT-3.3.5-2"],
        level: Level::Observe,
        needs: &[Need::AccessRules],
        run: |stage| {
            let mut answers = Vec::new();
            for qos in 0..=2 {
                answers.push(format!("QoS {qos}: {}", publish_without_rights(stage, qos)?));
            }
            stage.observe("publish-without-rights", answers.join(", "));
            Ok(())
        },
    },
    Case {
        address: "access/will-without-rights",
        title: "What becomes of a Will on a topic that its Client may not publish on.",
        statements: &["U-3.1.4-1"],
        level: Level::Observe,
        needs: &[Need::AccessRules],
        run: |stage| {
            let topic = forbidden_to_publish(stage, "w")?;
            let mut onlooker = stage.client("onlooker")?;
            onlooker.subscribe(&topic, 1)?;
            let mut limited = stage.peer("limited")?;
            limited.send(stage.limited("limited")?.will(topic.as_str(), "will", 1, false))?;
            let outcome = match limited.expect_connack() {
                Ok(connack) if connack.code == 0 => {
                    limited.drop_connection()?;
                    let mut publisher = stage.client("p")?;
                    match onlooker.until_sentinel(&mut publisher, &topic, 1)?.is_empty() {
                        true => "accepted, and not published",
                        false => "accepted and published",
                    }
                }
                Ok(_) => "the CONNECT is refused",
                Err(_) if limited.is_closed() => "the CONNECT is closed without an answer",
                Err(finding) => return Err(finding),
            };
            stage.observe("will-without-rights", outcome);
            Ok(())
        },
    },
    Case {
        address: "access/filter-without-rights-brings-nothing",
        title: "A subscription without the right to brings no message, neither new nor retained.",
        statements: &["MQTT-3.8.4-5"],
        level: Level::Must,
        needs: &[Need::AccessRules],
        run: |stage| {
            let (mut limited, codes) = subscribe_without_rights(stage)?;
            let answer = match codes.as_deref() {
                None => "closes the connection",
                Some([Suback::FAILURE]) => "0x80",
                Some(_) => "granted, and nothing comes",
            };
            if codes.is_some() {
                let topic = forbidden_to_subscribe(stage, "t")?;
                let sentinel = stage.topic("s");
                limited.subscribe(&sentinel, 1)?;
                let mut publisher = stage.client("p")?;
                publisher.publish_qos1(topic, "for others")?;
                if let Some(message) = limited.until_sentinel(&mut publisher, &sentinel, 1)?.first()
                {
                    return Err(Finding::fail("no message without the right to", message));
                }
            }
            stage.observe("subscription-without-rights", answer);
            Ok(())
        },
    },
    Case {
        address: "access/refused-filter-has-its-place-among-others",
        title: "A filter that is refused has its 0x80 where it stood, and the others are granted.",
        statements: &["MQTT-3.9.3-1", "MQTT-3.8.4-5"],
        level: Level::Must,
        needs: &[Need::AccessRules],
        run: |stage| {
            match subscribe_without_rights(stage)?.1.as_deref() {
                Some([Suback::FAILURE]) => {}
                _ => return Err(Finding::unsupported("the subject refuses no filter by 0x80")),
            }
            let mut limited = stage.connect(stage.limited("several")?)?;
            let (a, b) = (stage.topic("a"), stage.topic("b"));
            let forbidden = forbidden_to_subscribe(stage, "x")?;
            let filters = Subscribe::new(9).filter(a.as_str(), 0);
            limited.send(filters.filter(forbidden, 0).filter(b.as_str(), 0))?;
            match limited.expect_suback(9)?.as_slice() {
                [0, Suback::FAILURE, 0] => {}
                codes => {
                    return Err(Finding::fail("return codes 00 80 00", format!("{codes:02x?}")));
                }
            }
            let mut publisher = stage.client("p")?;
            for topic in [&a, &b] {
                publisher.publish_qos0(topic.as_str(), "granted")?;
                limited.expect_any_message()?;
            }
            Ok(())
        },
    },
    Case {
        address: "access/wildcard-brings-nothing-without-rights",
        title: "A wildcard that reaches further than the Client's rights brings what these leave.",
        statements: &["MQTT-3.8.4-5"],
        level: Level::Must,
        needs: &[Need::AccessRules, Need::Wildcards],
        run: |stage| {
            let topic = forbidden_to_subscribe(stage, "t")?;
            let sentinel = stage.topic("s");
            for (name, filter) in [("hash", "#"), ("plus", "+/#")] {
                let mut limited = stage.connect(stage.limited(name)?)?;
                limited.hear_only(topic.as_str());
                limited.hear_only(sentinel.as_str());
                limited.send(Subscribe::new(9).filter(filter, 0))?;
                // It may be refused as a whole.
                if limited.expect_suback(9).is_err() && limited.is_closed() {
                    continue;
                }
                limited.subscribe(&sentinel, 1)?;
                let mut publisher = stage.client("p")?;
                publisher.publish_qos1(topic.as_str(), "for others")?;
                let messages = limited.until_sentinel(&mut publisher, &sentinel, 1)?;
                if let Some(message) = messages.iter().find(|m| m.topic == topic.as_bytes()) {
                    return Err(Finding::fail("no message without the right to", message));
                }
            }
            Ok(())
        },
    },
];

/// Publishes where the Client may not, and sees to it that nobody gets it.
fn publish_without_rights(stage: &Stage<'_>, qos: u8) -> Result<&'static str, Finding> {
    let topic = forbidden_to_publish(stage, "t")?;
    let sentinel = stage.topic("s");
    let mut onlooker = stage.client("onlooker")?;
    onlooker.subscribe(&topic, 1)?;
    onlooker.subscribe(&sentinel, 1)?;
    // A name for each: some keep out who comes back at once.
    let mut limited = stage.connect(stage.limited(&format!("limited{qos}"))?)?;
    limited.send(Publish::at_qos(qos, 7, topic.as_str(), "no right to"))?;
    let answer = reaction(&mut limited, qos)?;
    // Some acknowledge, and close at the next packet: somebody else sends the sentinel.
    let mut publisher = stage.client("p")?;
    let messages = onlooker.until_sentinel(&mut publisher, &sentinel, qos)?;
    match messages.first() {
        None => Ok(answer),
        Some(message) => Err(Finding::fail("no message without the right to", message)),
    }
}

/// What the subject makes of a PUBLISH under the identifier 7 that it does not admit.
fn reaction(limited: &mut Peer, qos: u8) -> Result<&'static str, Finding> {
    let answered = match qos {
        0 => return Ok(if limited.goes_on()? { "nothing" } else { "closes the connection" }),
        1 => limited.expect_puback(7),
        _ => limited.expect_pubrec(7).and_then(|()| {
            limited.send(Packet::Pubrel(7))?;
            limited.expect_pubcomp(7)
        }),
    };
    match answered {
        Ok(()) => Ok("acknowledged"),
        Err(_) if limited.is_closed() => Ok("closes the connection"),
        Err(finding) => Err(finding),
    }
}

/// Subscribes where the Client may not, with a message retained there: the return codes, or `None`
/// when the subject closes the connection.
fn subscribe_without_rights(stage: &Stage<'_>) -> Result<(Peer, Option<Vec<u8>>), Finding> {
    let topic = forbidden_to_subscribe(stage, "t")?;
    stage.client("owner")?.complete(Publish::qos1(1, topic.as_str(), "secret").retain())?;
    let mut limited = stage.connect(stage.limited("limited")?)?;
    limited.send(Subscribe::new(7).filter(topic, 1))?;
    match limited.expect_suback(7) {
        Ok(codes) => Ok((limited, Some(codes))),
        Err(_) if limited.is_closed() => Ok((limited, None)),
        Err(finding) => Err(finding),
    }
}

fn forbidden_to_publish(stage: &Stage<'_>, label: &str) -> Result<String, Finding> {
    Ok(format!("{}/{}/{label}", stage.access()?.may_not_publish, stage.id("")))
}

fn forbidden_to_subscribe(stage: &Stage<'_>, label: &str) -> Result<String, Finding> {
    Ok(format!("{}/{}/{label}", stage.access()?.may_not_subscribe, stage.id("")))
}
