//! 3.8.4: several filters in one SUBSCRIBE work like as many SUBSCRIBEs.
//!
//! Clauses: [MQTT-3.8.4-4].

use crate::case::{Case, Level};
use crate::finding::Finding;
use crate::need::Need;
use crate::peer::Delivery;
use crate::stage::Stage;
use crate::wire::{Packet, Publish, Subscribe};

/// One filter twice in a SUBSCRIBE, first at one QoS, then at another.
macro_rules! last_one_counts {
    ($address:literal, $first:literal then $last:literal) => {
        Case {
            address: $address,
            title: concat!(
                "Of one filter at QoS ",
                $first,
                " and then QoS ",
                $last,
                " in one SUBSCRIBE the second counts."
            ),
            statements: &["MQTT-3.8.4-4", "MQTT-3.8.4-3"],
            level: Level::Must,
            needs: &[],
            run: |stage| last_one_counts(stage, $first, $last),
        }
    };
}

pub(super) const CASES: &[Case] = &[
    Case {
        address: "subscribe/many-get-one-suback",
        title: "A SUBSCRIBE of several filters gets a single SUBACK.",
        statements: &["MQTT-3.8.4-4"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let mut client = stage.client("a")?;
            client.send(subscribe_to(stage, 5))?;
            client.expect_suback(9)?;
            let surplus = client.fence()?;
            match surplus.iter().find(|packet| matches!(packet, Packet::Suback(_))) {
                Some(second) => Err(Finding::fail("no second SUBACK", second)),
                None => Ok(()),
            }
        },
    },
    Case {
        address: "subscribe/many-all-deliver",
        title: "Each of several filters in one SUBSCRIBE brings its messages.",
        statements: &["MQTT-3.8.4-4"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let mut subscriber = stage.client("s")?;
            subscriber.send(subscribe_to(stage, 5))?;
            subscriber
                .expect_suback(9)
                .map_err(|finding| finding.while_preparing("subscribe to several filters"))?;
            let mut publisher = stage.client("p")?;
            for number in 0..5 {
                let topic = stage.topic(&number.to_string());
                publisher.publish_qos1(topic.as_str(), "x")?;
                subscriber.expect_message(&Delivery::on(topic).payload("x"))?;
            }
            Ok(())
        },
    },
    Case {
        address: "subscribe/same-filter-twice-gets-two-return-codes",
        title: "One filter twice in a SUBSCRIBE gets two return codes.",
        statements: &["MQTT-3.8.4-4", "MQTT-3.8.4-5"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let mut client = stage.client("a")?;
            let topic = stage.topic("t");
            client.send(Subscribe::new(9).filter(topic.as_str(), 0).filter(topic, 0))?;
            match client.expect_suback(9)?.len() {
                2 => Ok(()),
                count => Err(Finding::fail("2 return codes", count)),
            }
        },
    },
    last_one_counts!("subscribe/same-filter-twice-lower-first", 0 then 1),
    last_one_counts!("subscribe/same-filter-twice-higher-first", 1 then 0),
    Case {
        address: "subscribe/same-filter-twice-is-one-subscription",
        title: "One filter twice in a SUBSCRIBE brings each message once.",
        statements: &["MQTT-3.8.4-4", "MQTT-3.8.4-3"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let topic = stage.topic("t");
            let mut subscriber = stage.client("s")?;
            let twice = Subscribe::new(9).filter(topic.as_str(), 0).filter(topic.as_str(), 0);
            subscriber.send(twice)?;
            subscriber
                .expect_suback(9)
                .map_err(|finding| finding.while_preparing("subscribe twice in one packet"))?;
            super::subscribe_again::expect_one_copy(stage, &mut subscriber, &topic)
        },
    },
    Case {
        address: "subscribe/wildcard-among-many-delivers",
        title: "A wildcard filter among others in one SUBSCRIBE brings its messages.",
        statements: &["MQTT-3.8.4-4"],
        level: Level::Must,
        needs: &[Need::Wildcards],
        run: |stage| {
            let mut subscriber = stage.client("s")?;
            subscriber.send(subscribe_to(stage, 2).filter(stage.topic("w/+"), 1))?;
            subscriber
                .expect_suback(9)
                .map_err(|finding| finding.while_preparing("subscribe to several filters"))?;
            let topic = stage.topic("w/x");
            stage.client("p")?.publish_qos1(topic.as_str(), "x")?;
            subscriber.expect_message(&Delivery::on(topic).payload("x"))?;
            Ok(())
        },
    },
];

/// A SUBSCRIBE of identifier 9 to the topics 0, 1, 2 and so on, at QoS 1.
fn subscribe_to(stage: &Stage<'_>, count: u8) -> Subscribe {
    (0..count).fold(Subscribe::new(9), |packet, number| {
        packet.filter(stage.topic(&number.to_string()), 1)
    })
}

fn last_one_counts(stage: &Stage<'_>, first: u8, last: u8) -> Result<(), Finding> {
    let topic = stage.topic("t");
    let mut subscriber = stage.client("s")?;
    let twice = Subscribe::new(9).filter(topic.as_str(), first).filter(topic.as_str(), last);
    subscriber.send(twice)?;
    let codes = subscriber
        .expect_suback(9)
        .map_err(|finding| finding.while_preparing("subscribe twice in one packet"))?;
    let granted = match codes[..] {
        [first @ ..=2, last @ ..=2] if first != last => last,
        [_, ..=2] => return Err(Finding::unsupported("the subject grants both the same QoS")),
        _ => return Err(Finding::inconclusive("the subject does not grant both")),
    };
    stage.client("p")?.complete(Publish::qos1(1, topic.as_str(), "x"))?;
    subscriber.expect_message(&Delivery::on(topic).payload("x").qos(granted))?;
    Ok(())
}
