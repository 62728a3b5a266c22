//! The Client for programs without a runtime: the same calls, which block.
//!
//! A thread of its own serves the connection meanwhile, so that a script may take its time between
//! two calls. Not for use within a tokio runtime, where they would block everybody else: tokio
//! panics then.
//!
//! Unlike the other, a Client that is dropped without [`disconnect`](Client::disconnect), and all that
//! it gave out with it, vanishes: the Server publishes its Will, and what was only handed over may
//! never be sent.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

use super::{ClientError, ClientOptions, Unacknowledged};
use crate::packet::{OneOrMore, SubackCode, SubscribeFilter};
use crate::session::Message;
use crate::store::Store;
use crate::topic::TopicFilter;

/// A [`Client`](super::Client) whose calls block.
///
/// One that is dropped without [`disconnect`](Self::disconnect), as by a script that fails half
/// way, ends its connection without DISCONNECT, once its messages, subscriptions and publishings are
/// dropped too: the Server publishes its Will, which is what a Will
/// is for, and what was handed over by [`begin_publish`](Self::begin_publish) alone may never be
/// sent. [`publish`](Self::publish) returns when the delivery is at its end.
///
/// # Examples
///
/// ```no_run
/// use bytes::Bytes;
/// use mqttspec::net::{ClientOptions, blocking};
/// use mqttspec::packet::{QoS, SubscribeFilter};
/// use mqttspec::session::Message;
/// use mqttspec::topic::{TopicFilter, TopicName};
///
/// let (client, _) = blocking::Client::connect(ClientOptions::new("localhost", 1883))?;
/// let filter = TopicFilter::new("answers/#")?;
/// let answers = client.subscribe(SubscribeFilter { filter, qos: QoS::AtLeastOnce })?;
/// let (topic, payload) = (TopicName::new("questions")?, Bytes::from("who is there?"));
/// client.publish(Message { topic, payload, qos: QoS::AtLeastOnce, retain: false })?;
/// for message in answers {
///     println!("{}", message?.topic);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Client {
    shared: Arc<Shared>,
}

/// What a [`Client`] and all that it has given out have together.
///
/// The runtime comes first and so ends first, and the connection with it: the handle behind it would
/// have DISCONNECT sent by a thread that is still there.
#[derive(Debug)]
struct Shared {
    runtime: Runtime,
    client: super::Client,
}

/// The [`Messages`](super::Messages), as an iterator that blocks.
#[derive(Debug)]
pub struct Messages {
    messages: super::Messages,
    shared: Arc<Shared>,
}

/// A [`Subscription`](super::Subscription), as an iterator that blocks.
#[derive(Debug)]
pub struct Subscription {
    subscription: super::Subscription,
    shared: Arc<Shared>,
}

/// The end of a delivery, to be waited for.
#[derive(Debug)]
pub struct Publishing {
    publishing: super::Publishing,
    shared: Arc<Shared>,
}

impl Client {
    /// As [`connect`](super::Client::connect).
    ///
    /// # Errors
    ///
    /// As there; [`ClientError::Lost`] when the system has no thread for it.
    pub fn connect(options: ClientOptions) -> Result<(Self, Messages), ClientError> {
        Self::start(super::Client::connect(options))
    }

    /// As [`connect_durable`](super::Client::connect_durable).
    ///
    /// # Errors
    ///
    /// As there; [`ClientError::Lost`] when the system has no thread for it.
    pub fn connect_durable(
        options: ClientOptions,
        store: impl Store + 'static,
    ) -> Result<(Self, Messages), ClientError> {
        Self::start(super::Client::connect_durable(options, store))
    }

    fn start(
        connecting: impl Future<Output = Result<(super::Client, super::Messages), ClientError>>,
    ) -> Result<(Self, Messages), ClientError> {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.map_err(|error: io::Error| ClientError::Lost(error.into()))?;
        let (client, messages) = runtime.block_on(connecting)?;
        let shared = Arc::new(Shared { runtime, client });
        Ok((Self { shared: shared.clone() }, Messages { messages, shared }))
    }

