//! The tables of a store file.
//!
//! Keys are big-endian, so that what belongs to one Session lies together and in order. See
//! `docs/durability.md`, which describes the same for who has to read such a file without us.

use redb::TableDefinition;

/// `format` → the version of this form; `groups` → how many groups of changes were committed.
pub(super) const META: TableDefinition<'_, &str, u64> = TableDefinition::new("mqttspec");

/// Session → Client Identifier.
pub(super) const SESSIONS: TableDefinition<'_, u64, &str> = TableDefinition::new("sessions");

/// Session → the user it belongs to, if any.
pub(super) const OWNERS: TableDefinition<'_, u64, &str> = TableDefinition::new("owners");

/// Session → since when its Client is away, in seconds since 1970. Earlier files have no such table.
pub(super) const ABSENT: TableDefinition<'_, u64, u64> = TableDefinition::new("absent");

/// Session → the Will of its connection, as a message.
pub(super) const WILLS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("wills");

/// Session, Topic Filter → QoS.
pub(super) const SUBSCRIPTIONS: TableDefinition<'_, &[u8], u8> =
    TableDefinition::new("subscriptions");

/// Session, Packet Identifier of a message of QoS 2 that the Client has not released.
pub(super) const RECEIVED: TableDefinition<'_, [u8; 10], ()> = TableDefinition::new("received");

/// Session, order → a delivery.
pub(super) const DELIVERIES: TableDefinition<'_, [u8; 16], [u8; 12]> =
    TableDefinition::new("deliveries");

/// Topic Name → number of its retained message.
pub(super) const RETAINED: TableDefinition<'_, &str, u64> = TableDefinition::new("retained");

/// Number → a message, once for all who refer to it.
pub(super) const MESSAGES: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("messages");

/// The version of this form. It changes when an earlier version could not read what is written.
pub const FORMAT: u64 = 1;
