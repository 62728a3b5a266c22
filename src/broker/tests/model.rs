//! The whole server against a small model of it: two Clients, whole Sessions, what is retained.
//!
//! Clients come, leave, break off, subscribe, acknowledge in any order; messages of each QoS are
//! published; the server dies and goes on from what it keeps. After each step, what each Client
//! hears must be what the model says, to the letter and in order.
//!
//! Not here: bounds of the queue (`overflowing`, `owing`) and Wills (`wills`).

use std::collections::BTreeMap;

use bytes::Bytes;
use proptest::prelude::*;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};

use super::rig::*;
use crate::broker::{Kept, Limits};
use crate::packet::{Disconnect, Puback, Pubcomp, Publish, Pubrec, Pubrel, QoS};

/// Who they are.
const CLIENTS: [&str; 2] = ["ann", "bob"];

/// How many messages of QoS 1 and 2 may be on their way to each.
const IN_FLIGHT: usize = 2;

/// In the order in which retained messages come.
const TOPICS: [&str; 4] = ["a", "a/b", "b", "b/b"];

/// Each filter with the topics that match, as a reader of the standard would list them.
const FILTERS: [(&str, &[&str]); 6] = [
    ("#", &["a", "a/b", "b", "b/b"]),
    ("+", &["a", "b"]),
    ("+/b", &["a/b", "b/b"]),
    ("a/#", &["a", "a/b"]),
    ("a/b", &["a/b"]),
    ("c", &[]),
];

/// One step, by numbers of Clients, filters and topics.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Step {
    Connect {
        who: usize,
        clean: bool,
    },
    Cut {
        who: usize,
    },
    Leave {
        who: usize,
    },
    Subscribe {
        who: usize,
        filter: usize,
        qos: QoS,
    },
    Unsubscribe {
        who: usize,
        filter: usize,
    },
    Publish {
        topic: usize,
        qos: QoS,
        retain: bool,
        is_empty: bool,
    },
    /// Says the next word about a message that is on its way.
    Acknowledge {
        who: usize,
        id: u16,
        word: Word,
    },
    Restart,
}

/// An acknowledgement.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Word {
    Puback,
    Pubrec,
    Pubcomp,
}

/// What a server owes its Clients.
#[derive(Clone, Debug, Default)]
struct Model {
    clients: [Client; 2],
    retained: BTreeMap<usize, Due>,
    published: usize,
}

#[derive(Clone, Debug, Default)]
struct Client {
    session: Option<Session>,
    is_connected: bool,
    /// What it hears of the last step.
    hears: Vec<String>,
}

#[derive(Clone, Debug, Default)]
struct Session {
    clean: bool,
    subscriptions: BTreeMap<usize, QoS>,
    waiting: Vec<Due>,
    /// In the order in which they were first sent.
    flights: Vec<Flight>,
    last_id: u16,
    releases: usize,
}

/// One copy of a message; its payload has as many octets as had been published before it.
#[derive(Clone, Copy, Debug)]
struct Due {
    topic: usize,
    octets: usize,
    qos: QoS,
    retain: bool,
}

#[derive(Clone, Copy, Debug)]
struct Flight {
    id: u16,
    copy: Due,
    /// When its PUBREC came, if it did.
    released: Option<usize>,
}

impl Model {
    fn publish(&mut self, topic: usize, qos: QoS, retain: bool, is_empty: bool) {
        self.published += 1;
        let octets = if is_empty { 0 } else { self.published };
        let copy = Due { topic, octets, qos, retain: false };
        if retain && is_empty {
            self.retained.remove(&topic);
        } else if retain {
            self.retained.insert(topic, Due { retain: true, ..copy });
        }
        for client in &mut self.clients {
            let Some(session) = &mut client.session else { continue };
            let matching = session.subscriptions.iter();
            let granted =
                matching.filter(|(filter, _)| FILTERS[**filter].1.contains(&TOPICS[topic]));
            let Some(granted) = granted.map(|(_, qos)| *qos).max() else { continue };
            let qos = qos.min(granted);
            // For whoever is away QoS 0 is not kept.
            if client.is_connected || qos > QoS::AtMostOnce {
                session.waiting.push(Due { qos, ..copy });
            }
            client.take();
        }
    }

