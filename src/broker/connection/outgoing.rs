//! What goes to the Client, and what has to be durable before it leaves.
//!
//! Clauses: [MQTT-3.1.4-2]. Not here: which packets a Session has (`session`).

use super::{Connection, Output, Stage};
use crate::broker::session::ToSend;
use crate::broker::{Bound, Broker, CloseReason, Holder, Note, Position, Session, Unit};
use crate::packet::Packet;

/// How much is fetched from the Session at a time: so many packets and runs, and so many octets of
/// the latter.
const BATCH: usize = 64;
const BATCH_OCTETS: usize = 64 * 1024;

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
        // What cannot be sent is not taken out: it was never sent.
        let Stage::Connected { session, failing: false, .. } = &self.stage else { return false };
        let begin = self.outgoing.len();
        let mut recorded = None;
        let mut wants_rest = false;
        let demand = broker.holder().with_session(session, |state| {
            if let Some(demand) = Demand::of(state) {
                return Some(demand);
            }
            let dropped = state.dropped_news().map(|count| Output::Note(Note::Dropped(count)));
            self.outgoing.extend(dropped);
            let mut octets = 0;
            while self.outgoing.len() - begin < BATCH
                && octets < BATCH_OCTETS
                && let Some(next) = state.next_to_send(unit)
            {
                self.outgoing.push_back(match next {
                    ToSend::Packet(packet, after) => {
                        recorded = recorded.max(after);
                        Output::Send(packet)
                    }
                    ToSend::Run(run) => {
                        octets += run.octets().len();
                        Output::SendRun(run)
                    }
                });
            }
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
        match demand {
            None => {}
            Some(Demand::End(reason)) => self.close(reason, broker, unit),
            Some(Demand::HearOut) => self.ask_to_hear_out(),
            Some(Demand::Silence) => {}
        }
        wants_rest && self.outgoing.is_empty()
    }

    /// What is to be done now though nothing can be sent: to hear the Client out, or to close the
    /// connection, and then what was still to be sent is given up. For one that takes nothing: what
    /// it would be told last would never be its turn.
    pub fn poll_urgent(&mut self, broker: &Broker<H>) -> Option<Output> {
        let session = match &self.stage {
            Stage::Connected { session, .. } => session,
            // [MQTT-3.1.4-2] The other connection has the Session.
            Stage::Closed
                if self.outgoing.back() == Some(&Output::Close(CloseReason::Displaced)) =>
            {
                let close = self.outgoing.pop_back();
                self.outgoing.clear();
                return close;
            }
            _ => return None,
        };
        match broker.holder().with_session(session, Demand::of)? {
            Demand::HearOut => {
                self.ask_to_hear_out();
                // It goes before what cannot be sent.
                self.outgoing.pop_back()
            }
            Demand::Silence => None,
            Demand::End(reason) => {
                broker.holder().unit(|unit| self.close(reason, broker, unit));
                self.outgoing.clear();
                Some(Output::Close(reason))
            }
        }
    }
}

/// What a Session asks of its connection before all else.
enum Demand {
    /// To end at once.
    End(CloseReason),
    /// [MQTT-3.1.4-2] To hear its Client out and to end then: it waits on another connection.
    HearOut,
    /// The same, once that was asked.
    Silence,
}

impl Demand {
    fn of<C>(state: &mut Session<C>) -> Option<Self> {
        match state.dismissed() {
            Some(reason) => Some(Self::End(reason)),
            None if !state.is_wanted() => None,
            None if state.begins_parting() => Some(Self::HearOut),
            None => Some(Self::Silence),
        }
    }
}
