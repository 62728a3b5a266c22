//! The peers: a client as a value each, and what its program makes of it.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use mqttspec::client::{Client, CloseReason, Input, Limits, Outcome, Output, Token};
use mqttspec::packet::{
    Binary, ClientId, Connect, Decoder, OneOrMore, Packet, SubscribeFilter, Text, Will,
};
use mqttspec::session::Message;
use mqttspec::topic::{TopicFilter, TopicName};

use super::ageing::{is_last, near_the_last};
use super::agenda::{Event, Side};
use super::dying::Memory;
use super::history::{Fate, Receipt, Span};
use super::network::Link;
use super::plan::{PeerPlan, Step};
use super::world::World;

/// A client and its program.
pub(crate) struct Peer {
    pub(crate) client: Client,
    pub(crate) limits: Limits,
    pub(crate) plan: PeerPlan,
    /// What outlives its program, if anything does.
    pub(crate) memory: Option<Memory>,
    /// It does not connect before.
    away_until: Duration,
    connect: Connect,
    /// What it wants to be subscribed to.
    filters: BTreeMap<String, mqttspec::packet::QoS>,
    pub(crate) link: Option<usize>,
    inbox: BytesMut,
    /// The server has accepted this connection.
    is_connected: bool,
    alarm: Option<Duration>,
    pub(crate) tokens: BTreeMap<Token, Asked>,
    /// The Will of the connection it has, as a message.
    pub(crate) will: Option<usize>,
    /// Whether the server may have a Session of it, and whether it may have none.
    may_be_there: bool,
    pub(crate) may_be_gone: bool,
}

/// What a token stands for.
pub(crate) enum Asked {
    /// A message from before the run.
    Old,
    Publish(usize),
    Subscribe(usize),
    Unsubscribe,
}

impl Peer {
    pub(crate) fn new(number: usize, plan: PeerPlan, aged: bool) -> Self {
        let has_session = aged && !plan.clean;
        let mut limits = Limits::default();
        limits.in_flight = plan.in_flight;
        let memory = plan.durable.then(|| match has_session {
            true => Memory::aged(client_id(number), near_the_last(number)),
            false => Memory::default(),
        });
        let client = match &memory {
            Some(memory) => Client::resumed(limits, memory.kept.clone()),
            None => Client::new(limits),
        };
        let client = match number % 2 {
            0 => client,
            _ => client.acknowledging_by_hand(),
        };
        let connect = Connect::new(&client_id(number))
            .with_clean_session(plan.clean)
            .with_keep_alive_seconds(plan.keep_alive);
        Self {
            client,
            limits,
            memory,
            away_until: Duration::ZERO,
            connect,
            filters: plan.filters.iter().cloned().collect(),
            plan,
            link: None,
            inbox: BytesMut::new(),
            is_connected: false,
            alarm: None,
            tokens: BTreeMap::from([(Token(0), Asked::Old)]),
            will: None,
            may_be_there: has_session,
            may_be_gone: !has_session,
        }
    }

    /// Whether it is connected and has nothing left to do.
    pub(crate) fn is_at_rest(&self) -> bool {
        self.is_connected
            && self.client.is_idle()
            && self.memory.as_ref().is_none_or(Memory::is_at_rest)
    }
}

impl World {
    /// A peer tries to connect.
    pub(crate) fn connect_peer(&mut self, number: usize) {
        if self.peers[number].link.is_some() {
            return;
        }
        let away_until = self.peers[number].away_until;
        if self.now < away_until {
            return self.agenda.add(away_until, Event::Connect { peer: number });
        }
        let Some(server) = &self.server else { return self.reconnect(number, 1_000_000) };
        // A CONNECT that comes out of the network after a later one would begin all anew, and
        // nobody could tell.
        for link in server.unheard(number) {
            self.links[link].close(Side::Server);
            self.server_input(link, mqttspec::broker::Input::NetworkClosed);
        }
        let link = self.links.len();
        self.links.push(Link::new(number));
        let connect = self.with_will(number);
        let now = self.instant();
        let peer = &mut self.peers[number];
        let (clean, keep_alive) = (connect.clean_session(), connect.keep_alive_seconds());
        peer.link = Some(link);
        peer.inbox.clear();
        peer.client.connect(now, connect).expect("it has no connection");
        self.tell(|| format!("peer {number} opens link {link}"));
        self.open_seat(link, clean, keep_alive);
        self.drive_peer(number);
        // From here on the server may have been asked.
        match clean {
            true => self.peers[number].may_be_gone = true,
            false => self.peers[number].may_be_there = true,
        }
    }

