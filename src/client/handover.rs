//! From one Network Connection to the next: what stays, what is sent again, what is asked anew.
//!
//! Clauses: [MQTT-3.1.2-4], [MQTT-3.1.2-6], [MQTT-4.1.0-1], 3.2.2.2. Not here: sending again what
//! the Server still knows, which is part of taking in CONNACK.

use std::time::Instant;

use super::command::Command;
use super::{Change, Client, Outcome, Token, queued};

impl Client {
    /// The Network Connection is gone, or is to go: sorts out what stays.
    pub(super) fn end_connection(&mut self) {
        let Some(connection) = self.connection.take() else { return };
        self.session.acknowledging.end_connection();
        // No answer will come to a SUBSCRIBE or UNSUBSCRIBE any more: they are asked anew. Those
        // of our own are when the next connection begins.
        let unanswered = self.session.take_requests();
        self.wait_again(unanswered);
        self.waiting.retain(|(_, command)| !matches!(command, Command::Renew(_)));
        // [MQTT-3.1.2-4] The Session stays, messages on their way and identifiers with it;
        // [MQTT-4.1.0-1] nothing of it is dropped while it lasts.
        if connection.clean_session {
            // [MQTT-3.1.2-6] This one ends with its Network Connection. What was never sent
            // belongs to none yet.
            self.discard_session();
        }
    }

    pub(super) fn discard_session(&mut self) {
        let emptied = self.session.emptied(self.limits.in_flight);
        let session = std::mem::replace(&mut self.session, emptied);
        for token in session.into_tokens() {
            self.complete(token, Outcome::GivenUp);
        }
    }

    /// Puts commands back among those that wait, to the places that their age gives them.
    fn wait_again(&mut self, commands: Vec<(Token, Command)>) {
        self.waiting.extend(commands);
        self.waiting.make_contiguous().sort_by_key(|(token, _)| *token);
    }

    /// The Server has no Session, so nothing that was on its way has a meaning to it any more.
    ///
    /// Messages without an answer are published anew, in their order: at QoS 2 at the risk that
    /// the Server passed one on and forgot, which is better than a loss. Those that it answered
    /// with PUBREC it has taken over, and they count as delivered.
    pub(super) fn begin_anew(&mut self) {
        let received: Vec<_> = self.session.receiving.unreleased().collect();
        received.into_iter().for_each(|packet_id| self.keep(Change::Freed { packet_id }));
        let (delivered, again) = self.session.begin_anew(self.limits.in_flight);
        for token in delivered {
            self.keep(Change::Completed { token });
            self.complete(token, Outcome::Delivered);
        }
        for waits in &again {
            // Without its identifier, which means nothing any more.
            self.keep(Change::Completed { token: waits.0 });
            queued(waits).into_iter().for_each(|change| self.keep(change));
        }
        self.wait_again(again);
    }

    /// Asks for the subscriptions that the Server had granted, and has lost with its Session.
    pub(super) fn renew(&mut self, now: Instant) {
        let renewals = self.subscriptions.renewals();
        self.is_renewing = !renewals.is_empty();
        for command in renewals {
            let token = self.take_token();
            match self.session.begin(token, command) {
                Ok(begun) => self.send(now, begun.packet),
                // Behind those that have all the identifiers.
                Err(command) => self.waiting.push_back((token, command)),
            }
        }
    }
}
