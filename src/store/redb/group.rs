//! Writing a group of changes.
//!
//! A delivery often begins and ends within one group, and a topic gets many retained messages: only
//! what is left at the end of the group is written. Messages are counted, and written once.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use redb::{ReadableTable, StorageError, Table, TableError, WriteTransaction};

use super::loading::Index;
use super::records::{self, Delivery, Reference};
use super::tables;
use crate::broker::{Change, MessageNumber, SessionNumber};
use crate::packet::Will;
use crate::session::Message;
use crate::topic::TopicName;

/// Writes `changes`.
///
/// `index` goes with the file, and is of no use any more should the file fail.
pub(super) fn write(
    transaction: &WriteTransaction,
    changes: &[Change],
    index: &mut Index,
) -> Result<(), WriteError> {
    let mut group = Group::new(transaction, index)?;
    changes.iter().try_for_each(|change| group.apply(change))?;
    group.finish()
}

/// Why a group cannot be written.
pub(super) enum WriteError {
    Storage(StorageError),
    Table(TableError),
}

struct Group<'t> {
    sessions: Table<'t, u64, &'static str>,
    owners: Table<'t, u64, &'static str>,
    absent: Table<'t, u64, u64>,
    wills: Table<'t, u64, &'static [u8]>,
    subscriptions: Table<'t, &'static [u8], u8>,
    received: Table<'t, [u8; 10], ()>,
    deliveries: Table<'t, [u8; 16], [u8; 12]>,
    retained: Table<'t, &'static str, u64>,
    messages: Table<'t, u64, &'static [u8]>,
    index: &'t mut Index,
    /// By how much messages are referred to more often than the index has it.
    differences: BTreeMap<MessageNumber, i64>,
    /// Messages that are new in this group.
    contents: HashMap<MessageNumber, Arc<Message>>,
    /// Deliveries that this group is about, as they are by now.
    touched: BTreeMap<[u8; 16], Touched>,
    /// Topics whose retained message is another by now.
    retaining: BTreeMap<TopicName, Option<MessageNumber>>,
}

struct Touched {
    /// What is written.
    before: Option<Delivery>,
    now: Option<Delivery>,
}

impl<'t> Group<'t> {
    fn new(transaction: &'t WriteTransaction, index: &'t mut Index) -> Result<Self, WriteError> {
        Ok(Self {
            sessions: transaction.open_table(tables::SESSIONS)?,
            owners: transaction.open_table(tables::OWNERS)?,
            absent: transaction.open_table(tables::ABSENT)?,
            wills: transaction.open_table(tables::WILLS)?,
            subscriptions: transaction.open_table(tables::SUBSCRIPTIONS)?,
            received: transaction.open_table(tables::RECEIVED)?,
            deliveries: transaction.open_table(tables::DELIVERIES)?,
            retained: transaction.open_table(tables::RETAINED)?,
            messages: transaction.open_table(tables::MESSAGES)?,
            index,
            differences: BTreeMap::new(),
            contents: HashMap::new(),
            touched: BTreeMap::new(),
            retaining: BTreeMap::new(),
        })
    }

    fn apply(&mut self, change: &Change) -> Result<(), WriteError> {
        match change {
            Change::SessionBegun { session, client_id } => {
                self.sessions.insert(session.0, client_id.as_str())?;
                self.index.sessions.insert(*session);
            }
            Change::Owned { session, user } if self.has(*session) => {
                self.owners.insert(session.0, user.as_str())?;
            }
            Change::Absent { session, since: Some(since) } if self.has(*session) => {
                self.absent.insert(session.0, since)?;
            }
            Change::Absent { session, .. } => {
                self.absent.remove(session.0)?;
            }
            Change::SessionEnded { session } => self.end(*session)?,
            Change::WillLeft { session, will } if self.has(*session) => {
                self.wills.insert(session.0, &*will_octets(will))?;
            }
            Change::WillGone { session } => {
                self.wills.remove(session.0)?;
            }
            Change::Subscribed { session, filter, qos } if self.has(*session) => {
                let key = records::subscription_key(*session, filter.as_str());
                self.subscriptions.insert(&*key, records::qos_octet(*qos))?;
            }
            Change::Unsubscribed { session, filter } => {
                let key = records::subscription_key(*session, filter.as_str());
                self.subscriptions.remove(&*key)?;
            }
            Change::Received { session, packet_id } if self.has(*session) => {
                self.received.insert(records::received_key(*session, *packet_id), ())?;
            }
            Change::Freed { session, packet_id } => {
                self.received.remove(records::received_key(*session, *packet_id))?;
            }
            Change::Queued { session, order, message, qos, retain } if self.has(*session) => {
                self.contents.insert(message.number, message.message.clone());
                let reference = Reference { message: message.number, qos: *qos, retain: *retain };
                let delivery = self.touch(*session, *order)?;
                delivery.now = Some(Delivery::Waiting(reference));
            }
            Change::Sent { session, order, packet_id } => {
                let delivery = self.touch(*session, *order)?;
                if let Some(Delivery::Waiting(reference)) = delivery.now {
                    delivery.now = Some(Delivery::Sent(*packet_id, reference));
                }
            }
            Change::Released { session, order, packet_id } if self.has(*session) => {
                self.touch(*session, *order)?.now = Some(Delivery::Released(*packet_id));
            }
            Change::Completed { session, order } => self.touch(*session, *order)?.now = None,
            Change::Retained { message } => {
                self.contents.insert(message.number, message.message.clone());
                let topic = message.message.topic.clone();
                self.retaining.insert(topic, Some(message.number));
            }
            Change::Unretained { topic } => {
                self.retaining.insert(topic.clone(), None);
            }
            Change::Owned { .. }
            | Change::Queued { .. }
            | Change::Received { .. }
            | Change::Released { .. }
            | Change::Subscribed { .. }
            | Change::WillLeft { .. } => {} // of a Session that has ended
        }
        Ok(())
    }

