//! Where a server keeps what its connections share.
//!
//! The rules need to look at one Session, at all subscriptions, at the retained messages; how these
//! are kept apart from each other when many threads do so is not their concern. A [`Holder`] gives
//! access by closure: with locks in the shell, without in [`Local`](super::Local).

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::hash::Hash;

use super::{Access, Backlog, Bound, Retained, Session, SessionName, Unit};
use crate::packet::QoS;
use crate::topic::SubscriptionTree;

/// The Session of each name.
pub type Registry<S> = BTreeMap<SessionName, S>;

/// Who is subscribed to what, and at which QoS.
pub type Subscriptions<S> = SubscriptionTree<S, QoS>;

/// Where a server keeps what its connections share.
///
/// Access may nest in this order, and in no other, so that a holder may use locks: registry,
/// access rules, retained messages, subscriptions, one Session. [`wake`](Self::wake) may be called from anywhere.
pub trait Holder {
    /// Reaches one Session; cheap to clone, and the same for the same Session.
    type Session: Clone + Debug + Eq + Hash + Ord;
    /// Reaches one connection; cheap to clone.
    type Connection: Clone + Debug + PartialEq;

    /// Takes in a new Session.
    fn add_session(&self, session: Session<Self::Connection>) -> Self::Session;

    /// A number that no other call has given.
    fn unique_number(&self) -> u64;

    /// Works on the list of Sessions.
    fn with_registry<R>(&self, work: impl FnOnce(&mut Registry<Self::Session>) -> R) -> R;

    /// Looks at the rules of who may do what.
    fn read_access<R>(&self, look: impl FnOnce(&Access) -> R) -> R;

    /// Puts others in their place.
    fn replace_access(&self, access: Access);

    /// Works on one Session.
    fn with_session<R>(
        &self,
        session: &Self::Session,
        work: impl FnOnce(&mut Session<Self::Connection>) -> R,
    ) -> R;

    /// Looks at the subscriptions of all Sessions.
    fn read_subscriptions<R>(&self, look: impl FnOnce(&Subscriptions<Self::Session>) -> R) -> R;

    /// Changes the subscriptions of all Sessions.
    fn write_subscriptions<R>(
        &self,
        work: impl FnOnce(&mut Subscriptions<Self::Session>) -> R,
    ) -> R;

    /// How often the subscriptions have changed: another number than before where
    /// [`write_subscriptions`](Self::write_subscriptions) has been there since. May be asked from
    /// anywhere.
    fn subscription_changes(&self) -> u64;

    /// Looks at the retained messages.
    fn read_retained<R>(&self, look: impl FnOnce(&Retained) -> R) -> R;

    /// Changes the retained messages.
    fn write_retained<R>(&self, work: impl FnOnce(&mut Retained) -> R) -> R;

    /// Does a piece of work whose changes are kept together or not at all.
    ///
    /// Units do not nest, and nothing else of the holder may be in use when one begins. A holder
    /// that keeps nothing gives [`Unit::volatile`], as this one does.
    fn unit<R>(&self, work: impl FnOnce(&mut Unit<'_>) -> R) -> R {
        work(&mut Unit::volatile())
    }

    /// Whether what changes now can be kept.
    ///
    /// While it cannot, new Clients are turned away and what would have to be kept is not taken.
    fn can_keep(&self) -> bool {
        true
    }

    /// Tells that `bound` was reached, so many times: for whoever counts, and for nobody to act on.
    fn reached(&self, _bound: Bound, _times: u64) {}

    /// Tells that a Session that has held `before` holds `now`.
    fn holds(&self, before: Backlog, now: Backlog);

    /// What all Sessions hold, as far as was told.
    fn held(&self) -> Backlog;

    /// Asks a connection to look for output.
    fn wake(&self, connection: &Self::Connection);
}
