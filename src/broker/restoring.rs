//! A server that goes on where an earlier one stopped.
//!
//! To the Clients it is as if all their Network Connections had failed: Sessions, subscriptions,
//! messages on their way and retained messages are there, and the Wills of those that were
//! connected are due.
//!
//! Clauses: [MQTT-3.1.2-4], [MQTT-3.1.2-8], [MQTT-4.1.0-1], [MQTT-4.4.0-1].

use super::{
    Broker, Change, Holder, Kept, KeptSession, Rights, Session, SessionName, SessionNumber,
};

impl<H: Holder> Broker<H> {
    /// Takes in what an earlier server has left; to be called once, before there are connections.
    ///
    /// The limits are not applied to it: what was acknowledged under greater ones stays.
    pub fn restore(&self, kept: Kept) {
        let Kept { sessions, retained } = kept;
        self.holder.write_retained(|all| retained.into_values().for_each(|one| all.restore(one)));
        let mut wills = Vec::new();
        for (number, mut session) in sessions {
            let will = session.will.take();
            let rights = self.restore_session(number, session);
            if let Some(will) = will {
                wills.push((number, will, rights));
            }
        }
        for (number, will, rights) in wills {
            // [MQTT-3.1.2-8] The end of the server was the end of this connection, too, and no
            // DISCONNECT had come before it.
            self.holder.unit(|unit| {
                unit.record(Change::WillGone { session: number });
                if rights.may_write(&will.topic) {
                    self.publish_will(will, unit);
                }
            });
        }
    }

    fn restore_session(&self, number: SessionNumber, session: KeptSession) -> Rights {
        let name = SessionName::given(&session.client_id);
        let subscriptions = session.subscriptions.clone();
        // [MQTT-4.1.0-1] It has not ended, and is all there.
        let mut state = Session::restored(number, session, &self.limits);
        state.set_rights(self.holder.read_access(|access| access.rights(state.owner(), &name)));
        let rights = state.rights().clone();
        self.settle(&mut state);
        let session = self.holder.add_session(state);
        self.holder.with_registry(|registry| registry.insert(name, session.clone()));
        self.holder.write_subscriptions(|all| {
            for (filter, qos) in subscriptions {
                all.insert(&filter, session.clone(), qos);
            }
        });
        rights
    }
}
