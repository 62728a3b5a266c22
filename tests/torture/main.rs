//! The library's client through a proxy that cuts its connections at octets drawn from a seed,
//! while publisher, subscriber and broker end and begin again: nothing that was acknowledged is
//! lost, nothing of QoS 2 comes twice, and order is kept.
//!
//! | variable | means |
//! |---|---|
//! | `MQTTSPEC_TORTURE` | so many messages of each QoS instead of [`MESSAGES`] |
//! | `MQTTSPEC_TORTURE_SEED` | the first of the seeds that are tried, instead of 1 |

#[path = "../support/proxy.rs"]
#[expect(dead_code, reason = "others need more of it")]
mod proxy;
mod server;
mod tally;
mod traveller;

use std::collections::VecDeque;
use std::fmt::Display;
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

/// How many messages of each QoS are sent.
const MESSAGES: u32 = 200;

/// Fewer octets than this are carried by each connection: a few packets, or a few hundred.
const MOST_OCTETS: u64 = 1_500;

/// How many messages are on their way at once, from and to each client.
const IN_FLIGHT: u16 = 10;

/// How many messages are handed over and not awaited yet.
const ON_THEIR_WAY: usize = 20;

/// How long nothing may happen. Whatever is waited for, the test ends with what it waited for.
const PATIENCE: Duration = Duration::from_secs(20);

/// Each QoS has a topic of its own: order holds within a topic and a QoS.
const TOPICS: [(&str, QoS); 3] =
    [("t/0", QoS::AtMostOnce), ("t/1", QoS::AtLeastOnce), ("t/2", QoS::ExactlyOnce)];

/// Each is the seed behind the one before it.
macro_rules! seeds {
    ($($name:ident: $place:literal;)+) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            let seed = $place + variable("MQTTSPEC_TORTURE_SEED").unwrap_or(1);
            println!("{}", tortured(seed).await);
        }
    )+};
}

seeds! {
    the_first_seed:  0;
    the_second_seed: 1;
    the_third_seed:  2;
}

fn variable(name: &str) -> Option<u64> {
    let value = std::env::var(name).ok()?;
    Some(value.parse().unwrap_or_else(|_| panic!("{name} is a number, not {value:?}")))
}

/// Tortures the client: what it came to.
async fn tortured(seed: u64) -> String {
    let messages = variable("MQTTSPEC_TORTURE").map(u32::try_from);
    let messages = messages.transpose().expect("below 2^32").unwrap_or(MESSAGES);
    let (tally, cuts) = torture(seed, messages).await;
    tally.check(seed);
    assert!(cuts > u64::from(messages) / 20, "seed {seed}: only {cuts} cuts");
    format!("seed {seed}: {cuts} cuts, {tally}")
}

/// What is waited for, within [`PATIENCE`].
async fn soon<T>(seed: u64, what: impl Display, awaited: impl Future<Output = T>) -> T {
    let came = timeout(PATIENCE, awaited).await;
    came.unwrap_or_else(|_| panic!("seed {seed}: waited too long for {what}"))
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
            let handed = publisher.client.begin_publish(message);
            let handed = soon(seed, "room for a message", handed).await.expect("a client");
            on_their_way.push_back((index, number, handed));
        }
        while on_their_way.len() > ON_THEIR_WAY
            && let Some((index, number, publishing)) = on_their_way.pop_front()
        {
            // One of QoS 0 may have gone with its connection.
            if soon(seed, acknowledgement(index, number), publishing).await.is_ok() {
                tally.acknowledged(index, number);
            }
            subscriber.read(&mut tally);
        }
        match ends.iter().position(|end| *end == number) {
            Some(0 | 3) => {
                let killed = publisher.killed(&proxy);
                publisher = soon(seed, "the publisher to be back", killed).await.0;
                for (index, number, publishing) in on_their_way.drain(..) {
                    // What had no answer may have come, or come now, or never.
                    match soon(seed, "the end of what died", publishing).await {
                        Ok(()) => tally.acknowledged(index, number),
                        Err(_) => tally.unknown(index, number),
                    }
                }
            }
            Some(1 | 4) => {
                let killed = subscriber.killed(&proxy);
                let (again, mut left) = soon(seed, "the subscriber to be back", killed).await;
                subscriber = again;
                // In the program's hands already, and acknowledged.
                while let Ok(Some(message)) = soon(seed, "the end of a stream", left.next()).await {
                    tally.received(&message);
                }
            }
            Some(_) => {
                broker = soon(seed, "the broker to be back", broker.restarted()).await;
                proxy.lead_to(broker.address());
            }
            None => {}
        }
    }
    for (index, number, publishing) in on_their_way {
        if soon(seed, acknowledgement(index, number), publishing).await.is_ok() {
            tally.acknowledged(index, number);
        }
    }
    while !tally.is_complete() {
        let missing = format!("what is missing: {:?}", tally.missing());
        let next = soon(seed, missing, subscriber.messages.next()).await;
        let message = next.expect("a client");
        tally.received(&message.expect("nobody has left"));
    }
    // Whatever comes a second time is behind what was acknowledged, and before this.
    proxy.stop_cutting();
    let topic = TopicName::new("t/end").expect("a name");
    let (payload, qos) = (Bytes::new(), QoS::AtLeastOnce);
    let end = Message { topic, payload, qos, retain: false };
    soon(seed, "the end to be taken", publisher.client.publish(end)).await.expect("taken");
    loop {
        let next = soon(seed, "the end", subscriber.messages.next()).await;
        let message = next.expect("a client").expect("nobody has left");
        if message.topic.as_str() == "t/end" {
            break;
        }
        tally.received(&message);
    }
    (tally, proxy.cuts())
}

fn acknowledgement(index: usize, number: u32) -> String {
    format!("an acknowledgement of message {number} at QoS {index}")
}
