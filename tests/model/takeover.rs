//! Connections of one Client that overlap in every way they can, and their Wills.
//!
//! The broker is the program's. A state is what has happened so far; two are the same when the
//! broker and all its connections are, to the last field that `Debug` shows.
//!
//! Clauses: [MQTT-3.1.2-8], [MQTT-3.1.2-10], [MQTT-3.1.4-2], [MQTT-3.1.4-3], [MQTT-3.2.2-1] to
//! [MQTT-3.2.2-3], [MQTT-3.14.4-3].

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::LazyLock;
use std::time::Instant;

use mqttspec::broker::{Broker, Connection, Input, Limits, Local, LocalConnection, Output};
use mqttspec::packet::{
    Binary, ClientId, Connack, Connect, Disconnect, OneOrMore, Packet, PacketId, QoS, Subscribe,
    SubscribeFilter, Text, Will,
};
use mqttspec::topic::{TopicFilter, TopicName};
use stateright::{Checker as _, Model, Property};

/// Connections of one Client, each with a Will of its own.
#[derive(Clone, Debug)]
struct Takeover {
    /// Whether the Session of each connection is clean.
    clean: Vec<bool>,
    bug: Option<Bug>,
}

/// A mistake at the seams of the broker.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Bug {
    ClaimsSessions,
    DiscardsWills,
    IgnoresDisconnect,
    /// Whoever is waited for never hears of it.
    KeepsDisplaced,
    PublishesWillsTwice,
}

/// What has happened, and what came of it.
#[derive(Clone, Debug)]
struct State {
    actions: Vec<Action>,
    seen: Seen,
    /// All of the broker, in short.
    broker: u64,
}

/// What can be seen from outside.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
struct Seen {
    connections: Vec<Seat>,
    /// The connection that the Client has, by the order of its CONNECTs.
    current: Option<usize>,
    /// Those that wait for their turn.
    waiting: Vec<usize>,
    /// Whether a Session is there that goes on.
    is_kept: bool,
    /// A Session Present that was not true.
    has_lied: bool,
}

/// One connection.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
struct Seat {
    stage: Stage,
    /// What must become of its Will; `None` as long as that is open.
    is_due: Option<bool>,
    /// How often it was published.
    wills: usize,
    /// The broker has closed it, or was told that it is gone.
    is_over: bool,
}

#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
enum Stage {
    #[default]
    Silent,
    Waiting,
    Connected,
    Left,
    Gone,
}

#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
enum Action {
    Connect(usize),
    Disconnect(usize),
    /// The network ends it.
    Cut(usize),
    /// Nothing can be sent on it any more; DISCONNECT may have come, and is read later.
    Fail(usize),
    /// It gets to look for output, woken or not.
    Poll(usize),
}

impl PartialEq for State {
    fn eq(&self, other: &Self) -> bool {
        (&self.seen, self.broker) == (&other.seen, other.broker)
    }
}

impl Eq for State {}

impl Hash for State {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        (&self.seen, self.broker).hash(hasher);
    }
}

impl Model for Takeover {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![self.after(Vec::new())]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        for (number, seat) in state.seen.connections.iter().enumerate() {
            match seat.stage {
                Stage::Silent => actions.push(Action::Connect(number)),
                Stage::Connected => {
                    actions.extend([
                        Action::Disconnect(number),
                        Action::Cut(number),
                        Action::Fail(number),
                    ]);
                }
                Stage::Waiting | Stage::Left => actions.push(Action::Cut(number)),
                Stage::Gone => {}
            }
            if !seat.is_over && seat.stage != Stage::Silent {
                actions.push(Action::Poll(number));
            }
        }
    }

    fn next_state(&self, before: &State, action: Action) -> Option<State> {
        let mut actions = before.actions.clone();
        actions.push(action);
        let after = self.after(actions);
        // To poll in vain is to do nothing.
        (after != *before).then_some(after)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("a Will at most once", |_: &Self, state: &State| {
                state.seen.connections.iter().all(|seat| seat.wills <= 1)
            }),
            Property::always("no Will after DISCONNECT", |_: &Self, state: &State| {
                let mut seats = state.seen.connections.iter();
                seats.all(|seat| seat.is_due != Some(false) || seat.wills == 0)
            }),
            Property::always("no Will before it is due", |_: &Self, state: &State| {
                let mut seats = state.seen.connections.iter();
                seats.all(|seat| seat.is_due.is_some() || seat.wills == 0)
            }),
            Property::always("each Will that is due", |_: &Self, state: &State| {
                let mut seats = state.seen.connections.iter();
                seats.all(|seat| seat.is_due != Some(true) || seat.wills >= 1)
            }),
            Property::always("Session Present is true", |_: &Self, state: &State| {
                !state.seen.has_lied
            }),
            Property::always("one connection a Client", |model: &Self, state: &State| {
                model.has_one_connection(state)
            }),
            Property::sometimes("all have left", |_: &Self, state: &State| {
                state.seen.connections.iter().all(|seat| seat.is_over)
            }),
        ]
    }
}

