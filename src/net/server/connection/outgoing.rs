//! What the value of a connection has to say: to the Client, to whoever runs the server, to the task.

use super::super::log;
use super::Task;
use crate::broker::{CloseReason, Input, Output};
use crate::packet::{Packet, PublishRun};

impl Task {
    /// Whether nothing that comes next has to wait; if it has, this connection is woken in time.
    fn lets_go(&mut self) -> bool {
        let Some(position) = self.held else { return true };
        let common = self.common.clone();
        let Some(journal) = common.broker.holder().journal() else { return true };
        if journal.is_durable(position) {
            self.held = None;
        } else if journal.is_failing() {
            self.held = None;
            self.input(Input::NotKept);
        } else {
            journal.wake_at(position, &self.me);
        }
        self.held.is_none()
    }

    /// Puts out what the value has to say, as long as there is room; `false` at its end.
    pub(super) fn put_out(&mut self) -> bool {
        while (self.failing || !self.wire.is_full()) && self.lets_go() {
            match self.connection.poll_output(&self.common.broker) {
                None => break,
                Some(Output::Note(note)) => {
                    log::note(&self.who(), &note);
                    if let Some(statement) = note.statement() {
                        self.common.counters.violations.add(statement, &self.who(), &note);
                    }
                }
                Some(Output::Authenticate(credentials)) => {
                    let origin = self.me.origin();
                    self.proof = Some(self.common.passwords.prove(origin, credentials));
                }
                Some(Output::HearOut) => self.hears_out = true,
                Some(Output::Hold(position)) => self.held = Some(position),
                // Nothing can be sent any more: it goes nowhere.
                Some(Output::Send(_) | Output::SendRun(_)) if self.failing => {}
                Some(Output::Send(packet)) => self.send(&packet),
                Some(Output::SendRun(run)) => self.send_run(&run),
                Some(Output::Close(reason)) => {
                    self.closed(&reason);
                    return false;
                }
            }
        }
        // It may be told to end among all that it does not take.
        if !self.failing && self.wire.is_full() {
            match self.connection.poll_urgent(&self.common.broker) {
                Some(Output::Close(reason)) => {
                    self.closed(&reason);
                    return false;
                }
                other => self.hears_out |= other.is_some(),
            }
        }
        true
    }

    /// Says why the connection ends, and counts it.
    fn closed(&self, reason: &CloseReason) {
        let counters = &self.common.counters;
        log::closed(&self.who(), reason);
        counters.closed(reason.name());
        if let (true, Some(statement)) = (reason.is_clients_fault(), reason.statement()) {
            counters.violations.add(statement, &self.who(), reason);
        }
    }

    fn send(&mut self, packet: &Packet) {
        if log::wants_packets() {
            log::sent(&self.who(), packet);
        }
        self.me.traffic().sent(packet);
        // A packet goes out as large as it came in, and that had room in a fixed header.
        let sent = self.wire.send(packet);
        debug_assert!(sent.is_ok(), "{packet} does not fit");
    }

    fn send_run(&mut self, run: &PublishRun) {
        if log::wants_packets() {
            run.packets().for_each(|packet| log::sent(&self.who(), &packet));
        }
        self.me.traffic().sent_run(run);
        self.wire.send_run(run);
    }
}
