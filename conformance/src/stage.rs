//! What a case acts on: connections, names of its own, and a place to note what it saw.

mod websocket;

use std::cell::Cell;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::finding::{Finding, Mismatch};
use crate::need::Capabilities;
use crate::options::RunOptions;
use crate::oracle::{Ledger, Rule};
use crate::peer::{Pace, Patience, Peer, Transport};
use crate::profile::{Access, Credentials};
use crate::record::{Pages, Record, Side};
use crate::subject::Subject;
use crate::wire::{Connect, Publish};

/// Where one case meets the subject.
///
/// Client Identifiers and topics from here belong to this case alone, so that all cases can run
/// at once on one broker. What the case makes the subject keep is cleared away after it.
#[derive(Debug)]
pub struct Stage<'run> {
    subject: &'run Subject,
    options: &'run RunOptions,
    capabilities: &'run Capabilities,
    ledger: &'run Ledger,
    /// Letters and digits that no other case of any run has.
    tag: String,
    record: Record,
    patience: Patience,
    peers: Cell<usize>,
}

impl<'run> Stage<'run> {
    pub(crate) fn new(
        subject: &'run Subject,
        options: &'run RunOptions,
        capabilities: &'run Capabilities,
        ledger: &'run Ledger,
        tag: String,
        look: Look,
    ) -> Self {
        let patience = Patience {
            due: options.patience,
            close: options.close_wait,
            keep_alive: options.keep_alive_tolerance,
            late: look.late,
            pace: look.pace,
            is_hasty: look.is_hasty,
            end: Instant::now() + look.limit,
        };
        let record = Record::new();
        Self { subject, options, capabilities, ledger, tag, record, patience, peers: Cell::new(0) }
    }

    /// A Client Identifier for this case: 1 to 23 letters and digits, which every Server allows.
    ///
    /// The same label gives the same identifier. Labels are letters and digits, at most 14.
    pub fn id(&self, label: &str) -> String {
        let id = format!("{}{label}", self.tag);
        debug_assert!(id.len() <= 23 && id.bytes().all(|octet| octet.is_ascii_alphanumeric()));
        id
    }

    /// A topic, or Topic Filter, for this case: `label` below a level of the case's own.
    pub fn topic(&self, label: &str) -> String {
        format!("{}{label}", self.topics())
    }

    /// With what all topics of this case begin: levels of its own, with the slash after them.
    pub fn topics(&self) -> String {
        format!("{REALM}{}/", self.tag)
    }

    /// A CONNECT for a Session that ends with its connection, with what the subject asks of
    /// every Client. Its Keep Alive is a minute, longer than a case lasts.
    pub fn clean(&self, label: &str) -> Connect {
        self.introduce(Connect::clean(self.id(label)))
    }

    /// The same for a Session that outlives its connection.
    pub fn persistent(&self, label: &str) -> Connect {
        self.introduce(Connect::persistent(self.id(label)))
    }

    /// Adds to a CONNECT what the subject asks of every Client: user name and password, or
    /// nothing.
    pub fn introduce(&self, connect: Connect) -> Connect {
        self.subject.introduce(connect)
    }

    /// Opens a connection on which nothing has been sent.
    ///
    /// # Errors
    ///
    /// [`Finding::Error`] when the subject takes none.
    pub fn peer(&self, name: &str) -> Result<Peer, Finding> {
        let transport = self
            .subject
            .dial(self.patience.at_least(self.patience.due))
            .map_err(|error| Finding::Error(format!("cannot reach the subject: {error}")))?;
        Ok(self.peer_on(name, transport))
    }

    /// A connection that has been opened somehow.
    fn peer_on(&self, name: &str, transport: Box<dyn Transport>) -> Peer {
        let number = self.peers.get() + 1;
        self.peers.set(number);
        let name = if name.is_empty() { format!("client {number}") } else { name.to_owned() };
        let peer = Peer::new(name, transport, self.record.clone(), self.patience.clone());
        // A replay of what has no names of its own hears everything.
        if self.tag.is_empty() { peer } else { peer.of_case(REALM, self.topics()) }
    }

