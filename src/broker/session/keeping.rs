//! The Session beyond the end of the server: what is told of it, and how it comes back.
//!
//! Clauses: [MQTT-4.1.0-1]. Not here: where it is kept (`store`).

use std::collections::BTreeMap;

use super::{Session, Since};
use crate::broker::queue::Queue;
use crate::broker::{
    Change, KeptCopy, KeptDelivery, KeptSession, Limits, Position, SessionNumber, Unit,
};
use crate::packet::{ClientId, PacketId};
use crate::session::{Outbound, Sending};

/// What a Session needs to know in order to outlive the server.
#[derive(Clone, Debug)]
pub(super) struct Keeping {
    pub(super) number: SessionNumber,
    /// The place of each delivery that has an identifier.
    pub(super) orders: BTreeMap<PacketId, u64>,
    /// What has to be durable before a Client may see the Session as it is now.
    pub(super) recorded: Option<Position>,
}

impl<C> Session<C> {
    /// A Session as an earlier server has left it.
    pub(in crate::broker) fn restored(
        number: SessionNumber,
        kept: KeptSession,
        limits: &Limits,
    ) -> Self {
        let KeptSession { owner, absent_since, subscriptions, deliveries, received, .. } = kept;
        let mut keeping = Keeping::new(number);
        let mut queue = Queue::new();
        let (mut sent, mut released) = (Vec::new(), Vec::new());
        for (order, delivery) in deliveries {
            match delivery {
                KeptDelivery::Waiting(copy) => queue.restore(order, copy.into()),
                KeptDelivery::Sent(packet_id, copy) => {
                    queue.resume_after(order);
                    keeping.orders.insert(packet_id, order);
                    sent.push((packet_id, copy.into()));
                }
                KeptDelivery::Released(packet_id) => {
                    queue.resume_after(order);
                    keeping.orders.insert(packet_id, order);
                    released.push(packet_id);
                }
            }
        }
        Self {
            owner: owner.map(Box::new),
            absent_since: absent_since.map(Since::new),
            subscriptions,
            sending: Sending::resumed(limits.max_in_flight, sent, released),
            receiving: received.into_iter().collect(),
            queue: queue.into(),
            keeping: Some(Box::new(keeping)),
            ..Self::new(false, None, limits)
        }
    }

    /// What has to be durable before a Client may see the Session as it is now.
    pub(in crate::broker) fn recorded(&self) -> Option<Position> {
        self.keeping.as_ref()?.recorded
    }

    /// Tells that it has begun, if it is one that outlives the server.
    pub(in crate::broker) fn begin(&mut self, client_id: &ClientId, unit: &mut Unit<'_>) {
        self.record(unit, |session| Change::SessionBegun {
            session,
            client_id: client_id.detached(),
        });
    }

    /// Tells that it has ended.
    pub(in crate::broker) fn end(&mut self, unit: &mut Unit<'_>) {
        self.record(unit, |session| Change::SessionEnded { session });
    }

    /// Tells of a change, if the Session is one that outlives the server.
    pub(super) fn record(
        &mut self,
        unit: &mut Unit<'_>,
        change: impl FnOnce(SessionNumber) -> Change,
    ) {
        if let Some(keeping) = &mut self.keeping {
            unit.record(change(keeping.number));
            keeping.recorded = unit.recorded();
        }
    }
}

impl Keeping {
    pub(super) const fn new(number: SessionNumber) -> Self {
        Self { number, orders: BTreeMap::new(), recorded: None }
    }
}

impl From<KeptCopy> for Outbound {
    fn from(copy: KeptCopy) -> Self {
        let KeptCopy { message, qos, retain } = copy;
        Self { message: message.message, qos, retain }
    }
}
