//! Why a Client on the network could not do what it was asked to.

use std::io;
use std::sync::{Arc, OnceLock};

use thiserror::Error;

use super::OpenError;
use crate::client::{CloseReason, CommandRefused, ConnectRefused};
use crate::net::transport::Endpoint;
use crate::packet::ConnectRefusal;
use crate::store::StoreError;
use crate::topic::TopicFilter;

/// Why a Client on the network could not do what it was asked to: whose fault, and which rule.
#[non_exhaustive]
#[derive(Clone, Debug, Error)]
pub enum ClientError {
    /// This side closed the connection: the Server refused it or broke a rule, or
    /// [`disconnect`](super::Client::disconnect) was called.
    #[error("{0}")]
    Closed(#[from] CloseReason),
    /// The Server closed the connection, and did not say why: MQTT 3.1.1 has no words for it.
    #[error("the Server closed the connection")]
    ClosedByServer,
    /// So many messages came before the answer to a subscription, while nobody took them.
    #[error("{messages} messages came before SUBACK, and wait to be taken")]
    Flooded {
        /// How many.
        messages: usize,
    },
    /// The connection was lost, and with it a clean Session or a message of QoS 0 that was being
    /// sent: nobody knows whether the Server has seen the command.
    #[error(
        "the connection was lost before the end, and a clean Session with it [MQTT-3.1.2-6]; \
         the Server may have seen it"
    )]
    GivenUp,
    /// What has to outlive the Client cannot be kept.
    #[error("cannot keep the Session: {0}")]
    NotKept(#[from] StoreError),
    /// The Server does not grant the subscription.
    #[error("the Server refused the subscription to {0}")]
    SubscriptionRefused(TopicFilter),
    /// The caller asked for what no packet can say.
    #[error(transparent)]
    Command(#[from] CommandRefused),
    /// The options ask for what the standard forbids.
    #[error(transparent)]
    Connect(#[from] ConnectRefused),
    /// The network failed.
    #[error("the connection was lost: {0}")]
    Lost(Arc<io::Error>),
    /// There is no Network Connection to the Server.
    #[error("cannot reach {endpoint}: {error}")]
    Unreachable {
        /// Where it was to lead.
        endpoint: Endpoint,
        /// What stood in the way.
        error: Arc<OpenError>,
    },
}

impl ClientError {
    /// The statement behind it; `None` where no rule was broken.
    pub const fn statement(&self) -> Option<&'static str> {
        match self {
            Self::Closed(reason) => reason.statement(),
            Self::Connect(ConnectRefused::CleanSession) | Self::GivenUp => Some("MQTT-3.1.2-6"),
            Self::Connect(ConnectRefused::EmptyClientId) => Some("MQTT-3.1.3-7"),
            Self::Connect(ConnectRefused::StillConnected) => Some("U-3.1-1"),
            Self::Command(CommandRefused::TooLong(_)) => Some("U-2.2.3-2"),
            Self::Command(CommandRefused::Full { .. })
            | Self::ClosedByServer
            | Self::Flooded { .. }
            | Self::Lost(_)
            | Self::NotKept(_)
            | Self::SubscriptionRefused(_)
            | Self::Unreachable { .. } => None,
        }
    }

    /// Whether the next attempt to connect may find it otherwise.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Self::ClosedByServer | Self::Lost(_) => true,
            Self::Closed(reason) => matches!(
                reason,
                CloseReason::NoConnack
                    | CloseReason::NoPingresp
                    | CloseReason::Refused(ConnectRefusal::ServerUnavailable)
            ),
            Self::Unreachable { error, .. } => error.may_pass(),
            _ => false,
        }
    }
}

/// Why a Client or a stream ended, once it has: written by the task, read by all who hold a handle.
#[derive(Clone, Debug, Default)]
pub(super) struct Ended(Arc<OnceLock<ClientError>>);

impl Ended {
    /// Says why, before the channels to the task close. The first reason stays.
    pub(super) fn because(&self, reason: ClientError) {
        self.0.get_or_init(|| reason);
    }

    /// Whether it has.
    pub(super) fn is_set(&self) -> bool {
        self.0.get().is_some()
    }

    /// Why, for those who have found the channels closed.
    pub(super) fn reason(&self) -> ClientError {
        self.0.get().cloned().unwrap_or_else(|| {
            // The task went without a word: only a runtime that shuts down does that to it.
            ClientError::Lost(Arc::new(io::Error::other("the tokio runtime has stopped")))
        })
    }
}
