//! 4.7.2 Topics beginning with $.
//!
//! What a Server publishes under `$SYS` is there on most; what Clients publish under `$` need not
//! get through at all. So each rule is judged with either, and left open without both.
//!
//! Clauses: [MQTT-3.3.5-2], [MQTT-4.7.2-1], U-4.7.2-1, U-4.7.2-2.

use crate::case::{Case, Level};
use crate::finding::Finding;
use crate::need::Need;
use crate::peer::{Delivery, Peer};
use crate::stage::Stage;
use crate::wire::{Packet, Publish, Subscribe};

pub(super) const CASES: &[Case] = &[
    Case {
        address: "reserved-topics/hash-hears-none-of-the-server",
        title: "A subscription to # brings nothing that the Server retains under $SYS.",
        statements: &["MQTT-4.7.2-1"],
        level: Level::Must,
        needs: &[Need::Wildcards, Need::RetainedMessages],
        run: |stage| hears_no_sys(stage, "#"),
    },
    Case {
        address: "reserved-topics/plus-hears-none-of-the-server",
        title: "A subscription to +/# brings nothing that the Server retains under $SYS.",
        statements: &["MQTT-4.7.2-1"],
        level: Level::Must,
        needs: &[Need::Wildcards, Need::RetainedMessages],
        run: |stage| hears_no_sys(stage, "+/#"),
    },
    Case {
        address: "reserved-topics/hash-hears-none-of-clients",
        title: "A message on a topic that begins with $ does not match the filter #.",
        statements: &["MQTT-4.7.2-1"],
        level: Level::Must,
        needs: &[Need::Wildcards],
        run: |stage| hears_no_relayed(stage, "#"),
    },
    Case {
        address: "reserved-topics/plus-hears-none-of-clients",
        title: "A message on a topic that begins with $ does not match the filter +/x.",
        statements: &["MQTT-4.7.2-1"],
        level: Level::Must,
        needs: &[Need::Wildcards],
        run: |stage| hears_no_relayed(stage, "+/x"),
    },
    Case {
        address: "reserved-topics/plus-and-hash-hear-none-of-clients",
        title: "A message on a topic that begins with $ does not match the filter +/#.",
        statements: &["MQTT-4.7.2-1"],
        level: Level::Must,
        needs: &[Need::Wildcards],
        run: |stage| hears_no_relayed(stage, "+/#"),
    },
    Case {
        address: "reserved-topics/retained-stay-out-of-wildcards",
        title: "A retained message on a topic that begins with $ does not come by # or +/x.",
        statements: &["MQTT-4.7.2-1"],
        level: Level::Must,
        needs: &[Need::Wildcards, Need::RetainedMessages],
        run: |stage| {
            let (topic, mut publisher) = relayed(stage)?;
            publisher.complete(Publish::qos1(9, topic.as_str(), "kept").retain())?;
            for filter in ["#", "+/x", "+/#"] {
                let (mut listener, sentinel) = listen(stage, filter, &own(stage))?;
                listener.expect_no_message(&mut publisher, &sentinel, 1)?;
            }
            Ok(())
        },
    },
    Case {
        address: "reserved-topics/dollar-elsewhere-is-ordinary",
        title: "A $ that does not begin the name is a character like any other.",
        statements: &["U-7.1.1-2", "MQTT-4.7.3-4"],
        level: Level::Must,
        needs: &[Need::Wildcards],
        run: |stage| {
            let filters = ["+", "#", "$SYS", "+/#"];
            let mut publisher = stage.client("p")?;
            for (number, filter) in filters.into_iter().enumerate() {
                let mut subscriber = stage.client(&format!("s{number}"))?;
                subscriber.subscribe(&stage.topic(filter), 1)?;
                publisher.publish_qos1(stage.topic("$SYS"), filter)?;
                subscriber.expect_message(&Delivery::on(stage.topic("$SYS")).payload(filter))?;
            }
            Ok(())
        },
    },
    Case {
        address: "reserved-topics/not-for-clients-among-themselves",
        title: "Clients cannot exchange messages on topics that begin with $.",
        statements: &["U-4.7.2-1"],
        level: Level::Should,
        needs: &[],
        run: |stage| match relayed(stage) {
            Ok((topic, _)) => Err(Finding::fail("no message passed on", format!("one on {topic}"))),
            Err(Finding::Unsupported(_)) => Ok(()),
            Err(finding) => Err(finding),
        },
    },
    Case {
        address: "reserved-topics/refused-at-qos-1-is-acknowledged-or-closes",
        title: "A PUBLISH of QoS 1 that goes nowhere is acknowledged, or closes the connection.",
        statements: &["MQTT-3.3.5-2"],
        level: Level::Must,
        needs: &[],
        run: |stage| refused(stage, 1),
    },
    Case {
        address: "reserved-topics/refused-at-qos-2-is-acknowledged-or-closes",
        title: "A PUBLISH of QoS 2 that goes nowhere is acknowledged to the end, or closes the connection.",
        statements: &["MQTT-3.3.5-2"],
        level: Level::Must,
        needs: &[],
        run: |stage| refused(stage, 2),
    },
    Case {
        address: "reserved-topics/the-server-may-use-them",
        title: "What the Server retains under $SYS.",
        statements: &["U-4.7.2-2"],
        level: Level::Observe,
        needs: &[Need::Wildcards, Need::RetainedMessages],
        run: |stage| {
            let mut publisher = stage.client("p")?;
            let (mut control, sentinel) = listen(stage, "$SYS/#", "$SYS/")?;
            let found = control.until_sentinel(&mut publisher, &sentinel, 1)?.len();
            stage.observe("messages-retained-under-sys", found.to_string());
            Ok(())
        },
    },
];