impl Takeover {
    /// Has all of it from the beginning: what a broker is cannot be copied.
    fn after(&self, actions: Vec<Action>) -> State {
        let mut run = Run::new(self);
        for &action in &actions {
            run.act(action);
        }
        let mut hasher = DefaultHasher::new();
        format!("{:?} {:?}", run.broker, run.connections).hash(&mut hasher);
        State { actions, seen: run.seen, broker: hasher.finish() }
    }

    /// Whether, once each has looked often enough, all but one know that they have ended, and
    /// nobody waits.
    fn has_one_connection(&self, state: &State) -> bool {
        let mut run = Run::new(self);
        state.actions.iter().for_each(|&action| run.act(action));
        for _ in &self.clean {
            (0..self.clean.len()).for_each(|number| run.act(Action::Poll(number)));
        }
        // One that was let in after the last had looked is told in its turn.
        let is_open =
            |seat: &&Seat| matches!(seat.stage, Stage::Connected | Stage::Waiting) && !seat.is_over;
        run.seen.connections.iter().filter(is_open).count() <= 1
    }
}

/// A broker at work.
struct Run<'a> {
    model: &'a Takeover,
    broker: Broker<Local>,
    connections: Vec<Connection<Local>>,
    watcher: Connection<Local>,
    seen: Seen,
}

impl<'a> Run<'a> {
    fn new(model: &'a Takeover) -> Self {
        let broker = Broker::new(Local::new(), Limits::default());
        let count = u64::try_from(model.clean.len()).expect("a few");
        let open = |number| Connection::new(LocalConnection(number), *NOW, &broker);
        let connections = (0..count).map(open).collect();
        let mut watcher = open(count);
        let filter = TopicFilter::new("will/#").expect("a Topic Filter");
        let filters = vec![SubscribeFilter { filter, qos: QoS::AtMostOnce }];
        let filters = OneOrMore::new(filters).expect("one");
        let subscribe = Subscribe::new(PacketId::FIRST, &filters);
        for packet in [connect("watcher", true).into(), Packet::from(subscribe)] {
            watcher.handle(*NOW, Input::Packet(packet), &broker);
        }
        let seats = vec![Seat::default(); model.clean.len()];
        let seen = Seen { connections: seats, ..Seen::default() };
        let mut run = Self { model, broker, connections, watcher, seen };
        run.watch();
        run
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Connect(number) => self.connect(number),
            Action::Disconnect(number) => {
                self.seen.connections[number].stage = Stage::Left;
                if self.seen.current == Some(number) {
                    self.end(number, false);
                }
                // [MQTT-3.1.4-2] Also while another connection waits: it has come in time.
                let input = match self.model.bug {
                    Some(Bug::IgnoresDisconnect) => Input::NetworkClosed,
                    _ => Input::Packet(Disconnect.into()),
                };
                self.input(number, input);
            }
            Action::Cut(number) => {
                let discards = self.model.bug == Some(Bug::DiscardsWills);
                if discards && self.seen.current == Some(number) {
                    self.input(number, Input::Packet(Disconnect.into()));
                }
                if self.seen.current == Some(number) {
                    self.end(number, true);
                    if self.model.bug == Some(Bug::PublishesWillsTwice) {
                        self.seen.connections[number].wills += 1;
                    }
                }
                self.seen.waiting.retain(|waiting| *waiting != number);
                self.seen.connections[number].stage = Stage::Gone;
                self.seen.connections[number].is_over = true;
                self.input(number, Input::NetworkClosed);
            }
            Action::Fail(number) => self.input(number, Input::NetworkFailing),
            Action::Poll(number) => self.poll(number),
        }
        self.watch();
    }

    fn connect(&mut self, number: usize) {
        let clean = self.model.clean[number];
        let topic = TopicName::new(format!("will/{number}")).expect("a Topic Name");
        let message = Binary::new("gone").expect("short");
        let will = Will { topic, message, qos: QoS::AtMostOnce, retain: false };
        let packet = connect("a", clean).with_will(&will);
        self.input(number, Input::Packet(packet.into()));
        self.seen.connections[number].stage = Stage::Waiting;
        self.seen.waiting.push(number);
        self.look(number);
    }

    /// Sees whether a connection has been let in.
    fn look(&mut self, number: usize) {
        if self.connections[number].session_name().is_none() {
            return;
        }
        self.seen.waiting.retain(|waiting| *waiting != number);
        let clean = self.model.clean[number];
        let is_present = self.seen.is_kept && !clean;
        // [MQTT-3.1.4-2] Not before the other one has ended.
        assert_eq!(self.seen.current.replace(number), None, "two at once");
        self.seen.is_kept = !clean;
        self.seen.connections[number].stage = Stage::Connected;
        // CONNACK is the first of all it is told, whenever it looks.
        let said = self.connections[number].poll_output(&self.broker);
        let Some(Output::Send(Packet::Connack(Connack::Accepted { session_present }))) = said
        else {
            panic!("{said:?} instead of CONNACK");
        };
        let told = session_present || self.model.bug == Some(Bug::ClaimsSessions);
        self.seen.has_lied |= told != is_present;
    }

    /// The Client has no connection any more; its Will `is_due` or not.
    fn end(&mut self, number: usize, is_due: bool) {
        self.seen.connections[number].is_due = Some(is_due);
        self.seen.current = None;
    }

    fn input(&mut self, number: usize, input: Input) {
        self.connections[number].handle(*NOW, input, &self.broker);
    }

    fn poll(&mut self, number: usize) {
        if self.model.bug == Some(Bug::KeepsDisplaced) {
            return;
        }
        if self.seen.connections[number].stage == Stage::Waiting {
            self.input(number, Input::Woken);
            self.look(number);
        }
        while let Some(output) = self.connections[number].poll_output(&self.broker) {
            match output {
                // [MQTT-3.1.2-8] It cannot say DISCONNECT any more, and perhaps it has not.
                Output::HearOut => {
                    if self.seen.current == Some(number) {
                        self.end(number, true);
                    }
                    self.input(number, Input::HeardOut);
                }
                Output::Close(_) => {
                    self.seen.connections[number].is_over = true;
                    self.seen.connections[number].stage = Stage::Gone;
                }
                _ => {}
            }
        }
    }

    /// Counts the Wills that were published.
    fn watch(&mut self) {
        while let Some(output) = self.watcher.poll_output(&self.broker) {
            if let Output::Send(Packet::Publish(publish)) = output {
                let (_, number) = publish.topic.as_str().split_once('/').expect("a Will");
                let number: usize = number.parse().expect("a number");
                self.seen.connections[number].wills += 1;
            }
        }
        while self.broker.holder().next_woken().is_some() {}
    }
}