    fn connect(&mut self, who: usize, clean: bool) {
        let client = &mut self.clients[who];
        client.is_connected = true;
        match &mut client.session {
            Some(session) if !clean && !session.clean => {
                client.hears = vec!["CONNACK accepted, session present".to_owned()];
                client.hears.extend(session.again());
            }
            session => {
                *session = Some(Session { clean, ..Session::default() });
                client.hears = vec!["CONNACK accepted".to_owned()];
            }
        }
        client.take();
    }

    fn subscribe(&mut self, who: usize, filter: usize, qos: QoS) {
        let client = &mut self.clients[who];
        let Some(session) = &mut client.session else { return };
        session.subscriptions.insert(filter, qos);
        client.hears = vec![format!("SUBACK id 9 q{qos}")];
        for (topic, kept) in &self.retained {
            if FILTERS[filter].1.contains(&TOPICS[*topic]) {
                session.waiting.push(Due { qos: qos.min(kept.qos), ..*kept });
            }
        }
        client.take();
    }

    fn acknowledge(&mut self, who: usize, id: u16) {
        let client = &mut self.clients[who];
        let Some(session) = &mut client.session else { return };
        let Some(place) = session.flights.iter().position(|flight| flight.id == id) else { return };
        if session.flights[place].due() == Word::Pubrec {
            session.releases += 1;
            session.flights[place].released = Some(session.releases);
            client.hears = vec![format!("PUBREL id {id}")];
        } else {
            session.flights.remove(place);
        }
        client.take();
    }

    fn restart(&mut self) {
        for client in &mut self.clients {
            client.is_connected = false;
            client.session = client.session.take().filter(|session| !session.clean);
            let Some(session) = &mut client.session else { continue };
            // What is kept is in the order of the messages, and what was sent last counts on.
            for (place, flight) in session.flights.iter_mut().enumerate() {
                flight.released = flight.released.map(|_| place);
            }
            session.releases = session.flights.len();
            let latest = |flight: &&Flight| flight.released.is_none();
            let last = session.flights.iter().max_by_key(latest);
            session.last_id = last.map_or(0, |flight| flight.id);
        }
    }

    /// The next word about each message that is on its way to somebody who is there.
    fn due(&self) -> Vec<Step> {
        let mut due = Vec::new();
        for (who, client) in self.clients.iter().enumerate() {
            let flights = client.session.iter().flat_map(|session| &session.flights);
            if client.is_connected {
                due.extend(flights.map(|one| Step::Acknowledge {
                    who,
                    id: one.id,
                    word: one.due(),
                }));
            }
        }
        due
    }
}

impl Client {
    /// Ends its connection, and with it what ends with that.
    fn part(&mut self) {
        self.is_connected = false;
        self.session = self.session.take().filter(|session| !session.clean);
    }

    /// Takes what waits and may come now.
    fn take(&mut self) {
        let (Some(session), true) = (&mut self.session, self.is_connected) else { return };
        let may_come = |copy: &Due, flights: &[Flight]| {
            copy.qos == QoS::AtMostOnce || flights.len() < IN_FLIGHT
        };
        while let Some(next) =
            session.waiting.iter().position(|copy| may_come(copy, &session.flights))
        {
            let copy = session.waiting.remove(next);
            if copy.qos == QoS::AtMostOnce {
                self.hears.push(copy.line(""));
                continue;
            }
            let mut id = session.last_id + 1;
            while session.flights.iter().any(|flight| flight.id == id) {
                id += 1;
            }
            session.last_id = id;
            session.flights.push(Flight { id, copy, released: None });
            self.hears.push(copy.line(&format!(" id {id}")));
        }
    }
}

impl Session {
    /// What is said again on a new connection.
    fn again(&self) -> Vec<String> {
        let mut released: Vec<_> =
            self.flights.iter().filter_map(|flight| Some((flight.released?, flight.id))).collect();
        released.sort_unstable();
        let pubrels = released.into_iter().map(|(_, id)| format!("PUBREL id {id}"));
        let others = self.flights.iter().filter(|flight| flight.released.is_none());
        pubrels.chain(others.map(|one| one.copy.line(&format!(" id {} dup", one.id)))).collect()
    }
}

