//! A Client that goes on over lost connections.

use std::sync::{Arc, Mutex};

use super::*;
use crate::broker::{Change, Kept};
use crate::packet::{ClientId, ConnectRefusal, Pubrel, Text};
use crate::store::{Memory, StoreError};

fn going_on() -> ClientOptions {
    let mut options = options();
    options.reconnect = Some(Reconnect::default());
    options
}

fn kept(options: ClientOptions) -> ClientOptions {
    let client_id = ClientId::new(Text::new("c").unwrap());
    let connect = Connect::new(&client_id).with_clean_session(false);
    ClientOptions { connect, ..options }
}

/// A Client that goes on, its first Server, and where others may come from.
async fn begin(options: ClientOptions) -> (Client, Messages, Server, Network) {
    let (network, opener) = Network::new(4096);
    let starting = Client::start(options, opener, None);
    let (connected, server) = tokio::join!(starting, network.accept(false));
    let (client, messages) = connected.unwrap();
    (client, messages, server, network)
}

#[tokio::test(start_paused = true)]
async fn a_kept_session_brings_a_delivery_to_its_end() {
    // MQTT-4.4.0-1
    let (client, _messages, mut server, network) = begin(kept(going_on())).await;
    let publishing = client.begin_publish(message("x", QoS::ExactlyOnce)).await.unwrap();
    assert_eq!(server.hears().await, r#"PUBLISH "t" q2 id 1, 1 octets"#);
    server.send(Pubrec { packet_id: id(1) }).await;
    assert_eq!(server.hears().await, "PUBREL id 1");
    drop(server);
    let mut server = network.accept(true).await;
    assert_eq!(server.hears().await, "PUBREL id 1");
    server.send(Pubcomp { packet_id: id(1) }).await;
    publishing.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_clean_session_gives_up_and_says_so() {
    // MQTT-3.1.2-6
    let (client, _messages, mut server, network) = begin(going_on()).await;
    let publishing = client.begin_publish(message("x", QoS::AtLeastOnce)).await.unwrap();
    assert_eq!(server.hears().await, r#"PUBLISH "t" q1 id 1, 1 octets"#);
    drop(server);
    let error = publishing.await.unwrap_err();
    assert!(matches!(error, ClientError::GivenUp), "{error}");
    let waiting = client.begin_publish(message("22", QoS::AtLeastOnce)).await.unwrap();
    let mut server = network.accept(false).await;
    assert_eq!(server.hears().await, r#"PUBLISH "t" q1 id 1, 2 octets"#);
    server.send(Puback { packet_id: id(1) }).await;
    waiting.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_subscription_goes_on() {
    let (client, _messages, mut server, network) = begin(going_on()).await;
    let mut subscription = client.subscribe(wanted("t")).await.unwrap();
    assert_eq!(server.hears().await, r#"SUBSCRIBE id 1 "t" q2"#);
    let codes = SubackCode::Granted(QoS::ExactlyOnce);
    server.send(Suback::new(id(1), &codes.into())).await;
    server.send(publish(1)).await;
    assert!(subscription.next().await.unwrap().is_some());
    assert_eq!(server.hears().await, "PUBACK id 1");
    drop(server);
    let mut server = network.accept(false).await;
    assert_eq!(server.hears().await, r#"SUBSCRIBE id 1 "t" q2"#);
    server.send(Suback::new(id(1), &codes.into())).await;
    server.send(publish(2)).await;
    assert!(subscription.next().await.unwrap().is_some());
    drop(server);
    let mut server = network.accept(false).await;
    server.hears().await;
    server.send(Suback::new(id(1), &SubackCode::Failure.into())).await;
    let error = subscription.next().await.unwrap_err();
    assert!(matches!(error, ClientError::SubscriptionRefused(_)), "{error}");
}

#[tokio::test(start_paused = true)]
async fn attempts_come_at_growing_distances_until_there_were_enough() {
    let mut options = going_on();
    options.reconnect = Some(Reconnect { attempts: Some(4), ..Reconnect::default() });
    let (mut client, mut messages, server, network) = begin(options).await;
    drop(network);
    let begin = tokio::time::Instant::now();
    drop(server);
    let mut waits = Vec::new();
    loop {
        match client.state_changed().await {
            ConnectionState::Lost { wait, .. } => waits.push(wait.as_millis()),
            ConnectionState::Ended(error) => {
                assert!(matches!(error, ClientError::Unreachable { .. }), "{error}");
                break;
            }
            _ => {}
        }
    }
    let longest = [500, 1_000, 2_000, 4_000];
    assert_eq!(waits.len(), longest.len());
    for (wait, longest) in waits.iter().zip(longest) {
        assert!((longest / 2..=longest).contains(wait), "{waits:?}");
    }
    assert!(begin.elapsed().as_millis() >= waits.iter().sum());
    assert!(messages.next().await.is_err());
}

#[tokio::test(start_paused = true)]
async fn what_would_only_happen_again_is_the_end() {
    let (client, _messages, server, network) = begin(going_on()).await;
    drop(server);
    let mut server = network.serve();
    server.hears().await;
    server.send(Connack::Refused(ConnectRefusal::NotAuthorized)).await;
    let error = client.publish(message("x", QoS::AtMostOnce)).await.unwrap_err();
    assert!(matches!(error, ClientError::Closed(CloseReason::Refused(_))), "{error}");
}

#[tokio::test(start_paused = true)]
async fn the_first_connection_is_not_waited_for_unless_asked_to() {
    let (network, opener) = Network::new(4096);
    drop(network);
    let error = Client::start(going_on(), opener, None).await.unwrap_err();
    assert!(matches!(error, ClientError::Unreachable { .. }), "{error}");

    let mut options = going_on();
    let rule = Reconnect { from_the_start: true, ..Reconnect::default() };
    options.reconnect = Some(rule);
    let (network, opener) = Network::new(4096);
    let servers = async {
        drop(network.serve());
        network.accept(false).await
    };
    let (connected, _server) = tokio::join!(Client::start(options, opener, None), servers);
    connected.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_disconnect_does_not_wait_for_a_connection() {
    let (client, mut messages, server, _network) = begin(going_on()).await;
    drop(server);
    client.disconnect().await.unwrap();
    assert!(matches!(messages.next().await, Ok(None)));
}

#[tokio::test(start_paused = true)]
async fn without_a_handle_what_was_commanded_is_still_brought_to_its_end() {
    let (client, _messages, server, network) = begin(kept(going_on())).await;
    drop(server);
    drop(client.begin_publish(message("x", QoS::AtLeastOnce)).await.unwrap());
    drop(client);
    let mut server = network.accept(true).await;
    // With DUP, if it was given to the lost connection before anybody knew that it was lost.
    let heard = server.hears().await;
    assert!(heard.starts_with(r#"PUBLISH "t" q1 id 1"#), "{heard}");
    server.send(Puback { packet_id: id(1) }).await;
    assert_eq!(server.hears().await, "DISCONNECT");
}

/// A store that two Clients share, one after the other, and that may be slow or fail.
#[derive(Clone, Debug, Default)]
struct Shelf {
    kept: Arc<Mutex<Memory>>,
    /// Locked by a test to hold commits up.
    gate: Arc<tokio::sync::Mutex<()>>,
    fails: bool,
}

impl Store for Shelf {
    fn load(&mut self) -> Result<Kept, StoreError> {
        self.kept.lock().unwrap().load()
    }

    fn commit(&mut self, changes: &[Change]) -> Result<(), StoreError> {
        let _open = self.gate.blocking_lock();
        if self.fails {
            let kind = crate::store::StoreErrorKind::Damaged;
            return Err(StoreError { kind, place: "shelf".to_owned(), reason: "fell".to_owned() });
        }
        self.kept.lock().unwrap().commit(changes)
    }
}

async fn begin_durable(
    network: &Network,
    opener: Opener,
    shelf: &Shelf,
    session_present: bool,
) -> (Client, Messages, Server) {
    let opened = Keeping::open(Box::new(shelf.clone())).unwrap();
    let starting = Client::start(kept(options()), opener, Some(opened));
    let (connected, server) = tokio::join!(starting, network.accept(session_present));
    let (client, messages) = connected.unwrap();
    (client, messages, server)
}

// On a clock that runs: a paused one would jump to the end of every wait while the store works.
#[tokio::test]
async fn another_process_goes_on_from_the_store() {
    let shelf = Shelf::default();
    let (network, opener) = Network::new(4096);
    let (client, _messages, mut server) = begin_durable(&network, opener, &shelf, false).await;
    let publishing = client.begin_publish(message("x", QoS::ExactlyOnce)).await.unwrap();
    assert_eq!(server.hears().await, r#"PUBLISH "t" q2 id 1, 1 octets"#);
    server.send(Pubrec { packet_id: id(1) }).await;
    assert_eq!(server.hears().await, "PUBREL id 1");
    let delivery = Delivery::ExactlyOnce { packet_id: id(9), dup: false };
    server.send(Publish { delivery, ..publish(1) }).await;
    assert_eq!(server.hears().await, "PUBREC id 9");
    drop(server);
    assert!(publishing.await.is_err());
    drop(client);

    let (network, opener) = Network::new(4096);
    let (client, mut messages, mut server) = begin_durable(&network, opener, &shelf, true).await;
    assert_eq!(server.hears().await, "PUBREL id 1");
    server.send(Pubcomp { packet_id: id(1) }).await;
    let delivery = Delivery::ExactlyOnce { packet_id: id(9), dup: true };
    server.send(Publish { delivery, ..publish(1) }).await;
    server.send(Pubrel { packet_id: id(9) }).await;
    assert_eq!(server.hears().await, "PUBREC id 9");
    assert_eq!(server.hears().await, "PUBCOMP id 9");
    let leaving = tokio::spawn(async move { client.disconnect().await });
    assert_eq!(server.hears().await, "DISCONNECT");
    drop(server);
    leaving.await.unwrap().unwrap();
    assert_eq!(messages.next().await.unwrap(), None, "it had come before");
    let left = shelf.clone().load().unwrap();
    let left = left.sessions.values().next().unwrap();
    assert!(left.deliveries.is_empty() && left.received.is_empty());
}

#[tokio::test]
async fn nothing_is_sent_before_it_is_kept() {
    let shelf = Shelf::default();
    let (network, opener) = Network::new(4096);
    let (client, _messages, mut server) = begin_durable(&network, opener, &shelf, false).await;
    let gate = shelf.gate.clone();
    let closed = gate.lock().await;
    let _publishing = client.begin_publish(message("x", QoS::AtLeastOnce)).await.unwrap();
    // All that can happen before the commit has happened when a later request was taken.
    for _ in 0..100 {
        yield_now().await;
    }
    assert!(server.read.is_empty());
    let early = tokio::select! {
        biased;
        line = server.hears() => Some(line),
        () = yield_now() => None,
    };
    assert_eq!(early, None);
    drop(closed);
    assert_eq!(server.hears().await, r#"PUBLISH "t" q1 id 1, 1 octets"#);
}

#[tokio::test]
async fn a_store_that_fails_is_the_end() {
    let shelf = Shelf { fails: true, ..Shelf::default() };
    let (network, opener) = Network::new(4096);
    let opened = Keeping::open(Box::new(shelf)).unwrap();
    let mut options = kept(going_on());
    options.reconnect = Some(Reconnect { from_the_start: true, ..Reconnect::default() });
    let _server = network.serve();
    let error = Client::start(options, opener, Some(opened)).await.unwrap_err();
    assert!(matches!(error, ClientError::NotKept(_)), "{error}");
}
