//! A broker that is given anything by several clients, in any order, and that starts anew from what
//! it keeps.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use mqttspec::broker::{
    Broker, Connection, Holder as _, Input, Kept, Limits, Listening, Local, LocalConnection,
    Output, Position, SessionName,
};
use mqttspec::packet::{
    Binary, ClientId, Connack, Connect, Decoder, Delivery, Disconnect, OneOrMore, Packet, PacketId,
    Pingreq, Puback, Pubcomp, Publish, Pubrec, Pubrel, QoS, Subscribe, SubscribeFilter, Text,
    Unsubscribe, Will,
};
use mqttspec::topic::{TopicFilter, TopicName};

use super::choices::Choices;
use super::said::Said;

/// How many connections there are at once.
const SEATS: usize = 4;

/// Has operations chosen by `octets` done to a broker, and holds what it says against what any
/// client may rely on, and what it keeps against what it has.
pub fn broker(octets: &[u8]) {
    let mut choices = Choices::new(octets);
    let mut world = World::new();
    while !choices.is_empty() {
        let seat = choices.below(SEATS);
        match choices.below(26) {
            0 => world.input(seat, Input::NetworkClosed),
            1 => {
                world.now += Duration::from_secs(choices.octet().into());
                world.input(seat, Input::Timeout);
            }
            2 => world.octets(seat, choices.some()),
            3 => world.input(seat, Input::NotBinary),
            4 => world.input(seat, if choices.either() { Input::Stopping } else { Input::Stop }),
            5 => world.restart(),
            6 => world.input(seat, Input::HeardOut),
            7 => world.input(seat, Input::Woken),
            8 => world.input(seat, Input::NetworkFailing),
            _ => {
                let packet = packet(&mut choices, world.said.len());
                world.packet(seat, packet);
            }
        }
        // What is not polled yet waits while others go on.
        if choices.below(4) > 0 {
            world.settle();
        }
    }
    world.settle();
    world.restart();
}

/// Any time will do.
static EPOCH: LazyLock<Instant> = LazyLock::new(Instant::now);

struct World {
    broker: Broker<Local>,
    /// What the changes up to now add up to.
    kept: Kept,
    /// How many of them are of this broker.
    changes: u64,
    seats: BTreeMap<usize, Seat>,
    said: Said,
    opened: u64,
    now: Instant,
}

/// One connection, and what its client knows.
struct Seat {
    value: Connection<Local>,
    /// Of the Session that it has, or had last.
    name: Option<SessionName>,
    is_connected: bool,
    /// The network takes nothing more, so that nothing of what is said arrives.
    is_deaf: bool,
    /// Identifiers that the server has in use.
    in_use: BTreeSet<PacketId>,
    /// Identifiers of which it has sent PUBREC, and nothing had come: each PUBREL is its own doing.
    made_up: Vec<PacketId>,
}

impl World {
    fn new() -> Self {
        Self {
            broker: Broker::new(Local::recording(0), limits()),
            kept: Kept::default(),
            changes: 0,
            seats: BTreeMap::new(),
            said: Said::default(),
            opened: 0,
            now: *EPOCH,
        }
    }

    fn input(&mut self, seat: usize, input: Input) {
        let acknowledged = match &input {
            Input::Packet(Packet::Puback(Puback { packet_id })) => Some(*packet_id),
            Input::Packet(Packet::Pubcomp(Pubcomp { packet_id })) => Some(*packet_id),
            _ => None,
        };
        let (broker, opened, now) = (&self.broker, &mut self.opened, self.now);
        let seat = self.seats.entry(seat).or_insert_with(|| {
            *opened += 1;
            let value = Connection::new(LocalConnection(*opened), now, broker);
            let (name, in_use, made_up) = Default::default();
            Seat { value, name, is_connected: false, is_deaf: false, in_use, made_up }
        });
        if let Input::Packet(packet) = &input {
            self.said.take_down(seat.value.session_name(), packet);
        }
        if let Input::Packet(Packet::Pubrec(Pubrec { packet_id })) = &input
            && !seat.in_use.contains(packet_id)
        {
            seat.made_up.push(*packet_id);
        }
        seat.is_deaf |= matches!(input, Input::NetworkFailing);
        match input {
            Input::Packet(packet) => take_in(&mut seat.value, now, packet, broker),
            input => seat.value.handle(now, input, broker),
        }
        seat.learn_name();
        if let Some(packet_id) = acknowledged {
            seat.in_use.remove(&packet_id);
        }
        self.take_changes();
    }

