//! 6: how a WebSocket is opened.
//!
//! A Server that selects a subprotocol selects `mqtt`. That it selects none where `mqtt` is on
//! offer is a warning: the words of [MQTT-6.0.0-4] take a selection for granted, browsers break
//! off without one, and RFC 6455 allows it. Without `mqtt` on offer a Server may refuse, or open
//! the WebSocket and select nothing. Older Clients also offer `mqttv3.1`: what comes of that is
//! reported.
//!
//! Clauses: [MQTT-6.0.0-3], [MQTT-6.0.0-4], U-6-1.

use crate::case::{Case, Level};
use crate::finding::Finding;
use crate::need::Need;
use crate::peer::{Delivery, Peer};
use crate::stage::Stage;
use crate::websocket::{Answer, Request};

pub(super) const CASES: &[Case] = &[
    Case {
        address: "websocket/mqtt-is-selected",
        title: "Of the one subprotocol mqtt that a Client offers, mqtt is selected.",
        statements: &["MQTT-6.0.0-4"],
        level: Level::Must,
        needs: &[Need::WebSocket],
        run: |stage| mqtt_is_selected(stage, &["mqtt"]),
    },
    Case {
        address: "websocket/mqtt-is-selected-among-others",
        title: "Of several subprotocols in one header, mqtt is selected, wherever it stands.",
        statements: &["MQTT-6.0.0-4"],
        level: Level::Must,
        needs: &[Need::WebSocket],
        run: |stage| {
            mqtt_is_selected(stage, &["chat, mqtt, soap"])?;
            mqtt_is_selected(stage, &["mqtt,chat"])
        },
    },
    Case {
        address: "websocket/mqtt-is-selected-from-the-second-header",
        title: "Of subprotocols in headers of their own, mqtt is selected.",
        statements: &["MQTT-6.0.0-4"],
        level: Level::Must,
        needs: &[Need::WebSocket],
        run: |stage| mqtt_is_selected(stage, &["chat", "mqtt"]),
    },
    Case {
        address: "websocket/no-other-subprotocol-is-selected",
        title: "To a Client that offers another subprotocol alone, that one is not selected.",
        statements: &["MQTT-6.0.0-4"],
        level: Level::Must,
        needs: &[Need::WebSocket],
        run: |stage| {
            let (answer, _) = stage.upgrade("a", |request| request.offering(&["chat"]))?;
            stage.observe("websocket-without-mqtt-on-offer", outcome(&answer));
            not_another(&answer)
        },
    },
    Case {
        address: "websocket/no-subprotocol-on-offer",
        title: "To a Client that offers no subprotocol, none but mqtt is selected.",
        statements: &["MQTT-6.0.0-4"],
        level: Level::Must,
        needs: &[Need::WebSocket],
        run: |stage| {
            let (answer, _) = stage.upgrade("a", |request| request.offering(&[]))?;
            stage.observe("websocket-without-a-subprotocol-on-offer", outcome(&answer));
            not_another(&answer)
        },
    },
    Case {
        address: "websocket/older-name-beside-mqtt",
        title: "Which is selected when a Client offers mqttv3.1 and then mqtt.",
        statements: &["MQTT-6.0.0-4"],
        level: Level::Observe,
        needs: &[Need::WebSocket],
        run: |stage| {
            let (answer, _) =
                stage.upgrade("a", |request| request.offering(&["mqttv3.1, mqtt"]))?;
            stage.observe("websocket-with-mqttv3.1-and-mqtt-on-offer", outcome(&answer));
            Ok(())
        },
    },
    Case {
        address: "websocket/uri-makes-no-difference",
        title: "Clients that open their WebSockets under different URIs share Sessions and messages.",
        statements: &["U-6-1"],
        level: Level::Must,
        needs: &[Need::WebSocket, Need::PersistentSessions],
        run: |stage| {
            let topic = stage.topic("t");
            let usual = |request: Request| request;
            let other = |request: Request| {
                let mark = if request.path.contains('?') { '&' } else { '?' };
                Request { path: format!("{}{mark}judge=1", request.path), ..request }
            };
            let (mut first, _) = connect(stage, "kept", usual)?;
            first.subscribe(&topic, 1)?;
            first.disconnect()?;

            let mut publisher = stage.websocket_client("p")?;
            publisher.publish_qos1(topic.as_str(), "waiting")?;
            let (mut second, was_kept) = connect(stage, "kept", other)?;
            if !was_kept {
                return Err(Finding::fail("the Session of the other URI", "a new one"));
            }
            second.expect_message(&Delivery::on(topic.as_str()).payload("waiting"))?;
            second.publish_qos1(topic.as_str(), "to itself")?;
            second.expect_message(&Delivery::on(topic).payload("to itself"))?;
            Ok(())
        },
    },
];

fn mqtt_is_selected(stage: &Stage<'_>, offers: &[&str]) -> Result<(), Finding> {
    let (answer, peer) = stage.upgrade("a", |request| request.offering(offers))?;
    let Some(peer) = peer else {
        return Err(Finding::inconclusive(format!(
            "could not open a WebSocket: the subject {answer}"
        )));
    };
    not_another(&answer)?;
    if answer.protocol.is_none() {
        stage.warn("the subprotocol mqtt selected", "none");
    }
    stage.connect_on(peer, stage.clean("a"))?.0.disconnect()
}

/// Fails an answer that selects anything but `mqtt`.
fn not_another(answer: &Answer) -> Result<(), Finding> {
    match answer.protocol.as_deref() {
        Some(other) if other != "mqtt" && answer.is_open() => {
            Err(Finding::fail("no subprotocol selected but mqtt", other))
        }
        _ => Ok(()),
    }
}

/// What came of a request, in a few words.
fn outcome(answer: &Answer) -> String {
    match (answer.status, &answer.protocol) {
        (None, _) => "closed without an answer".to_owned(),
        (Some(status), _) if !answer.is_open() => format!("refused with status {status}"),
        (_, None) => "opened without a subprotocol".to_owned(),
        (_, Some(protocol)) => format!("opened with {protocol}"),
    }
}

/// A Session over a WebSocket under some URI, and whether it had been kept.
fn connect(
    stage: &Stage<'_>,
    label: &str,
    bend: impl FnOnce(Request) -> Request,
) -> Result<(Peer, bool), Finding> {
    let (answer, peer) = stage.upgrade(label, bend)?;
    match peer {
        Some(peer) => stage.connect_on(peer, stage.persistent(label)),
        None => Err(Finding::unsupported(format!("under another URI the subject {answer}"))),
    }
}