impl Flight {
    /// What its receiver says next.
    fn due(&self) -> Word {
        match (self.copy.qos, self.released) {
            (QoS::ExactlyOnce, None) => Word::Pubrec,
            (QoS::ExactlyOnce, Some(_)) => Word::Pubcomp,
            _ => Word::Puback,
        }
    }
}

impl Due {
    fn line(&self, delivery: &str) -> String {
        let Self { topic, octets, qos, retain } = *self;
        let retain = if retain { " retain" } else { "" };
        format!("PUBLISH {:?} q{qos}{delivery}{retain}, {octets} octets", TOPICS[topic])
    }
}

impl ReferenceStateMachine for Model {
    type State = Self;
    type Transition = Step;

    fn init_state() -> BoxedStrategy<Self> {
        Just(Self::default()).boxed()
    }

    fn transitions(state: &Self) -> BoxedStrategy<Step> {
        let mut due = state.due();
        if due.is_empty() {
            due.push(Step::Connect { who: 0, clean: false });
        }
        let (who, filter) = (0..CLIENTS.len(), 0..FILTERS.len());
        let qos = prop::sample::select(vec![Q0, Q1, Q2]);
        let topic = 0..TOPICS.len();
        prop_oneof![
            4 => (who.clone(), prop::bool::weighted(0.2))
                .prop_map(|(who, clean)| Step::Connect { who, clean }),
            2 => who.clone().prop_map(|who| Step::Cut { who }),
            1 => who.clone().prop_map(|who| Step::Leave { who }),
            5 => (who.clone(), filter.clone(), qos.clone())
                .prop_map(|(who, filter, qos)| Step::Subscribe { who, filter, qos }),
            1 => (who.clone(), filter).prop_map(|(who, filter)| Step::Unsubscribe { who, filter }),
            8 => (topic, qos, prop::bool::weighted(0.3), prop::bool::weighted(0.1)).prop_map(
                |(topic, qos, retain, is_empty)| Step::Publish { topic, qos, retain, is_empty }
            ),
            8 => prop::sample::select(due),
            1 => Just(Step::Restart),
        ]
        .boxed()
    }

    fn preconditions(state: &Self, step: &Step) -> bool {
        match *step {
            Step::Connect { .. } | Step::Publish { .. } | Step::Restart => true,
            Step::Acknowledge { .. } => state.due().contains(step),
            Step::Cut { who }
            | Step::Leave { who }
            | Step::Subscribe { who, .. }
            | Step::Unsubscribe { who, .. } => state.clients[who].is_connected,
        }
    }

    fn apply(mut state: Self, step: &Step) -> Self {
        state.clients.iter_mut().for_each(|client| client.hears.clear());
        match *step {
            Step::Connect { who, clean } => state.connect(who, clean),
            Step::Cut { who } | Step::Leave { who } => state.clients[who].part(),
            Step::Subscribe { who, filter, qos } => state.subscribe(who, filter, qos),
            Step::Unsubscribe { who, filter } => {
                let client = &mut state.clients[who];
                client.session.as_mut().map(|session| session.subscriptions.remove(&filter));
                client.hears = vec!["UNSUBACK id 8".to_owned()];
            }
            Step::Publish { topic, qos, retain, is_empty } => {
                state.publish(topic, qos, retain, is_empty);
            }
            Step::Acknowledge { who, id, .. } => state.acknowledge(who, id),
            Step::Restart => state.restart(),
        }
        state
    }
}

/// The server itself, the connections to it, and what it keeps.
struct Tried {
    rig: Rig,
    peers: [Option<Peer>; 2],
    publisher: Peer,
    published: usize,
    /// What the changes up to now add up to.
    kept: Kept,
}

impl StateMachineTest for Tried {
    type SystemUnderTest = Self;
    type Reference = Model;

    fn init_test(_: &Model) -> Self {
        Self::begun(Kept::default())
    }

