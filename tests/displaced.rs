//! What a Client has said last over real sockets, though it was not read when its connection ended or
//! the Client connected anew: it still counts, and one that goes on talking is cut short.

#[path = "support/broker.rs"]
mod broker;
#[path = "support/peer.rs"]
mod peer;

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::sync::mpsc::TryRecvError;
use std::time::{Duration, Instant};

use broker::Broker;
use mqttspec::net::{Server, ServerOptions};
use mqttspec::packet::{
    Binary, Connect, Delivery, Disconnect, Packet, Pingreq, Publish, QoS, Will,
};
use mqttspec::topic::TopicName;
use peer::{PATIENCE, Peer, clean, octets, publish, subscribe};
use tokio::runtime::Builder;

/// A CONNECT that leaves a Will on the topic `will`.
fn with_will(client_id: &str) -> Connect {
    let topic = TopicName::new("will").expect("a Topic Name");
    let message = Binary::new("gone").expect("not too long");
    clean(client_id).with_will(&Will { topic, message, qos: QoS::AtMostOnce, retain: false })
}

#[test]
fn a_disconnect_that_waits_in_the_socket_discards_the_will() {
    // MQTT-3.1.2-8, MQTT-3.1.4-2, MQTT-3.14.4-3. One thread serves all, and only when it is let:
    // it finds the CONNECT first, as that was sent first, and the DISCONNECT beside it.
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let mut options = ServerOptions::default();
    options.listen = vec!["mqtt://127.0.0.1:0".parse().expect("a place to listen")];
    let server = runtime.block_on(Server::bind(options)).expect("a free port");
    let address = server.addresses()[0];
    let served = runtime.spawn(server.run(std::future::pending()));
    // Blocking sockets here would keep the server from its turn, so they are asked from a thread.
    let ask = |work: Box<dyn FnOnce() -> Vec<Peer> + Send>| {
        runtime.block_on(async { tokio::task::spawn_blocking(work).await.expect("no panic") })
    };
    let peers = ask(Box::new(move || {
        let mut watcher = Peer::connect(address, clean("watcher")).expect("accepted");
        watcher.subscribe("will", QoS::AtMostOnce).expect("granted");
        let older = Peer::connect(address, with_will("a")).expect("accepted");
        // Accepted, and heard: what it sends next is found by one look at all sockets.
        let mut newer = Peer::open(address).expect("a connection");
        let half = octets(clean("a"));
        newer.stream.write_all(&half[..5]).expect("sent");
        vec![watcher, older, newer]
    }));
    let [mut watcher, mut older, mut newer] = <[Peer; 3]>::try_from(peers).ok().expect("three");
    // Long enough ago that the server has read it, by a question whose answer is behind it.
    let asked = ask(Box::new(move || {
        watcher.send(Pingreq).expect("sent");
        assert!(matches!(watcher.receive(), Ok(Some(Packet::Pingresp(_)))));
        vec![watcher]
    }));
    let [mut watcher] = <[Peer; 1]>::try_from(asked).ok().expect("one");
    // Nobody serves now: both are there when somebody does.
    newer.stream.write_all(&octets(clean("a"))[5..]).expect("sent");
    older.send(Disconnect).expect("sent");
    let said = ask(Box::new(move || {
        assert!(matches!(newer.receive(), Ok(Some(Packet::Connack(_)))));
        assert_eq!(older.receive().expect("closed in good order"), None);
        watcher.send(Pingreq).expect("sent");
        let next = watcher.receive().expect("an answer");
        assert!(matches!(next, Some(Packet::Pingresp(_))), "{next:?} after DISCONNECT");
        vec![watcher, older, newer]
    }));
    drop(said);
    served.abort();
}

#[test]
fn a_client_that_goes_on_talking_is_cut_short() {
    // MQTT-3.1.4-2
    for talk in [octets(Pingreq), octets(publish("nobody/listens", 1, vec![7; 1000]))] {
        let broker = Broker::start("--bind 127.0.0.1:0");
        let mut watcher = Peer::connect(broker.address, clean("watcher")).expect("accepted");
        watcher.subscribe("will", QoS::AtMostOnce).expect("granted");
        let older = Peer::connect(broker.address, with_will("a")).expect("accepted");
        let mut reads = older.stream.try_clone().expect("a second hand on it");
        let talks = std::thread::spawn(move || {
            let mut stream = older.stream;
            let much = talk.repeat(64 * 1024 / talk.len());
            while stream.write_all(&much).is_ok() {}
        });
        // What it is answered is taken, so that nothing else makes it stop.
        let takes = std::thread::spawn(move || {
            let mut taken = [0; 64 * 1024];
            while !matches!(reads.read(&mut taken), Ok(0) | Err(_)) {}
        });
        let begin = Instant::now();
        let mut newer = Peer::connect(broker.address, with_will("a")).expect("accepted");
        println!("let in after {:?}", begin.elapsed());
        assert!(matches!(watcher.receive(), Ok(Some(Packet::Publish(_)))), "the older one's Will");
        talks.join().expect("it is cut");
        takes.join().expect("it is cut");
        newer.send(Pingreq).expect("sent");
        assert!(matches!(newer.receive(), Ok(Some(Packet::Pingresp(_)))));
        assert!(begin.elapsed() < PATIENCE, "{:?}", begin.elapsed());
    }
}

