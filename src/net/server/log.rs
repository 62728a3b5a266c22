//! What the server says of itself: every line that can appear in its log.
//!
//! Packets are events of level DEBUG under the target [`PACKETS`]; the end of a connection is INFO
//! when the Client is at fault, else DEBUG. Beside the sentence for people each has fields for
//! machines: `client`, `address`, `reason`, and the `statement` where one is broken.

use std::fmt;
use std::io;

use super::greeting::{Guest, NotGreeted};
use super::origin::Origin;
use crate::broker::{CloseReason, Note, SessionName};
use crate::packet::{Packet, Text};
use crate::store::StoreError;

/// The target of a line for each packet.
const PACKETS: &str = "mqttspec::packets";
/// The target of all else.
const SERVER: &str = "mqttspec::server";

/// Whose connection it is: the Client, or where it comes from while there is none.
pub(super) struct Who<'a> {
    pub(super) name: Option<&'a SessionName>,
    pub(super) origin: Origin,
}

impl<'a> Who<'a> {
    /// The Client Identifier, once there is one.
    pub(super) fn client(&self) -> Option<&'a str> {
        self.name?.client_id()
    }
}

impl fmt::Display for Who<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name {
            Some(name) => write!(f, "client {name}"),
            None => self.origin.fmt(f),
        }
    }
}

/// The first octets of a packet that may turn out to be none.
pub(super) struct Begin {
    octets: [u8; Self::LENGTH],
    length: usize,
    /// Whether there are more of them.
    cut: bool,
}

impl Begin {
    /// Enough for a fault in most packets, and for one line.
    const LENGTH: usize = 24;

    pub(super) fn of(inbox: &[u8]) -> Self {
        let mut octets = [0; Self::LENGTH];
        let length = inbox.len().min(Self::LENGTH);
        octets[..length].copy_from_slice(&inbox[..length]);
        Self { octets, length, cut: inbox.len() > length }
    }
}

impl fmt::Display for Begin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.octets[..self.length].iter().try_for_each(|octet| write!(f, " {octet:02x}"))?;
        f.write_str(if self.cut { " …" } else { "" })
    }
}

/// Whether anyone wants to see each packet.
pub(super) fn wants_packets() -> bool {
    tracing::enabled!(target: PACKETS, tracing::Level::DEBUG)
}

/// What a line about a packet says to machines.
fn fields<'a>(who: &Who<'a>, packet: &Packet) -> (Option<&'a str>, String, String) {
    (who.client(), who.origin.host(), packet.packet_type().to_string())
}

pub(super) fn received(who: &Who<'_>, packet: &Packet) {
    let (client, address, packet_type) = fields(who, packet);
    tracing::debug!(target: PACKETS, client, address, packet_type, "{who} → {packet}");
}

pub(super) fn unreadable(who: &Who<'_>, begin: &Begin) {
    let (client, address) = (who.client(), who.origin.host());
    tracing::debug!(target: PACKETS, client, address, "{who} → octets{begin}");
}

pub(super) fn sent(who: &Who<'_>, packet: &Packet) {
    let (client, address, packet_type) = fields(who, packet);
    tracing::debug!(target: PACKETS, client, address, packet_type, "{who} ← {packet}");
}

/// The end of a connection, with the statement it is closed by.
pub(super) fn closed(who: &Who<'_>, reason: &CloseReason) {
    let (client, address) = (who.client(), who.origin.host());
    let (statement, name) = (reason.statement(), reason.name());
    if reason.is_clients_fault() {
        tracing::info!(
            target: SERVER, statement, client, address, reason = name, "{who} closed: {reason}"
        );
    } else {
        tracing::debug!(
            target: SERVER, statement, client, address, reason = name, "{who} closed: {reason}"
        );
    }
}

pub(super) fn note(who: &Who<'_>, note: &Note) {
    let (statement, client, address) = (note.statement(), who.client(), who.origin.host());
    tracing::info!(target: SERVER, statement, client, address, "{who}: {note}");
}

pub(super) fn stalled(who: &Who<'_>) {
    let (client, address) = (who.client(), who.origin.host());
    let reason = "stalled";
    tracing::info!(
        target: SERVER, client, address, reason,
        "{who} closed: it does not read what is sent to it"
    );
}

/// The transport has failed; only the peer can have to do with frames that are wrong.
pub(super) fn broken(who: &Who<'_>, error: &io::Error) {
    let (client, address) = (who.client(), who.origin.host());
    if error.kind() == io::ErrorKind::InvalidData {
        let reason = "wrong_frame";
        tracing::info!(target: SERVER, client, address, reason, "{who} closed: {error}");
    } else {
        tracing::debug!(target: SERVER, client, address, "{who}: {error}");
    }
}

pub(super) fn greeted(guest: &Guest) {
    if let Guest { origin, user_name: Some(user_name), .. } = guest {
        let (address, user) = (origin.host(), user_name.as_str());
        tracing::debug!(
            target: SERVER, address, user, "{origin} is {user_name:?} by its certificate"
        );
    }
}

pub(super) fn not_greeted(origin: &Origin, error: &NotGreeted) {
    let (statement, address, reason) = (error.statement(), origin.host(), "no_handshake");
    tracing::info!(target: SERVER, statement, address, reason, "{origin} closed: {error}");
}

pub(super) fn too_many_connections(origin: &Origin, limit: usize) {
    let (address, reason) = (origin.host(), "max_connections");
    tracing::warn!(
        target: SERVER, address, reason, "{origin} closed: {limit} connections are open already"
    );
}

pub(super) fn sessions_expired(count: usize) {
    let reason = "session_expiry";
    tracing::info!(
        target: SERVER, count, reason,
        "{count} sessions have ended whose clients were away for too long"
    );
}

pub(super) fn too_many_connections_from(origin: &Origin, limit: usize) {
    let (address, reason) = (origin.host(), "max_connections_per_address");
    tracing::warn!(
        target: SERVER, address, reason,
        "{origin} closed: {limit} connections come from there already"
    );
}

pub(super) fn wrong_password(origin: &Origin, user_name: &Text) {
    let (address, user) = (origin.host(), user_name.as_str());
    tracing::info!(
        target: SERVER, address, user, "{origin} has no right password for {user_name:?}"
    );
}

pub(super) fn cannot_check_passwords(error: &io::Error) {
    tracing::error!(target: SERVER, "no thread to check passwords on: {error}");
}

pub(super) fn too_many_wrong_passwords(origin: &Origin) {
    let (address, reason) = (origin.host(), "max_wrong_passwords");
    tracing::warn!(
        target: SERVER, address, reason,
        "{origin} is put off: too many wrong passwords have come from there"
    );
}

/// Nobody loses what was acknowledged, and nobody is told more until it can be kept.
pub(super) fn cannot_keep(error: &StoreError) {
    tracing::error!(
        target: SERVER,
        "cannot keep state, so clients that ask for it are turned away: {error}"
    );
}

pub(super) fn keeps_again() {
    tracing::warn!(target: SERVER, "state is kept again, and nothing was lost");
}

pub(super) fn cannot_accept(error: &io::Error) {
    tracing::error!(target: SERVER, "cannot accept connections: {error}");
}
