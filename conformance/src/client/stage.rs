//! What a case for clients acts on: a port of its own, a driver of its own, and names.

mod again;
mod telling;
mod websocket;

use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::driver::{Driver, DriverEvent, Introduction, Place, Ticket};
use super::{Ability, ClientSubject};
use crate::RunOptions;
use crate::finding::{Finding, Mismatch};
use crate::peer::{Patience, Peer, Stream, Transport};
use crate::record::{Pages, Record};
use crate::sabotage::Proxy;
use crate::stage::Look;
use crate::subject::Target;
use crate::websocket::Request;
use crate::wire::{Connack, Connect, Packet, Suback};
use websocket::Websocket;

/// Where one case meets a client.
#[derive(Debug)]
pub struct ClientStage<'run> {
    options: &'run RunOptions,
    listener: TcpListener,
    /// What the client connects to in place of the listener, if anything.
    proxy: Option<Proxy>,
    driver: Driver,
    who: Introduction,
    tag: String,
    record: Record,
    patience: Patience,
    connections: usize,
    /// Set while a client was told to connect that may refuse.
    refusable: bool,
    /// Set when it has refused, and may have opened a connection before it did.
    has_refused: bool,
    /// How the client is told to open WebSockets; `None` while it is told to connect over TCP.
    websocket: Option<Websocket>,
    /// By what it has opened the last one.
    request: Option<Request>,
}

impl<'run> ClientStage<'run> {
    /// Listens on a port that the system picks, and starts a driver.
    ///
    /// # Errors
    ///
    /// [`Finding::Error`] when either is not to be had.
    pub(crate) fn open(
        subject: &ClientSubject,
        options: &'run RunOptions,
        tag: String,
        look: &Look,
    ) -> Result<Self, Finding> {
        let record = Record::new();
        record.is_of_client(&tag);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .map_err(|error| Finding::Error(format!("no port to listen on: {error}")))?;
        let port = listener.local_addr().map(|address| address.port());
        let proxy = port.and_then(|port| subject.proxy(Target::new(HOST, port)));
        let proxy = proxy.map_err(|error| no_port(&error))?;
        let (driver, who) =
            subject.start(&record).map_err(|error| Finding::Error(error.to_string()))?;
        // A driver takes its time to start, and that is no part of the case.
        let patience = Patience {
            due: options.patience,
            close: options.close_wait,
            keep_alive: options.keep_alive_tolerance,
            late: look.late,
            pace: Arc::clone(&look.pace),
            is_hasty: look.is_hasty,
            end: Instant::now() + look.limit,
        };
        Ok(Self {
            options,
            listener,
            proxy,
            driver,
            who,
            tag,
            record,
            patience,
            connections: 0,
            refusable: false,
            has_refused: false,
            websocket: None,
            request: None,
        })
    }

    /// Why the client cannot do all of this; `None` when it can, as far as its driver says.
    pub(super) fn lack(&self, needs: &[Ability]) -> Option<Finding> {
        let missing = needs.iter().find(|need| self.who.lacks.contains(need))?;
        Some(Finding::unsupported(format!("the driver has no {}", missing.name())))
    }

    /// A Client Identifier for this case: 1 to 23 letters and digits.
    pub fn id(&self, label: &str) -> String {
        format!("{}{label}", self.tag)
    }

    /// A topic, or Topic Filter, for this case.
    pub fn topic(&self, label: &str) -> String {
        format!("mqttspec/{}/{label}", self.tag)
    }

    /// What a client is asked to connect as: a Session that ends with its connection.
    pub fn clean(&self, label: &str) -> Connect {
        Connect::clean(self.id(label))
    }

    /// The same with a Session that outlives its connection.
    pub fn persistent(&self, label: &str) -> Connect {
        Connect::persistent(self.id(label))
    }

    /// Has the client connect, and takes the Network Connection that it opens.
    ///
    /// # Errors
    ///
    /// [`Finding::Inconclusive`] when it opens none: the case cannot begin.
    pub fn dial(&mut self, connect: &Connect) -> Result<Peer, Finding> {
        let topic = self.topic(OWN);
        self.dial_for(connect, (&topic, 2))
    }