/// A message that goes nowhere is not passed over in silence: the topics that the Server keeps for
/// itself are those a Client has no right to.
fn refused(stage: &Stage<'_>, qos: u8) -> Result<(), Finding> {
    let mut publisher = stage.client("p")?;
    publisher.send(Publish::at_qos(qos, 7, own(stage) + "x", "refused?"))?;
    let answered = match qos {
        1 => publisher.expect_puback(7),
        _ => publisher.expect_pubrec(7).and_then(|()| {
            publisher.send(Packet::Pubrel(7))?;
            publisher.expect_pubcomp(7)
        }),
    };
    let answer = match answered {
        Ok(()) => "acknowledged",
        Err(_) if publisher.is_closed() => "closed",
        Err(finding) => return Err(finding),
    };
    match relayed(stage) {
        Ok(_) => Err(Finding::unsupported("the subject passes on what Clients publish under $")),
        Err(Finding::Unsupported(_)) => {
            stage.observe("publish-without-the-right-to", answer);
            Ok(())
        }
        Err(finding) => Err(finding),
    }
}

/// By this filter comes nothing under `$`, although the Server has something retained there.
fn hears_no_sys(stage: &Stage<'_>, filter: &str) -> Result<(), Finding> {
    let mut publisher = stage.client("p")?;
    let (mut control, sentinel) = listen(stage, "$SYS/#", "$SYS/")?;
    if control.until_sentinel(&mut publisher, &sentinel, 1)?.is_empty() {
        return Err(Finding::unsupported("the subject retains nothing under $SYS"));
    }
    let (mut listener, sentinel) = listen(stage, filter, "$SYS/")?;
    listener.expect_no_message(&mut publisher, &sentinel, 1)
}

/// By this filter comes nothing that Clients publish under `$`, where they can at all.
fn hears_no_relayed(stage: &Stage<'_>, filter: &str) -> Result<(), Finding> {
    let (mut listener, sentinel) = listen(stage, filter, &own(stage))?;
    let (_, mut publisher) = relayed(stage)?;
    listener.expect_no_message(&mut publisher, &sentinel, 1)
}

/// A subscriber that hears only what begins so, and a sentinel on a topic of its own.
fn listen(stage: &Stage<'_>, filter: &str, prefix: &str) -> Result<(Peer, String), Finding> {
    let sentinel = stage.topic("sentinel");
    let mut listener = stage.client("listener")?;
    listener.hear_only(prefix);
    listener.hear_only(sentinel.as_str());
    listener.subscribe(&sentinel, 1)?;
    listener.subscribe(filter, 0)?;
    Ok((listener, sentinel))
}

/// Publishes on a topic that begins with `$`, and makes sure that it gets to who subscribes to
/// it by name: the topic, and the publisher.
///
/// # Errors
///
/// [`Finding::Unsupported`] when it does not, which is what the standard advises.
fn relayed(stage: &Stage<'_>) -> Result<(String, Peer), Finding> {
    let none = || Finding::unsupported("the subject passes on no messages of Clients under $");
    let topic = own(stage) + "x";
    let sentinel = stage.topic("relay");
    let mut control = stage.client("control")?;
    control.subscribe(&sentinel, 1)?;
    control.send(Subscribe::new(100).filter(topic.as_str(), 1))?;
    match control.expect_suback(100) {
        Ok(codes) if codes[0] <= 2 => {}
        Ok(_) => return Err(none()),
        Err(_) if control.is_closed() => return Err(none()),
        Err(finding) => return Err(finding.while_preparing("subscribe to a topic under $")),
    }
    let mut publisher = stage.client("publisher")?;
    publisher.send(Publish::qos1(100, topic.as_str(), "relayed?"))?;
    match publisher.expect_puback(100) {
        Ok(()) => {}
        Err(_) if publisher.is_closed() => return Err(none()),
        Err(finding) => return Err(finding.while_preparing("publish under $")),
    }
    // Messages on two topics may overtake each other: one that is on its way gets a little longer.
    for _ in 0..SENTINELS {
        match control.until_sentinel(&mut publisher, &sentinel, 1) {
            Ok(messages) if messages.is_empty() => {}
            Ok(_) => return Ok((topic, publisher)),
            // It was acknowledged, and not admitted.
            Err(_) if publisher.is_closed() => return Err(none()),
            Err(finding) => return Err(finding),
        }
    }
    Err(none())
}

/// Sentinels that a message on another topic may let go before it.
const SENTINELS: usize = 5;

/// With what the topics of this case under `$` begin.
fn own(stage: &Stage<'_>) -> String {
    format!("${}/", stage.id(""))
}
