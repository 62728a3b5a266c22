//! 6: how a client speaks over WebSocket.

use super::overhears;
use crate::sabotage::Sabotage;
use crate::sabotage::breach::{Breach, Event, Fate};
use crate::sabotage::websocket::{is_text, over_websocket};
use crate::websocket::Frame;
use crate::wire::{Octets as _, Packet};

pub(super) const SABOTAGES: &[Sabotage] = &[
    Sabotage {
        name: "client-websocket/offers-nothing",
        breaks: &["MQTT-6.0.0-3"],
        title: "The client offers no subprotocol.",
        breach: || offers(&[]),
    },
    Sabotage {
        name: "client-websocket/offers-the-name-of-another-version",
        breaks: &["MQTT-6.0.0-3"],
        title: "The client offers mqttv3.1, and not mqtt.",
        breach: || offers(&["mqttv3.1"]),
    },
    Sabotage {
        name: "client-websocket/silent-under-another-uri",
        breaks: &["U-6-1"],
        title: "The client acknowledges nothing on a WebSocket whose URI has a query.",
        breach: || {
            over_websocket(|link, event| match event {
                Event::FromClient(Packet::Puback(_))
                    if link.request().is_some_and(|request| request.path.contains('?')) =>
                {
                    Fate::Drop
                }
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "client-websocket/packets-in-text",
        breaks: &["MQTT-6.0.0-1"],
        title: "What the client sends comes in text frames.",
        breach: || in_text(|_| true),
    },
    Sabotage {
        name: "client-websocket/messages-in-text",
        breaks: &["MQTT-6.0.0-1"],
        title: "What the client publishes above QoS 0 comes in text frames.",
        breach: || in_text(|packet| matches!(packet, Packet::Publish(publish) if publish.qos > 0)),
    },
    Sabotage {
        name: "client-websocket/pubrel-in-text",
        breaks: &["MQTT-6.0.0-1"],
        title: "PUBREL comes in text frames.",
        breach: || in_text(|packet| matches!(packet, Packet::Pubrel(_))),
    },
    Sabotage {
        name: "client-websocket/text-is-data",
        breaks: &["MQTT-6.0.0-1"],
        title: "The client reads packets in text frames like those in binary ones.",
        breach: || text(|frame| Fate::Instead(frame.payload.clone())),
    },
    Sabotage {
        name: "client-websocket/text-is-passed-over",
        breaks: &["MQTT-6.0.0-1"],
        title: "The client passes over text frames.",
        breach: || text(|_| Fate::Drop),
    },
    Sabotage {
        name: "client-websocket/one-packet-a-frame",
        breaks: &["MQTT-6.0.0-2"],
        title: "Of messages in one frame the client reads only the first.",
        breach: || overhears(|link, _| link.request().is_some() && link.position > 0),
    },
    Sabotage {
        name: "client-websocket/no-packet-in-pieces",
        breaks: &["MQTT-6.0.0-2"],
        title: "The client does not read a message that goes over several frames.",
        breach: || overhears(|link, _| link.request().is_some() && !link.whole),
    },
];

/// Offers these subprotocols in place of those of the client.
fn offers(protocols: &'static [&'static str]) -> Breach {
    Box::new(move |_, event| match event {
        Event::Asked(request) => Fate::Instead(request.clone().offering(protocols).octets()),
        _ => Fate::Pass,
    })
}

/// Puts packets of the client into text frames.
fn in_text(which: fn(&Packet) -> bool) -> Breach {
    over_websocket(move |link, event| match event {
        Event::FromClient(packet) if which(packet) => {
            link.send_server_frame(Frame::text(packet.octets()));
            Fate::Drop
        }
        _ => Fate::Pass,
    })
}

/// Decides about the text frames that come to the client.
fn text(decide: fn(&Frame) -> Fate) -> Breach {
    Box::new(move |_, event| match event {
        Event::FrameFromServer(frame) if is_text(frame) => decide(frame),
        _ => Fate::Pass,
    })
}