    /// The same for what a client may refuse to be asked for: `None` when it does.
    ///
    /// # Errors
    ///
    /// [`Finding::Inconclusive`] when it neither connects nor refuses.
    pub fn greeted_or_refusal(
        &mut self,
        connect: &Connect,
    ) -> Result<Option<(Peer, Connect)>, Finding> {
        self.refusable = true;
        let dialled = self.dial(connect);
        self.refusable = false;
        let mut peer = match dialled {
            Ok(peer) => peer,
            Err(_) if self.driver.has_told(is_refusal) => {
                self.has_refused = true;
                return Ok(None);
            }
            Err(finding) => return Err(finding),
        };
        match peer.expect_connect() {
            Ok(connect) => Ok(Some((peer, connect))),
            Err(Finding::Fail(mismatch)) if mismatch.statement.is_some() => {
                Err(Finding::Fail(mismatch))
            }
            // It has thought better of it when the connection was open already.
            Err(_) if peer.is_closed() => Ok(None),
            Err(finding) => Err(finding.while_preparing("connect")),
        }
    }

    /// Has the client connect, and takes its CONNECT. No answer has been given.
    ///
    /// # Errors
    ///
    /// [`Finding::Inconclusive`] when none comes.
    pub fn greeted(&mut self, connect: &Connect) -> Result<(Peer, Connect), Finding> {
        let mut peer = self.dial(connect)?;
        let mut greeting = peer.expect_connect();
        if greeting.is_err() && peer.is_closed() && std::mem::take(&mut self.has_refused) {
            // It was opened by the client before it refused, and has been accepted only now.
            peer = self.accept()?;
            greeting = peer.expect_connect();
        }
        Ok((peer, greeting.map_err(|found| found.while_preparing("connect"))?))
    }

    /// Has the client connect, and accepts it.
    ///
    /// # Errors
    ///
    /// [`Finding::Inconclusive`] when it does not get there.
    pub fn connected(&mut self, connect: &Connect) -> Result<Peer, Finding> {
        let (mut peer, _) = self.greeted(connect)?;
        peer.send(Connack::accepted(false))?;
        self.settle(&mut peer)?;
        Ok(peer)
    }

    /// Has the client connect with a clean Session, and accepts it.
    ///
    /// # Errors
    ///
    /// Those of [`connected`](Self::connected).
    pub fn client(&mut self) -> Result<Peer, Finding> {
        self.connected(&self.clean("client"))
    }

    /// Has the client connect with a Session that is kept, and accepts it.
    ///
    /// # Errors
    ///
    /// Those of [`connected`](Self::connected).
    pub fn keeping_client(&mut self) -> Result<Peer, Finding> {
        self.connected(&self.persistent("client"))
    }

    /// The same with a Session that is kept, if the client can do that.
    ///
    /// # Errors
    ///
    /// Those of [`connected`](Self::connected).
    pub fn keeping_client_if_it_can(&mut self) -> Result<Peer, Finding> {
        match self.lack(&[Ability::Sessions]) {
            None => self.keeping_client(),
            Some(_) => self.client(),
        }
    }

    /// Has the client connect and publish: the connection, on which the PUBLISH is due.
    ///
    /// # Errors
    ///
    /// Those of [`connected`](Self::connected).
    pub fn publishing(
        &mut self,
        connect: &Connect,
        (topic, payload, qos): (&str, &str, u8),
    ) -> Result<(Peer, Ticket), Finding> {
        if self.driver.is_one_shot() {
            let place = self.place()?;
            self.driver.connect_to_publish(&place, connect, (topic, payload, qos))?;
            let peer = self.accept()?;
            return Ok((welcome(peer)?, Ticket::NONE));
        }
        let peer = self.connected(connect)?;
        let ticket = self.publish(topic, payload, qos)?;
        Ok((peer, ticket))
    }

