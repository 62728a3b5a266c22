//! 3.8 and 4.7: how a client asks for messages.

use super::prelude::*;

/// A case in which a client is told to subscribe to these filters, one packet each: they arrive
/// octet for octet.
macro_rules! arrives {
    ($address:literal, $title:literal, $statements:expr, $filters:expr) => {
        for_each!(
            $address,
            $title,
            $statements,
            NEEDS,
            ClientStage::client,
            subscribes_to,
            $filters
        )
    };
}

/// A case in which a client is told to subscribe to what is no Topic Filter: it must not.
macro_rules! kept_back {
    ($address:literal, $title:literal, $statements:expr, $filter:expr) => {
        is_kept_back!($address, $title, $statements, NEEDS, tell, expect, $filter)
    };
}

const NEEDS: &[Ability] = &[Ability::Subscribe, Ability::Sequence];

pub(super) const CASES: &[ClientCase] = &[
    ClientCase {
        address: "subscribing/form",
        title: "A SUBSCRIBE has a Packet Identifier, its filter and the QoS that was asked for.",
        statements: &["MQTT-3.8.1-1", "MQTT-3.8.3-3", "U-3.8.3-2", "MQTT-2.3.1-1", "MQTT-2.2.2-1"],
        level: Level::Must,
        needs: &[Ability::Subscribe],
        run: |stage| {
            let filter = stage.topic("t");
            let (mut peer, _) = stage.subscribing(&stage.clean("s"), (&filter, 1))?;
            asked(&mut peer, &filter, 1).map(drop)
        },
    },
    ClientCase {
        address: "subscribing/each-qos",
        title: "A SUBSCRIBE asks for the QoS that was meant: 0, 1 and 2.",
        statements: &["U-3.8.3-2", "MQTT-3.8.3-3"],
        level: Level::Must,
        needs: &[Ability::Subscribe, Ability::Qos2, Ability::Sequence],
        run: |stage| {
            let mut peer = stage.client()?;
            for qos in 0..=2 {
                let filter = stage.topic(&format!("q{qos}"));
                subscribes(stage, &mut peer, &filter, qos)?;
            }
            Ok(())
        },
    },
    ClientCase {
        address: "subscribing/many-filters",
        title: "Filters of one SUBSCRIBE follow each other without a gap, each with its QoS.",
        statements: &["U-3.8.3-2", "MQTT-3.8.3-3"],
        level: Level::Must,
        needs: &[Ability::Subscribe, Ability::ManyFilters, Ability::Sequence],
        run: |stage| {
            let mut peer = stage.client()?;
            let filters: Vec<_> = (0..9).map(|number| stage.topic(&number.to_string())).collect();
            let asked: Vec<_> = filters.iter().zip([0, 1, 0].into_iter().cycle()).collect();
            let asked: Vec<_> = asked.iter().map(|(filter, qos)| (filter.as_str(), *qos)).collect();
            stage.subscribe(&asked)?;
            let mut seen = Vec::new();
            // One that sends a packet for each filter has left no gap either.
            while seen.len() < asked.len() {
                let subscribe = peer.expect_subscribe()?;
                let codes: Vec<_> = subscribe.filters.iter().map(|(_, qos)| *qos).collect();
                peer.send(Suback::new(subscribe.id, codes))?;
                seen.extend(subscribe.filters);
            }
            let expected: Vec<_> =
                asked.iter().map(|(filter, qos)| (filter.as_bytes().to_vec(), *qos)).collect();
            equal("filters and their QoS", &expected, &seen)
        },
    },
    arrives!(
        "subscribing/filter-is-utf-8",
        "A Topic Filter with letters of many scripts arrives as UTF-8.",
        ["MQTT-3.8.3-1", "MQTT-1.5.3-1"],
        ["é/日本/😀", "ÿ/\u{10ffff}/+"]
    ),
    arrives!(
        "subscribing/wildcards-as-they-are",
        "Topic Filters with wildcards where they may stand are sent as they are.",
        ["MQTT-4.7.1-2", "MQTT-4.7.1-3"],
        ["#", "+", "a/#", "+/a/+", "/+", "+/+/#"]
    ),
    arrives!(
        "subscribing/filter-keeps-its-slashes-and-spaces",
        "Slashes, spaces and case of a Topic Filter are sent as they are.",
        ["U-4.7.1.1-1", "U-4.7.3-3", "U-4.7.3-4", "U-4.7.3-5", "U-4.7.3-6"],
        ["/a", "a/", "/", "a//b", " a b ", "A/b"]
    ),
    kept_back!(
        "subscribing/no-hash-inside-a-filter",
        "A client that is told to subscribe to a filter that goes on after # does not.",
        ["MQTT-4.7.1-2"],
        "mqttspec/#/b"
    ),
    kept_back!(
        "subscribing/no-hash-beside-other-characters",
        "A client that is told to subscribe to a filter with # beside other characters does not.",
        ["MQTT-4.7.1-2"],
        "mqttspec/a#"
    ),
    kept_back!(
        "subscribing/no-plus-beside-other-characters",
        "A client that is told to subscribe to a filter with + beside other characters does not.",
        ["MQTT-4.7.1-3"],
        "mqttspec/a+/b"
    ),
    kept_back!(
        "subscribing/no-empty-filter",
        "A client that is told to subscribe to an empty filter does not.",
        ["MQTT-4.7.3-1"],
        ""
    ),
    kept_back!(
        "subscribing/no-null-in-a-filter",
        "A client that is told to subscribe to a filter with U+0000 in it does not.",
        ["MQTT-1.5.3-2", "MQTT-4.7.3-2"],
        "mqttspec/a\0b"
    ),
];

/// Has the client subscribe, expects the SUBSCRIBE that says so, and grants it.
fn subscribes(
    stage: &mut ClientStage<'_>,
    peer: &mut Peer,
    filter: &str,
    qos: u8,
) -> Result<(), Finding> {
    stage.subscribe(&[(filter, qos)])?;
    let id = asked(peer, filter, qos)?;
    peer.send(Suback::new(id, [qos]))
}

/// Expects a SUBSCRIBE of this filter with this QoS: its Packet Identifier.
fn asked(peer: &mut Peer, filter: &str, qos: u8) -> Result<u16, Finding> {
    let subscribe = peer.expect_subscribe()?;
    let expected = Subscribe::new(subscribe.id).filter(filter, qos);
    equal("filter and QoS", &expected.filters, &subscribe.filters)?;
    Ok(subscribe.id)
}

fn tell(stage: &mut ClientStage<'_>, filter: &str, _: &str) -> Result<(), Finding> {
    stage.subscribe(&[(filter, 0)]).map(drop)
}

fn expect(peer: &mut Peer, _: &str) -> Result<Subscribe, Finding> {
    peer.expect_subscribe()
}

fn subscribes_to(
    stage: &mut ClientStage<'_>,
    peer: &mut Peer,
    filter: &str,
) -> Result<(), Finding> {
    subscribes(stage, peer, filter, 1)
}
