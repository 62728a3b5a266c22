//! How a Network Connection ends, whoever ends it.
//!
//! Clauses: [MQTT-3.1.2-8], [MQTT-3.1.4-2], [MQTT-3.2.2-5], [MQTT-4.8.0-1], U-3.1.4-1. Not here: the
//! Will that is then due, and the Session (`sessions`).

use super::{Connection, Output, Stage};
use crate::broker::{Broker, CloseReason, Holder, Unit, Violation};
use crate::packet::{Connack, ConnectRefusal};

impl<H: Holder> Connection<H> {
    /// What the Client would be told next would not be true after a crash: it is told nothing.
    pub(super) fn handle_not_kept(&mut self, broker: &Broker<H>, unit: &mut Unit<'_>) {
        let was_closed = matches!(self.stage, Stage::Closed);
        self.outgoing.clear();
        self.close(CloseReason::NotKept, broker, unit);
        if was_closed {
            self.outgoing.push_back(Output::Close(CloseReason::NotKept));
        }
    }

    /// Nothing can be told to the Client any more. What it has said already counts: there may be a
    /// DISCONNECT in it.
    pub(super) fn handle_failing(&mut self, broker: &Broker<H>, unit: &mut Unit<'_>) {
        let Stage::Connected { failing, .. } = &mut self.stage else {
            return self.close(CloseReason::NetworkClosed, broker, unit);
        };
        *failing = true;
        self.outgoing.retain(|output| matches!(output, Output::Note(_)));
        self.ask_to_hear_out();
    }

    /// Asks for what the Client has said already, however fast it was.
    pub(super) fn ask_to_hear_out(&mut self) {
        if let Stage::Connected { pace, .. } = &mut self.stage {
            pace.hasten();
            self.outgoing.push_back(Output::HearOut);
        }
    }

    /// Nothing more is heard of a Client that waits on another connection, or is not to be reached.
    pub(super) fn handle_heard_out(&mut self, broker: &Broker<H>, unit: &mut Unit<'_>) {
        let Stage::Connected { session, failing, .. } = &self.stage else { return };
        // [MQTT-3.1.4-2] What it said last counts, DISCONNECT most of all; and that was it.
        if broker.holder().with_session(session, |state| state.is_parting()) {
            self.close(CloseReason::Displaced, broker, unit);
        } else if *failing {
            // [MQTT-3.1.2-8] It has left without a word: its Will is due.
            self.close(CloseReason::NetworkClosed, broker, unit);
        }
    }

    pub(super) fn handle_stopping(&self, broker: &Broker<H>, unit: &mut Unit<'_>) {
        let Stage::Connected { session, .. } = &self.stage else { return };
        if let Some(will) = broker.holder().with_session(session, |state| state.take_will(unit)) {
            broker.publish_will(will, unit);
        }
    }

    pub(super) fn handle_stop(&mut self, broker: &Broker<H>, unit: &mut Unit<'_>) {
        // What the Session holds for the Client now goes first: the Wills of those who left just
        // before it are the last of it.
        let mut fetched = usize::MAX;
        while fetched != self.outgoing.len() {
            fetched = self.outgoing.len();
            self.fetch(broker, unit);
        }
        self.close(CloseReason::ServerStopping, broker, unit);
    }

    /// Refuses a CONNECT.
    pub(super) fn refuse(
        &mut self,
        refusal: ConnectRefusal,
        statement: &'static str,
        broker: &Broker<H>,
        unit: &mut Unit<'_>,
    ) {
        // [U-3.1.4-1] What is well formed and not wanted is told why.
        self.send(Connack::Refused(refusal));
        // [MQTT-3.2.2-5] A refusal is followed by the end.
        self.close(CloseReason::Refused { refusal, statement }, broker, unit);
    }

    /// Ends the connection of a Client that broke the protocol.
    pub(super) fn violate(
        &mut self,
        violation: Violation,
        broker: &Broker<H>,
        unit: &mut Unit<'_>,
    ) {
        // [MQTT-4.8.0-1] The connection on which it came, and no other.
        self.close(CloseReason::Violation(violation), broker, unit);
    }

    /// Ends the connection, and parts from the Session.
    pub(super) fn close(&mut self, reason: CloseReason, broker: &Broker<H>, unit: &mut Unit<'_>) {
        // What it has published comes before its Will.
        self.hand_over(broker);
        match std::mem::replace(&mut self.stage, Stage::Closed) {
            Stage::Closed => return,
            Stage::Opened { .. } | Stage::Asking { .. } => {}
            Stage::Waiting(waiting) => broker.leave_line(&self.me, &waiting.connect, unit),
            Stage::Connected { name, session, .. } => {
                broker.detach(&name, &session, unit);
            }
        }
        self.outgoing.push_back(Output::Close(reason));
    }
}