    fn apply(mut tried: Self, model: &Model, step: Step) -> Self {
        tried.take(step);
        for (who, client) in model.clients.iter().enumerate() {
            let heard = tried.peers[who].map(|peer| tried.rig.hear(peer)).unwrap_or_default();
            assert_eq!(heard, client.hears, "{} after {step:?}", CLIENTS[who]);
        }
        tried.keep();
        // One of the Sessions is the publisher's.
        let sessions = model.clients.iter().filter_map(|client| client.session.as_ref());
        assert_eq!(tried.rig.broker.session_count() - 1, sessions.clone().count());
        let lasting = sessions.clone().filter(|session| !session.clean).count();
        assert_eq!(tried.kept.sessions.len(), lasting, "kept");
        assert_eq!(tried.kept.retained.len(), model.retained.len(), "kept");
        tried
    }
}

impl Tried {
    fn begun(kept: Kept) -> Self {
        let max_in_flight = u16::try_from(IN_FLIGHT).unwrap();
        let limits = Limits { max_in_flight, ..Limits::default() };
        let mut rig = Rig::keeping_within(kept.clone(), limits);
        let publisher = rig.client("publisher");
        Self { rig, peers: [None; 2], publisher, published: 0, kept }
    }

    fn keep(&mut self) {
        let changes = self.rig.broker.holder().take_changes();
        changes.into_iter().for_each(|change| self.kept.apply(change));
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Connect { who, clean } => {
                let connect =
                    if clean { super::rig::clean(CLIENTS[who]) } else { kept(CLIENTS[who]) };
                let older = self.peers[who].replace(self.rig.connect(connect));
                if let Some(older) = older {
                    let last = self.rig.hear(older);
                    assert!(
                        last.last().is_some_and(|line| line.starts_with("closed: ")),
                        "{last:?}"
                    );
                }
            }
            Step::Cut { who } => {
                let peer = self.peers[who].take().expect("it is connected");
                self.rig.cut(peer);
            }
            Step::Leave { who } => {
                let peer = self.peers[who].take().expect("it is connected");
                self.rig.say(peer, Disconnect);
                assert_eq!(self.rig.hear(peer).len(), 1, "the end, and nothing else");
            }
            Step::Subscribe { who, filter, qos } => {
                self.say(who, subscribe(9, &[(FILTERS[filter].0, qos)]));
            }
            Step::Unsubscribe { who, filter } => {
                self.say(who, unsubscribe(8, &[FILTERS[filter].0]));
            }
            Step::Publish { topic, qos, retain, is_empty } => {
                self.published += 1;
                let octets = if is_empty { 0 } else { self.published };
                let payload = Bytes::from(vec![b'x'; octets]);
                let plain = publish(TOPICS[topic], "", qos, 1);
                self.rig.say(self.publisher, Publish { payload, retain, ..plain });
                let answers: &[&str] = match qos {
                    QoS::AtMostOnce => &[],
                    QoS::AtLeastOnce => &["PUBACK id 1"],
                    QoS::ExactlyOnce => {
                        self.rig.say(self.publisher, Pubrel { packet_id: id(1) });
                        &["PUBREC id 1", "PUBCOMP id 1"]
                    }
                };
                assert_eq!(self.rig.hear(self.publisher), answers);
            }
            Step::Acknowledge { who, id: number, word } => {
                let packet_id = id(number);
                match word {
                    Word::Puback => self.say(who, Puback { packet_id }),
                    Word::Pubrec => self.say(who, Pubrec { packet_id }),
                    Word::Pubcomp => self.say(who, Pubcomp { packet_id }),
                }
            }
            Step::Restart => {
                self.keep();
                let published = self.published;
                *self = Self { published, ..Self::begun(self.kept.clone()) };
            }
        }
    }

    fn say(&mut self, who: usize, packet: impl Into<crate::packet::Packet>) {
        self.rig.say(self.peers[who].expect("it is connected"), packet);
    }
}

prop_state_machine! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]
    #[test]
    fn clients_hear_what_a_small_model_says(sequential 1..60 => Tried);
}
