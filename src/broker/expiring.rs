//! Sessions whose Clients have been away for too long: an operator's choice, as the standard keeps
//! them for ever.
//!
//! A Session is found without its Client when somebody looks. That moment is kept, also beyond the
//! end of the server, and ends with the next connection.
//!
//! Clauses: [MQTT-4.1.0-2], for Sessions with a connection, which never end here.

use std::time::Duration;

use super::{Broker, Holder, SessionName};

/// How many Sessions are looked through before something is done about those found.
const AT_ONCE: usize = 1_000;

impl<H: Holder> Broker<H> {
    /// Ends the Sessions whose Clients have been away for as long as
    /// [`Policy::session_expiry`](super::Policy::session_expiry) says; how many there were.
    ///
    /// To be called every so often. `now` is the time since a moment that all servers which go on
    /// from each other have in common, such as 1970. From one call to the next a Session lives
    /// longer than it would have to, and never shorter.
    pub fn expire(&self, now: Duration) -> usize {
        let Some(expiry) = self.policy.session_expiry else { return 0 };
        let mut ended = 0;
        let mut after = None;
        loop {
            let mut found = Vec::new();
            self.for_each_session(after.take(), |name, session| {
                if session.may_expire(expiry, now) {
                    found.push(name.clone());
                }
                found.len() < AT_ONCE
            });
            ended += found.iter().filter(|name| self.expire_one(name, expiry, now)).count();
            match found.pop() {
                Some(name) if found.len() + 1 == AT_ONCE => after = Some(name),
                _ => return ended,
            }
        }
    }

    /// Ends one Session if it is time, or takes down that it is without its Client.
    fn expire_one(&self, name: &SessionName, expiry: Duration, now: Duration) -> bool {
        self.holder.unit(|unit| {
            let ended = self.holder.with_registry(|registry| {
                let session = registry.get(name).cloned()?;
                let ended = self.holder.with_session(&session, |state| {
                    state.expires(expiry, now, unit).then(|| self.end(&session, state, unit))
                })?;
                registry.remove(name);
                Some(ended)
            });
            if let Some(ended) = &ended {
                self.forget_subscriptions(ended);
            }
            ended.is_some()
        })
    }
}