    /// The CONNECT of a peer, with a Will that no other connection has.
    fn with_will(&mut self, number: usize) -> Connect {
        let connect = self.peers[number].connect.clone();
        self.peers[number].will = None;
        let Some((qos, retain)) = self.peers[number].plan.will else { return connect };
        let topic = format!("w/{number}");
        let will = self.history.publish(number, topic.clone(), qos, retain, false);
        self.peers[number].will = Some(will);
        let message = Binary::new(format!("{will} is gone")).expect("short");
        connect.with_will(&Will { topic: topic_name(topic), message, qos, retain })
    }

    /// A peer does what it has planned.
    pub(crate) fn act(&mut self, number: usize, step: Step) {
        self.tell(|| format!("peer {number}: {step:?}"));
        match step {
            Step::Publish { topic, qos, retain, padding } => {
                let message =
                    self.history.publish(number, topic.clone(), qos, retain, padding.is_none());
                let payload = padding.map(|length| format!("{message} {}", "x".repeat(length)));
                let payload = Bytes::from(payload.unwrap_or_default());
                let (now, topic) = (self.instant(), topic_name(topic));
                let peer = &mut self.peers[number];
                let published = peer.client.publish(now, Message { topic, payload, qos, retain });
                let token = published.expect("there is room");
                peer.tokens.insert(token, Asked::Publish(message));
                self.drive_peer(number);
            }
            Step::Subscribe(filter, qos) => {
                self.peers[number].filters.insert(filter.clone(), qos);
                self.subscribe(number, vec![(filter, qos)]);
            }
            Step::Unsubscribe(filter) => {
                self.peers[number].filters.remove(&filter);
                self.history.end_spans(|span| span.subscriber == number && span.filter == filter);
                let filters = OneOrMore::new(vec![topic_filter(filter)]).expect("one");
                let now = self.instant();
                let peer = &mut self.peers[number];
                let token = peer.client.unsubscribe(now, filters).expect("there is room");
                peer.tokens.insert(token, Asked::Unsubscribe);
                self.drive_peer(number);
            }
            Step::Break => {
                if let Some(link) = self.peers[number].link {
                    self.cut(link);
                }
            }
            Step::Leave => self.leave(number),
            Step::Stay(time) => {
                self.peers[number].away_until = self.now + time;
                self.leave(number);
            }
            Step::Die => self.die(number),
            Step::Turn => {
                self.leave(number);
                let peer = &mut self.peers[number];
                let clean = peer.connect.clean_session();
                // What the peer has forgotten by now, and the server perhaps not, might come again,
                // and neither could tell.
                if clean && peer.may_be_there {
                    return;
                }
                peer.connect = peer.connect.clone().with_clean_session(!clean);
            }
        }
    }

    fn leave(&mut self, number: usize) {
        let now = self.instant();
        self.peers[number].client.disconnect(now);
        self.drive_peer(number);
    }

    fn subscribe(&mut self, number: usize, filters: Vec<(String, mqttspec::packet::QoS)>) {
        let now = self.instant();
        for (filter, qos) in filters {
            let asked = self.history.tick();
            let (from, until) = (None, None);
            let span = Span { subscriber: number, filter: filter.clone(), qos, asked, from, until };
            self.history.spans.push(span);
            let span = self.history.spans.len() - 1;
            let filters = vec![SubscribeFilter { filter: topic_filter(filter), qos }];
            let filters = OneOrMore::new(filters).expect("one");
            let peer = &mut self.peers[number];
            let token = peer.client.subscribe(now, filters).expect("there is room");
            peer.tokens.insert(token, Asked::Subscribe(span));
        }
        self.drive_peer(number);
    }