    /// Opens a connection and a Session.
    ///
    /// # Errors
    ///
    /// [`Finding::Inconclusive`] when the CONNECT is not accepted: the case cannot begin.
    pub fn connect(&self, connect: Connect) -> Result<Peer, Finding> {
        self.connect_present(connect).map(|(peer, _)| peer)
    }

    /// Opens a connection and a Session, and tells whether the subject had kept one.
    ///
    /// # Errors
    ///
    /// Those of [`connect`](Self::connect).
    pub fn connect_present(&self, connect: Connect) -> Result<(Peer, bool), Finding> {
        let id = String::from_utf8_lossy(&connect.client_id).into_owned();
        let peer = self.peer(id.strip_prefix(&self.tag).unwrap_or_default())?;
        self.connect_on(peer, connect)
    }

    /// Opens a Session on this connection, and tells whether the subject had kept one.
    ///
    /// # Errors
    ///
    /// Those of [`connect`](Self::connect).
    pub fn connect_on(&self, mut peer: Peer, connect: Connect) -> Result<(Peer, bool), Finding> {
        let connack = peer
            .send(connect)
            .and_then(|()| peer.expect_accepted())
            .map_err(|finding| finding.while_preparing("connect"))?;
        Ok((peer, connack.session_present))
    }

    /// Opens a connection to the Session that an earlier [`persistent`](Self::persistent) client
    /// of the same label has left.
    ///
    /// # Errors
    ///
    /// [`Finding::Inconclusive`] when the subject has kept none: it may have its reasons.
    pub fn resume(&self, label: &str) -> Result<Peer, Finding> {
        match self.connect_present(self.persistent(label))? {
            (peer, true) => Ok(peer),
            (_, false) => Err(Finding::inconclusive("the subject has not kept the Session")),
        }
    }

    /// Opens a connection and a Session that ends with it.
    ///
    /// # Errors
    ///
    /// Those of [`connect`](Self::connect).
    pub fn client(&self, label: &str) -> Result<Peer, Finding> {
        self.connect(self.clean(label))
    }

    /// What the profile says of the Client whose rights end somewhere.
    ///
    /// # Errors
    ///
    /// [`Finding::Unsupported`] when no profile tells of one.
    pub fn access(&self) -> Result<&Access, Finding> {
        self.options
            .profile
            .as_ref()
            .and_then(|profile| profile.access.as_ref())
            .ok_or_else(|| Finding::unsupported("no profile tells of a user with limited rights"))
    }

    /// A CONNECT of that Client, for a Session that ends with its connection.
    ///
    /// # Errors
    ///
    /// Those of [`access`](Self::access).
    pub fn limited(&self, label: &str) -> Result<Connect, Finding> {
        let Access { username, password, .. } = self.access()?;
        let connect = Connect::clean(self.id(label)).username(username.as_str());
        Ok(match password {
            None => connect,
            Some(password) => connect.password(password.as_str()),
        })
    }

    /// Whether the subject turns away who has no credentials, or unknown ones.
    pub fn asks_for_credentials(&self) -> bool {
        let profile = self.options.profile.as_ref();
        let credentials = profile.and_then(|profile| profile.credentials.as_ref());
        credentials.is_some_and(Credentials::are_checked)
    }

    /// Whether the profile says that the subject lets in who has any credentials, whichever.
    pub fn takes_any_credentials(&self) -> bool {
        let profile = self.options.profile.as_ref();
        let credentials = profile.and_then(|profile| profile.credentials.as_ref());
        credentials.is_some_and(|credentials| !credentials.are_checked())
    }

    /// Stops the subject, starts it again, and waits until it answers: all connections are gone
    /// then. Only for cases that need [`Need::Restart`](crate::Need::Restart).
    ///
    /// # Errors
    ///
    /// [`Finding::Error`] when it does not come back.
    pub fn restart_subject(&self) -> Result<(), Finding> {
        self.record.event("subject", Side::Subject, "stopped and started again");
        // Who has the conversation again cannot know how to do that.
        self.record.cut();
        self.subject
            .restart()
            .map_err(|error| Finding::Error(format!("could not restart the subject: {error}")))
    }

