//! The library's client with brokers that we did not write, started by their built-in profiles.
//!
//! Where one is not installed its tests say so and pass; the checks of a change install mosquitto,
//! NATS and Aedes first. What is left out for a broker's known defects says which they are;
//! docs/brokers.md has the packets.

#[path = "support/proxy.rs"]
#[expect(dead_code, reason = "others need more of it")]
mod proxy;

use std::collections::BTreeSet;
use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use mqttspec::net::{Client, ClientError, ClientOptions, Messages, Reconnect, Subscription};
use mqttspec::packet::{Binary, ClientId, Connect, Credentials, QoS, SubscribeFilter, Text, Will};
use mqttspec::session::Message;
use mqttspec::topic::{TopicFilter, TopicName};
use mqttspec_conformance::{Profile, Subject};
use proxy::Proxy;

/// How many messages are sent where one would not show much.
const MESSAGES: u32 = 100;

const LEVELS: [QoS; 3] = [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce];

/// All conversations with each broker: the name of its profile.
macro_rules! brokers {
    ($($broker:ident: $conversations:tt)*) => {
        $(mod $broker { brokers!(@ $broker $conversations); })*
    };
    (@ $broker:ident [$($conversation:ident),* $(,)?]) => {
        $(#[tokio::test]
        async fn $conversation() {
            if let Some(peer) = super::Peer::start(stringify!($broker)) {
                super::$conversation(&peer).await;
            }
        })*
    };
}

brokers! {
    mosquitto: [
        messages_of_each_qos_arrive_in_order,
        a_retained_message_waits_for_subscribers_until_it_is_taken_away,
        a_will_is_published_when_the_connection_is_lost_and_not_when_it_is_ended,
        a_session_keeps_what_comes_while_its_client_is_away,
        what_was_not_acknowledged_comes_again,
        cut_connections_lose_nothing_and_double_nothing_of_qos_2,
    ]
    // What NATS was seen to do now and then, and is not tried for here: to send once more, on the
    // next connection, what was acknowledged before an answered PUBLISH on the last.
    nats: [
        messages_of_each_qos_arrive_in_order,
        a_retained_message_waits_for_subscribers_until_it_is_taken_away,
        a_will_is_published_when_the_connection_is_lost_and_not_when_it_is_ended,
        a_session_keeps_what_comes_while_its_client_is_away,
        cut_connections_lose_nothing_and_double_nothing_of_qos_2,
    ]
    aedes: [
        messages_of_each_qos_arrive_in_order,
        a_retained_message_waits_for_subscribers_until_it_is_taken_away,
        a_will_is_published_when_the_connection_is_lost_and_not_when_it_is_ended,
        a_session_keeps_what_comes_while_its_client_is_away,
        what_was_not_acknowledged_comes_again,
        cut_connections_lose_nothing_and_double_nothing_of_qos_2,
    ]
    // rumqttd as a Python package. Kept Sessions are left out: it delivers at the QoS of the
    // subscription, also what was published at a lower one (MQTT-3.8.4-6), and sends again under
    // another Packet Identifier and without DUP (MQTT-4.4.0-1, MQTT-3.3.1-1), at QoS 2 under one
    // that is still in use.
    iotcore: [
        messages_of_each_qos_arrive_in_order,
        a_retained_message_waits_for_subscribers_until_it_is_taken_away,
        a_will_is_published_when_the_connection_is_lost_and_not_when_it_is_ended,
        cut_connections_lose_nothing_and_double_nothing_of_qos_2,
    ]
}

async fn messages_of_each_qos_arrive_in_order(peer: &Peer) {
    let (client, _) = connect(peer.options("c")).await;
    for qos in LEVELS {
        let mut subscription = subscribe(&client, "t", qos).await;
        let publish = async {
            for number in 0..MESSAGES {
                client.begin_publish(message("t", qos, &number.to_string())).await.expect("taken");
            }
        };
        let receive = async {
            for number in 0..MESSAGES {
                let message = next(&mut subscription).await;
                assert_eq!(message.payload, number.to_string(), "{qos:?}");
                assert_eq!((message.qos, message.retain), (qos, false));
            }
        };
        tokio::join!(publish, receive);
        client.unsubscribe(TopicFilter::new("t").expect("a filter")).await.expect("UNSUBACK");
    }
    client.disconnect().await.expect("good order");
}

