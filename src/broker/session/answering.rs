//! The Client's half of QoS 1 and 2: what it publishes, and what it answers.
//!
//! Every step that a crash must not undo is told as a change.
//!
//! Clauses: [MQTT-4.1.0-1]. Not here: the rules of the exchange (`crate::session`).

use super::Session;
use crate::broker::{Change, Unit};
use crate::packet::{Delivery, Puback, Pubcomp, Pubrec, Pubrel};
use crate::session::{Completed, Received, UnexpectedAck};

impl<C> Session<C> {
    /// Takes in a PUBLISH of the Client.
    pub(in crate::broker) fn publish(
        &mut self,
        delivery: Delivery,
        unit: &mut Unit<'_>,
    ) -> Received {
        let received = self.receiving.publish(delivery);
        if let (true, Delivery::ExactlyOnce { packet_id, .. }) = (received.is_new, delivery) {
            self.record(unit, |session| Change::Received { session, packet_id });
        }
        received
    }

    /// Takes in a PUBREL of the Client.
    pub(in crate::broker) fn pubrel(&mut self, pubrel: Pubrel, unit: &mut Unit<'_>) -> Pubcomp {
        let packet_id = pubrel.packet_id;
        self.record(unit, |session| Change::Freed { session, packet_id });
        self.receiving.pubrel(pubrel)
    }

    /// Takes in a PUBACK of the Client.
    pub(in crate::broker) fn puback(
        &mut self,
        puback: Puback,
        unit: &mut Unit<'_>,
    ) -> Result<(), UnexpectedAck> {
        let completed = self.sending.puback(puback)?;
        self.completed(completed, unit);
        Ok(())
    }

    /// Takes in a PUBREC of the Client.
    pub(in crate::broker) fn pubrec(
        &mut self,
        pubrec: Pubrec,
        unit: &mut Unit<'_>,
    ) -> Result<Pubrel, UnexpectedAck> {
        let pubrel = self.sending.pubrec(pubrec)?;
        let packet_id = pubrel.packet_id;
        if let Some(&order) = self.keeping.as_ref().and_then(|kept| kept.orders.get(&packet_id)) {
            self.record(unit, |session| Change::Released { session, order, packet_id });
        }
        Ok(pubrel)
    }

    /// Takes in a PUBCOMP of the Client.
    pub(in crate::broker) fn pubcomp(
        &mut self,
        pubcomp: Pubcomp,
        unit: &mut Unit<'_>,
    ) -> Result<(), UnexpectedAck> {
        let completed = self.sending.pubcomp(pubcomp)?;
        self.completed(completed, unit);
        Ok(())
    }

    /// Tells what has come to its end.
    fn completed(&mut self, completed: Completed, unit: &mut Unit<'_>) {
        let (Completed::Delivery(packet_id), Some(keeping)) = (completed, &mut self.keeping) else {
            return;
        };
        if let Some(order) = keeping.orders.remove(&packet_id) {
            self.record(unit, |session| Change::Completed { session, order });
        }
    }
}