#[test]
fn one_that_takes_nothing_makes_way_at_once() {
    // MQTT-3.1.4-2, though what it is owed is never its turn.
    let broker = Broker::start("--bind 127.0.0.1:0 --stall-timeout 3600");
    let mut deaf = Peer::connect(broker.address, clean("a")).expect("accepted");
    deaf.subscribe("flood", QoS::AtMostOnce).expect("granted");
    let mut publisher = Peer::connect(broker.address, clean("publisher")).expect("accepted");
    for number in 1..=1_000 {
        publisher.send(publish("flood", number, vec![7; 16 * 1024])).expect("taken");
        assert!(matches!(publisher.receive(), Ok(Some(Packet::Puback(_)))));
    }
    let mut newer = Peer::connect(broker.address, clean("a")).expect("accepted");
    newer.send(subscribe("t", QoS::AtMostOnce)).expect("sent");
    assert!(matches!(newer.receive(), Ok(Some(Packet::Suback(_)))));
    // What the system had taken for it comes, and then its end.
    let ended = loop {
        match deaf.receive() {
            Ok(Some(_)) => {}
            ended => break ended,
        }
    };
    let is_end = |error: &std::io::Error| {
        ![ErrorKind::WouldBlock, ErrorKind::TimedOut].contains(&error.kind())
    };
    assert!(ended.as_ref().map_or_else(is_end, Option::is_none), "{ended:?}");
    let _ = deaf.stream.shutdown(Shutdown::Both);
}

/// A broker that takes 200 messages a second, and somebody who sees all of them.
fn slow_broker(options: &str) -> (Broker, Peer) {
    let broker = Broker::start(&format!("--bind 127.0.0.1:0 {options}"));
    let mut watcher = Peer::connect(broker.address, clean("watcher")).expect("accepted");
    watcher.subscribe("#", QoS::AtMostOnce).expect("granted");
    (broker, watcher)
}

/// All that a Client with a Will says at once: so many messages at QoS 0 or 1, and DISCONNECT.
fn messages_and_goodbye(count: u16, qos: QoS) -> Vec<u8> {
    let mut said = octets(with_will("a")).to_vec();
    for number in 1..=count {
        let message = publish("t", number, "x");
        let message = match qos {
            QoS::AtMostOnce => Publish { delivery: Delivery::AtMostOnce, ..message },
            _ => message,
        };
        said.extend(octets(message));
    }
    said.extend(octets(Disconnect));
    said
}

/// The topics of all that comes before a message on `end`, which is sent now.
fn until_end(broker: &Broker, watcher: &mut Peer) -> Vec<String> {
    let mut other = Peer::connect(broker.address, clean("other")).expect("accepted");
    other.send(publish("end", 1, "")).expect("sent");
    let mut topics = Vec::new();
    loop {
        match watcher.receive().expect("a message") {
            Some(Packet::Publish(publish)) if publish.topic.as_str() == "end" => return topics,
            Some(Packet::Publish(publish)) => topics.push(publish.topic.as_str().to_owned()),
            other => panic!("{other:?} instead of PUBLISH"),
        }
    }
}

#[test]
fn all_that_was_said_before_the_end_is_taken_in_at_its_rate() {
    // MQTT-3.1.2-10, MQTT-3.14.4-3
    let (broker, mut watcher) = slow_broker("--max-publish-rate 200");
    let mut stream = TcpStream::connect(broker.address).expect("it listens");
    stream.write_all(&messages_and_goodbye(300, QoS::AtMostOnce)).expect("sent");
    drop(stream);
    for number in 1..=300 {
        match watcher.receive().expect("a message") {
            Some(Packet::Publish(publish)) => assert_eq!(publish.topic.as_str(), "t", "{number}"),
            other => panic!("{other:?} instead of message {number}"),
        }
    }
    assert_eq!(until_end(&broker, &mut watcher), [""; 0], "no Will after DISCONNECT");
}

#[test]
fn a_client_that_takes_no_answer_has_still_said_goodbye() {
    // MQTT-3.1.2-10, MQTT-3.14.4-3. What it leaves unread makes its system reset the connection, at
    // the latest when the broker writes the next acknowledgement: while the rest waits for its time.
    let (broker, mut watcher) = slow_broker("--max-publish-rate 200");
    let mut peer = Peer::open(broker.address).expect("a connection");
    peer.stream.write_all(&messages_and_goodbye(2_000, QoS::AtLeastOnce)).expect("sent");
    // CONNACK is there, and acknowledgements behind it.
    assert!(matches!(peer.receive(), Ok(Some(Packet::Connack(_)))));
    drop(peer);
    // It comes to its end at once, and not after the nine seconds that its messages would take.
    let begin = Instant::now();
    let mut back = Peer::connect(broker.address, clean("a")).expect("accepted");
    back.send(Pingreq).expect("sent");
    assert!(matches!(back.receive(), Ok(Some(Packet::Pingresp(_)))));
    assert!(begin.elapsed() < PATIENCE / 2, "{:?}", begin.elapsed());
    let topics = until_end(&broker, &mut watcher);
    assert!(topics.iter().all(|topic| topic == "t"), "no Will after DISCONNECT");
    assert!(topics.len() < 2_000, "{} messages are more than the rate allows", topics.len());
}

