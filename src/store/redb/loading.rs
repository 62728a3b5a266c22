//! Reading a store file: all of it, into what a server is rebuilt from.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use bytestring::ByteString;
use redb::{Database, ReadTransaction, ReadableDatabase, ReadableTable, StorageError, TableError};

use super::records::{self, Delivery, Reference};
use super::tables;
use crate::broker::{
    Kept, KeptCopy, KeptDelivery, KeptMessage, KeptSession, MessageNumber, SessionNumber,
};
use crate::packet::{Binary, ClientId, PacketId, Text, Will};
use crate::session::Message;
use crate::topic::{TopicFilter, TopicName};

/// A file that holds what no store writes, or cannot be read.
pub(super) enum Fault {
    /// It holds something else altogether.
    Foreign,
    /// It holds what no store writes: which table, and what is wrong with it.
    Nonsense(&'static str, &'static str),
    /// It cannot be read.
    Redb(redb::Error),
}

/// What is known of a file while it is open, so that writing it needs less reading.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// The Sessions there are.
    pub(super) sessions: HashSet<SessionNumber>,
    /// How often each message is referred to.
    pub(super) references: HashMap<MessageNumber, u32>,
}

/// Reads all that is kept.
pub(super) fn load(database: &Database) -> Result<(Kept, Index), Fault> {
    let transaction = database.begin_read().map_err(|error| Fault::Redb(error.into()))?;
    let mut loading = Loading::new(&transaction)?;
    loading.read_sessions(&transaction)?;
    loading.read_owners(&transaction)?;
    loading.read_absent(&transaction)?;
    loading.read_wills(&transaction)?;
    loading.read_subscriptions(&transaction)?;
    loading.read_received(&transaction)?;
    loading.read_deliveries(&transaction)?;
    loading.read_retained(&transaction)?;
    let sessions = loading.kept.sessions.keys().copied().collect();
    Ok((loading.kept, Index { sessions, references: loading.references }))
}

struct Loading {
    messages: HashMap<MessageNumber, Arc<Message>>,
    references: HashMap<MessageNumber, u32>,
    kept: Kept,
}

impl Loading {
    /// Nothing but the messages, to which all else refers.
    fn new(transaction: &ReadTransaction) -> Result<Self, Fault> {
        let mut messages = HashMap::new();
        let mut topic = None;
        for entry in transaction.open_table(tables::MESSAGES)?.iter()? {
            let (number, octets) = entry?;
            let message = records::message(octets.value(), &mut topic)
                .ok_or(Fault::Nonsense("messages", "a message that cannot be read"))?;
            messages.insert(MessageNumber(number.value()), message);
        }
        let references = HashMap::with_capacity(messages.len());
        Ok(Self { messages, references, kept: Kept::default() })
    }

    fn read_sessions(&mut self, transaction: &ReadTransaction) -> Result<(), Fault> {
        for entry in transaction.open_table(tables::SESSIONS)?.iter()? {
            let (session, client_id) = entry?;
            let client_id = Text::new(ByteString::from(client_id.value()))
                .ok_or(Fault::Nonsense("sessions", "a Client Identifier that is none"))?;
            let session = SessionNumber(session.value());
            let client_id = ClientId::new(client_id);
            let begun = KeptSession { client_id, ..KeptSession::default() };
            self.kept.sessions.insert(session, begun);
        }
        Ok(())
    }

    fn read_owners(&mut self, transaction: &ReadTransaction) -> Result<(), Fault> {
        for entry in transaction.open_table(tables::OWNERS)?.iter()? {
            let (session, user) = entry?;
            let user = Text::new(ByteString::from(user.value()))
                .ok_or(Fault::Nonsense("owners", "a user name that is none"))?;
            self.session("owners", SessionNumber(session.value()))?.owner = Some(user);
        }
        Ok(())
    }

    fn read_absent(&mut self, transaction: &ReadTransaction) -> Result<(), Fault> {
        let absent = match transaction.open_table(tables::ABSENT) {
            Err(TableError::TableDoesNotExist(_)) => return Ok(()),
            absent => absent?,
        };
        for entry in absent.iter()? {
            let (session, since) = entry?;
            let session = self.session("absent", SessionNumber(session.value()))?;
            session.absent_since = Some(since.value());
        }
        Ok(())
    }

    fn read_wills(&mut self, transaction: &ReadTransaction) -> Result<(), Fault> {
        for entry in transaction.open_table(tables::WILLS)?.iter()? {
            let (session, octets) = entry?;
            let message = records::message(octets.value(), &mut None)
                .ok_or(Fault::Nonsense("wills", "a Will that cannot be read"))?;
            let Message { topic, payload, qos, retain } = &*message;
            let message = Binary::new(payload.clone())
                .map_err(|_| Fault::Nonsense("wills", "a Will that is too long"))?;
            let session = self.session("wills", SessionNumber(session.value()))?;
            session.will = Some(Will { topic: topic.clone(), message, qos: *qos, retain: *retain });
        }
        Ok(())
    }