    /// Has the client connect and subscribe: the connection, on which the SUBSCRIBE is due.
    ///
    /// # Errors
    ///
    /// Those of [`connected`](Self::connected).
    pub fn subscribing(
        &mut self,
        connect: &Connect,
        (filter, qos): (&str, u8),
    ) -> Result<(Peer, Ticket), Finding> {
        if self.driver.is_one_shot() {
            let peer = self.dial_for(connect, (filter, qos))?;
            return Ok((welcome(peer)?, Ticket::NONE));
        }
        let peer = self.connected(connect)?;
        let ticket = self.subscribe(&[(filter, qos)])?;
        Ok((peer, ticket))
    }

    /// Has a client whose connection is gone connect again, to go on with its Session: the
    /// connection, with its CONNECT answered. `session_present` is what the CONNACK says.
    ///
    /// # Errors
    ///
    /// [`Finding::Inconclusive`] when it does not come back.
    pub fn resumed(&mut self, session_present: bool) -> Result<Peer, Finding> {
        let (mut peer, connect) = self.back()?;
        if connect.clean_session {
            let reason = "the client comes back with a clean Session";
            return Err(Finding::inconclusive(reason));
        }
        peer.send(Connack::accepted(session_present))?;
        Ok(peer)
    }

    /// The same with the CONNECT not answered yet.
    ///
    /// # Errors
    ///
    /// Those of [`resumed`](Self::resumed).
    pub fn back(&mut self) -> Result<(Peer, Connect), Finding> {
        // One that has not noticed yet would not open another one.
        let noticed = self.driver.wait_for("the end of its connection", &self.patience, |event| {
            matches!(event, DriverEvent::Closed { .. }).then_some(())
        });
        noticed.map_err(|found| found.while_preparing("see the client notice the end"))?;
        self.driver.reconnect()?;
        let mut peer = self.accept()?;
        let connect =
            peer.expect_connect().map_err(|found| found.while_preparing("connect again"))?;
        Ok((peer, connect))
    }

    /// Notes what the client does where the standard leaves it free.
    pub fn observe(&self, what: &'static str, behaviour: impl Into<String>) {
        self.record.observe(what, behaviour.into());
    }

    /// Notes a departure that is no breach, and goes on.
    pub fn warn(&self, expected: impl Into<String>, seen: impl Into<String>) {
        self.record.warn(Mismatch::new(expected.into(), seen.into()));
    }

    /// Whether the case has failed once, by silence, in the midst of all others.
    pub fn is_second_look(&self) -> bool {
        self.patience.is_second_look()
    }

    /// How long something that is due may take.
    pub const fn patience(&self) -> Duration {
        self.options.patience
    }

    /// How long the client may wait for a Server that says nothing.
    pub const fn give_up_wait(&self) -> Duration {
        self.options.give_up_wait
    }

    /// Takes the next Network Connection that the client opens.
    pub(crate) fn accept(&mut self) -> Result<Peer, Finding> {
        let begin = Instant::now();
        // Not by the pace: the client may have to start, or to wait before it tries again.
        let deadline = self.patience.deadline(self.patience.due.max(LEAST_WAIT));
        while Instant::now() < deadline {
            if self.is_waited_for() {
                let (stream, _) = self
                    .listener
                    .accept()
                    .map_err(|error| Finding::Error(format!("cannot accept: {error}")))?;
                let transport = Stream::tcp(stream)
                    .map_err(|error| Finding::Error(format!("cannot accept: {error}")))?;
                self.connections += 1;
                let name = format!("client {}", self.connections);
                let mut transport: Box<dyn Transport> = Box::new(transport);
                if self.websocket.is_some() {
                    transport = self.shake_hands(&name, transport)?;
                }
                let (record, patience) = (self.record.clone(), self.patience.clone());
                return Ok(Peer::accepted(name, transport, record, patience));
            }
            self.driver.catch_up()?;
            if let Some(reason) = self.driver.cannot() {
                return Err(Finding::unsupported(reason));
            }
            if self.refusable && self.driver.has_told(is_refusal) {
                return Err(Finding::inconclusive("the client does not connect, and says so"));
            }
        }
        self.record.doubt();
        let waited = begin.elapsed().as_millis();
        Err(Finding::inconclusive(format!("the client has not connected for {waited} ms")))
    }

