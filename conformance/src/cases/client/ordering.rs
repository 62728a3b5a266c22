//! 4.6: the orders that a client keeps.

use super::prelude::*;
use super::publishing::{id, in_flight};

/// A case in which five messages are on their way when the connection is lost.
macro_rules! again {
    ($address:literal, $title:literal, $qos:literal) => {
        ClientCase {
            address: $address,
            title: $title,
            statements: &["MQTT-4.6.0-1"],
            level: Level::Must,
            needs: &[Ability::Publish, Ability::Qos2, Ability::Sequence, Ability::Sessions],
            run: |stage| {
                let (peer, first) = in_flight(stage, $qos, 5)?;
                if first.len() < 2 {
                    return Err(Finding::unsupported("the client sends one message at a time"));
                }
                peer.drop_connection()?;
                let mut peer = stage.resumed(true)?;
                let mut again = Vec::new();
                while again.len() < first.len() {
                    let publish = peer.expect_any_publish();
                    let publish =
                        publish.map_err(|found| found.while_preparing("see them again"))?;
                    // Some send the next only when this one is acknowledged.
                    peer.acknowledge(&publish)?;
                    again.push(publish);
                }
                let ids =
                    |all: &[Publish]| all.iter().map(|publish| publish.id).collect::<Vec<_>>();
                equal("identifiers", &ids(&first), &ids(&again))
            },
        }
    };
}

pub(super) const CASES: &[ClientCase] = &[
    ClientCase {
        address: "ordering/pubacks",
        title: "A client sends its PUBACKs in the order in which the messages came.",
        statements: &["MQTT-4.6.0-2"],
        level: Level::Must,
        needs: &[],
        run: |stage| answered_in_order(stage, 1, ("PUBACKs", Packet::Puback)),
    },
    ClientCase {
        address: "ordering/pubrecs",
        title: "A client sends its PUBRECs in the order in which the messages came.",
        statements: &["MQTT-4.6.0-3"],
        level: Level::Must,
        needs: &[],
        run: |stage| answered_in_order(stage, 2, ("PUBRECs", Packet::Pubrec)),
    },
    ClientCase {
        address: "ordering/pubrels",
        title: "A client sends its PUBRELs in the order in which the PUBRECs came.",
        statements: &["MQTT-4.6.0-4"],
        level: Level::Must,
        needs: &[Ability::Publish, Ability::Qos2, Ability::Sequence],
        run: |stage| {
            let (mut peer, publishes) = in_flight(stage, 2, 5)?;
            if publishes.len() < 2 {
                return Err(Finding::unsupported("the client sends one message at a time"));
            }
            let mut ids = publishes.iter().map(id).collect::<Result<Vec<_>, _>>()?;
            ids.reverse();
            for &id in &ids {
                peer.send(Packet::Pubrec(id))?;
            }
            let mut seen = Vec::new();
            while seen.len() < ids.len() {
                match peer.expect_any()? {
                    Packet::Pubrel(id) => seen.push(id),
                    Packet::Pingreq | Packet::Publish(_) => {}
                    other => return Err(Finding::fail("PUBREL", other)),
                }
            }
            equal("PUBRELs", &ids, &seen)
        },
    },
    ClientCase {
        address: "ordering/messages",
        title: "A client sends messages of one QoS in the order in which it was told to.",
        statements: &["MQTT-4.6.0-1"],
        level: Level::Should,
        needs: &[Ability::Publish, Ability::Sequence],
        run: |stage| {
            let (_, publishes) = in_flight(stage, 1, 5)?;
            in_order(&publishes)
        },
    },
    again!(
        "ordering/messages-of-qos-1-again",
        "Messages of QoS 1 that are sent again go out in the order in which they first did.",
        1
    ),
    again!(
        "ordering/messages-of-qos-2-again",
        "Messages of QoS 2 that are sent again go out in the order in which they first did.",
        2
    ),
];

/// Expects seven messages of this QoS to be answered in the order in which they came.
fn answered_in_order(
    stage: &mut ClientStage<'_>,
    qos: u8,
    (what, answer): (&str, fn(u16) -> Packet),
) -> Result<(), Finding> {
    let (mut peer, topic) = (stage.client()?, stage.topic("own"));
    peer.client_fence(&topic)?;
    let ids = [5, 3, 9, 1, 7, 2, 8];
    for id in ids {
        peer.send(Publish::at_qos(qos, id, topic.as_str(), id.to_string()))?;
    }
    let before = peer.client_fence(&topic)?;
    equal(what, &ids.map(answer).to_vec(), &without_pings(before))
}

fn in_order(publishes: &[Publish]) -> Result<(), Finding> {
    let payload = |publish: &Publish| String::from_utf8_lossy(&publish.payload).into_owned();
    let seen: Vec<_> = publishes.iter().map(payload).collect();
    let expected: Vec<_> = (0..seen.len()).map(|number| format!("message {number}")).collect();
    equal("messages", &expected, &seen)
}

fn without_pings(packets: Vec<Packet>) -> Vec<Packet> {
    packets.into_iter().filter(|packet| *packet != Packet::Pingreq).collect()
}
