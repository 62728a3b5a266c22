//! The subscriptions that the Server has granted, for the day on which it has lost them.
//!
//! They belong to the Server's half of a Session. What the program wants is another matter: it
//! has subscribed, and not unsubscribed, whatever the Server has forgotten meanwhile.
//!
//! Clauses: [MQTT-3.1.2-6], 3.2.2.2.

use std::collections::BTreeMap;

use super::command::Command;
use super::session::Answered;
use crate::packet::{OneOrMore, QoS, SubackCode, SubscribeFilter};
use crate::topic::TopicFilter;

/// What was granted, each with the QoS that was asked for.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub(super) struct Subscriptions(BTreeMap<TopicFilter, QoS>);

impl Subscriptions {
    /// Takes in SUBACK: the filters that the Server does not grant any more.
    pub(super) fn answered(&mut self, answered: &Answered) -> Vec<TopicFilter> {
        let mut lost = Vec::new();
        for (wanted, code) in answered.filters.iter().zip(answered.codes.iter()) {
            let SubscribeFilter { filter, qos } = wanted;
            match code {
                SubackCode::Granted(_) => {
                    self.0.insert(filter.detached(), *qos);
                }
                // To refuse a new QoS is not to end what there was.
                SubackCode::Failure if answered.is_renewal => {
                    self.0.remove(filter);
                    lost.push(filter.clone());
                }
                SubackCode::Failure => {}
            }
        }
        lost
    }

    /// Takes in UNSUBACK.
    pub(super) fn ended(&mut self, filters: &[TopicFilter]) {
        for filter in filters {
            self.0.remove(filter);
        }
    }

    /// The commands that ask for all of it again.
    pub(super) fn renewals(&self) -> Vec<Command> {
        let all =
            self.0.iter().map(|(filter, &qos)| SubscribeFilter { filter: filter.clone(), qos });
        let all: Vec<_> = all.collect();
        let some = all.chunks(AT_ONCE).filter_map(|some| OneOrMore::new(some.to_vec()));
        some.map(Command::Renew).collect()
    }
}

/// How many filters are in one SUBSCRIBE: the fewest that a large public Server takes.
const AT_ONCE: usize = 8;
