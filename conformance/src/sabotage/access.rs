//! 3.1.4, 3.3.5, 3.8.4: who comes in, and what becomes of what somebody has no right to.
//!
//! These stand before a door that knows users: on any other broker they break nothing.

use super::Sabotage;
use super::breach::{Breach, Event, Fate, connect, instead};
use super::door::{FORBIDDEN, JUDGE, JUSTICE, LIMITED};
use super::link::Link;
use crate::wire::{Connack, Connect, Packet, Publish, Suback};

pub(super) const SABOTAGES: &[Sabotage] = &[
    Sabotage {
        name: "access/everybody-comes-in",
        breaks: &["U-3.1.4-1"],
        title: "Whoever gives no password, or a wrong one, is let in.",
        breach: || {
            connect(|connect| {
                if !is_limited(connect) {
                    become_judge(connect);
                }
            })
        },
    },
    Sabotage {
        name: "access/turned-away-by-another-code",
        breaks: &["U-3.2.2.3-1", "U-3.1.4-1"],
        title: "Whoever gives no password, or a wrong one, is refused by return code 0x03.",
        breach: || refusal(|link, _| link.send_client(Connack::refused(3))),
    },
    Sabotage {
        name: "access/turned-away-without-a-word",
        breaks: &["U-3.2.2.3-1"],
        title: "Whoever gives no password, or a wrong one, is closed without a CONNACK.",
        breach: || refusal(|_, _| {}),
    },
    Sabotage {
        name: "access/who-is-turned-away-takes-over",
        breaks: &["MQTT-3.1.4-2"],
        title: "A CONNECT that is turned away closes the connection of its Client Identifier.",
        breach: || {
            refusal(|link, connack| {
                let id = link.client_id();
                for other in link.others() {
                    let mut other = link.other(other);
                    if other.client_id() == id {
                        other.close();
                    }
                }
                link.send_client(connack);
            })
        },
    },
    Sabotage {
        name: "access/who-is-turned-away-leaves-a-will",
        breaks: &["MQTT-3.1.2-8"],
        title: "The Will of a CONNECT that is turned away is published.",
        breach: || {
            refusal(|link, connack| {
                if let Some(will) = link.connect().and_then(|connect| connect.will.clone()) {
                    link.publish_elsewhere(Publish::qos0(will.topic, will.message));
                }
                link.send_client(connack);
            })
        },
    },
    Sabotage {
        name: "access/who-is-turned-away-publishes",
        breaks: &["MQTT-3.1.4-5"],
        title: "A PUBLISH behind a CONNECT that is turned away is passed on.",
        breach: || {
            Box::new(|link, event| match event {
                Event::FromClient(Packet::Publish(publish)) if !link.is_accepted() => {
                    link.publish_elsewhere(publish.clone());
                    Fate::Pass
                }
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "access/no-limits",
        breaks: &["MQTT-3.8.4-5", "MQTT-3.3.5-2"],
        title: "All users have all rights.",
        breach: || {
            connect(|connect| {
                if is_limited(connect) {
                    become_judge(connect);
                }
            })
        },
    },
    Sabotage {
        name: "access/no-answer-without-rights",
        breaks: &["MQTT-3.3.5-2"],
        title: "A PUBLISH without the right to is not answered, and closes nothing.",
        breach: || without_rights(|_, _| Fate::Drop),
    },
    Sabotage {
        name: "access/half-an-answer-without-rights",
        breaks: &["MQTT-3.3.5-2"],
        title: "A PUBLISH of QoS 2 without the right to gets a PUBREC, and never a PUBCOMP.",
        breach: || {
            Box::new(|link, event| match event {
                Event::FromClient(Packet::Pubrel(_)) if of_limited(link) => Fate::Drop,
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "access/acknowledged-and-passed-on",
        breaks: &["MQTT-3.3.5-2"],
        title: "A PUBLISH without the right to is passed on.",
        breach: || {
            without_rights(|link, publish| {
                link.publish_elsewhere(publish.clone());
                Fate::Pass
            })
        },
    },
    Sabotage {
        name: "access/refused-filters-come-last",
        breaks: &["MQTT-3.9.3-1"],
        title: "The return codes of filters that are refused come after all others.",
        breach: || {
            super::breach::server(|packet| match packet {
                Packet::Suback(suback) => {
                    let mut codes = suback.codes.clone();
                    codes.sort_by_key(|code| *code == Suback::FAILURE);
                    instead(Suback::new(suback.id, codes))
                }
                _ => Fate::Pass,
            })
        },
    },
];

fn is_limited(connect: &Connect) -> bool {
    connect.username.as_deref() == Some(LIMITED.as_bytes())
}

fn of_limited(link: &mut Link<'_>) -> bool {
    link.connect().is_some_and(is_limited)
}

fn become_judge(connect: &mut Connect) {
    connect.username = Some(JUDGE.into());
    connect.password = Some(JUSTICE.into());
}

/// Does something else about who is turned away; then the connection is closed.
fn refusal(answer: fn(&mut Link<'_>, Connack)) -> Breach {
    Box::new(move |link, event| match event {
        Event::FromServer(Packet::Connack(connack)) if matches!(connack.code, 4 | 5) => {
            answer(link, *connack);
            link.close();
            Fate::Drop
        }
        _ => Fate::Pass,
    })
}

/// Decides about what a Client publishes where it may not.
fn without_rights(decide: fn(&mut Link<'_>, &Publish) -> Fate) -> Breach {
    Box::new(move |link, event| match event {
        Event::FromClient(Packet::Publish(publish))
            if publish.topic.starts_with(FORBIDDEN.as_bytes()) && of_limited(link) =>
        {
            decide(link, publish)
        }
        _ => Fate::Pass,
    })
}