    /// How long something that is due may take.
    pub const fn patience(&self) -> Duration {
        self.options.patience
    }

    /// Whether the case has failed once, by silence, in the midst of all others.
    pub fn is_second_look(&self) -> bool {
        self.patience.is_second_look()
    }

    /// What the probe found the subject to offer.
    pub const fn capabilities(&self) -> &Capabilities {
        self.capabilities
    }

    /// Notes what the subject does where the standard leaves it free: `what` there is to choose,
    /// in words joined by dashes, and what it chose.
    pub fn observe(&self, what: &'static str, behaviour: impl Into<String>) {
        self.record.observe(what, behaviour.into());
    }

    /// Notes a departure that is no breach, and goes on.
    pub fn warn(&self, expected: impl Into<String>, seen: impl Into<String>) {
        self.record.warn(Mismatch::new(expected.into(), seen.into()));
    }

    /// Tells what the background oracle has heard of a rule, in all cases up to now.
    ///
    /// # Errors
    ///
    /// [`Finding::Inconclusive`] when there was nothing to hear. A breach is none: it is noted,
    /// with the packets of the first case that heard it.
    pub fn overheard(&self, rule: Rule) -> Result<(), Finding> {
        let heard = self.ledger.of(rule);
        if heard.occasions == 0 {
            return Err(Finding::inconclusive("the subject has sent nothing of the kind"));
        }
        let told = |(breach, cases): (Mismatch, Vec<&str>)| {
            let others = match cases.len() {
                1 => String::new(),
                2 => " and one other case".to_owned(),
                many => format!(" and {} other cases", many - 1),
            };
            let seen = format!("{}, in {}{others}", breach.seen, cases[0]);
            Mismatch { seen, ..breach }
        };
        let breaches = heard.breaches.into_iter().map(told).collect();
        self.record.repeat(heard.transcript, rule, breaches);
        Ok(())
    }

    /// Makes sure that the subject has accepted somebody in the course of the case, by connecting
    /// now if it has not: else who turns everybody away would pass whatever ends in a close.
    pub(crate) fn control(&self) -> Result<(), Finding> {
        if self.record.is_accepted() { Ok(()) } else { self.client("control")?.disconnect() }
    }

    /// Clears away what the case made the subject keep, and gives what it noted.
    ///
    /// Best effort: a subject that does not let itself be cleared away has been judged already,
    /// and the names of other cases differ.
    pub(crate) fn strike(self) -> Pages {
        let mut pages = self.record.take();
        pages.script.tag.clone_from(&self.tag);
        // What follows is no part of the case: neither of its transcript nor of its time.
        let due = self.patience.due.min(SWEEP);
        let end = Instant::now() + SWEEP;
        let patience = Patience { due, end, is_hasty: false, ..self.patience };
        let stage = Self { record: Record::new(), patience, ..self };
        for id in &pages.kept_sessions {
            let peer = stage.connect(stage.introduce(Connect::clean(id.as_slice())));
            let _ = peer.and_then(Peer::disconnect);
        }
        if !pages.retained.is_empty() {
            let _ = stage.client("sweep").and_then(|mut peer| {
                for topic in &pages.retained {
                    peer.send(Publish::qos0(topic.as_slice(), "").retain())?;
                }
                peer.disconnect()
            });
        }
        pages
    }
}

/// How a case is looked at.
#[derive(Clone, Debug)]
pub(crate) struct Look {
    /// How long the subject takes.
    pub(crate) pace: Arc<Pace>,
    /// Whether that is all it gets.
    pub(crate) is_hasty: bool,
    /// How long to wait for what is late; zero unless this is a second look.
    pub(crate) late: Duration,
    /// How long the case may take.
    pub(crate) limit: Duration,
    /// Whether to lose the subject is a verdict now.
    pub(crate) is_last: bool,
}

/// With what the topics of all cases begin.
const REALM: &str = "mqttspec/";

/// How long the traces of one case may take to clear away.
const SWEEP: Duration = Duration::from_secs(2);