    /// Octets come to a peer.
    pub(crate) fn peer_receives(&mut self, link: usize, octets: &Bytes) {
        let number = self.links[link].peer;
        if self.peers[number].link != Some(link) {
            return;
        }
        self.peers[number].inbox.extend_from_slice(octets);
        while self.peers[number].link == Some(link) {
            let now = self.instant();
            let peer = &mut self.peers[number];
            let packet = match Decoder::default().decode(&mut peer.inbox) {
                Ok(None) => {
                    return peer.client.handle(now, Input::Heard).expect("it breaks no rule");
                }
                Ok(Some(packet)) => packet,
                Err(error) => {
                    return self.fault(format!("peer {number} cannot read the server: {error}"));
                }
            };
            if let Err(violation) = peer.client.handle(now, Input::Packet(packet)) {
                self.fault(format!("peer {number} finds fault with the server: {violation}"));
            }
            self.drive_peer(number);
        }
    }

    /// The network tells a peer that there is nothing more.
    pub(crate) fn peer_loses(&mut self, link: usize) {
        let number = self.links[link].peer;
        if self.peers[number].link != Some(link) {
            return;
        }
        let now = self.instant();
        let lost = self.peers[number].client.handle(now, Input::ConnectionLost);
        lost.expect("it breaks no rule");
        self.end_link(number);
        self.drive_peer(number);
    }

    pub(crate) fn peer_deadline(&mut self, number: usize) {
        let now = self.instant();
        let peer = &mut self.peers[number];
        peer.alarm = None;
        peer.client.handle(now, Input::Timeout).expect("it breaks no rule");
        self.drive_peer(number);
    }

    /// Does what a peer's client wants done.
    fn drive_peer(&mut self, number: usize) {
        while let Some(output) = self.peers[number].client.poll_output() {
            match output {
                Output::Send(packet) => self.peer_sends(number, packet),
                Output::Close(reason) => {
                    if matches!(reason, CloseReason::Refused(_)) {
                        self.fault(format!("peer {number} is refused: {reason}"));
                    }
                    // All is said before the link is closed.
                    self.keep_all(number);
                    if let Some(link) = self.peers[number].link {
                        self.finish(link, Side::Server);
                        self.end_link(number);
                    }
                }
                Output::Connected { session_present } => self.connected(number, session_present),
                Output::Completed { token, outcome } => self.completed(number, token, &outcome),
                Output::Received(message) => self.received(number, &message),
                Output::Entrusted { receipt, message } => {
                    self.received(number, &message);
                    let now = self.instant();
                    self.peers[number].client.acknowledge(now, receipt);
                }
                Output::Keep(change) => self.record(number, change),
                Output::Refused(filter) => {
                    self.fault(format!("peer {number} is refused {filter:?}"));
                }
            }
        }
        let deadline = self.peers[number].client.deadline().map(|deadline| deadline - self.epoch);
        if let Some(deadline) = deadline
            && self.peers[number].alarm.is_none_or(|alarm| deadline < alarm)
        {
            self.peers[number].alarm = Some(deadline);
            self.agenda.add(deadline.max(self.now), Event::PeerDeadline { peer: number });
        }
    }

    pub(crate) fn transmit_packet(&mut self, number: usize, packet: &Packet) {
        let Some(link) = self.peers[number].link else { return };
        self.history.counts.wraps += u32::from(is_last(packet));
        let mut octets = BytesMut::new();
        packet.encode(&mut octets).expect("it was short enough");
        self.transmit(link, Side::Server, octets.freeze());
    }

