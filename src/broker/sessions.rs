//! When a Session begins, goes on and ends.
//!
//! Clauses: [MQTT-3.1.2-4], [MQTT-3.1.2-6], [MQTT-3.1.2-8], [MQTT-3.1.2-10], [MQTT-3.1.2-12],
//! [MQTT-3.1.3-2], [MQTT-3.1.3-5], [MQTT-3.1.3-6], [MQTT-3.1.4-2], [MQTT-3.1.4-3],
//! [MQTT-3.2.2-1] to [MQTT-3.2.2-3], [MQTT-3.14.4-3], [MQTT-4.1.0-1], [MQTT-4.1.0-2].

use super::session::Turn;
use super::{Backlog, Bound, Broker, Holder, Position, Session, SessionName, Unit};
use crate::packet::{Connect, Text};
use crate::topic::TopicFilter;

/// A connection that has got its Session.
pub(super) struct Attached<S> {
    pub(super) name: SessionName,
    pub(super) session: S,
    /// Whether the Session is an earlier one that goes on.
    pub(super) session_present: bool,
    /// What has to be durable before the Client may rely on it.
    pub(super) recorded: Option<Position>,
}

/// Why a connection has got no Session.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum NotAttached {
    /// An older connection has the Session, and was asked to end: the newer one is woken then.
    InUse,
    /// The Client has no Session, and there are as many as there may be; or too many of its
    /// connections wait for the one that it has.
    NoRoom,
    /// The Session belongs to another user.
    NotTheOwner,
}

/// What is left to do once a Session has ended: it may still stand in the subscriptions of all.
pub(super) struct Ended<S> {
    session: S,
    filters: Vec<TopicFilter>,
}

impl<H: Holder> Broker<H> {
    /// Gives the Session of `connect` to `connection`, if no other one has it; and asks that to end.
    ///
    /// # Errors
    ///
    /// [`NotAttached`]; nothing has changed then but who waits.
    pub(super) fn attach(
        &self,
        connection: &H::Connection,
        connect: &Connect,
        user: Option<&Text>,
        unit: &mut Unit<'_>,
    ) -> Result<Attached<H::Session>, NotAttached> {
        let (client_id, clean_session) = (connect.client_id(), connect.clean_session());
        // [MQTT-3.1.3-2] The Session goes by the Client Identifier, to the letter,
        // [MQTT-3.1.3-5] whatever that is, of any length;
        // [MQTT-3.1.3-6] for a Client without one there is a name that nobody else has.
        let name = if client_id.is_empty() {
            SessionName::assigned(self.holder.unique_number())
        } else {
            SessionName::given(&client_id)
        };
        let will = connect.will().map(|will| will.detached());

        // All of this under the registry, so that of two CONNECTs at once one comes first.
        let (session, session_present, recorded, ended) =
            self.holder.with_registry(|registry| {
                if registry.len() >= self.limits.max_sessions && !registry.contains_key(&name) {
                    self.holder.reached(Bound::MaxSessions, 1);
                    return Err(NotAttached::NoRoom);
                }
                let shown = user.map(Text::as_str);
                let rights = self.holder.read_access(|access| access.rights(shown, &name));
                let mut line = None;
                let mut ended = None;
                if let Some(session) = registry.get(&name).cloned() {
                    let goes_on = self.holder.with_session(&session, |state| {
                        // A Session is its owner's: nobody else goes on with it, ends it, or ends
                        // its connection. Nobody's is for whoever comes.
                        if state.owner().is_some_and(|owner| Some(owner) != shown) {
                            return Err(NotAttached::NotTheOwner);
                        }
                        self.take_turn(state, connection)?;
                        // [MQTT-3.1.2-6] A clean Session is not continued, and does not continue
                        // another. [MQTT-3.1.4-3]
                        if clean_session || state.is_clean() {
                            line = state.take_line();
                            ended = Some(self.end(&session, state, unit));
                            return Ok(None);
                        }
                        state.set_rights(rights.clone());
                        state.own(user.cloned(), unit);
                        state.attach(connection.clone(), will.clone(), unit);
                        Ok(Some(state.recorded()))
                    })?;
                    // [MQTT-3.1.2-4] Otherwise it goes on from where it stood.
                    // [MQTT-3.2.2-2] The Client is told.
                    if let Some(recorded) = goes_on {
                        return Ok((session, true, recorded, ended));
                    }
                }
                // [MQTT-3.1.2-4] No Session: here is a new one.
                // [MQTT-3.2.2-1] [MQTT-3.2.2-3] The Client is told that, too.
                let number = if clean_session { None } else { unit.session_number() };
                let mut state = Session::new(clean_session, number, &self.limits);
                if !client_id.is_empty() {
                    state.begin(&client_id, unit);
                }
                state.set_rights(rights);
                state.own(user.cloned(), unit);
                state.attach(connection.clone(), will, unit);
                state.set_line(line);
                let recorded = state.recorded();
                // [MQTT-4.1.0-1] It is there until it ends, connected or not.
                let session = self.holder.add_session(state);
                registry.insert(name.clone(), session.clone());
                Ok((session, false, recorded, ended))
            })?;

        if let Some(ended) = ended {
            self.forget_subscriptions(&ended);
        }
        Ok(Attached { name, session, session_present, recorded })
    }