    fn read_subscriptions(&mut self, transaction: &ReadTransaction) -> Result<(), Fault> {
        const UNREADABLE: Fault = Fault::Nonsense("subscriptions", "one that cannot be read");
        for entry in transaction.open_table(tables::SUBSCRIPTIONS)?.iter()? {
            let (key, qos) = entry?;
            let (session, filter) = records::split_session(key.value()).ok_or(UNREADABLE)?;
            let filter = std::str::from_utf8(filter).map_err(|_| UNREADABLE)?;
            let filter = TopicFilter::new(ByteString::from(filter)).map_err(|_| UNREADABLE)?;
            let qos = records::qos(qos.value()).ok_or(UNREADABLE)?;
            self.session("subscriptions", session)?.subscriptions.insert(filter, qos);
        }
        Ok(())
    }

    fn read_received(&mut self, transaction: &ReadTransaction) -> Result<(), Fault> {
        const UNREADABLE: Fault = Fault::Nonsense("received", "an identifier that is none");
        for entry in transaction.open_table(tables::RECEIVED)?.iter()? {
            let (key, _) = entry?;
            let key = key.value();
            let (session, rest) = records::split_session(&key).ok_or(UNREADABLE)?;
            let &[high, low] = rest else { return Err(UNREADABLE) };
            let packet_id = PacketId::new(u16::from_be_bytes([high, low])).ok_or(UNREADABLE)?;
            self.session("received", session)?.received.insert(packet_id);
        }
        Ok(())
    }

    fn read_deliveries(&mut self, transaction: &ReadTransaction) -> Result<(), Fault> {
        const UNREADABLE: Fault = Fault::Nonsense("deliveries", "one that cannot be read");
        // Those of one Session lie together, in order: gathered first, they make a tree at once.
        let mut gathered: Vec<(u64, KeptDelivery)> = Vec::new();
        let mut whose = None;
        for entry in transaction.open_table(tables::DELIVERIES)?.iter()? {
            let (key, octets) = entry?;
            let key = key.value();
            let (session, order) = records::split_session(&key).ok_or(UNREADABLE)?;
            let order = u64::from_be_bytes(order.try_into().map_err(|_| UNREADABLE)?);
            let delivery = Delivery::from_octets(octets.value()).ok_or(UNREADABLE)?;
            if whose.is_some_and(|whose| whose != session) {
                self.add_deliveries(whose, &mut gathered)?;
            }
            whose = Some(session);
            gathered.push((order, self.delivery(delivery)?));
        }
        self.add_deliveries(whose, &mut gathered)
    }

    fn add_deliveries(
        &mut self,
        session: Option<SessionNumber>,
        deliveries: &mut Vec<(u64, KeptDelivery)>,
    ) -> Result<(), Fault> {
        if let Some(session) = session {
            self.session("deliveries", session)?.deliveries =
                BTreeMap::from_iter(deliveries.drain(..));
        }
        Ok(())
    }

    fn delivery(&mut self, delivery: Delivery) -> Result<KeptDelivery, Fault> {
        Ok(match delivery {
            Delivery::Released(packet_id) => KeptDelivery::Released(packet_id),
            Delivery::Sent(packet_id, reference) => {
                KeptDelivery::Sent(packet_id, self.copy(reference)?)
            }
            Delivery::Waiting(reference) => KeptDelivery::Waiting(self.copy(reference)?),
        })
    }

    fn copy(&mut self, reference: Reference) -> Result<KeptCopy, Fault> {
        let Reference { message, qos, retain } = reference;
        Ok(KeptCopy { message: self.message("deliveries", message)?, qos, retain })
    }

    fn read_retained(&mut self, transaction: &ReadTransaction) -> Result<(), Fault> {
        for entry in transaction.open_table(tables::RETAINED)?.iter()? {
            let (topic, number) = entry?;
            let message = self.message("retained", MessageNumber(number.value()))?;
            if message.message.topic.as_str() != topic.value() {
                return Err(Fault::Nonsense("retained", "a message of another topic"));
            }
            let topic: TopicName = message.message.topic.clone();
            self.kept.retained.insert(topic, message);
        }
        Ok(())
    }

    fn session(
        &mut self,
        table: &'static str,
        session: SessionNumber,
    ) -> Result<&mut KeptSession, Fault> {
        let found = self.kept.sessions.get_mut(&session);
        found.ok_or(Fault::Nonsense(table, "something of a Session that is not there"))
    }

    /// A message that something in `table` refers to.
    fn message(
        &mut self,
        table: &'static str,
        number: MessageNumber,
    ) -> Result<KeptMessage, Fault> {
        let message = self.messages.get(&number).cloned();
        let message =
            message.ok_or(Fault::Nonsense(table, "a reference to a message that is not there"))?;
        *self.references.entry(number).or_default() += 1;
        Ok(KeptMessage { number, message })
    }
}

impl From<StorageError> for Fault {
    fn from(error: StorageError) -> Self {
        Self::Redb(error.into())
    }
}

impl From<TableError> for Fault {
    fn from(error: TableError) -> Self {
        Self::Redb(error.into())
    }
}
