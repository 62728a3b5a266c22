//! What a client has to do, in the order of the standard: one file a part of it.
//!
//! A case is one constant in one file; a file is one line here.

use crate::case::ClientCase;

mod acknowledging;
mod broken_answers;
mod broken_fields;
mod broken_packets;
mod introduction;
mod introduction_fields;
mod keep_alive;
mod leaving;
mod lengths;
mod ordering;
mod prelude;
mod publishing;
mod publishing_topics;
mod receiving;
mod receiving_again;
mod receiving_text;
mod resuming;
mod resuming_receiving;
mod subscribing;
mod unsubscribing;
mod websocket;

/// All cases for clients, in document order.
pub fn all() -> impl Iterator<Item = &'static ClientCase> {
    FILES.iter().flat_map(|cases| cases.iter())
}

const FILES: &[&[ClientCase]] = &[
    receiving_text::CASES,      // 1.5.3, 4.7.3
    lengths::CASES,             // 2.2.3
    introduction::CASES,        // 3.1
    introduction_fields::CASES, // 3.1.2, 3.1.3
    keep_alive::CASES,          // 3.1.2.10
    publishing::CASES,          // 3.3, 4.3
    publishing_topics::CASES,   // 3.3.2, 4.7
    acknowledging::CASES,       // 3.3.4, 3.4 to 3.7
    subscribing::CASES,         // 3.8, 4.7
    unsubscribing::CASES,       // 3.10
    leaving::CASES,             // 3.14
    receiving::CASES,           // 4.3, 4.5
    receiving_again::CASES,     // 4.3.3
    resuming::CASES,            // 4.4
    resuming_receiving::CASES,  // 4.1, 4.3.3, 4.4
    ordering::CASES,            // 4.6
    broken_packets::CASES,      // 2.2, 4.8
    broken_fields::CASES,       // 1.5.3, 3.3, 4.8
    broken_answers::CASES,      // 3.2, 4.8
    websocket::CASES,           // 6
];
