//! What a server does where the standard leaves it the choice.

use std::time::Duration;

/// What a server does where the standard leaves it the choice.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Policy {
    /// Whether a Client may connect without saying who it is. Default: as long as nobody can prove
    /// it, which is while `check_passwords` is not set.
    pub anonymous: Anonymous,
    /// Whether user names are to be proved, by [`Output::Authenticate`](super::Output). Default:
    /// no; a user name is then nobody's.
    pub check_passwords: bool,
    /// Whether Clients may talk to each other on topics that begin with `$`. Default: no, as the
    /// standard advises (U-4.7.2-1); such messages are acknowledged and go nowhere.
    pub relay_reserved_topics: bool,
    /// What becomes of a message that finds no room among those that wait for its Client, or of
    /// those before it. Default: it is dropped.
    pub queue: QueuePolicy,
    /// How long a Session may be without its Client, in whole seconds, before it ends. Default: for
    /// ever, as the standard has it (it knows no such end).
    ///
    /// Only [`Broker::expire`](super::Broker::expire) looks at it.
    pub session_expiry: Option<Duration>,
    /// What is done about a PUBLISH that its Client has no right to. Default: it is acknowledged,
    /// and goes nowhere.
    pub unauthorized_publish: UnauthorizedPublish,
}

/// Whether a Client may connect without saying who it is.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Anonymous {
    /// It may.
    Allowed,
    /// It may not.
    Refused,
    /// It may as long as passwords are not checked.
    #[default]
    WithoutPasswords,
}

/// What is done about a PUBLISH that its Client has no right to.
// [MQTT-3.3.5-2] These are the two ways; to keep silent is none.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum UnauthorizedPublish {
    /// It is acknowledged as its QoS asks for, and goes nowhere.
    #[default]
    Acknowledge,
    /// The Network Connection is closed.
    Close,
}

/// What becomes of a message that finds no room among those that wait for its Client.
///
/// A message is dropped for this Client alone, counted, and told of.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum QueuePolicy {
    /// It is dropped, and what waits stays: no gap within what a Client gets.
    #[default]
    DropNew,
    /// The oldest of those that wait are dropped, those of QoS 0 first: a Client that comes back
    /// gets the latest. A message of QoS 0 takes no other's place but that of its kind.
    DropOld,
    /// It is dropped, and the Client's connection ends: it learns that it was too slow. Its Session
    /// stays, and a Client that is absent is treated as by `DropNew`.
    Disconnect,
}

impl Policy {
    /// Whether a Client that says nothing of itself is let in.
    pub fn admits_anonymous(&self) -> bool {
        match self.anonymous {
            Anonymous::Allowed => true,
            Anonymous::Refused => false,
            Anonymous::WithoutPasswords => !self.check_passwords,
        }
    }
}
