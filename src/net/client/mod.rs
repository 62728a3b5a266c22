//! A Client on tokio: the handle that programs hold, and the task behind it.
//!
//! [`Client::connect`] starts one task, which opens Network Connections, drives a
//! [`client::Client`](crate::client::Client) and owns everything. Handles and streams of messages
//! reach it over bounded channels: whoever commands faster than the Server answers waits, and a
//! program that does not take its messages stops the Server from sending more.
//!
//! Not here: any clause; those are the value's.

pub mod blocking;
mod core;
mod error;
mod keeping;
mod link;
mod messages;
mod opening;
mod options;
mod publishing;
mod reconnect;
mod request;
mod routes;
mod state;
mod subscription;
mod task;
mod unacknowledged;
mod unsent;
mod url;

use std::collections::BTreeMap;
use std::panic::resume_unwind;
use std::sync::Arc;

use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio::task::{JoinError, spawn_blocking};

pub use error::ClientError;
pub use messages::Messages;
pub use opening::OpenError;
pub use options::ClientOptions;
pub use publishing::Publishing;
pub use reconnect::Reconnect;
pub use state::ConnectionState;
pub use subscription::Subscription;
pub use unacknowledged::{Acknowledgement, Unacknowledged};
pub use url::{InvalidServerUrl, ServerUrl};

use self::core::Core;
use self::error::Ended;
use self::keeping::Keeping;
use self::messages::stream;
use self::opening::Opener;
use self::request::Request;
use self::routes::Routes;
use self::task::Task;
use self::unsent::Unsent;
use crate::client::CloseReason;
use crate::packet::{OneOrMore, SubackCode, SubscribeFilter};
use crate::session::Message;
use crate::store::Store;
use crate::topic::TopicFilter;

/// A handle on a connected Client. Clones of it share the connection.
///
/// A command whose future has been polled once is carried out even when the future is dropped;
/// only its answer is lost then. Commands of one handle are carried out in their order.
///
/// With [`ClientOptions::reconnect`] it goes on over lost connections. Commands wait meanwhile, and
/// subscriptions that the Server has lost are asked for again. What becomes of a message that was
/// on its way is up to the Session: one that is kept brings it to its end on the next connection,
/// and [`publish`](Self::publish) returns then; a clean one ends, and `publish` fails with
/// [`ClientError::GivenUp`].
///
/// When the last handle is dropped, the connection ends with DISCONNECT as soon as every command
/// has been completed.
///
/// # Examples
///
/// To publish, and to be told:
///
/// ```no_run
/// use bytes::Bytes;
/// use mqttspec::net::{Client, ClientOptions};
/// use mqttspec::packet::QoS;
/// use mqttspec::session::Message;
/// use mqttspec::topic::TopicName;
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// // Nothing is received here, so the stream of messages is dropped at once.
/// let (client, _) = Client::connect(ClientOptions::new("localhost", 1883)).await?;
/// let topic = TopicName::new("sensors/1/celsius")?;
/// let payload = Bytes::from("21.5");
/// // Returns when the Server has taken the message over.
/// client.publish(Message { topic, payload, qos: QoS::AtLeastOnce, retain: false }).await?;
/// client.disconnect().await?;
/// # Ok(())
/// # }
/// ```
///
/// To subscribe, each subscription with its own stream, over lost connections:
///
/// ```no_run
/// use mqttspec::net::{Client, ClientOptions, Reconnect, ServerUrl};
/// use mqttspec::packet::{QoS, SubscribeFilter};
/// use mqttspec::topic::TopicFilter;
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let url: ServerUrl = "mqtts://me:secret@broker.example".parse()?;
/// let mut options = ClientOptions::from(url);
/// options.reconnect = Some(Reconnect::default());
/// let (client, _) = Client::connect(options).await?;
/// let filter = TopicFilter::new("sensors/+/celsius")?;
/// let mut readings =
///     client.subscribe(SubscribeFilter { filter, qos: QoS::AtLeastOnce }).await?;
/// while let Some(message) = readings.next().await? {
///     println!("{}: {} octets", message.topic, message.payload.len());
/// }
/// # Ok(())
/// # }
/// ```
///
/// A program that must not lose what it has received acknowledges each message itself, when it is
/// done with it: [`ClientOptions::acknowledge_manually`] and
/// [`Subscription::next_unacknowledged`].
///
/// `examples/` has a page for each of: a Will, a kept Session, a Session that outlives the program,
/// messages that are acknowledged when they are dealt with, TLS, a blocking script, and a broker
/// within the program.
#[derive(Clone, Debug)]
pub struct Client {
    requests: mpsc::Sender<Request>,
    /// Asks the task to leave; apart from the requests, which may have to wait for the Server.
    leave: Arc<Notify>,
    ended: Ended,
    session_present: bool,
    state: watch::Receiver<ConnectionState>,
    /// Tells the task that there may be room in a stream.
    room: Arc<Notify>,
    /// How many messages each stream may hold that nobody waits for.
    ahead: usize,
}