    /// A peer has no connection any more.
    pub(crate) fn end_link(&mut self, number: usize) {
        self.forget_held(number);
        let peer = &mut self.peers[number];
        let Some(link) = peer.link.take() else { return };
        peer.is_connected = false;
        self.links[link].close(Side::Peer);
        if peer.connect.clean_session() {
            self.history.end_session(number);
        }
        self.tell(|| format!("peer {number} has lost link {link}"));
        // At once, sometimes: the new link may overtake what is on its way over the old one.
        let most = if self.random.happens(20) { 1 } else { 1_500_000 };
        self.reconnect(number, most);
    }

    fn reconnect(&mut self, number: usize, most: u64) {
        let time = Duration::from_micros(self.random.below(most));
        self.agenda.add(self.now + time, Event::Connect { peer: number });
    }

    fn connected(&mut self, number: usize, session_present: bool) {
        self.tell(|| format!("peer {number} is connected, session present {session_present}"));
        let peer = &mut self.peers[number];
        peer.is_connected = true;
        let clean = peer.connect.clean_session();
        // [MQTT-3.2.2-1] to [MQTT-3.2.2-3]: true to what the server has.
        let is_true = match session_present {
            true => !clean && peer.may_be_there,
            false => clean || peer.may_be_gone,
        };
        let (there, gone) = (peer.may_be_there, peer.may_be_gone);
        (peer.may_be_there, peer.may_be_gone) = (!clean, clean);
        self.history.counts.resumed += u32::from(session_present);
        if !is_true {
            self.fault(format!(
                "peer {number} is told session present {session_present}, clean {clean}, but one \
                 may be there: {there}, and may not: {gone}"
            ));
        }
        if !session_present {
            if !clean && self.plan.expiry.is_some() {
                self.history.may_repeat(number);
            }
            self.history.end_session(number);
            let filters = self.peers[number].filters.clone().into_iter().collect();
            self.subscribe(number, filters);
        }
    }

    fn completed(&mut self, number: usize, token: Token, outcome: &Outcome) {
        let moment = self.history.tick();
        let asked = self.peers[number].tokens.remove(&token);
        match (asked, outcome) {
            // It may hear so again, after a death.
            (Some(Asked::Old), _) => {
                self.peers[number].tokens.insert(token, Asked::Old);
            }
            (Some(Asked::Publish(message)), Outcome::Delivered) => {
                if self.peers[number].memory.is_some() {
                    // Likewise.
                    self.peers[number].tokens.insert(token, Asked::Publish(message));
                }
                self.tell(|| format!("peer {number}: message {message} is delivered"));
                self.history.messages[message].fate = Fate::Done;
            }
            (Some(Asked::Subscribe(span)), Outcome::Subscribed(_)) => {
                self.history.spans[span].from = Some(moment);
            }
            (Some(_), _) => {}
            (None, _) => self.fault(format!("peer {number}: {outcome:?} for nothing")),
        }
    }

    fn received(&mut self, number: usize, message: &Message) {
        let at = self.history.tick();
        self.history.counts.received += 1;
        let Message { topic, payload, qos, retain } = message;
        if payload.is_empty() {
            return;
        }
        let text = String::from_utf8_lossy(payload);
        let found = text.split(' ').next().and_then(|number| number.parse::<usize>().ok());
        let known = found.filter(|found| {
            self.history.messages.get(*found).is_some_and(|sent| sent.topic == topic.as_str())
        });
        let Some(message) = known else {
            return self.fault(format!("peer {number} gets what nobody has sent: {text}"));
        };
        self.tell(|| format!("peer {number} gets message {message}, {qos:?}, retain {retain}"));
        let (qos, retain) = (*qos, *retain);
        self.take_down(number, Receipt { subscriber: number, message, qos, retain, at });
    }
}

/// The name of a peer.
pub(crate) fn client_id(number: usize) -> ClientId {
    ClientId::new(Text::new(format!("peer {number}")).expect("text"))
}

fn topic_name(text: String) -> TopicName {
    TopicName::new(text).expect("a Topic Name")
}

fn topic_filter(text: String) -> TopicFilter {
    TopicFilter::new(text).expect("a Topic Filter")
}
