//! A store that fails while the server runs: nobody is told what is not kept, what was acknowledged
//! is, and a disk that was only full for a while ends nothing.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use mqttspec::broker::{Change, Kept};
use mqttspec::net::{Durable, Keeping, Server, ServerOptions, ServerStopped};
use mqttspec::packet::{Connack, ConnectRefusal, Packet, QoS};
use mqttspec::store::{Memory, Store, StoreError, StoreErrorKind};
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

use crate::peer::{PATIENCE, Peer, clean, packet_id, publish};

/// A store in memory that can be told to fail; clones are the same store.
#[derive(Clone, Debug, Default)]
struct Fragile(Arc<Mutex<(Memory, Option<StoreErrorKind>)>>);

impl Fragile {
    fn fail(&self, kind: Option<StoreErrorKind>) {
        self.0.lock().expect("nobody has panicked").1 = kind;
    }
}

impl Store for Fragile {
    fn load(&mut self) -> Result<Kept, StoreError> {
        self.0.lock().expect("nobody has panicked").0.load()
    }

    fn commit(&mut self, changes: &[Change]) -> Result<(), StoreError> {
        let (memory, fails) = &mut *self.0.lock().expect("nobody has panicked");
        match *fails {
            None => memory.commit(changes),
            Some(kind) => {
                let (place, reason) = ("a test".to_owned(), "as it was told".to_owned());
                Err(StoreError { kind, place, reason })
            }
        }
    }
}

/// A server over a store.
struct Running {
    address: std::net::SocketAddr,
    stop: oneshot::Sender<()>,
    ended: tokio::task::JoinHandle<ServerStopped>,
    runtime: Runtime,
}

fn run(store: &Fragile) -> Running {
    let runtime = Runtime::new().expect("threads");
    let durable = Durable::load(store.clone(), Keeping::Always).expect("it is sound");
    let mut options = ServerOptions::default();
    options.listen = vec!["mqtt://127.0.0.1:0".parse().expect("a place to listen")];
    let server = runtime.block_on(Server::bind_durable(options, durable)).expect("a free port");
    let address = server.addresses()[0];
    let (stop, stopped) = oneshot::channel();
    let ended = runtime.spawn(server.run(async { drop(stopped.await) }));
    Running { address, stop, ended, runtime }
}

fn kept(name: &str) -> mqttspec::packet::Connect {
    clean(name).with_clean_session(false)
}

#[test]
fn while_the_disk_is_full_nobody_is_told_more_and_afterwards_it_goes_on() {
    let store = Fragile::default();
    let server = run(&store);
    let mut reader = Peer::connect(server.address, kept("reader")).expect("accepted");
    reader.subscribe("t", QoS::AtLeastOnce).expect("granted");
    drop(reader);
    let mut quiet = Peer::connect(server.address, clean("quiet")).expect("accepted");
    let mut publisher = Peer::connect(server.address, clean("publisher")).expect("accepted");
    publisher.send(publish("t", 1, "acknowledged")).expect("sent");
    assert!(matches!(publisher.receive(), Ok(Some(Packet::Puback(_)))));

    store.fail(Some(StoreErrorKind::Full));
    publisher.send(publish("t", 2, "not acknowledged")).expect("sent");
    assert_eq!(publisher.receive().expect("closed in good order"), None);
    let mut another = Peer::open(server.address).expect("a connection");
    another.send(kept("another")).expect("sent");
    let refused = Connack::Refused(ConnectRefusal::ServerUnavailable);
    assert_eq!(another.receive().expect("an answer"), Some(refused.into()));
    // Who asks for nothing to be kept is not concerned.
    quiet.send(mqttspec::packet::Pingreq).expect("sent");
    assert!(matches!(quiet.receive(), Ok(Some(Packet::Pingresp(_)))));

    store.fail(None);
    let begin = Instant::now();
    let mut reader = loop {
        assert!(begin.elapsed() < PATIENCE, "it is not tried again");
        // It should be, every second.
        if let Ok(reader) = Peer::connect(server.address, kept("reader")) {
            break reader;
        }
        std::thread::yield_now();
    };
    for (number, payload) in [(1, "acknowledged"), (2, "not acknowledged")] {
        match reader.receive().expect("a message") {
            Some(Packet::Publish(publish)) => {
                assert_eq!(publish.payload, payload);
                assert_eq!(publish.delivery.packet_id(), Some(packet_id(number)));
            }
            other => panic!("{other:?} instead of {payload}"),
        }
    }
    drop((reader, quiet, server.stop));
    let stopped = server.runtime.block_on(server.ended).expect("no panic");
    assert_eq!(stopped.not_kept, None);
}

#[test]
fn a_disk_that_fails_ends_the_server_and_what_was_acknowledged_is_there() {
    let store = Fragile::default();
    let server = run(&store);
    let mut publisher = Peer::connect(server.address, kept("publisher")).expect("accepted");
    publisher.subscribe("t", QoS::AtMostOnce).expect("granted");
    store.fail(Some(StoreErrorKind::Io(std::io::ErrorKind::Other)));
    let retained =
        mqttspec::packet::Publish { retain: true, ..publish("kept/never", 1, "not acknowledged") };
    publisher.send(retained).expect("sent");
    assert_eq!(publisher.receive().expect("closed in good order"), None);
    let stopped = server.runtime.block_on(server.ended).expect("no panic");
    assert_eq!(stopped.not_kept.expect("that is why").reason, "as it was told");

    store.fail(None);
    let found = store.clone().load().expect("it is sound");
    assert!(found.retained.is_empty());
    let session = found.sessions.values().next().expect("it was acknowledged");
    assert_eq!(session.subscriptions.len(), 1);
}