    /// Looks for a moment whether somebody wants to connect.
    fn is_waited_for(&self) -> bool {
        let mut fds = [PollFd::new(&self.listener, PollFlags::IN)];
        let moment = Timespec { tv_sec: 0, tv_nsec: MOMENT_NANOS };
        poll(&mut fds, Some(&moment)).is_ok_and(|ready| ready > 0)
    }

    fn dial_for(&mut self, connect: &Connect, asked: (&str, u8)) -> Result<Peer, Finding> {
        let place = self.place()?;
        self.driver.connect(&place, connect, asked)?;
        self.accept()
    }

    fn place(&self) -> Result<Place, Finding> {
        let address = match (&self.websocket, &self.proxy) {
            (Some(Websocket { proxy: Some(address), .. }), _) => Ok(*address),
            (_, Some(proxy)) => Ok(proxy.address()),
            (_, None) => self.listener.local_addr(),
        };
        let port = address.map_err(|error| no_port(&error))?.port();
        let websocket = self.websocket.as_ref().map(|websocket| websocket.path.clone());
        Ok(Place { host: HOST, port, websocket })
    }

    /// Waits until a client that was accepted has taken note.
    fn settle(&mut self, peer: &mut Peer) -> Result<(), Finding> {
        if !self.driver.is_one_shot() {
            let told = self.expect_connected();
            return told.map(drop).map_err(|found| found.while_preparing("connect"));
        }
        if self.who.lacks.contains(&Ability::Subscribe) {
            // It publishes, and waits for its PUBACK.
            let publish = peer.expect_any_publish();
            return publish.map(drop).map_err(|found| found.while_preparing("connect"));
        }
        let subscribe =
            peer.expect_subscribe().map_err(|found| found.while_preparing("connect"))?;
        let codes: Vec<_> = subscribe.filters.iter().map(|(_, qos)| *qos).collect();
        peer.send(Packet::from(Suback::new(subscribe.id, codes)))
    }

    /// What became of the case, in the light of what the driver has said of it.
    pub(super) fn look_back(&mut self, outcome: Result<(), Finding>) -> Result<(), Finding> {
        self.driver.end_conversation();
        // An error says that the driver has ended, which is looked at below.
        let _ = self.driver.catch_up();
        match outcome {
            Err(Finding::Fail(mismatch)) if mismatch.statement.is_none() => {
                match self.driver.cannot() {
                    Some(reason) => Err(Finding::unsupported(reason)),
                    None => Err(Finding::Fail(mismatch)),
                }
            }
            // To close a connection by dying is no answer to anything.
            Ok(()) => match self.driver.end() {
                Some(end) => Err(Finding::inconclusive(format!("the driver is gone: {end}"))),
                None => Ok(()),
            },
            other => other,
        }
    }

    /// Ends the driver, and gives what was noted.
    pub(crate) fn strike(self) -> Pages {
        self.record.take()
    }
}

/// Whether a client that has no connection says that there will be none.
const fn is_refusal(event: &DriverEvent) -> bool {
    matches!(event, DriverEvent::Error { .. } | DriverEvent::Closed { .. })
}

fn no_port(error: &io::Error) -> Finding {
    Finding::Error(format!("no port: {error}"))
}

/// Accepts a client that is about to do one thing.
fn welcome(mut peer: Peer) -> Result<Peer, Finding> {
    peer.expect_connect().map_err(|found| found.while_preparing("connect"))?;
    peer.send(Connack::accepted(false))?;
    Ok(peer)
}

/// Where the judge listens.
const HOST: &str = "127.0.0.1";

/// The label of the topic to which a tool subscribes that has to do something.
pub(super) const OWN: &str = "own";

/// How long a client may take to open a connection, at least.
const LEAST_WAIT: Duration = Duration::from_secs(1);

/// How long one look at the port lasts.
const MOMENT_NANOS: i64 = 10_000_000;
