//! 3.10: how a client asks for no more messages.

use super::prelude::*;

pub(super) const CASES: &[ClientCase] = &[
    ClientCase {
        address: "unsubscribing/form",
        title: "An UNSUBSCRIBE has a Packet Identifier and the filter that was meant.",
        statements: &[
            "MQTT-3.10.1-1",
            "MQTT-3.10.3-1",
            "MQTT-3.10.3-2",
            "MQTT-2.3.1-1",
            "MQTT-2.2.2-1",
        ],
        level: Level::Must,
        needs: &[Ability::Unsubscribe, Ability::Sequence],
        run: |stage| {
            let filter = stage.topic("é");
            let mut peer = stage.client()?;
            subscribe(stage, &mut peer, &[&filter])?;
            let ticket = stage.unsubscribe(&[&filter])?;
            let unsubscribe = peer.expect_unsubscribe()?;
            let expected = Unsubscribe::new(unsubscribe.id).filter(filter);
            equal("UNSUBSCRIBE", &expected, &unsubscribe)?;
            peer.send(Packet::Unsuback(unsubscribe.id))?;
            stage.expect_unsubscribed(ticket)
        },
    },
    ClientCase {
        address: "unsubscribing/many-filters",
        title: "Filters of one UNSUBSCRIBE follow each other without a gap.",
        statements: &["MQTT-3.10.3-1", "MQTT-3.10.3-2"],
        level: Level::Must,
        needs: &[Ability::Unsubscribe, Ability::ManyFilters, Ability::Sequence],
        run: |stage| {
            let mut peer = stage.client()?;
            let filters: Vec<_> = (0..5).map(|number| stage.topic(&number.to_string())).collect();
            let filters: Vec<_> = filters.iter().map(String::as_str).collect();
            subscribe(stage, &mut peer, &filters)?;
            stage.unsubscribe(&filters)?;
            let mut seen = Vec::new();
            while seen.len() < filters.len() {
                let unsubscribe = peer.expect_unsubscribe()?;
                peer.send(Packet::Unsuback(unsubscribe.id))?;
                seen.extend(unsubscribe.filters);
            }
            let expected: Vec<_> =
                filters.iter().map(|filter| filter.as_bytes().to_vec()).collect();
            equal("filters", &expected, &seen)
        },
    },
    ClientCase {
        address: "unsubscribing/messages-on-their-way-are-acknowledged",
        title: "A message that comes after the UNSUBACK is acknowledged all the same.",
        statements: &["MQTT-4.5.0-2"],
        level: Level::Must,
        needs: &[Ability::Unsubscribe, Ability::Sequence],
        run: |stage| {
            let filter = stage.topic("t");
            let mut peer = stage.client()?;
            subscribe(stage, &mut peer, &[&filter])?;
            stage.unsubscribe(&[&filter])?;
            let unsubscribe = peer.expect_unsubscribe();
            let unsubscribe = unsubscribe.map_err(|found| found.while_preparing("unsubscribe"))?;
            peer.send(Packet::Unsuback(unsubscribe.id))?;
            peer.send(Publish::qos1(21, filter.as_str(), "late"))?;
            peer.expect_puback(21)?;
            peer.send(Publish::qos2(22, filter.as_str(), "late"))?;
            peer.expect_pubrec(22)?;
            peer.send(Packet::Pubrel(22))?;
            peer.expect_pubcomp(22)
        },
    },
];

/// Has the client subscribe to these filters, and grants them QoS 1.
fn subscribe(
    stage: &mut ClientStage<'_>,
    peer: &mut Peer,
    filters: &[&str],
) -> Result<(), Finding> {
    for filter in filters {
        stage.subscribe(&[(filter, 1)])?;
        let subscribe = peer.expect_subscribe();
        let subscribe = subscribe.map_err(|found| found.while_preparing("subscribe"))?;
        peer.send(Suback::new(subscribe.id, [1]))?;
    }
    Ok(())
}