#[test]
fn a_client_that_is_slowed_and_comes_back_has_said_goodbye() {
    // MQTT-3.1.2-10, MQTT-3.1.4-2, MQTT-3.14.4-3
    let (broker, mut watcher) = slow_broker("--max-publish-rate 200");
    let mut older = TcpStream::connect(broker.address).expect("it listens");
    older.write_all(&messages_and_goodbye(2_000, QoS::AtMostOnce)).expect("sent");
    // It is connected by now, and slowed.
    assert!(matches!(watcher.receive(), Ok(Some(Packet::Publish(_)))));
    let mut newer = Peer::connect(broker.address, with_will("a")).expect("accepted");
    newer.send(Disconnect).expect("sent");
    assert_eq!(newer.receive().expect("closed in good order"), None);
    let topics = until_end(&broker, &mut watcher);
    assert!(topics.iter().all(|topic| topic == "t"), "no Will after DISCONNECT");
}

#[test]
fn one_that_is_given_up_for_taking_nothing_has_said_goodbye() {
    // MQTT-3.1.2-10, MQTT-3.14.4-3: nothing is read while so much is to be written.
    let (broker, mut watcher) = slow_broker("--stall-timeout 2 --sys-interval 1");
    let mut deaf = Peer::connect(broker.address, with_will("a")).expect("accepted");
    deaf.subscribe("t", QoS::AtMostOnce).expect("granted");
    let mut publisher = Peer::connect(broker.address, clean("publisher")).expect("accepted");
    let begin = Instant::now();
    // More than the system takes for it, and within a moment.
    for number in 1..=16 {
        publisher.send(publish("t", number, vec![7; 1024 * 1024])).expect("taken");
        assert!(matches!(publisher.receive(), Ok(Some(Packet::Puback(_)))));
        assert!(matches!(watcher.receive(), Ok(Some(Packet::Publish(_)))));
    }
    deaf.send(Disconnect).expect("there is room for two octets");
    // It is the only one that has a Session and ends.
    let mut counts = Peer::connect(broker.address, clean("counts")).expect("accepted");
    counts.subscribe("$SYS/broker/clients/connected", QoS::AtMostOnce).expect("granted");
    let mut connected = String::new();
    while connected != "3" || begin.elapsed() < Duration::from_secs(2) {
        match counts.receive().expect("a number every second, until it is given up") {
            Some(Packet::Publish(told)) => {
                connected = String::from_utf8(told.payload.to_vec()).expect("a number");
            }
            other => panic!("{other:?} instead of PUBLISH"),
        }
    }
    assert_eq!(until_end(&broker, &mut watcher), [""; 0], "no Will after DISCONNECT");
}

#[test]
fn what_was_read_before_a_pause_is_taken_in_after_it() {
    // Whoever floods a subscriber that is behind is not listened to for a moment. What had been read
    // by then must not wait for more to come, whatever it is that ends the moment: here others talk
    // to it all the time.
    let broker = Broker::start("--bind 127.0.0.1:0");
    let mut behind = Peer::connect(broker.address, clean("behind")).expect("accepted");
    behind.subscribe("flood", QoS::AtMostOnce).expect("granted");
    let mut talker = Peer::connect(broker.address, clean("talker")).expect("accepted");
    let mut flooder = Peer::connect(broker.address, clean("flooder")).expect("accepted");
    flooder.subscribe("talk", QoS::AtMostOnce).expect("granted");
    let talk = octets(Publish { delivery: Delivery::AtMostOnce, ..publish("talk", 1, "") });
    let (done, is_done) = std::sync::mpsc::channel::<()>();
    let talks = std::thread::spawn(move || {
        while is_done.try_recv() == Err(TryRecvError::Empty) {
            talker.stream.write_all(&talk).expect("taken");
        }
    });
    let message = octets(Publish { delivery: Delivery::AtMostOnce, ..publish("flood", 1, "") });
    let mut flood = message.repeat(6_000);
    flood.extend(octets(Pingreq));
    for number in 0..15 {
        let begin = Instant::now();
        flooder.stream.write_all(&flood).expect("taken");
        loop {
            match flooder.receive().expect("an answer") {
                Some(Packet::Pingresp(_)) => break,
                // It hears others for as long as it waits.
                Some(Packet::Publish(_)) if begin.elapsed() < PATIENCE => {}
                other => panic!("{other:?} instead of PINGRESP, flood {number}"),
            }
        }
    }
    drop(done);
    talks.join().expect("no panic");
}
