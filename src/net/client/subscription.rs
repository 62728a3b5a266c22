//! The messages of one subscription.

use std::collections::VecDeque;

use tokio::sync::oneshot;

use super::ClientError;
use super::error::Ended;
use super::messages::{MessageStream, end_of};
use super::unacknowledged::Unacknowledged;
use crate::packet::{OneOrMore, SubackCode, SubscribeFilter};
use crate::session::Message;

/// The messages of one subscription, in the order of their arrival.
///
/// It goes on over lost connections, if [`ClientOptions::reconnect`](super::ClientOptions) says so.
/// It ends when its filters are [unsubscribed](super::Client::unsubscribe). To drop it does not
/// unsubscribe: what still comes is acknowledged and goes nowhere. Where the program acknowledges
/// itself it is not acknowledged either, and neither is what was not taken: unsubscribe, and take
/// what is there, or the Server may send nothing more.
#[derive(Debug)]
pub struct Subscription {
    filters: OneOrMore<SubscribeFilter>,
    stream: MessageStream,
    /// Until SUBACK is here.
    answer: Option<oneshot::Receiver<Result<OneOrMore<SubackCode>, ClientError>>>,
    codes: Option<OneOrMore<SubackCode>>,
    /// What came while only SUBACK was waited for.
    early: VecDeque<Unacknowledged>,
    /// Of the subscription, apart from the Client.
    over: Ended,
    ended: Ended,
}

/// How many messages are held that come before SUBACK, while only that is waited for.
const MOST_EARLY: usize = 10_000;

impl Subscription {
    pub(super) const fn new(
        filters: OneOrMore<SubscribeFilter>,
        stream: MessageStream,
        answer: oneshot::Receiver<Result<OneOrMore<SubackCode>, ClientError>>,
        over: Ended,
        ended: Ended,
    ) -> Self {
        let early = VecDeque::new();
        Self { filters, stream, answer: Some(answer), codes: None, early, over, ended }
    }

    /// What was asked for.
    pub const fn filters(&self) -> &OneOrMore<SubscribeFilter> {
        &self.filters
    }

    /// Waits for the Server's answer: a return code for each filter, in their order.
    ///
    /// Messages may come before it, retained ones mostly; they are held for [`next`](Self::next).
    /// Dropping the future loses nothing.
    ///
    /// # Errors
    ///
    /// [`ClientError::SubscriptionRefused`] when the Server grants none of the filters,
    /// [`ClientError::Flooded`] when it has sent 10,000 messages and no answer, in which case they
    /// are there to be taken; otherwise why the Client ended.
    pub async fn granted(&mut self) -> Result<&OneOrMore<SubackCode>, ClientError> {
        while let Some(answer) = &mut self.answer {
            let codes = tokio::select! {
                biased;
                codes = &mut *answer => codes,
                message = self.stream.next(), if self.early.len() < MOST_EARLY => {
                    match message {
                        Some(message) => {
                            self.early.push_back(message);
                            if self.early.len() == MOST_EARLY {
                                return Err(ClientError::Flooded { messages: MOST_EARLY });
                            }
                            continue;
                        }
                        None => answer.await,
                    }
                }
            };
            self.answer = None;
            self.codes = Some(codes.map_err(|_| self.ended.reason())??);
        }
        match &self.codes {
            Some(codes) if codes.iter().any(|code| *code != SubackCode::Failure) => Ok(codes),
            Some(_) => Err(ClientError::SubscriptionRefused(self.filters[0].filter.clone())),
            None => Err(self.ended.reason()),
        }
    }

    /// Waits for the next message; `None` after [`unsubscribe`](super::Client::unsubscribe) or
    /// [`disconnect`](super::Client::disconnect), once all messages are taken.
    ///
    /// Dropping the future loses nothing. A message is a slice of what was read from the network
    /// and keeps all of that in memory: use [`Message::detached`] on those to be held for long.
    ///
    /// One that the program is to acknowledge itself is acknowledged by this:
    /// [`next_unacknowledged`](Self::next_unacknowledged) leaves it to the program.
    ///
    /// # Errors
    ///
    /// [`ClientError::SubscriptionRefused`] when the Server grants none of the filters, or none any
    /// more; otherwise why the Client ended. Either once all messages are taken.
    pub async fn next(&mut self) -> Result<Option<Message>, ClientError> {
        Ok(self.next_unacknowledged().await?.map(Unacknowledged::acknowledge))
    }

    /// The same for a program that acknowledges the message when it is done with it.
    ///
    /// # Errors
    ///
    /// As [`next`](Self::next).
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # async fn store(_: &mqttspec::session::Message) -> std::io::Result<()> { Ok(()) }
    /// # async fn example(
    /// #     mut readings: mqttspec::net::Subscription,
    /// # ) -> Result<(), Box<dyn std::error::Error>> {
    /// // With `options.acknowledge_manually = true`:
    /// while let Some(message) = readings.next_unacknowledged().await? {
    ///     // An error ends this, and the Server still has the message.
    ///     store(&message).await?;
    ///     message.acknowledge();
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn next_unacknowledged(&mut self) -> Result<Option<Unacknowledged>, ClientError> {
        if let Some(message) = self.early.pop_front() {
            return Ok(Some(message));
        }
        match self.stream.next().await {
            Some(message) => Ok(Some(message)),
            None if self.over.is_set() => end_of(&self.over),
            None => end_of(&self.ended),
        }
    }
}
