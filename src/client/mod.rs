//! The Client as a value: what it says, when, and what it makes of the answers.
//!
//! [`Client`] knows no socket and no clock. Whoever holds it opens a Network Connection, calls
//! [`connect`](Client::connect), and from then on
//!
//! 1. sends what [`poll_output`](Client::poll_output) gives, until it gives nothing,
//! 2. waits for a packet, for a command, or for [`deadline`](Client::deadline),
//! 3. calls [`handle`](Client::handle) or the command with the time at which it came, and begins
//!    again at 1.
//!
//! The same value serves one Network Connection after the other: what a Session keeps, it keeps
//! in between. `net::Client` is this loop on tokio.
//!
//! Clauses: [MQTT-3.1.0-1], [MQTT-3.1.2-4], [MQTT-3.1.2-6], [MQTT-3.1.2-23], [MQTT-3.14.4-1],
//! [MQTT-3.14.4-2], [MQTT-4.3.3-2], [MQTT-4.4.0-1], [MQTT-4.5.0-2], 4.6. Not here: the exchanges of QoS 1 and 2
//! themselves, which are [`session`](crate::session)'s; when to connect again; which message goes
//! to which part of the program.

mod acknowledging;
mod change;
mod close_reason;
mod command;
mod connection;
mod handover;
mod input;
mod keep_alive;
mod limits;
mod output;
mod packets;
mod refused;
mod session;
mod subscriptions;
mod violation;

use std::collections::VecDeque;
use std::hash::{Hash, Hasher};
use std::time::Instant;

pub use acknowledging::Receipt;
pub use change::{Change, Kept, KeptDelivery};
pub use close_reason::CloseReason;
pub use command::Token;
pub use input::Input;
pub use limits::Limits;
pub use output::{Outcome, Output};
pub use refused::{CommandRefused, ConnectRefused};
pub use violation::Violation;

use self::command::Command;
use self::connection::Connection;
use self::session::Session;
use self::subscriptions::Subscriptions;
use crate::packet::{
    Connect, Delivery, Disconnect, OneOrMore, Packet, Pingreq, QoS, SubscribeFilter,
};
use crate::session::Message;
use crate::topic::TopicFilter;

/// An MQTT Client, without the network.
///
/// # Examples
///
/// ```
/// use std::time::Instant;
/// use mqttspec::client::{Client, Input, Limits, Output};
/// use mqttspec::packet::{ClientId, Connack, Connect};
///
/// let now = Instant::now();
/// let mut client = Client::new(Limits::default());
/// let connect = Connect::new(&ClientId::default()).with_keep_alive_seconds(60);
/// client.connect(now, connect.clone())?;
/// assert_eq!(client.poll_output(), Some(Output::Send(connect.into())));
/// assert_eq!(client.poll_output(), None);
///
/// let connack = Connack::Accepted { session_present: false };
/// client.handle(now, Input::Packet(connack.into()))?;
/// assert_eq!(client.poll_output(), Some(Output::Connected { session_present: false }));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Client {
    limits: Limits,
    /// `None` between Network Connections.
    connection: Option<Connection>,
    session: Session,
    subscriptions: Subscriptions,
    /// Not all subscriptions that the Server had lost have been granted again.
    is_renewing: bool,
    /// Commands that have not led to a packet yet, in the order in which they were given.
    waiting: VecDeque<(Token, Command)>,
    next_token: Token,
    /// Whether to tell what has to outlive it.
    keeps: bool,
    /// Whether the program acknowledges messages by [`acknowledge`](Self::acknowledge).
    acknowledges_by_hand: bool,
    next_receipt: Receipt,
    outputs: VecDeque<Output>,
}

