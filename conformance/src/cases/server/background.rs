//! What is held against every packet of the subject, whatever a case is about.
//!
//! These cases have no conversation of their own. They come after all others and tell what the
//! oracle has heard in them; a breach names its own statement and leaves the case that heard it
//! alone, unless that is about the very same.
//!
//! Clauses: those that the reader names for octets which are no packet, and [MQTT-2.3.1-4],
//! [MQTT-2.3.1-6], [MQTT-2.3.1-7], [MQTT-3.2.0-1], [MQTT-3.3.1-1], [MQTT-3.3.1-3],
//! [MQTT-3.3.2-3], [MQTT-3.8.4-6], [MQTT-4.3.3-2], [MQTT-4.6.0-6], U-3.7.2-1.

use crate::case::{Case, Level};
use crate::oracle::Rule;

macro_rules! overheard {
    ($($rule:ident: $title:literal, $statements:expr;)+) => {
        pub(super) const CASES: &[Case] = &[$(Case {
            address: Rule::$rule.address(),
            title: $title,
            statements: &$statements,
            level: Level::Must,
            needs: &[],
            run: |stage| stage.overheard(Rule::$rule),
        }),+];
    };
}

overheard! {
    OnlyWhatServersSend: "In no case does anything come that is no packet which a Server sends.",
        ["U-7.1.1-1", "U-2.2.1-1", "U-2.2.1-2", "U-2.2.3-2"];
    ConnackFirst: "In every case CONNACK is the first packet on a connection.",
        ["MQTT-3.2.0-1"];
    FormOfConnack: "In every case CONNACK has its flags, its length, and a return code of the table.",
        ["MQTT-2.2.2-1", "U-3.2.1-1", "U-3.2.2.1-1", "U-3.2.2.3-2", "MQTT-3.2.2-4"];
    FormOfPublish: "In every case PUBLISH has a QoS, DUP, topic and identifier that may be.",
        ["MQTT-3.3.1-2", "MQTT-3.3.1-4", "MQTT-3.3.2-2", "MQTT-1.5.3-1", "MQTT-1.5.3-2",
         "MQTT-4.7.3-1", "MQTT-2.3.1-1"];
    FormOfPuback: "In every case PUBACK has its flags, its length and an identifier.",
        ["MQTT-2.2.2-1", "U-3.4.1-1", "MQTT-2.3.1-6"];
    FormOfPubrec: "In every case PUBREC has its flags, its length and an identifier.",
        ["MQTT-2.2.2-1", "U-3.5.1-1", "MQTT-2.3.1-6"];
    FormOfPubrel: "In every case PUBREL has its flags, its length and an identifier.",
        ["MQTT-3.6.1-1", "U-3.6.1-1", "MQTT-2.3.1-6"];
    FormOfPubcomp: "In every case PUBCOMP has its flags, its length and an identifier.",
        ["MQTT-2.2.2-1", "U-3.7.1-1", "U-3.7.2-1"];
    FormOfSuback: "In every case SUBACK has its flags, an identifier, and return codes of the four.",
        ["MQTT-2.2.2-1", "MQTT-2.3.1-7", "MQTT-3.9.3-2", "MQTT-3.8.4-5"];
    FormOfUnsuback: "In every case UNSUBACK has its flags, its length and an identifier.",
        ["MQTT-2.2.2-1", "U-3.11.1-1", "MQTT-2.3.1-7"];
    FormOfPingresp: "In every case PINGRESP has its flags and nothing else.",
        ["MQTT-2.2.2-1", "U-3.13.2-1", "U-3.13.3-1"];
    AnswersToWhatWasSent: "In every case acknowledgements are of what was sent.",
        ["MQTT-2.3.1-6", "MQTT-2.3.1-7", "U-3.7.2-1"];
    IdentifierInUse: "In no case is an identifier used for something else before it is free.",
        ["MQTT-2.3.1-4"];
    DupWhenSentAgain: "In every case a PUBLISH that is sent again has DUP set.",
        ["MQTT-3.3.1-1"];
    NoDupAtFirst: "In no case has a message DUP set that is new to its Session.",
        ["MQTT-3.3.1-3"];
    TopicsMatch: "In no case comes a message on a topic that the Client has not subscribed to.",
        ["MQTT-3.3.2-3"];
    NoQosAboveWhatIsDue: "In no case has a message more QoS than it was published with or granted.",
        ["MQTT-3.8.4-6"];
    OnceAtQos2: "In no case does a message of QoS 2 come twice.",
        ["MQTT-4.3.3-2"];
    Order: "In every case messages of one publisher on one topic at one QoS come in order.",
        ["MQTT-4.6.0-6"];
}
