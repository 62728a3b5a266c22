//! Which connection of its Client has the Session next.
//!
//! A newer connection does not take the Session from the older one: it waits until that has taken
//! in what had come, in which there may be a DISCONNECT, and has ended. Several get it in the order
//! in which they have come.
//!
//! Clauses: [MQTT-3.1.4-2], and with it [MQTT-3.1.2-8] and [MQTT-3.14.4-3]. Not here: the wait of a
//! connection (`admission`), and the end of the older one (`outgoing`).

use std::collections::VecDeque;

use super::Session;

/// How many connections may wait for a Session: more than any Client opens, and few enough to look
/// through.
const LONGEST: usize = 256;

/// When it is the turn of a connection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::broker) enum Turn {
    Now,
    Later,
    /// Too many wait.
    Never,
}

/// The connections that wait for a Session, in the order in which they have come; never none.
#[derive(Clone, Debug)]
pub(in crate::broker) struct Line<C>(VecDeque<C>);

impl<C> Session<C> {
    /// Whether a connection waits for it.
    pub(in crate::broker) fn is_wanted(&self) -> bool {
        self.line.is_some()
    }

    /// Whether it has no connection, and none waits for it.
    pub(in crate::broker) fn is_free(&self) -> bool {
        self.attachment.is_none() && self.line.is_none()
    }

    /// Has its connection begin to part from it; `false` when it has begun.
    pub(in crate::broker) fn begins_parting(&mut self) -> bool {
        self.attachment.as_mut().is_some_and(|it| !std::mem::replace(&mut it.parting, true))
    }

    /// Whether its connection has begun to part from it.
    pub(in crate::broker) fn is_parting(&self) -> bool {
        self.attachment.as_ref().is_some_and(|attachment| attachment.parting)
    }

    /// The connection that something is to be done by next: that which has the Session, or else the
    /// first of those that wait.
    pub(in crate::broker) fn whose_turn(&self) -> Option<&C> {
        let first = || self.line.as_ref().and_then(|line| line.0.front());
        self.attachment.as_ref().map(|attachment| &attachment.connection).or_else(first)
    }

    /// Takes those who wait, when the Session ends and another begins for them.
    pub(in crate::broker) fn take_line(&mut self) -> Option<Box<Line<C>>> {
        self.line.take()
    }

    /// Has others wait for it.
    pub(in crate::broker) fn set_line(&mut self, line: Option<Box<Line<C>>>) {
        self.line = line;
    }
}

impl<C: Clone + PartialEq> Session<C> {
    /// Whether `connection` may have it now; otherwise it gets in line.
    pub(in crate::broker) fn take_turn(&mut self, connection: &C) -> Turn {
        if self.whose_turn().is_none_or(|next| self.attachment.is_none() && next == connection) {
            self.leave_line(connection);
            return Turn::Now;
        }
        let Line(line) = &mut **self.line.get_or_insert_with(|| Box::new(Line(VecDeque::new())));
        match line.contains(connection) {
            true => Turn::Later,
            false if line.len() < LONGEST => {
                line.push_back(connection.clone());
                Turn::Later
            }
            false => Turn::Never,
        }
    }

    /// `connection` does not wait any more.
    pub(in crate::broker) fn leave_line(&mut self, connection: &C) {
        if let Some(line) = &mut self.line {
            line.0.retain(|other| other != connection);
            if line.0.is_empty() {
                self.line = None;
            }
        }
    }
}
