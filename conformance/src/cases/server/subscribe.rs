//! 3.8 SUBSCRIBE and 3.9 SUBACK: one answer, one return code a filter.
//!
//! Clauses: [MQTT-3.8.4-1], [MQTT-3.8.4-2], [MQTT-3.8.4-5], [MQTT-3.9.3-1], [MQTT-3.9.3-2],
//! [U-3.8.4-1]. Not here: what is wrong with a SUBSCRIBE, several filters, the same filter again.

use crate::case::{Case, Level};
use crate::finding::Finding;
use crate::need::Need;
use crate::peer::Delivery;
use crate::stage::Stage;
use crate::wire::{Suback, Subscribe};

macro_rules! one_code_each {
    ($address:literal, $count:literal) => {
        Case {
            address: $address,
            title: concat!("A SUBSCRIBE of ", $count, " filters gets as many return codes."),
            statements: &["MQTT-3.8.4-5"],
            level: Level::Must,
            needs: &[],
            run: |stage| one_code_each(stage, $count),
        }
    };
}

pub(super) const CASES: &[Case] = &[
    Case {
        address: "subscribe/gets-a-suback",
        title: "A SUBSCRIBE gets a SUBACK with its Packet Identifier.",
        statements: &["MQTT-3.8.4-1", "MQTT-3.8.4-2", "MQTT-2.3.1-7"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let mut client = stage.client("a")?;
            for id in [1, 255, 256, 65_535] {
                client.send(Subscribe::new(id).filter(stage.topic("t"), 0))?;
                client.expect_suback(id)?;
            }
            Ok(())
        },
    },
    Case {
        address: "subscribe/each-gets-a-suback-of-its-own",
        title: "Several SUBSCRIBEs sent at once get a SUBACK each.",
        statements: &["MQTT-3.8.4-1", "MQTT-3.8.4-2"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let mut client = stage.client("a")?;
            for id in 1..=10 {
                client.send(Subscribe::new(id).filter(stage.topic(&id.to_string()), 0))?;
            }
            (1..=10).try_for_each(|id| client.expect_suback(id).map(drop))
        },
    },
    one_code_each!("subscribe/one-return-code-for-one-filter", 1),
    one_code_each!("subscribe/two-return-codes-for-two-filters", 2),
    one_code_each!("subscribe/fifty-return-codes-for-fifty-filters", 50),
    one_code_each!("subscribe/two-hundred-return-codes-for-as-many-filters", 200),
    Case {
        address: "subscribe/return-codes-are-in-the-order-of-the-filters",
        title: "No filter is granted more than was asked for in its place.",
        statements: &["MQTT-3.9.3-1"],
        level: Level::Must,
        needs: &[Need::Qos1Subscriptions],
        run: |stage| {
            let asked = [0, 1, 2, 0, 2, 1, 0, 0];
            let codes = codes_for(stage, &asked)?;
            if codes.contains(&Suback::FAILURE) {
                return Err(Finding::unsupported("the subject refuses some of the filters"));
            }
            // Codes in another order have a greater one in the place of a lesser.
            if codes.len() == asked.len() && codes.iter().zip(asked).all(|(&code, qos)| code <= qos)
            {
                return Ok(());
            }
            Err(Finding::fail(format!("return codes of {asked:?} at most"), format!("{codes:?}")))
        },
    },
    Case {
        address: "subscribe/return-codes-are-of-the-four",
        title: "Return codes are 0, 1 and 2, or 0x80 for a filter that is refused.",
        statements: &["MQTT-3.9.3-2"],
        level: Level::Must,
        needs: &[],
        // The reader holds every return code against the four: here it gets to see some.
        run: |stage| codes_for(stage, &[0, 1, 2]).map(drop),
    },
    Case {
        address: "subscribe/in-force-with-the-suback",
        title: "A message published after the SUBACK reaches the subscriber.",
        statements: &["MQTT-3.8.4-1", "U-3.8.4-1", "MQTT-4.5.0-1"],
        level: Level::Must,
        needs: &[Need::Qos1Subscriptions],
        run: |stage| {
            let mut subscriber = stage.client("s")?;
            let mut publisher = stage.client("p")?;
            for round in 0..10 {
                let topic = stage.topic(&round.to_string());
                subscriber.subscribe_at(&topic, 1)?;
                publisher.publish_qos1(topic.as_str(), "at once")?;
                subscriber.expect_message(&Delivery::on(topic).payload("at once"))?;
            }
            Ok(())
        },
    },
    Case {
        address: "subscribe/filters-of-two-clients-are-their-own",
        title: "A subscription brings messages to the Client that made it, and to no other.",
        statements: &["MQTT-3.3.2-3"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let (topic, other) = (stage.topic("t"), stage.topic("other"));
            let mut subscriber = stage.client("s")?;
            subscriber.subscribe(&topic, 1)?;
            let mut neighbour = stage.client("n")?;
            neighbour.subscribe(&other, 1)?;
            let mut publisher = stage.client("p")?;
            publisher.publish_qos1(topic.as_str(), "x")?;
            subscriber
                .expect_message(&Delivery::on(topic).payload("x"))
                .map_err(|finding| finding.while_preparing("receive the message"))?;
            neighbour.expect_no_message(&mut publisher, &other, 1)
        },
    },
];

fn one_code_each(stage: &Stage<'_>, count: usize) -> Result<(), Finding> {
    let codes = codes_for(stage, &vec![0; count])?;
    if codes.len() == count {
        return Ok(());
    }
    Err(Finding::fail(format!("{count} return codes"), codes.len()))
}

/// The return codes for filters that ask for these QoS, in one SUBSCRIBE.
fn codes_for(stage: &Stage<'_>, asked: &[u8]) -> Result<Vec<u8>, Finding> {
    let mut client = stage.client("a")?;
    let filters = asked.iter().enumerate();
    let subscribe = filters.fold(Subscribe::new(9), |packet, (number, &qos)| {
        packet.filter(stage.topic(&number.to_string()), qos)
    });
    client.send(subscribe)?;
    client.expect_suback(9)
}