async fn a_retained_message_waits_for_subscribers_until_it_is_taken_away(peer: &Peer) {
    let (client, _) = connect(peer.options("c")).await;
    let kept = Message { retain: true, ..message("t/kept", QoS::AtLeastOnce, "kept") };
    // Who acknowledges a message may still be about to retain it: once it is passed on, it has.
    let mut live = subscribe(&client, "t/kept", QoS::AtLeastOnce).await;
    client.publish(kept.clone()).await.expect("PUBACK");
    assert!(!next(&mut live).await.retain);
    let mut subscription = subscribe(&client, "t/+", QoS::AtLeastOnce).await;
    let first = next(&mut subscription).await;
    assert_eq!((&first.payload[..], first.retain), (&b"kept"[..], true));
    client.publish(Message { payload: Bytes::new(), ..kept }).await.expect("PUBACK");
    assert!(next(&mut subscription).await.payload.is_empty());
    let (second, _) = connect(peer.options("second")).await;
    let mut subscription = subscribe(&second, "t/+", QoS::AtLeastOnce).await;
    client.publish(message("t/next", QoS::AtLeastOnce, "")).await.expect("PUBACK");
    assert_eq!(next(&mut subscription).await.topic.as_str(), "t/next");
}

async fn a_will_is_published_when_the_connection_is_lost_and_not_when_it_is_ended(peer: &Peer) {
    let (watcher, _) = connect(peer.options("watcher")).await;
    let mut wills = subscribe(&watcher, "will/+", QoS::ExactlyOnce).await;
    let proxy = Proxy::start(peer.address, 1, 0).await;
    let mut clients = Vec::new();
    for name in ["polite", "abrupt"] {
        let topic = TopicName::new(format!("will/{name}")).expect("a name");
        let message = Binary::new("gone").expect("short");
        let will = Will { topic, message, qos: QoS::ExactlyOnce, retain: false };
        let mut options = peer.options_at(proxy.address(), name);
        options.connect = options.connect.with_will(&will);
        clients.push(connect(options).await);
    }
    clients[0].0.disconnect().await.expect("good order");
    proxy.cut_all();
    let will = next(&mut wills).await;
    assert_eq!((will.topic.as_str(), &will.payload[..]), ("will/abrupt", &b"gone"[..]));
}

async fn a_session_keeps_what_comes_while_its_client_is_away(peer: &Peer) {
    let (client, messages) = connect(kept(peer.options("kept"))).await;
    assert!(!client.session_present());
    let granted = client.subscribe_to_messages(wanted("t", QoS::ExactlyOnce)).await;
    granted.expect("SUBACK");
    client.disconnect().await.expect("good order");
    drop(messages);
    let (publisher, _) = connect(peer.options("publisher")).await;
    for number in 0..MESSAGES {
        let qos = if number % 2 == 0 { QoS::AtLeastOnce } else { QoS::ExactlyOnce };
        publisher.publish(message("t", qos, &number.to_string())).await.expect("delivered");
    }
    let (client, mut messages) = connect(kept(peer.options("kept"))).await;
    assert!(client.session_present());
    // MQTT-4.6.0-6 has an order for messages of one QoS.
    let mut left = [(0..MESSAGES).step_by(2), (1..MESSAGES).step_by(2)];
    for _ in 0..MESSAGES {
        let message = in_time(messages.next()).await.expect("a client").expect("a message");
        let left = &mut left[usize::from(message.qos == QoS::ExactlyOnce)];
        assert_eq!(message.payload, left.next().expect("one more").to_string());
    }
}

