//! A door before a broker that asks nobody: who comes in, and what they may do.
//!
//! The reference broker is judged without users, as it is started without any. For the cases about
//! rights a proxy of its own stands in between, and does what a Server with a list of users does:
//! it refuses who has no password, acknowledges and drops what may not be published, answers 0x80
//! to filters without rights, and keeps back what may not be read. Sabotages stand before the door.
//!
//! Clauses: [MQTT-3.3.5-2], [MQTT-3.8.4-5], [MQTT-3.9.3-1], U-3.1.4-1, U-3.2.2.3-1.

use std::collections::{BTreeMap, BTreeSet};

use super::breach::{Breach, Event, Fate, instead};
use super::link::Link;
use crate::profile::Profile;
use crate::wire::{Connack, Connect, Packet, Publish, Suback, Subscribe};

/// What the judge is told of the door.
pub(super) fn profile() -> Profile {
    PROFILE.parse().expect("a profile in good order, as a test shows")
}

/// Makes a door.
pub(super) fn door() -> Breach {
    let mut door = Door::default();
    Box::new(move |link, event| door.decide(link, event))
}

/// What the door knows of those who have come in.
#[derive(Default)]
struct Door {
    /// The connections of the user whose rights end somewhere.
    limited: BTreeSet<u64>,
    /// Messages of QoS 2 that were answered here, by connection and identifier.
    dropped: BTreeSet<(u64, u16)>,
    /// For each SUBSCRIBE that went on with fewer filters, which of them did.
    narrowed: BTreeMap<(u64, u16), Vec<bool>>,
}

impl Door {
    fn decide(&mut self, link: &mut Link<'_>, event: Event<'_>) -> Fate {
        let number = link.number();
        match event {
            Event::FromClient(Packet::Connect(connect)) => self.admit(link, connect),
            _ if !self.limited.contains(&number) => Fate::Pass,
            Event::FromClient(Packet::Publish(publish)) if is_forbidden(&publish.topic) => {
                match (publish.qos, publish.id) {
                    (1, Some(id)) => link.send_client(Packet::Puback(id)),
                    (2, Some(id)) => {
                        self.dropped.insert((number, id));
                        link.send_client(Packet::Pubrec(id));
                    }
                    _ => {}
                }
                Fate::Drop
            }
            Event::FromClient(Packet::Pubrel(id)) if self.dropped.remove(&(number, *id)) => {
                link.send_client(Packet::Pubcomp(*id));
                Fate::Drop
            }
            Event::FromClient(Packet::Subscribe(subscribe)) => self.narrow(link, subscribe),
            Event::FromServer(Packet::Suback(suback)) => {
                match self.narrowed.remove(&(number, suback.id)) {
                    Some(allowed) => instead(widened(suback, &allowed)),
                    None => Fate::Pass,
                }
            }
            Event::FromServer(Packet::Publish(publish)) if is_forbidden(&publish.topic) => {
                keep_back(link, publish)
            }
            _ => Fate::Pass,
        }
    }

    fn admit(&mut self, link: &mut Link<'_>, connect: &Connect) -> Fate {
        let text = |field: &Option<Vec<u8>>| {
            field.as_deref().map(String::from_utf8_lossy).unwrap_or_default().into_owned()
        };
        let (name, password) = (text(&connect.username), text(&connect.password));
        match (name.as_str(), password.as_str()) {
            (JUDGE, JUSTICE) => Fate::Pass,
            (LIMITED, LIMITS) => {
                self.limited.insert(link.number());
                let mut changed = connect.clone();
                changed.will = changed.will.filter(|will| !is_forbidden(&will.topic));
                instead(changed)
            }
            _ => {
                link.send_client(Connack::refused(if name.is_empty() { 5 } else { 4 }));
                link.close();
                Fate::Drop
            }
        }
    }

    /// Takes out of a SUBSCRIBE what the Client may not read.
    fn narrow(&mut self, link: &mut Link<'_>, subscribe: &Subscribe) -> Fate {
        let is_allowed: Vec<_> =
            subscribe.filters.iter().map(|(filter, _)| !is_forbidden(filter)).collect();
        let mut changed = subscribe.clone();
        changed.filters.iter_mut().for_each(|(_, qos)| *qos = (*qos).min(1));
        changed.filters.retain(|(filter, _)| !is_forbidden(filter));
        if changed.filters.is_empty() {
            link.send_client(Suback::new(subscribe.id, vec![Suback::FAILURE; is_allowed.len()]));
            return Fate::Drop;
        }
        self.narrowed.insert((link.number(), subscribe.id), is_allowed);
        instead(changed)
    }
}

/// The return codes for all filters, from those for the allowed ones.
fn widened(suback: &Suback, allowed: &[bool]) -> Suback {
    let mut codes = suback.codes.iter().copied();
    let code = |allowed: &bool| {
        if *allowed { codes.next().unwrap_or(Suback::FAILURE) } else { Suback::FAILURE }
    };
    Suback::new(suback.id, allowed.iter().map(code).collect::<Vec<_>>())
}

/// Acknowledges a message in the place of a Client that may not read it. A wildcard that reaches
/// it is granted at QoS 1 at most, so that nothing is left to release.
fn keep_back(link: &mut Link<'_>, publish: &Publish) -> Fate {
    if let Some(id) = publish.id {
        link.send_server(Packet::Puback(id));
    }
    Fate::Drop
}

fn is_forbidden(topic: &[u8]) -> bool {
    topic.strip_prefix(FORBIDDEN.as_bytes()).is_some_and(|rest| rest.starts_with(b"/"))
}

pub(super) const JUDGE: &str = "judge";
pub(super) const JUSTICE: &str = "justice";
pub(super) const LIMITED: &str = "limited";
const LIMITS: &str = "limits";
pub(super) const FORBIDDEN: &str = "forbidden";

const PROFILE: &str = "
name = 'a door before a broker'

[credentials]
username = 'judge'
password = 'justice'

[access]
username = 'limited'
password = 'limits'
may-not-publish = 'forbidden'
may-not-subscribe = 'forbidden'
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_profile_tells_of_the_users_that_the_door_knows() {
        let profile = profile();
        let credentials = profile.credentials.unwrap();
        assert_eq!(
            (&*credentials.username, credentials.password.as_deref()),
            (JUDGE, Some(JUSTICE))
        );
        let access = profile.access.unwrap();
        assert_eq!((&*access.username, access.password.as_deref()), (LIMITED, Some(LIMITS)));
        assert_eq!((&*access.may_not_publish, &*access.may_not_subscribe), (FORBIDDEN, FORBIDDEN));
    }

    #[test]
    fn a_refused_filter_keeps_its_place() {
        let suback = widened(&Suback::new(7, [0, 1]), &[true, false, true]);
        assert_eq!(suback.codes, [0, Suback::FAILURE, 1]);
    }
}
