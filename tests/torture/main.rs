//! The library's client through a proxy that cuts its connections at octets drawn from a seed,
//! while publisher, subscriber and broker end and begin again: nothing that was acknowledged is
//! lost, nothing of QoS 2 comes twice, and order is kept.
//!
//! Some hundred messages of each QoS by default; `MQTTSPEC_TORTURE=10000` sends so many of each.

#[path = "../support/proxy.rs"]
#[expect(dead_code, reason = "others need more of it")]
mod proxy;
mod server;
mod tally;
mod traveller;

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use mqttspec::net::Publishing;
use mqttspec::packet::{QoS, SubscribeFilter};
use mqttspec::session::Message;
use mqttspec::topic::{TopicFilter, TopicName};
use tokio::time::timeout;

use self::proxy::{Proxy, Random};
use self::server::Broker;
use self::tally::Tally;
use self::traveller::Traveller;

/// How many messages of each QoS are sent; `MQTTSPEC_TORTURE` says otherwise.
const MESSAGES: u32 = 200;

/// Fewer octets than this are carried by each connection: a few packets, or a few hundred.
const MOST_OCTETS: u64 = 1_500;

/// How many messages are on their way at once, from and to each client.
const IN_FLIGHT: u16 = 10;

/// How many messages are handed over and not awaited yet.
const ON_THEIR_WAY: usize = 20;

/// How long nothing may happen.
const PATIENCE: Duration = Duration::from_secs(20);

/// Each QoS has a topic of its own: order holds within a topic and a QoS.
const TOPICS: [(&str, QoS); 3] =
    [("t/0", QoS::AtMostOnce), ("t/1", QoS::AtLeastOnce), ("t/2", QoS::ExactlyOnce)];

macro_rules! seeds {
    ($($name:ident: $seed:expr;)+) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            tortured($seed).await;
        }
    )+};
}

seeds! {
    seed_1: 1;
    seed_2: 2;
    seed_3: 3;
}

async fn tortured(seed: u64) {
    let messages = std::env::var("MQTTSPEC_TORTURE").ok().map(|count| count.parse());
    let messages = messages.transpose().expect("a number").unwrap_or(MESSAGES);
    let (tally, cuts) = torture(seed, messages).await;
    tally.check(seed);
    assert!(cuts > u64::from(messages) / 20, "seed {seed}: only {cuts} cuts");
}

async fn torture(seed: u64, messages: u32) -> (Tally, u64) {
    let random = Random::new(seed);
    let mut broker = Broker::start().await;
    let proxy = Proxy::start(broker.address(), seed, MOST_OCTETS).await;
    let mut subscriber = Traveller::start("subscriber", &proxy).await;
    let filter = TopicFilter::new("t/+").expect("a filter");
    let wanted = SubscribeFilter { filter, qos: QoS::ExactlyOnce };
    let granted = subscriber.client.subscribe_to_messages(wanted).await;
    granted.expect("a subscription");
    let mut publisher = Traveller::start("publisher", &proxy).await;

    let mut tally = Tally::default();
    let mut ends = [messages / 5, messages / 3, messages / 2, messages * 2 / 3, messages * 4 / 5];
    ends.sort_unstable_by_key(|_| random.below(1_000));
    let mut on_their_way: VecDeque<(usize, u32, Publishing)> = VecDeque::new();
    for number in 0..messages {
        for (index, (topic, qos)) in TOPICS.into_iter().enumerate() {
            let topic = TopicName::new(topic).expect("a name");
            let payload = Bytes::from(number.to_string());
            let message = Message { topic, payload, qos, retain: false };
            let handed = publisher.client.begin_publish(message).await.expect("a client");
            on_their_way.push_back((index, number, handed));
        }
        while on_their_way.len() > ON_THEIR_WAY
            && let Some((index, number, publishing)) = on_their_way.pop_front()
        {
            // One of QoS 0 may have gone with its connection.
            let delivered = timeout(PATIENCE, publishing).await;
            if delivered.unwrap_or_else(|_| panic!("seed {seed}: {number} stays")).is_ok() {
                tally.acknowledged(index, number);
            }
            subscriber.read(&mut tally);
        }
        match ends.iter().position(|end| *end == number) {
            Some(0 | 3) => {
                publisher = publisher.killed(&proxy).await.0;
                for (index, number, publishing) in on_their_way.drain(..) {
                    // What had no answer may have come, or come now, or never.
                    match publishing.await {
                        Ok(()) => tally.acknowledged(index, number),
                        Err(_) => tally.unknown(index, number),
                    }
                }
            }
            Some(1 | 4) => {
                let (again, mut left) = subscriber.killed(&proxy).await;
                subscriber = again;
                // In the program's hands already, and acknowledged.
                while let Ok(Some(message)) = left.next().await {
                    tally.received(&message);
                }
            }
            Some(_) => {
                broker = broker.restarted().await;
                proxy.lead_to(broker.address());
            }
            None => {}
        }
    }
    for (index, number, publishing) in on_their_way {
        let delivered = timeout(PATIENCE, publishing).await;
        if delivered.unwrap_or_else(|_| panic!("seed {seed}: {number} stays")).is_ok() {
            tally.acknowledged(index, number);
        }
    }
    while !tally.is_complete() {
        let next = timeout(PATIENCE, subscriber.messages.next()).await;
        let next = next.unwrap_or_else(|_| panic!("seed {seed}: {:?}", tally.missing()));
        let message = next.expect("a client");
        tally.received(&message.expect("nobody has left"));
    }
    // Whatever comes a second time is behind what was acknowledged, and before this.
    proxy.stop_cutting();
    let topic = TopicName::new("t/end").expect("a name");
    let (payload, qos) = (Bytes::new(), QoS::AtLeastOnce);
    let end = Message { topic, payload, qos, retain: false };
    publisher.client.publish(end).await.expect("an acknowledgement");
    loop {
        let next = timeout(PATIENCE, subscriber.messages.next()).await.expect("the end, in time");
        let message = next.expect("a client");
        let message = message.expect("nobody has left");
        if message.topic.as_str() == "t/end" {
            break;
        }
        tally.received(&message);
    }
    (tally, proxy.cuts())
}
