//! What whoever runs the server may look at and end: Sessions and retained messages.
//!
//! Not here: changes of rights and users (`ruling`).

use std::ops::Bound::{Excluded, Unbounded};

use bytes::Bytes;

use super::{Broker, CloseReason, Holder, Session, SessionName};
use crate::packet::QoS;
use crate::session::Message;
use crate::topic::TopicName;

/// How many Sessions are listed at a time: while they are, no Client can connect.
const AT_ONCE: usize = 1_000;

impl<H: Holder> Broker<H> {
    /// Looks at each Session behind `after`, or at all, in the order of their names, until `visit`
    /// says `false`.
    ///
    /// They are not held still meanwhile: one that begins or ends while others are looked at may
    /// be seen or not.
    pub fn for_each_session(
        &self,
        after: Option<SessionName>,
        mut visit: impl FnMut(&SessionName, &Session<H::Connection>) -> bool,
    ) {
        let mut after = after;
        loop {
            let begin = after.as_ref().map_or(Unbounded, Excluded);
            let listed: Vec<_> = self.holder.with_registry(|registry| {
                let behind = registry.range((begin, Unbounded)).take(AT_ONCE);
                behind.map(|(name, session)| (name.clone(), session.clone())).collect()
            });
            for (name, session) in &listed {
                if !self.holder.with_session(session, |state| visit(name, state)) {
                    return;
                }
            }
            let is_last = listed.len() < AT_ONCE;
            match listed.into_iter().next_back() {
                Some((name, _)) if !is_last => after = Some(name),
                _ => return,
            }
        }
    }

    /// Looks at one Session; `None` when there is none of this name.
    pub fn look_at_session<R>(
        &self,
        name: &SessionName,
        look: impl FnOnce(&Session<H::Connection>) -> R,
    ) -> Option<R> {
        let session = self.holder.with_registry(|registry| registry.get(name).cloned())?;
        Some(self.holder.with_session(&session, |state| look(state)))
    }

    /// Asks the connection of a Session to end for `reason`; `false` when it is not this one.
    pub fn dismiss_connection(
        &self,
        name: &SessionName,
        connection: &H::Connection,
        reason: CloseReason,
    ) -> bool {
        let session = self.holder.with_registry(|registry| registry.get(name).cloned());
        session.is_some_and(|session| {
            self.holder.with_session(&session, |state| {
                let is_its = state.is_attached_to(connection) && state.dismiss(reason).is_some();
                if is_its {
                    self.holder.wake(connection);
                }
                is_its
            })
        })
    }

    /// How many Sessions there are.
    pub fn session_count(&self) -> usize {
        self.holder.with_registry(|registry| registry.len())
    }

    /// Ends a Session with all that it holds; `false` when there is none of this name.
    ///
    /// If its Client is connected, the connection is ended first, and the Session with it.
    pub fn remove_session(&self, name: &SessionName) -> bool {
        self.holder.unit(|unit| {
            let found = self.holder.with_registry(|registry| {
                let session = registry.get(name).cloned()?;
                let ended = self.holder.with_session(&session, |state| {
                    if let Some(connection) = state.dismiss(CloseReason::Asked) {
                        self.holder.wake(connection);
                    }
                    if !state.is_free() {
                        state.end_with_connection();
                        return None;
                    }
                    Some(self.end(&session, state, unit))
                });
                if ended.is_some() {
                    registry.remove(name);
                }
                Some(ended)
            });
            if let Some(Some(ended)) = &found {
                self.forget_subscriptions(ended);
            }
            found.is_some()
        })
    }

    /// Takes the retained message of `topic` away, as an empty one of a Client would; `false` when
    /// there is none.
    pub fn remove_retained(&self, topic: &TopicName) -> bool {
        let had_one = self.holder.read_retained(|retained| retained.get(topic).is_some());
        if had_one {
            let (topic, qos) = (topic.clone(), QoS::AtMostOnce);
            self.publish(Message { topic, payload: Bytes::new(), qos, retain: true });
        }
        had_one
    }
}
