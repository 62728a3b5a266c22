//! Which stream a message goes into.
//!
//! MQTT 3.1.1 does not tell which subscription a message answers: whose filters match gets it.

use std::collections::BTreeMap;

use tokio::sync::mpsc;

use super::ClientError;
use super::error::Ended;
use super::messages::Inbox;
use super::unacknowledged::{Acknowledgement, Unacknowledged, Word};
use crate::client::{CloseReason, Receipt};
use crate::packet::{SubackCode, SubscribeFilter};
use crate::session::Message;
use crate::topic::{SubscriptionTree, TopicFilter, TopicName};

/// The streams that messages go into.
#[derive(Debug)]
pub(super) struct Routes {
    filters: SubscriptionTree<u64, ()>,
    streams: BTreeMap<u64, Route>,
    /// For messages that no subscription with a stream of its own asks for.
    rest: Inbox,
    next: u64,
    /// Where the program acknowledges.
    given: mpsc::UnboundedSender<Word>,
    /// The streams that the message goes into which was aimed last; none for `rest`.
    targets: Vec<u64>,
}

#[derive(Debug)]
struct Route {
    inbox: Inbox,
    filters: Vec<TopicFilter>,
    over: Ended,
}

impl Routes {
    pub(super) fn new(rest: Inbox, given: mpsc::UnboundedSender<Word>) -> Self {
        let filters = SubscriptionTree::new();
        Self { filters, streams: BTreeMap::new(), rest, next: 0, given, targets: Vec::new() }
    }

    /// Has messages that match `wanted` go into `inbox`. The number is that of the route.
    pub(super) fn add(&mut self, wanted: &[SubscribeFilter], inbox: Inbox, over: Ended) -> u64 {
        self.forget_dropped();
        let number = self.next;
        self.next += 1;
        let filters: Vec<_> = wanted.iter().map(|wanted| wanted.filter.clone()).collect();
        for filter in &filters {
            self.filters.insert(filter, number, ());
        }
        self.streams.insert(number, Route { inbox, filters, over });
        number
    }

    /// Takes away the streams that nobody reads. Their filters stay: what matches them was asked
    /// for once, and is not to end among the rest.
    fn forget_dropped(&mut self) {
        let dropped = self.streams.extract_if(.., |_, route| route.inbox.is_closed());
        for (number, route) in dropped {
            for filter in route.filters {
                self.filters.remove(&filter, &number);
                self.filters.insert(&filter, NOWHERE, ());
            }
        }
    }

    /// The Server has answered: filters that it did not grant bring nothing.
    pub(super) fn answered(&mut self, number: u64, codes: &[SubackCode]) {
        let Some(route) = self.streams.get(&number) else { return };
        let refused = route.filters.iter().zip(codes);
        let refused = refused.filter(|(_, code)| **code == SubackCode::Failure);
        let refused: Vec<_> = refused.map(|(filter, _)| filter.clone()).collect();
        for filter in &refused {
            self.take_off(number, filter, ClientError::SubscriptionRefused(filter.clone()));
        }
    }

    /// The Server does not grant `filter` any more.
    pub(super) fn refused(&mut self, filter: &TopicFilter) {
        self.end(filter, &ClientError::SubscriptionRefused(filter.clone()));
    }

    /// The program does not want `filter` any more.
    pub(super) fn unsubscribed(&mut self, filter: &TopicFilter) {
        self.end(filter, &CloseReason::Disconnected.into());
    }

    fn end(&mut self, filter: &TopicFilter, reason: &ClientError) {
        let of =
            |(number, route): (&u64, &Route)| route.filters.contains(filter).then_some(*number);
        let numbers: Vec<_> = self.streams.iter().filter_map(of).collect();
        for number in numbers {
            self.take_off(number, filter, reason.clone());
        }
        self.filters.remove(filter, &NOWHERE);
    }

    /// Takes one filter off a route, and ends the route with its last.
    fn take_off(&mut self, number: u64, filter: &TopicFilter, reason: ClientError) {
        let Some(route) = self.streams.get_mut(&number) else { return };
        self.filters.remove(filter, &number);
        route.filters.retain(|other| other != filter);
        if route.filters.is_empty() {
            route.over.because(reason);
            self.streams.remove(&number);
        }
    }

    /// Finds the streams for a message to `topic`.
    pub(super) fn aim(&mut self, topic: &TopicName) {
        let Self { filters, targets, .. } = self;
        targets.clear();
        if filters.is_empty() {
            return;
        }
        filters.for_each_match(topic, |number, ()| targets.push(*number));
        // One copy, however many filters of one stream match.
        targets.sort_unstable();
        targets.dedup();
    }

    /// Whether the message that was aimed finds a place in all its streams.
    pub(super) fn has_room(&self) -> bool {
        if self.targets.is_empty() {
            return self.rest.has_room();
        }
        let inboxes = self.targets.iter().filter_map(|number| self.streams.get(number));
        inboxes.map(|route| &route.inbox).all(Inbox::has_room)
    }

    /// Puts the message that was aimed into its streams. There must be room. With a receipt, it is
    /// acknowledged when it has been in all of them.
    pub(super) fn put(&mut self, message: Message, receipt: Option<Receipt>) {
        let Self { streams, rest, targets, given, .. } = self;
        let inboxes = targets.iter().filter_map(|number| streams.get(number));
        let mut inboxes = inboxes.map(|route| &route.inbox);
        let copies = if targets.is_empty() { 1 } else { inboxes.clone().count() };
        let mut acknowledgements = Acknowledgement::of_copies(receipt, copies, given);
        let mut copy = |message| Unacknowledged::new(message, acknowledgements());
        if targets.is_empty() {
            return rest.put(copy(message));
        }
        for inbox in inboxes.by_ref().take(copies.saturating_sub(1)) {
            inbox.put(copy(message.clone()));
        }
        if let Some(last) = inboxes.next() {
            last.put(copy(message));
        }
    }
}

/// The number of a stream that there is not.
const NOWHERE: u64 = u64::MAX;
