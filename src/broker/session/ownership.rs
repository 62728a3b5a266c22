//! Whose Session it is, what its Client may do, and why its connection has to end.
//!
//! Clauses: [MQTT-3.3.5-2], for what is delivered. Not here: which rights those are (`access`).

use super::Session;
use crate::broker::queue::{Next, Waiting};
use crate::broker::{Change, CloseReason, Rights, Unit};
use crate::packet::{QoS, Text};

impl<C> Session<C> {
    /// The user it belongs to: nobody else gets it.
    pub fn owner(&self) -> Option<&str> {
        self.owner.as_ref().map(|owner| owner.as_str())
    }

    /// What its Client may do.
    pub(in crate::broker) fn rights(&self) -> &Rights {
        &self.rights
    }

    /// Gives its Client other rights.
    pub(in crate::broker) fn set_rights(&mut self, rights: Rights) {
        self.rights = rights;
    }

    /// Gives the Session to `user`, unless it has an owner.
    pub(in crate::broker) fn own(&mut self, user: Option<Text>, unit: &mut Unit<'_>) {
        if let (None, Some(user)) = (&self.owner, user) {
            self.owner = Some(Box::new(user.clone()));
            self.record(unit, |session| Change::Owned { session, user });
        }
    }

    /// Asks its connection to end for `reason`, and says which one to wake for it.
    pub(in crate::broker) fn dismiss(&mut self, reason: CloseReason) -> Option<&C> {
        let attachment = self.attachment.as_mut()?;
        attachment.dismissed.get_or_insert_with(|| Box::new(reason));
        Some(&attachment.connection)
    }

    /// Why its connection has to end, if it has to.
    pub(in crate::broker) fn dismissed(&self) -> Option<CloseReason> {
        self.attachment.as_ref()?.dismissed.as_deref().copied()
    }

    /// Takes what is next and may be sent now.
    pub(super) fn next_readable(&mut self, unit: &mut Unit<'_>) -> Option<Next> {
        loop {
            let next = self.queue.as_mut()?.pop(self.sending.has_room())?;
            // The rules may have changed while it waited, or the Session has got an owner.
            let may_read = match &next {
                Next::Message(waiting) => self.rights.may_read(&waiting.outbound.message.topic),
                Next::Run(_, run) => self.rights.may_read(&run.topic()),
            };
            if may_read {
                return Some(next);
            }
            if let Next::Message(waiting) = next {
                self.dropped_waiting(&waiting, unit);
            }
        }
    }

    /// Tells that a message which waited goes nowhere any more.
    pub(super) fn dropped_waiting(&mut self, waiting: &Waiting, unit: &mut Unit<'_>) {
        if waiting.outbound.qos != QoS::AtMostOnce {
            let order = waiting.arrival;
            self.record(unit, |session| Change::Completed { session, order });
        }
    }
}