    /// A packet, if it is one that the connection is ready for.
    fn packet(&mut self, seat: usize, packet: Packet) {
        let (broker, now) = (&self.broker, self.now);
        let is_ready = |seat: &mut Seat| {
            // Its turn may have come.
            seat.value.handle(now, Input::Woken, broker);
            seat.learn_name();
            seat.value.listening(now) == Listening::Now
        };
        if self.seats.get_mut(&seat).is_none_or(is_ready) {
            self.input(seat, Input::Packet(packet));
        }
    }

    fn octets(&mut self, seat: usize, octets: &[u8]) {
        let mut buffer = BytesMut::from(octets);
        // A few in one choice are enough.
        for _ in 0..8 {
            match Decoder::new(4096).decode(&mut buffer) {
                Ok(None) => return,
                Ok(Some(packet)) => self.packet(seat, packet),
                Err(error) => return self.input(seat, Input::Undecodable(error)),
            }
        }
    }

    fn take_changes(&mut self) {
        for change in self.broker.holder().take_changes() {
            self.changes += 1;
            self.kept.apply(change);
        }
    }

    /// Has everybody say what they have to say, until nobody has anything.
    fn settle(&mut self) {
        let (mut is_quiet, mut holds) = (false, Vec::new());
        while !is_quiet {
            is_quiet = true;
            while self.broker.holder().next_woken().is_some() {}
            let (mut closed, mut heard_out) = (Vec::new(), Vec::new());
            for (&place, seat) in &mut self.seats {
                seat.value.handle(self.now, Input::Woken, &self.broker);
                seat.learn_name();
                while let Some(output) = seat.value.poll_output(&self.broker) {
                    is_quiet = false;
                    match output {
                        Output::Send(packet) => seat.hear(&packet, &self.said),
                        Output::SendRun(run) => {
                            run.packets().for_each(|packet| seat.hear(&packet, &self.said));
                        }
                        Output::Close(_) => closed.push(place),
                        Output::Hold(position) => holds.push(position),
                        Output::HearOut => heard_out.push(place),
                        Output::Note(_) => {}
                        Output::Authenticate(_) => panic!("nobody asked for passwords"),
                    }
                }
            }
            for place in heard_out {
                self.input(place, Input::HeardOut);
            }
            for place in closed {
                let mut seat = self.seats.remove(&place).expect("it was closed once");
                assert!(seat.value.poll_output(&self.broker).is_none(), "a word after the last");
                assert!(seat.value.session_name().is_none() && seat.value.deadline().is_none());
            }
        }
        self.take_changes();
        // Whoever waits for more than there is waits for ever.
        assert!(holds.into_iter().all(|Position(place)| place <= self.changes));
        self.check();
    }

