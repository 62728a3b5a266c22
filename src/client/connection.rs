//! What the Client knows of one Network Connection, from CONNECT to its end.

use std::time::{Duration, Instant};

use super::keep_alive::KeepAlive;
use super::{CloseReason, Violation};
use crate::packet::{Connect, DecodeError, PacketType};

/// A Network Connection on which CONNECT has been sent.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(super) struct Connection {
    /// Whether the Session ends with it.
    pub(super) clean_session: bool,
    pub(super) keep_alive: KeepAlive,
    /// When to stop waiting for CONNACK; `None` once it is here.
    connack_due: Option<Instant>,
}

impl Connection {
    pub(super) fn new(now: Instant, connect: &Connect, answer_wait: Duration) -> Self {
        Self {
            clean_session: connect.clean_session(),
            keep_alive: KeepAlive::new(now, connect.keep_alive_seconds(), answer_wait),
            connack_due: Some(now + answer_wait),
        }
    }

    /// The Server has accepted it.
    pub(super) fn accept(&mut self) {
        self.connack_due = None;
    }

    /// Whether the Server has accepted it.
    pub(super) fn is_accepted(&self) -> bool {
        self.connack_due.is_none()
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.connack_due.into_iter().chain(self.keep_alive.deadline()).min()
    }

    /// The answer that is missing at `now`, if one is.
    pub(super) fn overdue(&self, now: Instant) -> Option<CloseReason> {
        // [U-3.2-1] No CONNACK, no connection.
        if self.connack_due.is_some_and(|due| due <= now) {
            return Some(CloseReason::NoConnack);
        }
        // [U-3.1.2.10-1] Who does not answer PINGREQ is not there.
        self.keep_alive.is_answer_overdue(now).then_some(CloseReason::NoPingresp)
    }

    /// Why octets that are no packet end the connection.
    pub(super) fn reason_for(&self, error: DecodeError) -> CloseReason {
        match error {
            DecodeError::Malformed(malformed) => Violation::Malformed(malformed).into(),
            // [MQTT-4.8.0-2] What there is no room for cannot be passed over either.
            DecodeError::TooLarge(too_large) => CloseReason::TooLarge(too_large),
            DecodeError::UnsupportedProtocolLevel { .. } if self.is_accepted() => {
                Violation::ClientPacket(PacketType::Connect).into()
            }
            DecodeError::UnsupportedProtocolLevel { .. } => {
                Violation::BeforeConnack(PacketType::Connect).into()
            }
        }
    }
}