    /// As [`session_present`](super::Client::session_present).
    pub fn session_present(&self) -> bool {
        self.shared.client.session_present()
    }

    /// As [`publish`](super::Client::publish).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn publish(&self, message: Message) -> Result<(), ClientError> {
        self.shared.runtime.block_on(self.shared.client.publish(message))
    }

    /// As [`begin_publish`](super::Client::begin_publish).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn begin_publish(&self, message: Message) -> Result<Publishing, ClientError> {
        let publishing = self.shared.runtime.block_on(self.shared.client.begin_publish(message))?;
        Ok(Publishing { publishing, shared: self.shared.clone() })
    }

    /// As [`subscribe`](super::Client::subscribe).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn subscribe(
        &self,
        filters: impl Into<OneOrMore<SubscribeFilter>>,
    ) -> Result<Subscription, ClientError> {
        let subscription = self.shared.runtime.block_on(self.shared.client.subscribe(filters))?;
        Ok(Subscription { subscription, shared: self.shared.clone() })
    }

    /// As [`unsubscribe`](super::Client::unsubscribe).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn unsubscribe(
        &self,
        filters: impl Into<OneOrMore<TopicFilter>>,
    ) -> Result<(), ClientError> {
        self.shared.runtime.block_on(self.shared.client.unsubscribe(filters))
    }

    /// As [`disconnect`](super::Client::disconnect).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn disconnect(&self) -> Result<(), ClientError> {
        self.shared.runtime.block_on(self.shared.client.disconnect())
    }
}

impl Messages {
    /// Waits for the next message, for so long at most; `Ok(None)` when none came, or no more will.
    ///
    /// # Errors
    ///
    /// As [`next`](super::Messages::next).
    pub fn next_within(&mut self, wait: Duration) -> Result<Option<Message>, ClientError> {
        within(&self.shared.runtime, wait, self.messages.next())
    }

    /// As [`next_unacknowledged`](super::Messages::next_unacknowledged).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn next_unacknowledged(&mut self) -> Result<Option<Unacknowledged>, ClientError> {
        self.shared.runtime.block_on(self.messages.next_unacknowledged())
    }
}

impl Iterator for Messages {
    type Item = Result<Message, ClientError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.shared.runtime.block_on(self.messages.next()).transpose()
    }
}

impl Subscription {
    /// As [`granted`](super::Subscription::granted).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn granted(&mut self) -> Result<&OneOrMore<SubackCode>, ClientError> {
        self.shared.runtime.block_on(self.subscription.granted())
    }

    /// Waits for the next message, for so long at most; `Ok(None)` when none came, or no more will.
    ///
    /// # Errors
    ///
    /// As [`next`](super::Subscription::next).
    pub fn next_within(&mut self, wait: Duration) -> Result<Option<Message>, ClientError> {
        within(&self.shared.runtime, wait, self.subscription.next())
    }

    /// As [`next_unacknowledged`](super::Subscription::next_unacknowledged).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn next_unacknowledged(&mut self) -> Result<Option<Unacknowledged>, ClientError> {
        self.shared.runtime.block_on(self.subscription.next_unacknowledged())
    }
}

impl Iterator for Subscription {
    type Item = Result<Message, ClientError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.shared.runtime.block_on(self.subscription.next()).transpose()
    }
}

impl Publishing {
    /// Waits for the end of the delivery.
    ///
    /// # Errors
    ///
    /// As [`publish`](super::Client::publish).
    pub fn wait(self) -> Result<(), ClientError> {
        self.shared.runtime.block_on(self.publishing)
    }
}

fn within(
    runtime: &Runtime,
    wait: Duration,
    next: impl Future<Output = Result<Option<Message>, ClientError>>,
) -> Result<Option<Message>, ClientError> {
    runtime.block_on(async { timeout(wait, next).await.unwrap_or(Ok(None)) })
}
