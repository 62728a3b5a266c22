//! 4.6 Message ordering: the order of the answers.
//!
//! What binds Clients binds a Server only where it delivers to its subscribers. In which order it
//! answers its publishers is told, and judged by nobody.
//!
//! Clauses: [MQTT-4.6.0-6] with [MQTT-4.6.0-4]; [MQTT-4.6.0-3] of Clients. PUBACKs are in
//! `acknowledgements`.

use crate::case::{Case, Level};
use crate::finding::Finding;
use crate::need::Need;
use crate::peer::Delivery;
use crate::wire::{Octets, Packet, Publish};

pub(super) const CASES: &[Case] = &[
    Case {
        address: "order/pubrels-follow-pubrecs",
        title: "The PUBRELs come in the order of the PUBRECs.",
        statements: &["MQTT-4.6.0-6", "MQTT-4.6.0-4"],
        level: Level::Must,
        needs: &[Need::Qos2Subscriptions],
        run: |stage| {
            let topic = stage.topic("t");
            let mut subscriber = stage.client("s")?;
            subscriber.subscribe_at(&topic, 2)?;
            let mut publisher = stage.client("p")?;
            let mut ids = Vec::new();
            for number in 0..5 {
                publisher.publish_qos2(topic.as_str(), [number])?;
                // A Server may have few messages on their way at once.
                let message = subscriber
                    .expect_publish(&Delivery::on(topic.as_str()).payload([number]))
                    .map_err(|finding| {
                        finding.while_preparing("have five messages on their way")
                    })?;
                ids.extend(message.id);
            }
            let burst: Vec<_> = ids.iter().flat_map(|&id| Packet::Pubrec(id).octets()).collect();
            subscriber.send(burst)?;
            for id in ids {
                match subscriber.expect_any()? {
                    Packet::Pubrel(seen) if seen == id => subscriber.send(Packet::Pubcomp(id))?,
                    other => return Err(Finding::fail(Packet::Pubrel(id), other)),
                }
            }
            Ok(())
        },
    },
    Case {
        address: "order/of-pubrecs",
        title: "In which order the PUBRECs come is told: the rule for it binds Clients.",
        statements: &["MQTT-4.6.0-3"],
        level: Level::Observe,
        needs: &[],
        run: |stage| {
            let mut publisher = stage.client("p")?;
            let message = |id| Publish::qos2(id, stage.topic("t"), "x").octets();
            publisher.send((1..=10).flat_map(message).collect::<Vec<_>>())?;
            let mut ids = Vec::new();
            for _ in 0..10 {
                ids.extend(publisher.expect_any()?.packet_id());
            }
            let order = if ids.is_sorted() { "that of the PUBLISHes" } else { "another" };
            stage.observe("order-of-pubrecs", order);
            Ok(())
        },
    },
];
