//! A broker that is killed again and again while clients publish: nothing acknowledged is lost,
//! nothing of QoS 2 comes twice, retained messages are the last ones.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::{Condvar, Mutex};
use std::time::{Duration, Instant};

use mqttspec::packet::{Packet, QoS};
use rustix::process::{Pid, Signal, kill_process};

use crate::broker::Broker;
use crate::peer::{Peer, clean};
use crate::publisher::Publisher;
use crate::start;
use crate::subscriber::{Heard, Subscriber};

/// How often the broker is killed; `MQTTSPEC_KILLS` says otherwise.
const KILLS: u32 = 6;

const PUBLISHERS: u32 = 4;

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// What all clients know.
pub(crate) struct World {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    /// Where the broker listens at the moment.
    address: SocketAddr,
    acknowledged: u32,
    subscribed: bool,
    stopping: bool,
    over: bool,
}

impl World {
    fn new(address: SocketAddr) -> Self {
        let (stopping, over) = (false, false);
        let state = State { address, acknowledged: 0, subscribed: false, stopping, over };
        Self { state: Mutex::new(state), changed: Condvar::new() }
    }

    /// Where the broker listens; a client that asks before it is back waits there.
    pub(crate) fn address(&self) -> SocketAddr {
        self.state.lock().expect("nobody has panicked").address
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.state.lock().expect("nobody has panicked").stopping
    }

    pub(crate) fn is_over(&self) -> bool {
        self.state.lock().expect("nobody has panicked").over
    }

    pub(crate) fn acknowledged(&self) {
        self.change(|state| state.acknowledged += 1);
    }

    pub(crate) fn subscribed(&self) {
        self.change(|state| state.subscribed = true);
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock().expect("nobody has panicked"));
        self.changed.notify_all();
    }

    fn wait_until(&self, what: &str, is_so: impl Fn(&State) -> bool) {
        let state = self.state.lock().expect("nobody has panicked");
        let waited = self.changed.wait_timeout_while(state, PATIENCE, |state| !is_so(state));
        assert!(!waited.expect("nobody has panicked").1.timed_out(), "{what} takes too long");
    }
}

#[test]
fn nothing_that_was_acknowledged_is_lost_and_nothing_of_qos_2_comes_twice() {
    // MQTT-4.1.0-1, MQTT-4.3.2-2, MQTT-4.3.3-2, MQTT-4.4.0-1
    let kills = std::env::var("MQTTSPEC_KILLS").map_or(KILLS, |n| n.parse().expect("a number"));
    let folder = tempfile::tempdir().expect("a folder");
    let mut broker = start(folder.path());
    let world = World::new(broker.address);
    let heard = Mutex::new(Heard::new());
    let published = std::thread::scope(|scope| {
        let subscriber = Subscriber::new(&world, "subscriber", &heard);
        scope.spawn(|| subscriber.run());
        world.wait_until("SUBACK", |state| state.subscribed);
        let publishers: Vec<_> = (0..PUBLISHERS)
            .map(|number| Publisher::new(&world, format!("publisher-{number}")))
            .map(|publisher| scope.spawn(|| publisher.run()))
            .collect();
        let mut acknowledged = 0;
        for kill in 0..kills {
            // At some moment under load, another one each time.
            let more = 20 + kill * 37 % 150;
            world.wait_until("load", |state| state.acknowledged >= acknowledged + more);
            broker.process.kill().expect("it runs");
            broker.process.wait().expect("it ends");
            broker = start(folder.path());
            world.change(|state| {
                state.address = broker.address;
                acknowledged = state.acknowledged;
            });
        }
        world.change(|state| state.stopping = true);
        let published: Vec<_> =
            publishers.into_iter().map(|it| it.join().expect("no panic")).collect();
        wait_for_all(&heard, &published);

        // An orderly end loses nothing either, and what has come does not come again.
        kill_process(Pid::from_child(&broker.process), Signal::TERM).expect("it runs");
        assert_eq!(broker.wait(PATIENCE).expect("it ends").0, Some(0));
        broker = start(folder.path());
        world.change(|state| {
            state.address = broker.address;
            state.over = true;
        });
        published
    });
    check(&heard.into_inner().expect("no panic"), &published);
    check_retained(&broker, &published);
}

/// The numbers that a publisher of `last` messages has published on topics of this kind.
fn expected(kind: &str, last: u32) -> Vec<u32> {
    let remainder = ["q1", "q2", "retained"].iter().position(|it| *it == kind);
    let remainder = u32::try_from(remainder.expect("a kind")).expect("below 3");
    (1..=last).filter(|number| number % 3 == remainder).collect()
}

fn wait_for_all(heard: &Mutex<Heard>, published: &[u32]) {
    let begin = Instant::now();
    let is_complete = || {
        let heard = heard.lock().expect("no panic");
        each(published).all(|(topic, expected)| {
            let numbers: BTreeSet<_> = heard.get(&topic).into_iter().flatten().collect();
            numbers.len() >= expected.len()
        })
    };
    while !is_complete() {
        assert!(begin.elapsed() < PATIENCE, "messages that were acknowledged do not come");
        std::thread::yield_now();
    }
}

/// Every topic with the numbers that belong there.
fn each(published: &[u32]) -> impl Iterator<Item = (String, Vec<u32>)> {
    (0..).zip(published).flat_map(|(number, &last): (u32, _)| {
        ["q1", "q2", "retained"]
            .map(|kind| (format!("{kind}/publisher-{number}"), expected(kind, last)))
    })
}

fn check(heard: &Heard, published: &[u32]) {
    for (topic, expected) in each(published) {
        let numbers = heard.get(&topic).map(Vec::as_slice).unwrap_or_default();
        let mut first = BTreeSet::new();
        let in_order: Vec<_> = numbers.iter().copied().filter(|n| first.insert(*n)).collect();
        assert!(in_order == expected, "{topic}: {} of {}", in_order.len(), expected.len());
        if topic.starts_with("q2") {
            assert_eq!(numbers.len(), expected.len(), "{topic}: something came twice");
        }
    }
}

fn check_retained(broker: &Broker, published: &[u32]) {
    let mut peer = Peer::connect(broker.address, clean("late")).expect("accepted");
    peer.subscribe("retained/#", QoS::AtMostOnce).expect("granted");
    for (number, &last) in published.iter().enumerate() {
        let publish = match peer.receive().expect("retained messages") {
            Some(Packet::Publish(publish)) => publish,
            other => panic!("{other:?} instead of a retained message"),
        };
        assert_eq!(publish.topic.as_str(), format!("retained/publisher-{number}"));
        let expected = expected("retained", last).pop().expect("there are some");
        assert_eq!(publish.payload, expected.to_string());
    }
}