async fn what_was_not_acknowledged_comes_again(peer: &Peer) {
    // MQTT-4.4.0-1, MQTT-4.3.2-2
    for qos in [QoS::AtLeastOnce, QoS::ExactlyOnce] {
        let by_hand = || {
            let mut options = kept(peer.options("by-hand"));
            options.acknowledge_manually = true;
            options
        };
        let (client, mut messages) = connect(by_hand()).await;
        let granted = in_time(client.subscribe_to_messages(wanted("t", qos))).await;
        granted.expect("SUBACK");
        let (publisher, _) = connect(peer.options("publisher")).await;
        for payload in ["done", "not done"] {
            in_time(publisher.publish(message("t", qos, payload))).await.expect("delivered");
        }
        let mut taken = Vec::new();
        for _ in 0..2 {
            taken.push(in_time(messages.next_unacknowledged()).await.expect("a client"));
        }
        let [Some(done), Some(not_done)] = &mut taken[..] else { panic!("{taken:?}") };
        assert_eq!((&done.payload[..], &not_done.payload[..]), (&b"done"[..], &b"not done"[..]));
        taken.remove(0).expect("a message").acknowledge();
        // Behind the acknowledgement, so that the broker has seen it.
        in_time(client.publish(message("seen", QoS::AtLeastOnce, ""))).await.expect("PUBACK");
        drop((client, messages, taken));

        let (client, mut messages) = connect(by_hand()).await;
        assert!(client.session_present());
        let again = in_time(messages.next_unacknowledged()).await.expect("a client");
        let again = again.expect("a message");
        assert_eq!(&again.payload[..], b"not done", "{qos:?}");
        again.acknowledge();
        in_time(client.unsubscribe(TopicFilter::new("t").expect("a filter")))
            .await
            .expect("UNSUBACK");
        in_time(client.disconnect()).await.expect("good order");
    }
}

async fn cut_connections_lose_nothing_and_double_nothing_of_qos_2(peer: &Peer) {
    // MQTT-4.4.0-1, MQTT-4.3.3-1
    let proxy = Proxy::start(peer.address, 7, 2_000).await;
    let (subscriber, mut messages) = connect(peer.going_on(proxy.address(), "subscriber")).await;
    let filter = wanted("t", QoS::ExactlyOnce);
    let receiving = tokio::spawn(async move {
        let mut numbers = Vec::new();
        let mut left: BTreeSet<u32> = (0..MESSAGES).collect();
        while !left.is_empty() {
            let message = messages.next().await?.expect("nobody has left");
            let text = String::from_utf8_lossy(&message.payload);
            let number: u32 = text.parse().expect("a number");
            numbers.push(number);
            left.remove(&number);
        }
        Ok::<_, ClientError>(numbers)
    });
    in_time(subscriber.subscribe_to_messages(filter)).await.expect("SUBACK");
    let (publisher, _) = connect(peer.going_on(proxy.address(), "publisher")).await;
    let mut on_their_way = Vec::new();
    for number in 0..MESSAGES {
        let message = message("t", QoS::ExactlyOnce, &number.to_string());
        on_their_way.push(publisher.begin_publish(message).await.expect("taken"));
    }
    for publishing in on_their_way {
        in_time(publishing).await.expect("PUBCOMP, sooner or later");
    }
    let numbers = in_time(receiving).await.expect("no panic").expect("a client");
    assert!(proxy.cuts() > 0);
    // That all came, the end of `receiving` shows.
    if peer.keeps(Promise::NothingTwice) {
        assert_eq!(numbers.len(), usize::try_from(MESSAGES).expect("a few"), "{numbers:?}");
    }
    if peer.keeps(Promise::Order) {
        assert!(numbers.is_sorted(), "{numbers:?}");
    }
}

/// A broker on a port of its own, ended with this.
struct Peer {
    profile: Profile,
    address: SocketAddr,
    _subject: Subject,
}

/// What a broker owes to who loses connections, at QoS 2.
#[derive(Clone, Copy, Debug)]
enum Promise {
    NothingTwice,
    Order,
}

