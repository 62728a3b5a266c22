//! When the Server hears that a message was taken over.

use super::*;
use crate::packet::Pubrel;

fn by_hand() -> ClientOptions {
    let mut options = options();
    options.acknowledge_manually = true;
    options
}

fn exactly_once(number: u16, payload: &'static str) -> Publish {
    let delivery = Delivery::ExactlyOnce { packet_id: id(number), dup: false };
    Publish { delivery, payload: Bytes::from(payload), ..publish(number) }
}

#[tokio::test(start_paused = true)]
async fn a_message_is_acknowledged_when_the_program_is_done_with_it() {
    // MQTT-4.6.0-2
    let (_client, mut messages, mut server) = connected(&by_hand(), 4096).await;
    for number in 1..=3 {
        server.send(publish(number)).await;
    }
    let mut taken = Vec::new();
    for _ in 0..3 {
        taken.push(messages.next_unacknowledged().await.unwrap().unwrap());
    }
    assert_eq!(server.has_heard().await, [""; 0]);
    let (message, acknowledgement) = taken.remove(1).into_parts();
    assert_eq!(message.payload, "x");
    acknowledgement.give();
    assert_eq!(server.has_heard().await, [""; 0], "not its turn");
    assert_eq!(taken.remove(0).acknowledge().payload, "x");
    assert_eq!(server.has_heard().await, ["PUBACK id 1", "PUBACK id 2"]);
}

#[tokio::test(start_paused = true)]
async fn to_take_a_message_without_more_ado_acknowledges_it() {
    let (_client, mut messages, mut server) = connected(&by_hand(), 4096).await;
    server.send(exactly_once(1, "x")).await;
    assert_eq!(server.has_heard().await, [""; 0]);
    assert_eq!(messages.next().await.unwrap().unwrap().payload, "x");
    assert_eq!(server.hears().await, "PUBREC id 1");
}

#[tokio::test(start_paused = true)]
async fn of_a_message_for_two_streams_both_have_to_be_done_with_it() {
    let (client, _messages, mut server) = connected(&by_hand(), 4096).await;
    let mut streams = Vec::new();
    for (number, filter) in [(1, "t"), (2, "+")] {
        streams.push(client.subscribe(wanted(filter)).await.unwrap());
        server.hears().await;
        let codes = SubackCode::Granted(QoS::ExactlyOnce).into();
        server.send(Suback::new(id(number), &codes)).await;
    }
    server.send(exactly_once(1, "x")).await;
    for (stream, heard) in streams.iter_mut().zip([&[][..], &["PUBREC id 1"]]) {
        stream.next_unacknowledged().await.unwrap().unwrap().acknowledge();
        assert_eq!(server.has_heard().await, heard);
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_not_acknowledged_comes_again_and_what_was_does_not() {
    // MQTT-4.3.3-2
    let (network, opener) = Network::new(4096);
    let mut options = by_hand();
    let client_id = crate::packet::ClientId::new(crate::packet::Text::new("c").unwrap());
    options.connect = Connect::new(&client_id).with_clean_session(false).with_keep_alive_seconds(0);
    options.reconnect = Some(Reconnect::default());
    let starting = Client::start(options, opener, None);
    let (started, mut server) = tokio::join!(starting, network.accept(false));
    let (client, mut messages) = started.unwrap();
    for (number, payload) in [(1, "worked on"), (2, "let go of"), (3, "done")] {
        server.send(exactly_once(number, payload)).await;
    }
    let worked_on = messages.next_unacknowledged().await.unwrap().unwrap();
    drop(messages.next_unacknowledged().await.unwrap().unwrap());
    messages.next_unacknowledged().await.unwrap().unwrap().acknowledge();
    assert_eq!(server.has_heard().await, [""; 0]);
    drop(server);

    let mut server = network.accept(true).await;
    for (number, payload) in [(1, "worked on"), (2, "let go of"), (3, "done")] {
        server.send(exactly_once(number, payload)).await;
    }
    worked_on.acknowledge();
    assert_eq!(server.hears().await, "PUBREC id 1");
    let again = messages.next_unacknowledged().await.unwrap().unwrap();
    assert_eq!(again.payload, "let go of");
    again.acknowledge();
    assert_eq!(server.has_heard().await, ["PUBREC id 2", "PUBREC id 3"]);
    server.send(Pubrel { packet_id: id(3) }).await;
    assert_eq!(server.hears().await, "PUBCOMP id 3");
    drop(client);
}

#[tokio::test(start_paused = true)]
async fn what_was_acknowledged_before_leaving_is_told_before_disconnect() {
    let (client, mut messages, mut server) = connected(&by_hand(), 4096).await;
    server.send(publish(1)).await;
    messages.next_unacknowledged().await.unwrap().unwrap().acknowledge();
    let leaving = async {
        assert_eq!(server.hears().await, "PUBACK id 1");
        assert_eq!(server.hears().await, "DISCONNECT");
        drop(server);
    };
    let (left, ()) = tokio::join!(client.disconnect(), leaving);
    left.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_dropped_stream_acknowledges_nothing_for_the_program() {
    let (_client, messages, mut server) = connected(&by_hand(), 4096).await;
    server.send(publish(1)).await;
    assert_eq!(server.has_heard().await, [""; 0]);
    drop(messages);
    server.send(publish(2)).await;
    assert_eq!(server.has_heard().await, [""; 0]);
}