    /// Whether it is the turn of `connection` to have a Session; otherwise it waits.
    fn take_turn(
        &self,
        state: &mut Session<H::Connection>,
        connection: &H::Connection,
    ) -> Result<(), NotAttached> {
        match state.take_turn(connection) {
            Turn::Now => Ok(()),
            Turn::Later => {
                // [MQTT-3.1.4-2] One connection for each Client: the older one ends.
                state.whose_turn().inspect(|older| self.holder.wake(older));
                Err(NotAttached::InUse)
            }
            Turn::Never => Err(NotAttached::NoRoom),
        }
    }

    /// Takes `connection` out of the line for the Session of `connect`, if it is there.
    pub(super) fn leave_line(
        &self,
        connection: &H::Connection,
        connect: &Connect,
        unit: &mut Unit<'_>,
    ) {
        let name = SessionName::given(&connect.client_id());
        let ended = self.holder.with_registry(|registry| {
            let session = registry.get(&name).cloned()?;
            let ended = self.holder.with_session(&session, |state| {
                state.leave_line(connection);
                self.pass_on(&session, state, unit)
            });
            ended.inspect(|_| drop(registry.remove(&name)))
        });
        if let Some(ended) = ended {
            self.forget_subscriptions(&ended);
        }
    }

    /// A Session may have no connection any more: the next one is woken, or it ends if it is clean.
    fn pass_on(
        &self,
        session: &H::Session,
        state: &mut Session<H::Connection>,
        unit: &mut Unit<'_>,
    ) -> Option<Ended<H::Session>> {
        if let Some(next) = state.whose_turn() {
            self.holder.wake(next);
            return None;
        }
        // [MQTT-3.1.2-6] A clean Session lasts as long as its connection.
        state.is_clean().then(|| self.end(session, state, unit))
    }

    /// Ends the tie between a Session and its connection; a clean Session ends with it.
    pub(super) fn detach(&self, name: &SessionName, session: &H::Session, unit: &mut Unit<'_>) {
        let (will, ended) = self.holder.with_registry(|registry| {
            self.holder.with_session(session, |state| {
                // [MQTT-4.1.0-2] Until now the Session had a connection, and could not end.
                let will = state.detach(unit);
                self.settle(state);
                let ended = self.pass_on(session, state, unit);
                if ended.is_some() {
                    registry.remove(name);
                }
                (will, ended)
            })
        });
        if let Some(ended) = ended {
            self.forget_subscriptions(&ended);
        }
        // [MQTT-3.1.2-8] The Will is published when the connection is closed,
        // [MQTT-3.1.2-12] if there is one. [MQTT-3.14.4-3] DISCONNECT has discarded it before.
        // [MQTT-3.1.2-10] Taken out of the Session, it cannot be published twice.
        if let Some(will) = will {
            self.publish_will(will, unit);
        }
    }

    /// Takes a Session that has ended out of the subscriptions of all.
    pub(super) fn forget_subscriptions(&self, ended: &Ended<H::Session>) {
        if ended.filters.is_empty() {
            return;
        }
        self.holder.write_subscriptions(|subscriptions| {
            for filter in &ended.filters {
                subscriptions.remove(filter, &ended.session);
            }
        });
    }

    /// Ends a Session that has no connection: nothing of it is ever used again.
    pub(super) fn end(
        &self,
        session: &H::Session,
        state: &mut Session<H::Connection>,
        unit: &mut Unit<'_>,
    ) -> Ended<H::Session> {
        debug_assert!(!state.is_connected());
        state.end(unit);
        self.holder.holds(state.count_no_more(), Backlog::default());
        let filters = state.subscriptions().keys().cloned().collect();
        Ended { session: session.clone(), filters }
    }
}