/// No time passes.
static NOW: LazyLock<Instant> = LazyLock::new(Instant::now);

fn connect(name: &'static str, clean: bool) -> Connect {
    let name = ClientId::new(Text::new(name).expect("text"));
    Connect::new(&name).with_clean_session(clean)
}

fn breaks(bug: Bug, property: &'static str) {
    let model = Takeover { clean: vec![false, false], bug: Some(bug) };
    let checker = model.checker().spawn_bfs().join();
    assert!(checker.discovery(property).is_some(), "it is not found");
}

#[test]
fn every_way_to_overlap_is_as_it_should_be() {
    for clean in [
        vec![false, false, false],
        vec![true, true, true],
        vec![false, true, false],
        vec![true, false, false],
    ] {
        let name = format!("clean {clean:?}");
        let checker = Takeover { clean, bug: None }.checker().spawn_bfs().join();
        checker.assert_properties();
        assert!(checker.is_done(), "all states, to the last");
        let (states, depth) = (checker.unique_state_count(), checker.max_depth());
        println!("{name}: {states} states, {depth} steps deep");
        assert!(states > 100, "{states}");
    }
}

#[test]
fn claiming_a_session_is_noticed() {
    breaks(Bug::ClaimsSessions, "Session Present is true");
}

#[test]
fn discarding_a_will_is_noticed() {
    breaks(Bug::DiscardsWills, "each Will that is due");
}

#[test]
fn ignoring_disconnect_is_noticed() {
    breaks(Bug::IgnoresDisconnect, "no Will after DISCONNECT");
}

#[test]
fn leaving_the_displaced_alone_is_noticed() {
    breaks(Bug::KeepsDisplaced, "one connection a Client");
}

#[test]
fn a_second_will_is_noticed() {
    breaks(Bug::PublishesWillsTwice, "a Will at most once");
}
