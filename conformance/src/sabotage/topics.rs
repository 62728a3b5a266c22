//! 4.7: what a Topic Filter matches. Filters are bent on their way to the Server.

use super::Sabotage;
use super::breach::{Breach, Event, Fate, instead};
use crate::wire::{Packet, Publish};

pub(super) const SABOTAGES: &[Sabotage] = &[
    Sabotage {
        name: "topics/hash-is-plus",
        breaks: &["U-4.7.1.2-1", "U-7.1.1-2", "U-4.7.1.3-2"],
        title: "A # matches one level, and not the one above it.",
        breach: || filters(|filter| filter.replace('#', "+")),
    },
    Sabotage {
        name: "topics/hash-takes-in-siblings",
        breaks: &["U-4.7.1.2-1", "U-7.1.1-2"],
        title: "A # matches what is beside its parent too.",
        breach: || {
            filters(|filter| match filter.strip_suffix("/#").and_then(|f| f.rsplit_once('/')) {
                Some((parent, _)) if parent.contains('/') => format!("{parent}/#"),
                _ => filter.to_owned(),
            })
        },
    },
    Sabotage {
        name: "topics/plus-is-hash",
        breaks: &["U-4.7.1.3-1", "U-7.1.1-2", "U-4.7.1.3-2"],
        title: "A + matches any number of levels, and all that follows.",
        breach: || {
            filters(|filter| match filter.split_once('+') {
                Some((before, _)) => format!("{before}#"),
                None => filter.to_owned(),
            })
        },
    },
    Sabotage {
        name: "topics/plus-is-a-letter",
        breaks: &["U-4.7.1.3-1", "U-4.7.1.3-2", "U-7.1.1-2", "U-4.7.1.1-1"],
        title: "A + matches nothing but a level x.",
        breach: || filters(|filter| filter.replace('+', "x")),
    },
    Sabotage {
        name: "topics/one-wildcard-a-filter",
        breaks: &["U-4.7.1.3-2", "U-7.1.1-2"],
        title: "The second wildcard of a filter matches nothing.",
        breach: || {
            filters(|filter| match filter.split_once('+') {
                Some((before, after)) => format!("{before}+{}", after.replace(['+', '#'], "?")),
                None => filter.to_owned(),
            })
        },
    },
    Sabotage {
        name: "topics/slashes-at-the-ends-are-cut",
        breaks: &["U-4.7.3-5", "U-4.7.1.1-1", "U-4.7.3-6", "U-4.7.3-8"],
        title: "A slash at the beginning or the end of a filter is taken away.",
        breach: || {
            filters(|filter| match filter.trim_matches('/') {
                "" => "x".to_owned(),
                rest => rest.to_owned(),
            })
        },
    },
    Sabotage {
        name: "topics/slashes-are-joined",
        breaks: &["U-4.7.1.1-1", "U-4.7.3-8", "MQTT-4.7.3-4"],
        title: "Two slashes in a row are one.",
        breach: || both(|topic| topic.replace("//", "/")),
    },
    Sabotage {
        name: "topics/case-does-not-count",
        breaks: &["U-4.7.3-3", "MQTT-4.7.3-4"],
        title: "Names and filters that differ in case only are one.",
        breach: || both(str::to_lowercase),
    },
    Sabotage {
        name: "topics/spaces-are-cut",
        breaks: &["U-4.7.3-4", "MQTT-4.7.3-4"],
        title: "Spaces are taken out of names and filters.",
        breach: || both(|topic| topic.replace(' ', "")),
    },
    Sabotage {
        name: "topics/spaces-in-filters",
        breaks: &["U-4.7.3-4"],
        title: "A filter with a space matches nothing.",
        breach: || filters(|filter| filter.replace(' ', "_")),
    },
    Sabotage {
        name: "topics/normalized",
        breaks: &["MQTT-4.7.3-4"],
        title: "A letter and its combining accent are one with the letter that has it.",
        breach: || {
            both(|topic| {
                let composed = topic.replace("e\u{301}", "é").replace("a\u{30a}", "å");
                composed.replace("A\u{30a}", "Å").replace('\u{212b}', "Å")
            })
        },
    },
    Sabotage {
        name: "topics/other-characters-replaced",
        breaks: &["MQTT-4.7.3-4"],
        title: "Characters beyond ASCII are replaced in names and filters.",
        breach: || both(|topic| topic.replace(|c: char| !c.is_ascii(), "?")),
    },
    Sabotage {
        name: "topics/star-is-a-wildcard",
        breaks: &["U-4.7.3-8", "MQTT-4.7.3-4"],
        title: "A * in a filter matches a level.",
        breach: || filters(|filter| filter.replace('*', "+")),
    },
    Sabotage {
        name: "topics/twenty-levels",
        breaks: &["U-4.7.3-7"],
        title: "A message with more than twenty slashes in its Topic Name is thrown away.",
        breach: || {
            Box::new(|_, event| match event {
                Event::FromServer(Packet::Publish(publish))
                    if publish.topic.iter().filter(|octet| **octet == b'/').count() > 20 =>
                {
                    Fate::Drop
                }
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "topics/retained-dollar-under-wildcards",
        breaks: &["MQTT-4.7.2-1"],
        title: "A filter that begins with a wildcard brings what is retained for topics with a $.",
        breach: || {
            let mut retained = vec![Publish::qos0("$SYS/uptime", "1").retain()];
            Box::new(move |link, event| {
                retain_under_wildcards(&mut retained, link, &event);
                Fate::Pass
            })
        },
    },
    Sabotage {
        name: "topics/dollar-is-a-letter",
        breaks: &["MQTT-4.7.2-1", "U-4.7.2-1"],
        title: "Topics that begin with a $ are like any other, and match filters with wildcards.",
        breach: || {
            let mut retained = Vec::new();
            Box::new(move |link, event| {
                retain_under_wildcards(&mut retained, link, &event);
                if let Event::FromClient(Packet::Publish(publish)) = event
                    && publish.topic.starts_with(b"$")
                {
                    let topic = String::from_utf8_lossy(&publish.topic);
                    let behind_first = topic.find('/').map_or("", |slash| &topic[slash..]);
                    to_whoever(link, publish, |filter| {
                        let behind_plus = filter.strip_prefix('+');
                        filter == topic
                            || matches!(filter, "#" | "+/#")
                            || behind_plus == Some(behind_first)
                    });
                }
                Fate::Pass
            })
        },
    },
    Sabotage {
        name: "topics/dollar-for-everybody",
        breaks: &["U-4.7.2-1"],
        title: "Clients exchange messages on topics that begin with a $.",
        breach: || {
            Box::new(|link, event| {
                if let Event::FromClient(Packet::Publish(publish)) = event
                    && publish.topic.starts_with(b"$")
                {
                    to_whoever(link, publish, |filter| filter.as_bytes() == publish.topic);
                }
                Fate::Pass
            })
        },
    },
    Sabotage {
        name: "topics/dollar-anywhere",
        breaks: &["MQTT-4.7.3-4", "U-7.1.1-2"],
        title: "A $ at the beginning of any level keeps a message back.",
        breach: || {
            Box::new(|_, event| match event {
                Event::FromServer(Packet::Publish(publish))
                    if publish.topic.windows(2).any(|pair| pair[1] == b'$') =>
                {
                    Fate::Drop
                }
                _ => Fate::Pass,
            })
        },
    },
];

/// Keeps what is to be retained under `$`, and sends it to whose filter begins with a wildcard.
fn retain_under_wildcards(
    retained: &mut Vec<Publish>,
    link: &mut super::Link<'_>,
    event: &Event<'_>,
) {
    match event {
        Event::FromClient(Packet::Publish(publish))
            if publish.retain && publish.topic.starts_with(b"$") =>
        {
            retained.push(Publish { qos: 0, id: None, ..publish.clone() });
        }
        Event::FromServer(Packet::Suback(_)) => {
            let filters = link.filters();
            let is_wild = filters.iter().any(|(f, _)| f.starts_with(b"#") || f.starts_with(b"+"));
            for publish in retained.iter().filter(|_| is_wild) {
                link.deliver(publish.clone());
            }
        }
        _ => {}
    }
}

/// Delivers a message to everybody with a filter like this, at QoS 0.
fn to_whoever(link: &mut super::Link<'_>, publish: &Publish, which: impl Fn(&str) -> bool) {
    let all = link.others().into_iter().chain([link.number()]).collect::<Vec<_>>();
    for number in all {
        let mut other = link.other(number);
        let filters = other.filters();
        let mut filters = filters.iter().filter_map(|(f, _)| std::str::from_utf8(f).ok());
        if filters.any(&which) {
            let (retain, dup, qos, id) = (false, false, 0, None);
            other.deliver(Publish { retain, dup, qos, id, ..publish.clone() });
        }
    }
}

/// Has the Server hold other filters than the Client asks for.
fn filters(change: fn(&str) -> String) -> Breach {
    bent(change, false)
}

/// Changes filters and the names of messages alike.
fn both(change: fn(&str) -> String) -> Breach {
    bent(change, true)
}

fn bent(change: fn(&str) -> String, with_names: bool) -> Breach {
    let changed = move |topic: &[u8]| change(&String::from_utf8_lossy(topic)).into_bytes();
    super::breach::client(move |packet| match packet {
        Packet::Subscribe(subscribe) => {
            let mut bent = subscribe.clone();
            bent.filters.iter_mut().for_each(|(filter, _)| *filter = changed(filter));
            instead(bent)
        }
        Packet::Unsubscribe(unsubscribe) => {
            let mut bent = unsubscribe.clone();
            bent.filters.iter_mut().for_each(|filter| *filter = changed(filter));
            instead(bent)
        }
        Packet::Publish(publish) if with_names => {
            instead(Publish { topic: changed(&publish.topic), ..publish.clone() })
        }
        _ => Fate::Pass,
    })
}
