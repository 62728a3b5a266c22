//! 6: WebSocket, how it is opened and what goes over it.

use super::Sabotage;
use super::breach::{Breach, Event, Fate, instead};
use super::link::Link;
use crate::websocket::{Answer, Frame, Request};
use crate::wire::{Octets as _, Packet};

pub(super) const SABOTAGES: &[Sabotage] = &[
    Sabotage {
        name: "websocket/selects-nothing",
        breaks: &["MQTT-6.0.0-4"],
        title: "A WebSocket is opened without a subprotocol.",
        breach: || answers(|_, answer| Answer { protocol: None, ..answer.clone() }),
    },
    Sabotage {
        name: "websocket/selects-the-first-on-offer",
        breaks: &["MQTT-6.0.0-4"],
        title: "Of the subprotocols on offer the first is selected, whichever that is.",
        breach: || {
            answers(|request, answer| match request.offers().next() {
                Some(first) => request.accepted(Some(first)),
                None => answer.clone(),
            })
        },
    },
    Sabotage {
        name: "websocket/selects-what-is-not-on-offer",
        breaks: &["MQTT-6.0.0-4"],
        title: "A Client that offers no subprotocol is told that mqttv3.1 is selected.",
        breach: || {
            answers(|request, answer| match request.offers().next() {
                Some(_) => answer.clone(),
                None => request.accepted(Some("mqttv3.1")),
            })
        },
    },
    Sabotage {
        name: "websocket/each-uri-has-its-sessions",
        breaks: &["U-6-1"],
        title: "Clients that ask for a URI with a query have Sessions of their own.",
        breach: || {
            Box::new(|link, event| match event {
                Event::FromClient(Packet::Connect(connect))
                    if link.request().is_some_and(|request| request.path.contains('?')) =>
                {
                    let mut changed = connect.clone();
                    changed.client_id.push(b'q');
                    instead(changed)
                }
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "websocket/packets-in-text",
        breaks: &["MQTT-6.0.0-1"],
        title: "What the Server sends comes in text frames.",
        breach: || {
            over_websocket(|link, event| match event {
                Event::FromServer(packet) => {
                    link.send_client_frame(Frame::text(packet.octets()));
                    Fate::Drop
                }
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "websocket/text-is-data",
        breaks: &["MQTT-6.0.0-1"],
        title: "Packets in text frames are read like those in binary ones.",
        breach: || frames(is_text, |_, frame| Fate::Instead(frame.payload.clone())),
    },
    Sabotage {
        name: "websocket/text-is-passed-over",
        breaks: &["MQTT-6.0.0-1"],
        title: "Text frames are passed over.",
        breach: || frames(is_text, |_, _| Fate::Drop),
    },
    Sabotage {
        name: "websocket/empty-text-is-passed-over",
        breaks: &["MQTT-6.0.0-1"],
        title: "A text frame without an octet in it is passed over.",
        breach: || frames(|frame| is_text(frame) && frame.payload.is_empty(), |_, _| Fate::Drop),
    },
    Sabotage {
        name: "websocket/reserved-data-is-passed-over",
        breaks: &["MQTT-6.0.0-1"],
        title: "Data frames of types that have no meaning yet are passed over.",
        breach: || {
            let is_reserved = |frame: &Frame| !frame.is_control() && frame.opcode > Frame::BINARY;
            frames(is_reserved, |_, _| Fate::Drop)
        },
    },
    Sabotage {
        name: "websocket/control-frames-close",
        breaks: &["MQTT-6.0.0-1"],
        title: "A ping or pong of a connected Client is taken for data, and closes the connection.",
        breach: || {
            over_websocket(|link, event| match event {
                Event::Frame(frame)
                    if [Frame::PING, Frame::PONG].contains(&frame.opcode) && link.is_accepted() =>
                {
                    link.close();
                    Fate::Drop
                }
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "websocket/no-will-after-text",
        breaks: &["MQTT-3.1.2-8"],
        title: "The Will of a Client that is cut off for a text frame is not published.",
        breach: || frames(is_text, |_, _| instead(Packet::Disconnect)),
    },
    Sabotage {
        name: "websocket/close-frame-is-a-disconnect",
        breaks: &["MQTT-3.1.2-8"],
        title: "A close frame discards the Will.",
        breach: || {
            frames(
                |frame| frame.opcode == Frame::CLOSE,
                |link, _| {
                    link.send_server(Packet::Disconnect);
                    Fate::Pass
                },
            )
        },
    },
    Sabotage {
        name: "websocket/disconnect-is-not-heard",
        breaks: &["MQTT-3.14.4-3", "MQTT-3.1.2-10"],
        title: "On a WebSocket only a close frame ends a connection, and never in good order.",
        breach: || {
            over_websocket(|_, event| match event {
                Event::FromClient(Packet::Disconnect) => Fate::Drop,
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "websocket/one-packet-a-frame",
        breaks: &["MQTT-6.0.0-2"],
        title: "Of packets in one frame only the first is read.",
        breach: || {
            over_websocket(|link, event| match event {
                Event::FromClient(_) if link.position > 0 => Fate::Drop,
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "websocket/no-packet-in-pieces",
        breaks: &["MQTT-6.0.0-2"],
        title: "A packet that goes over several frames is not read.",
        breach: || {
            over_websocket(|link, event| match event {
                Event::FromClient(_) if !link.whole => Fate::Drop,
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "websocket/long-frames-are-lost",
        breaks: &["MQTT-6.0.0-2"],
        title: "A packet of more than 65,535 octets is not read.",
        breach: || {
            over_websocket(|_, event| match event {
                Event::FromClient(packet) if packet.octets().len() > 65_535 => Fate::Drop,
                _ => Fate::Pass,
            })
        },
    },
];

/// Gives other answers to requests for a WebSocket.
fn answers(change: fn(&Request, &Answer) -> Answer) -> Breach {
    Box::new(move |_, event| match event {
        Event::Opened(request, answer) => {
            let changed = change(request, answer);
            if changed == *answer { Fate::Pass } else { Fate::Instead(changed.octets()) }
        }
        _ => Fate::Pass,
    })
}

/// Leaves alone what does not happen on a WebSocket.
pub(super) fn over_websocket(
    mut breach: impl FnMut(&mut Link<'_>, Event<'_>) -> Fate + Send + 'static,
) -> Breach {
    Box::new(move |link, event| match link.request() {
        Some(_) => breach(link, event),
        None => Fate::Pass,
    })
}

/// Decides about frames of the Client that hold no packets.
fn frames(
    which: impl Fn(&Frame) -> bool + Send + 'static,
    decide: fn(&mut Link<'_>, &Frame) -> Fate,
) -> Breach {
    Box::new(move |link, event| match event {
        Event::Frame(frame) if which(frame) => decide(link, frame),
        _ => Fate::Pass,
    })
}

/// Whether it belongs to a message of text; frames that go on with binary data are none of ours.
pub(super) const fn is_text(frame: &Frame) -> bool {
    matches!(frame.opcode, Frame::TEXT | Frame::CONTINUATION)
}
