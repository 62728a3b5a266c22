//! A Client on tokio: the handle that programs hold, and the task behind it.
//!
//! [`Client::connect`] opens a Network Connection and starts one task, which drives a
//! [`client::Client`](crate::client::Client) and owns everything. Handles and [`Messages`] reach it
//! over bounded channels: whoever commands faster than the Server answers waits, and a program
//! that does not take its messages stops the Server from sending more.
//!
//! Not here: connecting again, and any clause; those are the value's.

mod driver;
mod error;
mod messages;
mod opening;
mod options;
mod publishing;
mod request;
mod unsent;
mod url;

use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite, split};
use tokio::sync::{Notify, mpsc, oneshot};

pub use error::ClientError;
pub use messages::Messages;
pub use opening::OpenError;
pub use options::ClientOptions;
pub use publishing::Publishing;
pub use url::{InvalidServerUrl, ServerUrl};

use self::driver::{Driver, Handles};
use self::error::Ended;
use self::request::Request;
use super::transport::Stream;
use crate::client::CloseReason;
use crate::packet::{OneOrMore, SubackCode, SubscribeFilter};
use crate::session::Message;
use crate::topic::TopicFilter;

/// A handle on a connected Client. Clones of it share the connection.
///
/// A command whose future has been polled once is carried out even when the future is dropped;
/// only its answer is lost then. Commands of one handle are carried out in their order.
///
/// When the last handle is dropped, the connection ends with DISCONNECT as soon as every command
/// has been completed.
#[derive(Clone, Debug)]
pub struct Client {
    requests: mpsc::Sender<Request>,
    /// Asks the task to leave; apart from the requests, which may have to wait for the Server.
    leave: Arc<Notify>,
    ended: Ended,
    session_present: bool,
}

impl Client {
    /// Opens a connection to the Server and waits until it is accepted.
    ///
    /// Take the [`Messages`] as they come, or drop them: kept and not taken, they stop what the
    /// Server has to say, acknowledgements included.
    ///
    /// # Errors
    ///
    /// [`ClientError::Unreachable`] without a Network Connection, [`ClientError::Connect`] when
    /// the options ask for what the standard forbids, [`ClientError::Closed`] when the Server
    /// refuses, breaks the protocol or does not answer, [`ClientError::ClosedByServer`] and
    /// [`ClientError::Lost`] when the connection ends before its answer.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    pub async fn connect(options: ClientOptions) -> Result<(Self, Messages), ClientError> {
        let opened = opening::open(&options).await;
        let stream = opened.map_err(|error| ClientError::Unreachable {
            endpoint: options.endpoint.clone(),
            error: Arc::new(error),
        })?;
        match stream {
            // Its halves go without a lock between them.
            Stream::Tcp(stream) => {
                let (reader, writer) = stream.into_split();
                Self::over(reader, writer, &options).await
            }
            #[cfg(any(unix, feature = "tls", feature = "ws"))]
            stream => {
                let (reader, writer) = split(stream);
                Self::over(reader, writer, &options).await
            }
        }
    }

    /// Connects over a Network Connection that is open.
    async fn over<R, W>(
        reader: R,
        writer: W,
        options: &ClientOptions,
    ) -> Result<(Self, Messages), ClientError>
    where
        R: AsyncRead + Send + Unpin + 'static,
        W: AsyncWrite + Send + Unpin + 'static,
    {
        let (requests, requested) = mpsc::channel(options.commands.max(1));
        let (connected, session_present) = oneshot::channel();
        let ended = Ended::default();
        let (inbox, messages) = messages::stream(options.messages, ended.clone());
        let leave = Arc::new(Notify::new());
        let handles = Handles { requests: requested, leave: leave.clone(), inbox, connected };
        let driver = Driver::new(reader, writer, options, handles)?;
        tokio::spawn(driver.run(ended.clone()));

        let session_present = session_present.await.map_err(|_| ended.reason())?;
        Ok((Self { requests, leave, ended, session_present }, messages))
    }

    /// Whether the Server went on with the Session it had. If not, it holds no subscription.
    pub const fn session_present(&self) -> bool {
        self.session_present
    }

    /// Publishes `message` and waits for the end of its delivery: handed to the socket at QoS 0,
    /// PUBACK at QoS 1, PUBCOMP at QoS 2.
    ///
    /// # Errors
    ///
    /// [`ClientError::Command`] when the message is too long, otherwise why the connection ended.
    /// The Server may have the message all the same.
    pub async fn publish(&self, message: Message) -> Result<(), ClientError> {
        self.begin_publish(message).await?.await
    }

    /// Hands `message` over for publishing; waits only for a place among those that are waiting.
    ///
    /// For many messages on their way at once, in order: hand over one after the other, await the
    /// [`Publishing`]s later, or drop them.
    ///
    /// # Errors
    ///
    /// Why the connection ended.
    pub async fn begin_publish(&self, message: Message) -> Result<Publishing, ClientError> {
        let (reply, outcome) = oneshot::channel();
        self.request(Request::Publish(message, reply)).await?;
        Ok(Publishing::new(outcome, self.ended.clone()))
    }

    /// Asks for subscriptions and waits for the answer: a return code for each filter, in their
    /// order. A Server may refuse each, or grant less than was asked for.
    ///
    /// # Errors
    ///
    /// [`ClientError::Command`] when no packet can hold the filters, otherwise why the connection
    /// ended.
    pub async fn subscribe(
        &self,
        filters: impl Into<OneOrMore<SubscribeFilter>>,
    ) -> Result<OneOrMore<SubackCode>, ClientError> {
        let (reply, outcome) = oneshot::channel();
        self.request(Request::Subscribe(filters.into(), reply)).await?;
        Ok(outcome.await.map_err(|_| self.ended.reason())??)
    }

    /// Ends subscriptions and waits for the answer. Messages that were on their way still come.
    ///
    /// # Errors
    ///
    /// As [`subscribe`](Self::subscribe).
    pub async fn unsubscribe(
        &self,
        filters: impl Into<OneOrMore<TopicFilter>>,
    ) -> Result<(), ClientError> {
        let (reply, outcome) = oneshot::channel();
        self.request(Request::Unsubscribe(filters.into(), reply)).await?;
        Ok(outcome.await.map_err(|_| self.ended.reason())??)
    }

    /// Leaves in good order, and waits until the connection is closed.
    ///
    /// Sends what was commanded before, as far as there is room for it, and does not wait for
    /// answers: commands that are not completed by then fail with [`CloseReason::Disconnected`],
    /// on all handles. Await them first to be sure of them.
    ///
    /// # Errors
    ///
    /// Why the connection ended, when it had ended before.
    pub async fn disconnect(&self) -> Result<(), ClientError> {
        self.leave.notify_one();
        self.requests.closed().await;
        match self.ended.reason() {
            ClientError::Closed(CloseReason::Disconnected) => Ok(()),
            reason => Err(reason),
        }
    }

    async fn request(&self, request: Request) -> Result<(), ClientError> {
        self.requests.send(request).await.map_err(|_| self.ended.reason())
    }
}

#[cfg(test)]
mod tests;
