//! 4.6: the orders that a client keeps.
//!
//! Every other packet of a kind is held up for a moment, so that the next one overtakes it.

use std::time::Duration;

use crate::sabotage::Sabotage;
use crate::sabotage::breach::{Breach, Event, Fate};
use crate::wire::Packet;

pub(super) const SABOTAGES: &[Sabotage] = &[
    Sabotage {
        name: "ordering/pubacks-overtake",
        breaks: &["MQTT-4.6.0-2"],
        title: "Every second PUBACK overtakes the one before it.",
        breach: || overtakes(|packet| matches!(packet, Packet::Puback(_))),
    },
    Sabotage {
        name: "ordering/pubrecs-overtake",
        breaks: &["MQTT-4.6.0-3"],
        title: "Every second PUBREC overtakes the one before it.",
        breach: || overtakes(|packet| matches!(packet, Packet::Pubrec(_))),
    },
    Sabotage {
        name: "ordering/pubrels-overtake",
        breaks: &["MQTT-4.6.0-4"],
        title: "Every second PUBREL overtakes the one before it.",
        breach: || overtakes(|packet| matches!(packet, Packet::Pubrel(_))),
    },
    Sabotage {
        name: "ordering/messages-overtake",
        breaks: &["MQTT-4.6.0-1"],
        title: "Every second message overtakes the one before it.",
        breach: || overtakes(|packet| matches!(packet, Packet::Publish(publish) if !publish.dup)),
    },
    Sabotage {
        name: "ordering/messages-overtake-when-sent-again",
        breaks: &["MQTT-4.6.0-1"],
        title: "Every second message that is sent again overtakes the one before it.",
        breach: || overtakes(|packet| matches!(packet, Packet::Publish(publish) if publish.dup)),
    },
];

fn overtakes(which: fn(&Packet) -> bool) -> Breach {
    let (mut is_second, mut held_up) = (true, HELD_UP);
    Box::new(move |link, event| match event {
        Event::FromClient(packet) if which(packet) => {
            is_second = !is_second;
            if is_second {
                return Fate::Pass;
            }
            // Those that are held up stay in their order.
            link.send_server_after(held_up, packet.clone());
            held_up += APART;
            Fate::Drop
        }
        _ => Fate::Pass,
    })
}

/// Longer than the next packet takes, and shorter than anybody's patience.
const HELD_UP: Duration = Duration::from_millis(150);

/// Enough for one thread to be woken before the next.
const APART: Duration = Duration::from_millis(10);
