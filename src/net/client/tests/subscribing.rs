//! Which stream a message comes in.

use super::*;

async fn granted(server: &mut Server, number: u16) {
    assert!(server.hears().await.starts_with("SUBSCRIBE"));
    let codes = SubackCode::Granted(QoS::ExactlyOnce).into();
    server.send(Suback::new(id(number), &codes)).await;
}

fn to(topic: &'static str, payload: &'static str) -> Publish {
    let (topic, payload) = (TopicName::new(topic).unwrap(), Bytes::from(payload));
    Publish { topic, payload, delivery: Delivery::AtMostOnce, retain: false }
}

async fn payload(subscription: &mut Subscription) -> Bytes {
    subscription.next().await.unwrap().unwrap().payload
}

#[tokio::test(start_paused = true)]
async fn each_subscription_gets_what_matches_it_and_the_rest_goes_on_its_own() {
    let (client, mut messages, mut server) = connected(&options(), 4096).await;
    let mut a = client.subscribe(wanted("a/#")).await.unwrap();
    granted(&mut server, 1).await;
    let mut b = client.subscribe(wanted("+/b")).await.unwrap();
    granted(&mut server, 2).await;
    for (topic, payload) in [("a/a", "1"), ("b/b", "2"), ("a/b", "3"), ("c", "4")] {
        server.send(to(topic, payload)).await;
    }
    assert_eq!([payload(&mut a).await, payload(&mut a).await], ["1", "3"]);
    assert_eq!([payload(&mut b).await, payload(&mut b).await], ["2", "3"]);
    assert_eq!(messages.next().await.unwrap().unwrap().payload, "4");
}

#[tokio::test(start_paused = true)]
async fn what_comes_before_the_answer_is_there() {
    let mut options = options();
    options.messages = 1;
    let (client, _messages, mut server) = connected(&options, 4096).await;
    let mut subscription = client.subscribe(wanted("t")).await.unwrap();
    server.hears().await;
    for payload in ["1", "2", "3"] {
        server.send(to("t", payload)).await;
    }
    server.send(Suback::new(id(1), &SubackCode::Granted(QoS::AtMostOnce).into())).await;
    let codes = subscription.granted().await.unwrap();
    assert_eq!(codes[..], [SubackCode::Granted(QoS::AtMostOnce)]);
    for expected in ["1", "2", "3"] {
        assert_eq!(payload(&mut subscription).await, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_ends_the_stream() {
    let (client, _messages, mut server) = connected(&options(), 4096).await;
    let mut subscription = client.subscribe(wanted("t")).await.unwrap();
    server.hears().await;
    server.send(Suback::new(id(1), &SubackCode::Failure.into())).await;
    for error in [subscription.granted().await.unwrap_err(), subscription.next().await.unwrap_err()]
    {
        assert_eq!(error.to_string(), "the Server refused the subscription to t");
    }
}

#[tokio::test(start_paused = true)]
async fn an_unsubscription_ends_the_stream() {
    let (client, mut messages, mut server) = connected(&options(), 4096).await;
    let mut subscription = client.subscribe(wanted("t")).await.unwrap();
    granted(&mut server, 1).await;
    let script = async {
        assert_eq!(server.hears().await, r#"UNSUBSCRIBE id 2 "t""#);
        server.send(to("t", "1")).await;
        server.send(Unsuback { packet_id: id(2) }).await;
        server.send(to("t", "2")).await;
    };
    let ending = client.unsubscribe(TopicFilter::new("t").unwrap());
    let (ended, ()) = tokio::join!(ending, script);
    ended.unwrap();
    assert_eq!(payload(&mut subscription).await, "1");
    assert_eq!(subscription.next().await.unwrap(), None);
    assert_eq!(messages.next().await.unwrap().unwrap().payload, "2");
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_nobody_takes_from_holds_up_what_is_for_it_only() {
    let mut options = options();
    options.messages = 1;
    let (client, _messages, mut server) = connected(&options, 4096).await;
    let mut slow = client.subscribe(wanted("slow")).await.unwrap();
    granted(&mut server, 1).await;
    let mut fast = client.subscribe(wanted("fast")).await.unwrap();
    granted(&mut server, 2).await;
    server.send(to("slow", "1")).await;
    for _ in 0..5 {
        server.send(to("fast", "x")).await;
        assert_eq!(payload(&mut fast).await, "x");
    }
    server.send(to("slow", "2")).await;
    server.send(to("fast", "y")).await;
    assert!(timeout(Duration::from_secs(1), fast.next()).await.is_err(), "it is behind the other");
    assert_eq!(payload(&mut slow).await, "1");
    assert_eq!(payload(&mut fast).await, "y");
}

#[tokio::test(start_paused = true)]
async fn a_dropped_subscription_holds_nothing_up_and_hands_nothing_on() {
    let mut options = options();
    options.messages = 0;
    let (client, mut messages, mut server) = connected(&options, 4096).await;
    drop(client.subscribe(wanted("t")).await.unwrap());
    granted(&mut server, 1).await;
    server.send(publish(1)).await;
    assert_eq!(server.hears().await, "PUBACK id 1");
    let _another = client.subscribe(wanted("a")).await.unwrap();
    granted(&mut server, 2).await;
    server.send(publish(2)).await;
    assert_eq!(server.hears().await, "PUBACK id 2");
    server.send(to("b", "for the rest")).await;
    assert_eq!(messages.next().await.unwrap().unwrap().payload, "for the rest");
}