    fn check(&self) {
        let (holder, limits) = (self.broker.holder(), self.broker.limits());
        let mut connected = BTreeSet::new();
        for seat in self.seats.values() {
            // [MQTT-3.1.4-2] One connection a Client, once all have been heard.
            let name = seat.value.session_name();
            assert!(name.is_none_or(|name| connected.insert(name.clone())), "two of {name:?}");
        }
        let mut subscriptions = 0;
        self.broker.for_each_session(None, |name, session| {
            let (waiting, in_flight) = session.backlog();
            assert!(waiting <= limits.max_queued_messages, "{name}: {waiting} wait");
            assert!(in_flight <= usize::from(limits.max_in_flight), "{name}: {in_flight}");
            assert!(session.subscriptions().len() <= limits.max_subscriptions, "{name}");
            // [MQTT-3.1.4-2] And whoever waited for it has it.
            assert_eq!(session.is_connected(), connected.contains(name), "{name}");
            // [MQTT-3.1.2-6] A clean Session ends with its connection.
            assert!(session.is_connected() || !session.is_clean(), "{name} is left over");
            subscriptions += session.subscriptions().len();
            true
        });
        let listed = holder.read_subscriptions(|all| all.len());
        assert_eq!(listed, subscriptions, "subscriptions of all, and of each");
        let retained = holder.read_retained(|retained| retained.len());
        assert!(retained <= limits.max_retained_messages, "{retained} retained");
        self.check_kept();
    }

    /// What is kept is what is there.
    fn check_kept(&self) {
        let mut kept = self.kept.sessions.values().collect::<Vec<_>>();
        self.broker.for_each_session(None, |name, session| {
            if session.is_clean() {
                return true;
            }
            let place = kept.iter().position(|one| SessionName::given(&one.client_id) == *name);
            let one = kept.swap_remove(place.unwrap_or_else(|| panic!("{name} is not kept")));
            assert_eq!(one.subscriptions, *session.subscriptions(), "{name}");
            let (waiting, in_flight) = session.backlog();
            // Of those that wait, messages of QoS 0 are not kept.
            let in_all = waiting + in_flight;
            assert!(one.deliveries.len() <= in_all, "{name} keeps what has ended");
            assert!(one.deliveries.len() >= in_flight, "{name} keeps too little");
            true
        });
        assert!(kept.is_empty(), "kept, and not there: {kept:?}");
        let retained = self.broker.holder().read_retained(|retained| retained.len());
        assert_eq!(retained, self.kept.retained.len());
    }

    /// Ends the server with all its connections, and has another go on from what is kept.
    fn restart(&mut self) {
        self.take_changes();
        let holder = Local::recording(self.kept.last_number());
        self.broker = Broker::new(holder, limits());
        self.broker.restore(self.kept.clone());
        self.seats.clear();
        self.changes = 0;
        self.settle();
        assert!(self.kept.sessions.values().all(|session| session.will.is_none()), "Wills are due");
    }
}

fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.max_in_flight = 3;
    limits.max_queued_messages = 20;
    limits.max_subscriptions = 4;
    limits.max_retained_messages = 3;
    limits
}

impl Seat {
    /// The Session may be another's before all is heard that was said in it.
    fn learn_name(&mut self) {
        if let Some(name) = self.value.session_name() {
            self.name = Some(name.clone());
        }
    }

    /// What a client can hold a server to.
    fn hear(&mut self, packet: &Packet, said: &Said) {
        if self.is_deaf {
            return;
        }
        let mut octets = BytesMut::new();
        packet.encode(&mut octets).expect("what came in goes out");
        let read = Decoder::default().decode(&mut octets);
        assert_eq!(read.as_ref(), Ok(&Some(packet.clone())));
        match packet {
            Packet::Connack(connack) => {
                assert!(!self.is_connected, "a second CONNACK");
                self.is_connected = matches!(connack, Connack::Accepted { .. });
            }
            // [MQTT-3.2.0-1] CONNACK comes first.
            _ => assert!(self.is_connected, "{packet} before CONNACK"),
        }
        let in_use = &mut self.in_use;
        let made_up = |id: PacketId| self.made_up.iter().position(|one| *one == id);
        match packet {
            Packet::Publish(publish) => {
                said.check(self.name.as_ref().expect("it has a Session"), publish);
                if let Some(id) = publish.delivery.packet_id() {
                    // [MQTT-2.3.1-4] New only under an identifier that is free.
                    assert!(in_use.insert(id) || publish.delivery.dup(), "{id} is in use");
                }
            }
            Packet::Pubrel(Pubrel { packet_id }) => match made_up(*packet_id) {
                Some(place) => drop(self.made_up.swap_remove(place)),
                None => drop(in_use.insert(*packet_id)),
            },
            Packet::Connect(_) | Packet::Subscribe(_) | Packet::Unsubscribe(_) => {
                panic!("{packet} is for clients to send")
            }
            _ => {}
        }
    }
}

