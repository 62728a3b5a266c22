//! What a broker has to do, in the order of the standard: one file a part of it.
//!
//! A case is one constant in one file; a file is one line here.

use crate::case::Case;

mod access;
mod access_connect;
mod acknowledgements;
mod background;
mod choices;
mod client_id;
mod connack;
mod connect;
mod connect_first;
mod connect_form;
mod credentials;
mod data;
mod delivery;
mod disconnect;
mod framing;
mod header;
mod interoperability;
mod keep_alive;
mod malformed;
mod matching;
mod matching_whole;
mod order;
mod order_answers;
mod overlap;
mod packet_id;
mod ping;
mod protocol_error;
mod protocol_name;
mod publish;
mod publish_flags;
mod publish_payload;
mod publish_topic;
mod qos0;
mod qos1;
mod qos2_receiving;
mod qos2_sending;
mod qos_matrix;
mod redelivery;
mod reported;
mod reserved_topics;
mod restart;
mod retain;
mod retain_clear;
mod retain_flag;
mod retain_qos_0;
mod retain_subscription;
mod robustness;
mod session;
mod session_clean;
mod subscribe;
mod subscribe_again;
mod subscribe_malformed;
mod subscribe_many;
mod subscribe_wildcards;
mod takeover;
mod text;
mod topics;
mod unsubscribe;
mod unsubscribe_filter;
mod unsubscribe_malformed;
mod unsubscribe_started;
mod websocket;
mod websocket_frames;
mod websocket_pieces;
mod will;
mod will_message;

/// All cases for brokers: in document order, and then those of the background oracle, which tell
/// what the others have heard.
pub fn all() -> impl Iterator<Item = &'static Case> {
    FILES.iter().flat_map(|cases| cases.iter()).chain(background())
}

/// The cases of the background oracle, which come after all others.
pub(crate) fn background() -> impl Iterator<Item = &'static Case> {
    background::CASES.iter()
}

const FILES: &[&[Case]] = &[
    data::CASES,                  // 1.5
    text::CASES,                  // 1.5.3
    header::CASES,                // 2.2
    framing::CASES,               // 2.2.3, 4.2
    packet_id::CASES,             // 2.3.1
    connect_first::CASES,         // 3.1
    connect::CASES,               // 3.1
    connect_form::CASES,          // 3.1
    protocol_name::CASES,         // 3.1.2.1
    session::CASES,               // 3.1.2.4
    session_clean::CASES,         // 3.1.2.4
    will::CASES,                  // 3.1.2.5
    will_message::CASES,          // 3.1.2.6, 3.1.2.7
    credentials::CASES,           // 3.1.2.8, 3.1.2.9
    keep_alive::CASES,            // 3.1.2.10
    client_id::CASES,             // 3.1.3.1
    takeover::CASES,              // 3.1.4
    access_connect::CASES,        // 3.1.4
    connack::CASES,               // 3.2
    publish::CASES,               // 3.3
    publish_flags::CASES,         // 3.3.1
    publish_topic::CASES,         // 3.3.2
    publish_payload::CASES,       // 3.3.3
    retain::CASES,                // 3.3.1.3
    retain_flag::CASES,           // 3.3.1.3
    retain_qos_0::CASES,          // 3.3.1.3
    retain_clear::CASES,          // 3.3.1.3
    retain_subscription::CASES,   // 3.3.1.3
    overlap::CASES,               // 3.3.5
    access::CASES,                // 3.3.5, 3.8.4
    acknowledgements::CASES,      // 3.4 to 3.7
    subscribe::CASES,             // 3.8, 3.9
    subscribe_malformed::CASES,   // 3.8.1, 3.8.3
    subscribe_wildcards::CASES,   // 3.8.3
    subscribe_many::CASES,        // 3.8.4
    subscribe_again::CASES,       // 3.8.4
    qos_matrix::CASES,            // 3.8.4
    unsubscribe::CASES,           // 3.10, 3.11
    unsubscribe_malformed::CASES, // 3.10.1, 3.10.3
    unsubscribe_filter::CASES,    // 3.10.4
    unsubscribe_started::CASES,   // 3.10.4
    ping::CASES,                  // 3.12, 3.13
    disconnect::CASES,            // 3.14
    qos0::CASES,                  // 4.3.1
    qos1::CASES,                  // 4.3.2
    qos2_receiving::CASES,        // 4.3.3
    qos2_sending::CASES,          // 4.3.3
    redelivery::CASES,            // 4.4
    delivery::CASES,              // 4.1, 4.5
    restart::CASES,               // 4.1
    order::CASES,                 // 4.6
    order_answers::CASES,         // 4.6
    topics::CASES,                // 4.7.1, 4.7.3
    matching::CASES,              // 4.7.1, 4.7.3
    matching_whole::CASES,        // 4.7.1
    reserved_topics::CASES,       // 4.7.2
    malformed::CASES,             // 4.8
    protocol_error::CASES,        // 4.8
    robustness::CASES,            // 4.8
    websocket::CASES,             // 6
    websocket_frames::CASES,      // 6
    websocket_pieces::CASES,      // 6
    interoperability::CASES,      // 7
    reported::CASES,              // all over
    choices::CASES,               // all over
];