impl Client {
    /// Opens a connection to the Server and waits until it is accepted.
    ///
    /// The [`Messages`] are those that no [`subscribe`](Self::subscribe) of this handle has asked
    /// for: of [`subscribe_to_messages`](Self::subscribe_to_messages), and of a Session that the
    /// Server has kept, which come as soon as it is connected. Take them as they come, or drop the
    /// stream: kept and not taken, they stop what the Server has to say, acknowledgements included;
    /// dropped, they are acknowledged and go nowhere, unless the program is to acknowledge them.
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
        Self::start(options, Opener::Network, None).await
    }

    /// The same for a Client that goes on from what an earlier one has left in `store`, whose
    /// process may have been killed, and that leaves likewise what it has not completed.
    ///
    /// A message of QoS 1 or 2 is sent again until it is acknowledged, by whatever process, and one
    /// of QoS 2 comes and goes once. Nothing is sent before what it goes back to is in the store;
    /// [`Redb::open_client`](crate::store::Redb::open_client) makes one in a folder. It needs a
    /// Client Identifier and a Session that is not clean. What the program has to do with a message
    /// is not in the store: with [`ClientOptions::acknowledge_manually`] it is the program that says
    /// when it has done that, and a message that it had not acknowledged when it died comes again.
    ///
    /// # Errors
    ///
    /// [`ClientError::NotKept`] when the store cannot be read; otherwise as
    /// [`connect`](Self::connect).
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    pub async fn connect_durable(
        options: ClientOptions,
        store: impl Store + 'static,
    ) -> Result<(Self, Messages), ClientError> {
        let opened = spawn_blocking(move || Keeping::open(Box::new(store))).await;
        let opened = opened.map_err(JoinError::into_panic);
        let opened = opened.unwrap_or_else(|panic| resume_unwind(panic))?;
        Self::start(options, Opener::Network, Some(opened)).await
    }

    async fn start(
        options: ClientOptions,
        opener: Opener,
        kept: Option<(Keeping, crate::client::Kept)>,
    ) -> Result<(Self, Messages), ClientError> {
        let (requests, requested) = mpsc::channel(options.commands.max(1));
        let (connected, session_present) = oneshot::channel();
        let (told, state) = watch::channel(ConnectionState::Connecting);
        let (leave, room, ended) =
            (Arc::<Notify>::default(), Arc::<Notify>::default(), Ended::default());
        let (inbox, messages) = stream(options.messages, room.clone());
        let (mut machine, keeping) = match kept {
            None => (crate::client::Client::new(options.limits), None),
            Some((keeping, kept)) => {
                (crate::client::Client::resumed(options.limits, kept), Some(keeping))
            }
        };
        if options.acknowledge_manually {
            machine = machine.acknowledging_by_hand();
        }
        let (saying, words) = mpsc::unbounded_channel();
        let core = Core {
            machine,
            unsent: Unsent::default(),
            requests: requested,
            leave: leave.clone(),
            is_abandoned: false,
            routes: Routes::new(inbox, saying),
            words,
            room: room.clone(),
            keeping,
            connected: Some(connected),
            state: told,
            accepted: None,
            replies: BTreeMap::new(),
            given_up: Vec::new(),
            end: None,
        };
        let ahead = options.messages;
        tokio::spawn(Task { options, opener, core }.run(ended.clone()));

        let session_present = session_present.await.map_err(|_| ended.reason())?;
        let messages = Messages::new(messages, ended.clone());
        Ok((Self { requests, leave, ended, session_present, state, room, ahead }, messages))
    }

    /// Whether the Server went on with the Session it had, on the first connection. If not, it held
    /// no subscription.
    pub const fn session_present(&self) -> bool {
        self.session_present
    }

    /// How it stands with the connection.
    pub fn state(&self) -> ConnectionState {
        self.state.borrow().clone()
    }

    /// Waits until it stands otherwise with the connection than this handle has seen: how.
    ///
    /// A handle may miss a state that another has followed at once. Once the Client has ended, it
    /// says so each time.
    pub async fn state_changed(&mut self) -> ConnectionState {
        // An error says that the task has gone, and the last state is the end.
        let _ = self.state.changed().await;
        self.state.borrow_and_update().clone()
    }

    /// Publishes `message` and waits for the end of its delivery: handed to the socket at QoS 0,
    /// PUBACK at QoS 1, PUBCOMP at QoS 2.
    ///
    /// # Errors
    ///
    /// [`ClientError::Command`] when the message is too long, [`ClientError::GivenUp`] when the
    /// connection was lost and the Session with it, otherwise why the Client ended. In the last two
    /// cases the Server may have the message all the same.
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
    /// Why the Client ended.
    pub async fn begin_publish(&self, message: Message) -> Result<Publishing, ClientError> {
        let (reply, outcome) = oneshot::channel();
        self.request(Request::Publish(message, reply)).await?;
        Ok(Publishing::new(outcome, self.ended.clone()))
    }

    /// Asks for subscriptions, whose messages come in a stream of their own; waits only for a place
    /// among the commands that are waiting.
    ///
    /// [`Subscription::granted`] waits for the answer; a refusal is also the end of the stream. A
    /// message goes to all whose filters match it. Where filters of two subscriptions overlap, the
    /// Server may send it once for each, and each then gets it twice: MQTT 3.1.1 does not say what
    /// a message is the answer to.
    ///
    /// # Errors
    ///
    /// Why the Client ended.
    pub async fn subscribe(
        &self,
        filters: impl Into<OneOrMore<SubscribeFilter>>,
    ) -> Result<Subscription, ClientError> {
        let filters = filters.into();
        let (reply, answer) = oneshot::channel();
        let (inbox, messages) = stream(self.ahead, self.room.clone());
        let over = Ended::default();
        let stream = Some((inbox, over.clone()));
        self.request(Request::Subscribe { filters: filters.clone(), stream, reply }).await?;
        Ok(Subscription::new(filters, messages, answer, over, self.ended.clone()))
    }

    /// Asks for subscriptions, whose messages come in the [`Messages`], and waits for the answer: a
    /// return code for each filter, in their order. A Server may refuse each, or grant less than
    /// was asked for.
    ///
    /// Messages may come before the answer, so somebody has to take them meanwhile.
    ///
    /// # Errors
    ///
    /// [`ClientError::Command`] when no packet can hold the filters, otherwise why the Client ended.
    pub async fn subscribe_to_messages(
        &self,
        filters: impl Into<OneOrMore<SubscribeFilter>>,
    ) -> Result<OneOrMore<SubackCode>, ClientError> {
        let (reply, outcome) = oneshot::channel();
        let filters = filters.into();
        self.request(Request::Subscribe { filters, stream: None, reply }).await?;
        outcome.await.map_err(|_| self.ended.reason())?
    }

    /// Ends subscriptions, of whatever handle, and waits for the answer. Messages that were on
    /// their way still come until then.
    ///
    /// # Errors
    ///
    /// As [`subscribe_to_messages`](Self::subscribe_to_messages).
    pub async fn unsubscribe(
        &self,
        filters: impl Into<OneOrMore<TopicFilter>>,
    ) -> Result<(), ClientError> {
        let (reply, outcome) = oneshot::channel();
        self.request(Request::Unsubscribe(filters.into(), reply)).await?;
        outcome.await.map_err(|_| self.ended.reason())?
    }

    /// Leaves in good order, and waits until the connection is closed.
    ///
    /// Sends what was commanded before, as far as there is room for it, and does not wait for
    /// answers: commands that are not completed by then fail with [`CloseReason::Disconnected`],
    /// on all handles. Await them first to be sure of them.
    ///
    /// # Errors
    ///
    /// Why the Client ended, when it had ended before.
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
