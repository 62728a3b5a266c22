//! Retained messages that a new subscription is still owed.
//!
//! Who subscribes to all of a million topics gets as much as fits at once, and the rest as it takes
//! it: the server remembers how far it has come, and no copy of the list waits in a queue.
//!
//! A rest has a place among what waits, that of its SUBSCRIBE: what came before goes before it, what
//! came later waits behind it. A topic that is retained anew meanwhile is not sent twice: the newer
//! message waits in the queue like any other.
//!
//! Where the Session outlives the server, only QoS 0 is left to a rest. QoS 1 and 2 are owed beyond
//! a crash, and so they are taken into the queue at once.
//!
//! Clauses: [MQTT-3.3.1-6], [MQTT-4.6.0-6]. Not here: what goes at once (`subscribing`).

use std::sync::Arc;

use super::{Backlog, Retained};
use crate::packet::QoS;
use crate::session::{Message, Outbound};
use crate::topic::{TopicFilter, TopicName};

/// The retained messages that a subscription is still owed.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(super) struct Rest {
    pub(super) filter: TopicFilter,
    /// The QoS that was granted.
    pub(super) qos: QoS,
    /// The last topic that has been seen to.
    pub(super) after: Option<TopicName>,
    /// How many messages had ever been retained at the SUBSCRIBE.
    pub(super) age: u64,
    /// Whether those of QoS 1 and 2 have been seen to.
    pub(super) is_fleeting: bool,
}

/// With so much waiting for a Client, what is retained is not taken into its queue at once; and so
/// much is fetched at a time.
pub(super) const AT_ONCE: Backlog = Backlog { messages: 1_000, octets: 1024 * 1024 };

impl Rest {
    /// The next of them that the Client may read, in order; with `true` there are more.
    pub(super) fn fetch(
        &mut self,
        retained: &Retained,
        may_read: impl Fn(&TopicName) -> bool,
    ) -> (Vec<Outbound>, bool) {
        let mut fetched = Vec::new();
        let mut octets = 0;
        let mut has_more = false;
        let after = self.after.take();
        let mut last = after.clone();
        retained.visit_aged_matches(&self.filter, after.as_ref(), self.age, |message| {
            if fetched.len() >= AT_ONCE.messages || octets >= AT_ONCE.octets {
                has_more = true;
                return false;
            }
            last = Some(message.topic.clone());
            let outbound = self.outbound(message);
            if let Some(outbound) = outbound.filter(|outbound| may_read(&outbound.message.topic)) {
                octets += outbound.octets();
                fetched.push(outbound);
            }
            true
        });
        self.after = last;
        (fetched, has_more)
    }

    /// The copy of a message for the Client, unless it has been seen to.
    fn outbound(&self, message: &Arc<Message>) -> Option<Outbound> {
        let qos = message.qos.min(self.qos);
        let is_left = qos == QoS::AtMostOnce || !self.is_fleeting;
        // [MQTT-3.3.1-8] With RETAIN 1: it was not published just now.
        is_left.then(|| Outbound { message: message.clone(), qos, retain: true })
    }
}
