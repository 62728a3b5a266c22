//! SUBSCRIBE and UNSUBSCRIBE.
//!
//! Clauses: [MQTT-2.3.1-7], [MQTT-3.3.1-6], [MQTT-3.3.1-8], [MQTT-3.8.3-2], [MQTT-3.8.4-1] to
//! [MQTT-3.8.4-6], [MQTT-3.9.3-1], [MQTT-3.10.4-1], [MQTT-3.10.4-2],
//! [MQTT-3.10.4-4] to [MQTT-3.10.4-6].

use super::rest::Rest;
use super::routing::Routed;
use super::{Backlog, Bound, Broker, Holder, Retained, Session, Unit};
use crate::packet::{QoS, Suback, SubackCode, Subscribe, SubscribeFilter, Unsuback, Unsubscribe};
use crate::topic::TopicFilter;

impl<H: Holder> Broker<H> {
    /// Carries out a SUBSCRIBE: the SUBACK to answer with.
    pub(super) fn subscribe(
        &self,
        session: &H::Session,
        subscribe: &Subscribe,
        unit: &mut Unit<'_>,
    ) -> Suback {
        // [MQTT-3.8.4-1] Each SUBSCRIBE has its answer, [MQTT-3.8.4-2] [MQTT-2.3.1-7] with its
        // identifier; [MQTT-3.8.4-4] one filter after the other, as if each had come by itself;
        // [MQTT-3.8.4-5] each has its code, [MQTT-3.9.3-1] in the same order.
        subscribe.answer(|SubscribeFilter { filter, qos }| {
            let stands = self.subscribe_one(session, &filter.detached(), qos, unit);
            // [MQTT-3.8.3-2] Wildcards are supported, so no filter is refused for them.
            if stands { SubackCode::Granted(qos) } else { SubackCode::Failure }
        })
    }

    /// Adds one subscription; `false` when there is no room for it or no right to it.
    fn subscribe_one(
        &self,
        session: &H::Session,
        filter: &TopicFilter,
        qos: QoS,
        unit: &mut Unit<'_>,
    ) -> bool {
        let most = self.limits.max_topic_levels;
        if filter.levels().take(most + 1).count() > most {
            self.holder.reached(Bound::MaxTopicLevels, 1);
            return false;
        }
        // Held still meanwhile, so that no newer message is sent before an older retained one.
        self.holder.read_retained(|retained| {
            let stands = self.holder.write_subscriptions(|subscriptions| {
                self.holder.with_session(session, |state| {
                    // [MQTT-3.8.4-5] What the Client has no right to is refused, and told so.
                    let may_stand = state.rights().may_subscribe(filter);
                    let stands = may_stand && state.subscribe(filter, qos, &self.limits, unit);
                    if may_stand && !stands {
                        self.holder.reached(Bound::MaxSubscriptions, 1);
                    }
                    if stands {
                        // [MQTT-3.8.4-3] The same filter again takes the place of the older
                        // subscription; at no moment is there none.
                        subscriptions.insert(filter, session.clone(), qos);
                    }
                    stands
                })
            });
            if !stands {
                return false;
            }
            self.holder.with_session(session, |state| {
                self.hand_over_retained(state, retained, filter, qos, unit);
            });
            true
        })
    }

    /// Hands what is retained to a Session that has subscribed to `filter`: at once what has room,
    /// and the rest as its Client takes it.
    fn hand_over_retained(
        &self,
        state: &mut Session<H::Connection>,
        retained: &Retained,
        filter: &TopicFilter,
        qos: QoS,
        unit: &mut Unit<'_>,
    ) {
        let mut last = None;
        let mut rest = None;
        let is_fleeting = state.keeps(QoS::AtLeastOnce);
        // [MQTT-3.3.1-6] The last message of each topic that matches is sent,
        // [MQTT-3.8.4-3] also when the filter is not new.
        retained.visit_kept_matches(filter, |message, number| {
            let routed = Routed::retained(message, number);
            let granted = qos.min(message.qos);
            if rest.is_none() {
                let octets = routed.octets();
                let more = Backlog { messages: 1, octets };
                let room = state.room(more, &self.limits, || self.holder.held());
                if state.may_owe(octets, granted, room) {
                    let (filter, after) = (filter.clone(), last.take());
                    rest = Some(Rest { filter, qos, after, age: retained.age(), is_fleeting });
                }
                last = Some(message.topic.clone());
            }
            if rest.is_none() || state.keeps(granted) {
                // [MQTT-3.3.1-8] With RETAIN 1: it was not published just now.
                self.hand_over(state, &routed, qos, true, unit);
            }
            rest.is_none() || state.keeps(qos)
        });
        if let Some(rest) = rest {
            state.owe(rest);
        }
    }

    /// Carries out an UNSUBSCRIBE: the UNSUBACK to answer with.
    pub(super) fn unsubscribe(
        &self,
        session: &H::Session,
        unsubscribe: &Unsubscribe,
        unit: &mut Unit<'_>,
    ) -> Unsuback {
        // [MQTT-3.10.4-6] One filter after the other, and one answer for all.
        for filter in unsubscribe.filters() {
            self.holder.write_subscriptions(|subscriptions| {
                // [MQTT-3.10.4-1] Only a filter that is the same to the letter is meant.
                let is_gone =
                    self.holder.with_session(session, |state| state.unsubscribe(&filter, unit));
                if is_gone {
                    // [MQTT-3.10.4-2] Nothing new is found for it from here on.
                    subscriptions.remove(&filter, session);
                }
            });
        }
        // [MQTT-3.10.4-4] [MQTT-2.3.1-7] Always answered, with its identifier,
        // [MQTT-3.10.4-5] also when nothing was found.
        Unsuback { packet_id: unsubscribe.packet_id }
    }
}
