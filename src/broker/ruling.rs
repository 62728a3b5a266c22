//! Changes from outside that reach every Session: other access rules, users that are gone.
//!
//! Clauses: [MQTT-3.3.5-2], for rights that end while a Client is connected.

use super::{Access, Broker, CloseReason, Holder, SessionName};

impl<H: Holder> Broker<H> {
    /// Puts other access rules in place of those that hold.
    ///
    /// From now on they decide, also about Clients that are connected, what they have subscribed
    /// to, and messages that wait for them.
    pub fn replace_access(&self, access: Access) {
        self.holder.with_registry(|registry| {
            self.holder.replace_access(access);
            self.holder.read_access(|access| {
                for (name, session) in registry.iter() {
                    self.holder.with_session(session, |state| {
                        let rights = access.rights(state.owner(), name);
                        state.set_rights(rights);
                    });
                }
            });
        });
    }

    /// Ends the connections of the Sessions that `choose` picks, by name and owner, for `reason`;
    /// says how many there are.
    pub fn dismiss(
        &self,
        reason: CloseReason,
        mut choose: impl FnMut(&SessionName, Option<&str>) -> bool,
    ) -> usize {
        let mut dismissed = 0;
        self.holder.with_registry(|registry| {
            for (name, session) in registry.iter() {
                self.holder.with_session(session, |state| {
                    if choose(name, state.owner())
                        && let Some(connection) = state.dismiss(reason)
                    {
                        self.holder.wake(connection);
                        dismissed += 1;
                    }
                });
            }
        });
        dismissed
    }
}
