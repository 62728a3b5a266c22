//! 3.1.2 and 3.1.3: what a CONNECT says, beside what the client was asked to say.

use super::{only_ascii, without_mark};
use crate::sabotage::Sabotage;
use crate::sabotage::breach::{Breach, connect};
use crate::wire::Will;

pub(super) const SABOTAGES: &[Sabotage] = &[
    Sabotage {
        name: "introduction/low-octet-first",
        breaks: &["U-1.5.2-1", "U-3.1.2-1"],
        title: "The Keep Alive comes with its octets exchanged.",
        breach: || connect(|connect| connect.keep_alive = connect.keep_alive.swap_bytes()),
    },
    Sabotage {
        name: "introduction/never-clean",
        breaks: &["MQTT-3.1.2-6"],
        title: "CleanSession is 0, whatever the client is asked for.",
        breach: || connect(|connect| connect.clean_session = false),
    },
    Sabotage {
        name: "introduction/always-clean",
        breaks: &["MQTT-3.1.2-4"],
        title: "CleanSession is 1, whatever the client is asked for.",
        breach: || connect(|connect| connect.clean_session = true),
    },
    Sabotage {
        name: "introduction/id-only-ascii",
        breaks: &["MQTT-3.1.3-4", "MQTT-1.5.3-1"],
        title: "Characters beyond ASCII are replaced in the Client Identifier.",
        breach: || connect(|connect| connect.client_id = only_ascii(&connect.client_id)),
    },
    Sabotage {
        name: "introduction/id-without-byte-order-mark",
        breaks: &["MQTT-1.5.3-3"],
        title: "U+FEFF is taken out of the Client Identifier.",
        breach: || connect(|connect| connect.client_id = without_mark(&connect.client_id)),
    },
    Sabotage {
        name: "introduction/will-qos-without-a-will",
        breaks: &["MQTT-3.1.2-13", "MQTT-3.1.2-11"],
        title: "A CONNECT without a Will has a Will QoS.",
        breach: || flags_without_a_will(0x08),
    },
    Sabotage {
        name: "introduction/will-retain-without-a-will",
        breaks: &["MQTT-3.1.2-15", "MQTT-3.1.2-11"],
        title: "A CONNECT without a Will has Will Retain set.",
        breach: || flags_without_a_will(0x20),
    },
    Sabotage {
        name: "introduction/will-forgotten",
        breaks: &["MQTT-3.1.2-9"],
        title: "A client that is to have a Will says nothing of it.",
        breach: || connect(|connect| connect.will = None),
    },
    Sabotage {
        name: "introduction/will-of-qos-3",
        breaks: &["MQTT-3.1.2-14"],
        title: "A Will has both bits of its QoS set.",
        breach: || will(|will| will.qos = 3),
    },
    Sabotage {
        name: "introduction/will-always-qos-0",
        breaks: &["MQTT-3.1.2-9", "MQTT-3.1.2-14"],
        title: "A Will has QoS 0, whatever the client is asked for.",
        breach: || will(|will| will.qos = 0),
    },
    Sabotage {
        name: "introduction/will-always-retained",
        breaks: &["MQTT-3.1.2-9"],
        title: "A Will is to be retained, whatever the client is asked for.",
        breach: || will(|will| will.retain = true),
    },
    Sabotage {
        name: "introduction/will-never-empty",
        breaks: &["MQTT-3.1.2-9"],
        title: "A Will without a message gets one.",
        breach: || {
            will(|will| {
                if will.message.is_empty() {
                    will.message = b"empty".to_vec();
                }
            })
        },
    },
    Sabotage {
        name: "introduction/will-topic-only-ascii",
        breaks: &["MQTT-3.1.3-10", "MQTT-1.5.3-1"],
        title: "Characters beyond ASCII are replaced in the Will Topic.",
        breach: || will(|will| will.topic = only_ascii(&will.topic)),
    },
    Sabotage {
        name: "introduction/user-name-of-its-own",
        breaks: &["MQTT-3.1.2-18"],
        title: "A client that has no user name sends one.",
        breach: || {
            connect(|connect| {
                connect.username.get_or_insert_with(|| b"anonymous".to_vec());
            })
        },
    },
    Sabotage {
        name: "introduction/user-name-forgotten",
        breaks: &["MQTT-3.1.2-19", "MQTT-3.1.2-21"],
        title: "A client that has a user name sends none, and no password.",
        breach: || connect(|connect| (connect.username, connect.password) = (None, None)),
    },
    Sabotage {
        name: "introduction/password-forgotten",
        breaks: &["MQTT-3.1.2-21"],
        title: "A client that has a password does not send it.",
        breach: || connect(|connect| connect.password = None),
    },
    Sabotage {
        name: "introduction/password-of-its-own",
        breaks: &["MQTT-3.1.2-20"],
        title: "A client that has a user name and no password sends an empty one.",
        breach: || {
            connect(|connect| {
                if connect.username.is_some() {
                    connect.password.get_or_insert_default();
                }
            })
        },
    },
    Sabotage {
        name: "introduction/password-without-a-user-name",
        breaks: &["MQTT-3.1.2-22"],
        title: "A client that has no user name sends a password.",
        breach: || {
            connect(|connect| {
                if connect.username.is_none() {
                    connect.password = Some(b"password".to_vec());
                }
            })
        },
    },
    Sabotage {
        name: "introduction/user-name-only-ascii",
        breaks: &["MQTT-3.1.3-11", "MQTT-1.5.3-1"],
        title: "Characters beyond ASCII are replaced in the user name.",
        breach: || {
            connect(|connect| connect.username = connect.username.as_deref().map(only_ascii))
        },
    },
    Sabotage {
        name: "introduction/password-ends-at-null",
        breaks: &["U-3.1.3.5-1"],
        title: "Of a password with U+0000 in it the client sends what is before that.",
        breach: || {
            connect(|connect| {
                if let Some(password) = &mut connect.password
                    && let Some(end) = password.iter().position(|octet| *octet == 0)
                {
                    password.truncate(end);
                }
            })
        },
    },
    Sabotage {
        name: "introduction/fields-in-another-order",
        breaks: &["MQTT-3.1.3-1"],
        title: "The user name stands before the Will Message.",
        breach: || {
            connect(|connect| {
                if let (Some(will), Some(username)) = (&mut connect.will, &mut connect.username) {
                    std::mem::swap(&mut will.message, username);
                }
            })
        },
    },
];

fn will(change: impl Fn(&mut Will) + Send + 'static) -> Breach {
    connect(move |connect| connect.will.iter_mut().for_each(&change))
}

/// Sets Connect Flags of a CONNECT that has no Will.
fn flags_without_a_will(flags: u8) -> Breach {
    connect(move |connect| {
        if connect.will.is_none() {
            *connect = connect.clone().flags(connect.flags_octet() | flags);
        }
    })
}