/// A packet; `number` tells what is in it from what was in others.
fn packet(choices: &mut Choices<'_>, number: usize) -> Packet {
    let packet_id = PacketId::new(1 + u16::from(choices.octet() % 5)).expect("above 0");
    match choices.below(12) {
        0 | 1 => connect(choices, number).into(),
        2 | 3 => publish(choices, packet_id, number).into(),
        4 => Puback { packet_id }.into(),
        5 => Pubrec { packet_id }.into(),
        6 => Pubrel { packet_id }.into(),
        7 => Pubcomp { packet_id }.into(),
        8 => {
            let filters = (0..1 + choices.below(3)).map(|_| {
                let (filter, qos) = (filter(choices), qos(choices));
                SubscribeFilter { filter, qos }
            });
            let filters = OneOrMore::new(filters.collect()).expect("one or more");
            Subscribe::new(packet_id, &filters).into()
        }
        9 => {
            let filters = OneOrMore::new(vec![filter(choices)]).expect("one");
            Unsubscribe::new(packet_id, &filters).into()
        }
        10 => Pingreq.into(),
        _ => Disconnect.into(),
    }
}

fn connect(choices: &mut Choices<'_>, number: usize) -> Connect {
    let name = ClientId::new(Text::new(choices.one_of(&["a", "b", ""])).expect("text"));
    let connect = Connect::new(&name)
        .with_clean_session(choices.either())
        .with_keep_alive_seconds(u16::from(choices.octet() % 4));
    if choices.either() {
        return connect;
    }
    let (topic, qos, retain) = (name_of(choices), qos(choices), choices.either());
    let message = if choices.either() { format!("Will {number}") } else { String::new() };
    let message = Binary::new(message).expect("short");
    connect.with_will(&Will { topic, message, qos, retain })
}

/// Has a connection take in a packet as the program does: by itself if it is like the last ones.
fn take_in(value: &mut Connection<Local>, now: Instant, packet: Packet, broker: &Broker<Local>) {
    let mut read = BytesMut::new();
    packet.encode(&mut read).expect("it is small");
    if value.take_alike(now, &mut read, broker).is_none() {
        value.handle_among(now, packet, broker);
    }
}

fn publish(choices: &mut Choices<'_>, packet_id: PacketId, number: usize) -> Publish {
    let dup = choices.either();
    let delivery = match qos(choices) {
        QoS::AtMostOnce => Delivery::AtMostOnce,
        QoS::AtLeastOnce => Delivery::AtLeastOnce { packet_id, dup },
        QoS::ExactlyOnce => Delivery::ExactlyOnce { packet_id, dup },
    };
    let payload = if choices.either() { number.to_string().into() } else { Bytes::new() };
    Publish { topic: name_of(choices), payload, delivery, retain: choices.either() }
}

fn qos(choices: &mut Choices<'_>) -> QoS {
    choices.one_of(&[QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce])
}

fn name_of(choices: &mut Choices<'_>) -> TopicName {
    let text = choices.one_of(&["a", "a/b", "b", "$x", "c", "d"]);
    TopicName::new(text).expect("a Topic Name")
}

fn filter(choices: &mut Choices<'_>) -> TopicFilter {
    let text = choices.one_of(&["#", "a", "+/b", "a/#", "+", "$x", "b", "c"]);
    TopicFilter::new(text).expect("a Topic Filter")
}
