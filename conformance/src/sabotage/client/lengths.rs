//! 2.2.3: packets of many lengths, in pieces and together.

use super::overhears;
use crate::sabotage::Sabotage;
use crate::sabotage::breach::published;

pub(super) const SABOTAGES: &[Sabotage] = &[
    Sabotage {
        name: "lengths/payload-cut-to-two-octets-of-length",
        breaks: &["U-2.2.3-1", "U-2.2.3-2"],
        title: "Of a message of more than 16,000 octets the client sends the beginning.",
        breach: || published(|publish| publish.payload.truncate(TWO_OCTETS)),
    },
    Sabotage {
        name: "lengths/long-messages-unread",
        breaks: &["U-2.2.3-2"],
        title: "The client does not notice a message of more than 16,000 octets.",
        breach: || overhears(|_, publish| publish.payload.len() > TWO_OCTETS),
    },
    Sabotage {
        name: "lengths/pieces-are-not-put-together",
        breaks: &["U-2.2.3-1"],
        title: "A message that comes in pieces is lost.",
        breach: || overhears(|link, _| !link.whole),
    },
    Sabotage {
        name: "lengths/first-packet-of-a-piece",
        breaks: &["U-2.2.3-1", "MQTT-4.5.0-2"],
        title: "Of packets that come together only the first is read, if the others are messages.",
        breach: || overhears(|link, _| link.position > 0),
    },
];

/// Payload for which two octets of Remaining Length are enough, with any name of a case.
const TWO_OCTETS: usize = 16_000;