impl Client {
    /// A Client without a connection and without a Session.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            connection: None,
            session: Session::new(limits.in_flight),
            subscriptions: Subscriptions::default(),
            is_renewing: false,
            waiting: VecDeque::new(),
            next_token: Token::FIRST,
            keeps: false,
            acknowledges_by_hand: false,
            next_receipt: Receipt::FIRST,
            outputs: VecDeque::new(),
        }
    }

    /// A Client that goes on from what an earlier one has told in [`Output::Keep`], and tells
    /// likewise. Its Session cannot be a clean one.
    ///
    /// The commands of the earlier one have the tokens that they had.
    pub fn resumed(limits: Limits, kept: Kept) -> Self {
        let last = kept.deliveries.last_key_value().map(|(token, _)| *token);
        // [MQTT-4.1.0-1] The end of a program is not the end of the Session.
        let (session, waiting) = Session::resumed(limits.in_flight, kept);
        Self {
            session,
            waiting: waiting.into(),
            next_token: last.map_or(Token::FIRST, Token::next),
            keeps: true,
            ..Self::new(limits)
        }
    }

    /// The same Client, which acknowledges no message of QoS 1 or 2 before
    /// [`acknowledge`](Self::acknowledge) says so: each is an [`Output::Entrusted`].
    #[must_use]
    pub fn acknowledging_by_hand(self) -> Self {
        Self { acknowledges_by_hand: true, ..self }
    }

    /// Takes in one event at time `now`; afterwards drain [`poll_output`](Self::poll_output).
    ///
    /// Without a connection every event but a command is without effect: what still arrives after
    /// DISCONNECT means nothing any more.
    ///
    /// # Errors
    ///
    /// [`Violation`] when the Server broke a rule. The Client has then closed the connection, and
    /// says so in [`Output::Close`] with the same violation.
    pub fn handle(&mut self, now: Instant, input: Input) -> Result<(), Violation> {
        let Some(connection) = &mut self.connection else { return Ok(()) };
        let reason = match input {
            Input::Packet(packet) => match self.handle_packet(now, packet) {
                Ok(()) => return Ok(()),
                Err(violation) => violation.into(),
            },
            Input::Undecodable(error) => connection.reason_for(error),
            // [MQTT-6.0.0-1] Whoever gets one closes the connection.
            Input::NotBinary => Violation::NotBinary.into(),
            Input::Heard => {
                connection.keep_alive.heard_in_part(now);
                return Ok(());
            }
            Input::Timeout => {
                self.handle_timeout(now);
                return Ok(());
            }
            Input::ConnectionLost => {
                self.end_connection();
                return Ok(());
            }
        };
        // [MQTT-4.8.0-1] A Server that breaks the protocol loses the connection.
        self.close(reason);
        match reason {
            CloseReason::Violation(violation) => Err(violation),
            _ => Ok(()),
        }
    }

    /// What to do next; `None` when there is nothing before the next event.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When to call [`handle`](Self::handle) with [`Input::Timeout`], if nothing comes before.
    ///
    /// `None` without a connection, and on one whose Keep Alive is 0 when no answer is due.
    pub fn deadline(&self) -> Option<Instant> {
        self.connection.as_ref()?.deadline()
    }

    /// Whether a command waits for an earlier one, or for a connection.
    ///
    /// Whoever gives no further command meanwhile never meets [`CommandRefused::Full`].
    pub fn has_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Whether as many commands wait as may.
    pub fn is_full(&self) -> bool {
        self.waiting.len() >= self.limits.waiting
    }

    /// Whether every command has been completed.
    pub fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.session.is_idle()
    }

    /// Begins a connection, over a Network Connection that has just been opened.
    ///
    /// [`Output::Connected`] tells that the Server has accepted; a refusal is an
    /// [`Output::Close`]. Another Client Identifier than before begins another Session, and what
    /// the one before held is given up.
    ///
    /// # Errors
    ///
    /// [`ConnectRefused`]; nothing has changed then.
    pub fn connect(&mut self, now: Instant, connect: Connect) -> Result<(), ConnectRefused> {
        // [U-3.1-1] One CONNECT for each Network Connection.
        if self.connection.is_some() {
            return Err(ConnectRefused::StillConnected);
        }
        // [MQTT-3.1.3-7] A Session that is to be kept needs a name that finds it again.
        let client_id = connect.client_id();
        if client_id.is_empty() && !connect.clean_session() {
            return Err(ConnectRefused::EmptyClientId);
        }
        if self.keeps && connect.clean_session() {
            return Err(ConnectRefused::CleanSession);
        }
        let is_another = !self.session.belongs_to(&client_id);
        // [MQTT-3.1.2-6] A clean Session begins with nothing of an earlier one,
        // [MQTT-3.1.3-2] and that of another Client Identifier is another.
        if connect.clean_session() || is_another {
            self.discard_session();
        }
        if is_another {
            self.subscriptions = Subscriptions::default();
            self.session.set_client_id(client_id.detached());
            self.keep(Change::SessionBegun { client_id: client_id.detached() });
            let queued: Vec<Change> = self.waiting.iter().filter_map(queued).collect();
            queued.into_iter().for_each(|change| self.keep(change));
        }
        self.connection = Some(Connection::new(now, &connect, self.limits.answer_wait));
        // [MQTT-3.1.0-1] First of all: commands wait for CONNACK, PINGREQ for the interval.
        self.send(now, connect);
        Ok(())
    }

    /// Publishes `message`; completed when its delivery is: with sending at QoS 0, with PUBACK
    /// at QoS 1, with PUBCOMP at QoS 2.
    ///
    /// Commands are carried out in the order in which they are given: behind a message that must
    /// wait for [`Limits::in_flight`], all wait.
    ///
    /// # Errors
    ///
    /// [`CommandRefused`]; nothing is sent then.
    pub fn publish(&mut self, now: Instant, message: Message) -> Result<Token, CommandRefused> {
        self.command(now, Command::Publish(message.into()))
    }

    /// Asks for subscriptions; completed by SUBACK, with its return codes.
    ///
    /// # Errors
    ///
    /// [`CommandRefused`]; nothing is sent then.
    pub fn subscribe(
        &mut self,
        now: Instant,
        filters: OneOrMore<SubscribeFilter>,
    ) -> Result<Token, CommandRefused> {
        self.command(now, Command::Subscribe(filters))
    }

    /// Ends subscriptions; completed by UNSUBACK.
    ///
    /// # Errors
    ///
    /// [`CommandRefused`]; nothing is sent then.
    pub fn unsubscribe(
        &mut self,
        now: Instant,
        filters: OneOrMore<TopicFilter>,
    ) -> Result<Token, CommandRefused> {
        self.command(now, Command::Unsubscribe(filters))
    }

    /// The program is done with the message of this receipt: PUBACK, or PUBREC, as soon as all that
    /// came before at its QoS are acknowledged too.
    ///
    /// At QoS 2 the message counts as taken over from here on, whatever becomes of the connection.
    /// At QoS 1 a receipt means nothing any more once the connection is gone on which the message
    /// came, and at either QoS once the Session is: the Server sends the message again then.
    pub fn acknowledge(&mut self, now: Instant, receipt: Receipt) {
        if let Some(packet_id) = self.session.acknowledging.give(receipt) {
            let delivery = Delivery::ExactlyOnce { packet_id, dup: false };
            // PUBREC has to wait for its turn, and goes out below.
            self.session.receiving.publish(delivery);
            // [MQTT-4.3.3-2] Before PUBREC: after it nobody tells what has come before.
            self.keep(Change::Received { packet_id });
        }
        self.send_acknowledgements(now);
    }

    /// The program will not acknowledge the message of this receipt, which it has let go of: on the
    /// next connection it comes again, and goes to the program again, at QoS 2 too. Until then
    /// acknowledgements at its QoS that are given later wait behind it.
    pub fn let_go(&mut self, receipt: Receipt) {
        self.session.acknowledging.let_go(receipt);
    }

    /// Leaves in good order: DISCONNECT, then close. Without a connection it does nothing.
    ///
    /// Does not wait for anything: with a clean Session, what is not completed is given up.
    pub fn disconnect(&mut self, now: Instant) {
        if self.connection.is_some() {
            self.send(now, Disconnect);
            // [MQTT-3.14.4-1] The connection is closed,
            // [MQTT-3.14.4-2] and without one nothing can be sent:
            // [U-3.14-1] this was the last packet.
            self.close(CloseReason::Disconnected);
        }
    }

    fn command(&mut self, now: Instant, command: Command) -> Result<Token, CommandRefused> {
        command.check_length()?;
        if self.is_full() {
            return Err(CommandRefused::Full { limit: self.limits.waiting });
        }
        let token = self.take_token();
        let waits = (token, command);
        if let Some(change) = queued(&waits) {
            self.keep(change);
        }
        self.waiting.push_back(waits);
        self.send_waiting(now);
        Ok(token)
    }

    const fn take_token(&mut self) -> Token {
        let token = self.next_token;
        self.next_token = token.next();
        token
    }

    /// Carries out the commands that wait, up to the first for which there is no room.
    fn send_waiting(&mut self, now: Instant) {
        if !self.connection.as_ref().is_some_and(Connection::is_accepted) {
            return;
        }
        while let Some((token, command)) = self.waiting.pop_front() {
            match self.session.begin(token, command) {
                Ok(begun) => {
                    if let Some(packet_id) = begun.sent {
                        // [MQTT-4.4.0-1] Known before it is sent, so that it is the same message
                        // whoever sends it again.
                        self.keep(Change::Sent { token, packet_id });
                    }
                    self.send(now, begun.packet);
                    if begun.is_complete {
                        self.complete(token, Outcome::Delivered);
                    }
                }
                Err(command) => {
                    self.waiting.push_front((token, command));
                    return;
                }
            }
        }
    }

    /// Sends the acknowledgements whose turn has come.
    fn send_acknowledgements(&mut self, now: Instant) {
        while let Some(packet) = self.session.acknowledging.next_given() {
            self.send(now, packet);
        }
    }

    fn handle_timeout(&mut self, now: Instant) {
        let Some(connection) = &mut self.connection else { return };
        if let Some(reason) = connection.overdue(now) {
            self.close(reason);
        } else if connection.keep_alive.is_ping_due(now) {
            connection.keep_alive.asked(now);
            // [MQTT-3.1.2-23] Nothing else has been sent: a PINGREQ keeps the promise.
            self.send(now, Pingreq);
        }
    }

    fn send(&mut self, now: Instant, packet: impl Into<Packet>) {
        if let Some(connection) = &mut self.connection {
            connection.keep_alive.sent(now);
            self.outputs.push_back(Output::Send(packet.into()));
        }
    }

    /// Tells a change to whoever keeps what outlives this Client.
    fn keep(&mut self, change: Change) {
        if self.keeps {
            self.outputs.push_back(Output::Keep(change));
        }
    }

    fn complete(&mut self, token: Token, outcome: Outcome) {
        self.outputs.push_back(Output::Completed { token, outcome });
    }

    fn close(&mut self, reason: CloseReason) {
        self.outputs.push_back(Output::Close(reason));
        self.end_connection();
    }

    #[cfg(test)]
    fn check_invariants(&self) {
        self.session.check_invariants();
        self.session.acknowledging.check_invariants(self.connection.is_some());
        assert!(self.waiting.iter().is_sorted_by_key(|(token, _)| *token));
        assert!(self.waiting.iter().all(|(token, _)| *token < self.next_token));
        if self.connection.is_none() {
            assert_eq!(self.deadline(), None);
        }
    }
}

impl Hash for Client {
    /// Without the outputs, which are drained before one state is compared with another.
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        let Self { limits, connection, session, subscriptions, .. } = self;
        (limits, connection, session, subscriptions).hash(hasher);
        let Self { is_renewing, waiting, next_token, keeps, .. } = self;
        (is_renewing, waiting, next_token, keeps).hash(hasher);
        (self.acknowledges_by_hand, self.next_receipt).hash(hasher);
    }
}

/// What has to be kept of a command that waits.
fn queued((token, command): &(Token, Command)) -> Option<Change> {
    match command {
        Command::Publish(message) if message.qos != QoS::AtMostOnce => {
            Some(Change::Queued { token: *token, message: message.clone() })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