impl Peer {
    /// The broker of this profile; `None`, and a reason, where there is none.
    #[expect(clippy::print_stderr, reason = "a test that did not run should say so")]
    fn start(name: &str) -> Option<Self> {
        if std::env::var_os("MQTTSPEC_NO_PEERS").is_some() {
            eprintln!("skipped: MQTTSPEC_NO_PEERS is set");
            return None;
        }
        let mut profile = Profile::find(name).expect("it is built in");
        let launch = profile.start.as_mut().expect("it says how");
        // Where Debian has servers, which is in no user's path.
        let path = std::env::var("PATH").unwrap_or_default();
        launch.command = format!("env 'PATH={path}:/usr/sbin' {}", launch.command);
        for file in launch.files.values_mut() {
            // NATS sends again what was not acknowledged after so long, and not on a new connection.
            // One from before 2.10 has no QoS 2, and does not start with a word about it.
            let words = "mqtt { ack_wait: \"1s\", reject_qos2_publish: false, host";
            *file = file.replace("mqtt { host", words);
        }
        match Subject::of_profile(&profile) {
            Ok(subject) => {
                let subject = subject.expect("it says how");
                let (host, port) = subject.target().network().expect("it is on the network");
                let address = format!("{host}:{port}").parse().expect("an address");
                Some(Self { profile, address, _subject: subject })
            }
            Err(error) => {
                eprintln!("skipped: {name} cannot be started: {error}");
                let needed = std::env::var("MQTTSPEC_NEEDS_PEERS").unwrap_or_default();
                assert!(!needed.split(' ').any(|needed| needed == name), "{error}");
                None
            }
        }
    }

    /// Whether its connections may be cut and it keeps this all the same; if not, the defect is
    /// told, which no client can do anything about.
    #[expect(clippy::print_stderr, reason = "a check that was left out should say so")]
    fn keeps(&self, promise: Promise) -> bool {
        let defect = match (self.profile.name.as_str(), promise) {
            ("NATS server", Promise::Order) => {
                "what was not acknowledged is sent again after a wait, behind what is newer"
            }
            ("Aedes", Promise::NothingTwice) => {
                "repetitions of QoS 2 before the first is dealt with count as other messages"
            }
            ("Aedes", Promise::Order) => "messages overtake those that were kept for a Client",
            _ => return true,
        };
        eprintln!("left out: {promise:?} with {}, since {defect}", self.profile.name);
        false
    }

    fn options(&self, name: &'static str) -> ClientOptions {
        self.options_at(self.address, name)
    }

    fn options_at(&self, address: SocketAddr, name: &'static str) -> ClientOptions {
        let mut options = ClientOptions::new(address.ip().to_string(), address.port());
        let client_id = ClientId::new(Text::new(name).expect("a name"));
        options.connect = Connect::new(&client_id).with_keep_alive_seconds(30);
        if let Some(credentials) = &self.profile.credentials {
            let user_name = Text::new(credentials.username.clone()).expect("a name");
            let password = credentials.password.clone();
            let password = password.map(|password| Binary::new(password).expect("short"));
            let credentials = Credentials { user_name, password };
            options.connect = options.connect.with_credentials(&credentials);
        }
        // Of more than 20 at QoS 2, mosquitto 2.0.11 acknowledges all and passes on 20.
        options.limits.in_flight = 20;
        options
    }

    /// A client that goes on over lost connections.
    fn going_on(&self, address: SocketAddr, name: &'static str) -> ClientOptions {
        let mut options = kept(self.options_at(address, name));
        let mut reconnect = Reconnect::default();
        reconnect.first_wait = Duration::from_millis(1);
        reconnect.longest_wait = Duration::from_millis(10);
        reconnect.from_the_start = true;
        options.reconnect = Some(reconnect);
        options
    }
}

fn kept(mut options: ClientOptions) -> ClientOptions {
    options.connect = options.connect.with_clean_session(false);
    options
}

async fn connect(options: ClientOptions) -> (Client, Messages) {
    in_time(Client::connect(options)).await.expect("a connection")
}

fn wanted(filter: &'static str, qos: QoS) -> SubscribeFilter {
    SubscribeFilter { filter: TopicFilter::new(filter).expect("a filter"), qos }
}

async fn subscribe(client: &Client, filter: &'static str, qos: QoS) -> Subscription {
    let mut subscription = client.subscribe(wanted(filter, qos)).await.expect("a client");
    in_time(subscription.granted()).await.expect("SUBACK");
    subscription
}

async fn next(subscription: &mut Subscription) -> Message {
    in_time(subscription.next()).await.expect("a client").expect("a message")
}

fn message(topic: &str, qos: QoS, payload: &str) -> Message {
    let topic = TopicName::new(topic.to_owned()).expect("a name");
    Message { topic, payload: Bytes::from(payload.to_owned()), qos, retain: false }
}

/// What `work` comes to, within the time that the broker may take for anything.
async fn in_time<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), work).await.expect("in time")
}
