//! What goes to the Client, and what has to be durable before it leaves.
//!
//! Clauses: [MQTT-3.1.4-2]. Not here: which packets a Session has (`session`).

use super::{Connection, Output, Stage};
use crate::broker::{Bound, Broker, CloseReason, Holder, Note, Position, Session, Unit};
use crate::packet::Packet;

/// How many packets are fetched from the Session at a time.
const BATCH: usize = 64;

impl<H: Holder> Connection<H> {
    pub(super) fn send(&mut self, packet: impl Into<Packet>) {
        self.outgoing.push_back(Output::Send(packet.into()));
    }

    /// Sends a packet that tells the Client what must still be true after a crash.
    pub(super) fn send_when_kept(&mut self, packet: impl Into<Packet>, unit: &Unit<'_>) {
        self.hold(unit.recorded());
        self.send(packet);
    }

    /// Keeps back what follows until `recorded` is durable.
    pub(super) fn hold(&mut self, recorded: Option<Position>) {
        if let (Some(position), true) = (recorded, recorded > self.held) {
            self.held = recorded;
            self.outgoing.push_back(Output::Hold(position));
        }
    }

    /// Fetches what the Session has to send.
    pub(super) fn fetch(&mut self, broker: &Broker<H>, unit: &mut Unit<'_>) {
        while self.fetch_waiting(broker, unit) {
            let Stage::Connected { session, .. } = &self.stage else { return };
            broker.holder().read_retained(|retained| {
                broker.holder().with_session(session, |state| state.fetch_rest(retained));
            });
        }
    }

    /// Fetches what waits in the queue; whether there is nothing before what is retained and owed.
    fn fetch_waiting(&mut self, broker: &Broker<H>, unit: &mut Unit<'_>) -> bool {
        let Stage::Connected { session, .. } = &self.stage else { return false };
        let begin = self.outgoing.len();
        let mut recorded = None;
        let mut wants_rest = false;
        let ended = broker.holder().with_session(session, |state| {
            if let Some(reason) = ended(state, &self.me) {
                return Some(reason);
            }
            let dropped = state.dropped_news().map(|count| Output::Note(Note::Dropped(count)));
            self.outgoing.extend(dropped);
            self.outgoing.reserve(state.backlog().0.min(BATCH));
            let packets = std::iter::from_fn(|| state.next_packet(unit)).take(BATCH);
            self.outgoing.extend(packets.map(|(packet, after)| {
                recorded = recorded.max(after);
                Output::Send(packet)
            }));
            if state.waits_for_answers() {
                broker.holder().reached(Bound::MaxInFlight, 1);
            }
            wants_rest = state.wants_rest();
            broker.settle(state);
            None
        });
        // One wait for all of them.
        if let (Some(position), true) = (recorded, recorded > self.held) {
            self.held = recorded;
            self.outgoing.insert(begin, Output::Hold(position));
        }
        if let Some(reason) = ended {
            self.close(reason, broker, unit);
        }
        wants_rest && self.outgoing.is_empty()
    }

    /// Ends the connection at once if it has to end, and says why; what was still to be sent is
    /// given up. For one that takes nothing: what it would be told last would never be its turn.
    pub fn give_up(&mut self, broker: &Broker<H>) -> Option<CloseReason> {
        let Stage::Connected { session, .. } = &self.stage else { return None };
        let reason = broker.holder().with_session(session, |state| ended(state, &self.me))?;
        broker.holder().unit(|unit| self.close(reason, broker, unit));
        self.outgoing.clear();
        Some(reason)
    }
}

/// Why the connection `me` of a Session has to end, if it has to.
fn ended<C: PartialEq>(state: &Session<C>, me: &C) -> Option<CloseReason> {
    // [MQTT-3.1.4-2] Another connection has the Session now: this one ends.
    if !state.is_attached_to(me) {
        return Some(CloseReason::Displaced);
    }
    state.dismissed()
}