    fn has(&self, session: SessionNumber) -> bool {
        self.index.sessions.contains(&session)
    }

    /// A delivery, to be changed.
    fn touch(&mut self, session: SessionNumber, order: u64) -> Result<&mut Touched, WriteError> {
        let key = records::delivery_key(session, order);
        Ok(match self.touched.entry(key) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                let written = self.deliveries.get(key)?;
                let before = written.and_then(|octets| Delivery::from_octets(octets.value()));
                entry.insert(Touched { before, now: before })
            }
        })
    }

    /// Ends a Session: nothing that belongs to it is left.
    fn end(&mut self, session: SessionNumber) -> Result<(), WriteError> {
        self.index.sessions.remove(&session);
        self.sessions.remove(session.0)?;
        self.owners.remove(session.0)?;
        self.absent.remove(session.0)?;
        self.wills.remove(session.0)?;
        let next = SessionNumber(session.0 + 1);
        let (from, to) = (session.0.to_be_bytes(), next.0.to_be_bytes());
        self.subscriptions.retain_in::<&[u8], _>(&from[..]..&to[..], |_, _| false)?;
        let received = |session: SessionNumber| {
            let mut key = [0; 10];
            key[..8].copy_from_slice(&session.0.to_be_bytes());
            key
        };
        self.received.retain_in(received(session)..received(next), |_, ()| false)?;
        let keys = records::delivery_key(session, 0)..records::delivery_key(next, 0);
        for entry in self.deliveries.range(keys.clone())? {
            let (key, octets) = entry?;
            let before = Delivery::from_octets(octets.value());
            self.touched.entry(key.value()).or_insert(Touched { before, now: before });
        }
        self.touched.range_mut(keys).for_each(|(_, delivery)| delivery.now = None);
        Ok(())
    }

    /// Writes what is left, and counts the messages.
    fn finish(mut self) -> Result<(), WriteError> {
        for (key, Touched { before, now }) in std::mem::take(&mut self.touched) {
            if before == now {
                continue;
            }
            self.count(before.and_then(Delivery::message), -1);
            self.count(now.and_then(Delivery::message), 1);
            match now {
                Some(delivery) => drop(self.deliveries.insert(key, delivery.to_octets())?),
                None => drop(self.deliveries.remove(key)?),
            }
        }
        for (topic, now) in std::mem::take(&mut self.retaining) {
            let before = match now {
                Some(number) => self.retained.insert(topic.as_str(), number.0)?,
                None => self.retained.remove(topic.as_str())?,
            };
            let before = before.map(|number| MessageNumber(number.value()));
            self.count(before, -1);
            self.count(now, 1);
        }
        self.write_messages()
    }

    fn count(&mut self, message: Option<MessageNumber>, difference: i64) {
        if let Some(message) = message {
            *self.differences.entry(message).or_default() += difference;
        }
    }

    fn write_messages(mut self) -> Result<(), WriteError> {
        for (&number, difference) in &self.differences {
            let before = self.index.references.get(&number).copied().unwrap_or(0);
            let now = u32::try_from(i64::from(before) + difference).unwrap_or(0);
            match (before, now, self.contents.get(&number)) {
                (0, 1.., Some(message)) => {
                    self.messages.insert(number.0, &*records::message_octets(message))?;
                }
                (1.., 0, _) => drop(self.messages.remove(number.0)?),
                _ => {}
            }
            match now {
                0 => self.index.references.remove(&number),
                _ => self.index.references.insert(number, now),
            };
        }
        Ok(())
    }
}

/// A Will has all that a message has.
fn will_octets(will: &Will) -> Vec<u8> {
    let Will { topic, message, qos, retain } = will.clone();
    let payload = message.as_bytes().clone();
    records::message_octets(&Message { topic, payload, qos, retain })
}

impl From<StorageError> for WriteError {
    fn from(error: StorageError) -> Self {
        Self::Storage(error)
    }
}

impl From<TableError> for WriteError {
    fn from(error: TableError) -> Self {
        Self::Table(error)
    }
}
