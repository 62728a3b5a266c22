//! Our client as a conversation sees it: an application that does what it is asked to, and a
//! listener that the client connects to.

use std::io;
use std::net::TcpStream;
use std::time::Duration;

use bytes::Bytes;
use mqttspec::net::{Client, ClientError, ClientOptions, Messages, Reconnect};
use mqttspec::packet::{
    Binary, ClientId, Connect, Credentials, OneOrMore, QoS, SubscribeFilter, Text, Will,
};
use mqttspec::session::Message;
use mqttspec::topic::{TopicFilter, TopicName};
use mqttspec_fixtures::Asked;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::player::Peer;

/// A client that is not connected yet.
pub(crate) struct TestedClient {
    runtime: Runtime,
    listener: TcpListener,
    connecting: Option<JoinHandle<Result<(Client, Messages), ClientError>>>,
    client: Option<Client>,
}

impl TestedClient {
    pub(crate) fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let listener = TcpListener::bind(("127.0.0.1", 0));
        let listener = runtime.block_on(listener).expect("a free port");
        Self { runtime, listener, connecting: None, client: None }
    }

    /// The client, as soon as it is connected.
    fn client(&mut self) -> io::Result<Client> {
        if let Some(connecting) = self.connecting.take() {
            let connected = self.runtime.block_on(connecting).map_err(io::Error::other)?;
            let (client, messages) = connected.map_err(io::Error::other)?;
            // Whether the application wants a message makes no difference to its acknowledgement.
            drop(messages);
            self.client = Some(client);
        }
        self.client.clone().ok_or_else(|| io::Error::other("nobody asked it to connect"))
    }
}

impl Peer for TestedClient {
    fn open(&mut self, patience: Duration) -> io::Result<TcpStream> {
        let stream = self.runtime.block_on(async {
            let (stream, _) = timeout(patience, self.listener.accept()).await??;
            stream.into_std()
        })?;
        stream.set_nonblocking(false)?;
        Ok(stream)
    }

    fn open_websocket(&mut self, patience: Duration) -> io::Result<TcpStream> {
        self.open(patience)
    }

    fn accept(&self, key: &str) -> io::Result<String> {
        Ok(tungstenite::handshake::derive_accept_key(key.as_bytes()))
    }

    fn ask(&mut self, asked: &Asked) -> io::Result<()> {
        match asked {
            // It connects again by itself, and goes on with its Session.
            Asked::Connect { .. } if self.client.is_some() || self.connecting.is_some() => {}
            Asked::Connect { over_websocket, .. } => {
                let mut reconnect = Reconnect::default();
                reconnect.first_wait = Duration::from_millis(10);
                let address = self.listener.local_addr()?;
                let mut options = ClientOptions::new(address.ip().to_string(), address.port());
                if *over_websocket {
                    options.endpoint.websocket = Some("/mqtt".to_owned());
                }
                options.connect = connect(asked);
                options.reconnect = Some(reconnect);
                self.connecting = Some(self.runtime.spawn(Client::connect(options)));
            }
            Asked::Disconnect => {
                let client = self.client()?;
                self.runtime.spawn(async move { client.disconnect().await });
            }
            Asked::Publish { topic, qos: level, retain, payload } => {
                let message = Message {
                    topic: TopicName::new(topic.clone()).map_err(io::Error::other)?,
                    payload: Bytes::from(payload.octets()),
                    qos: qos(*level),
                    retain: *retain,
                };
                let client = self.client()?;
                let begun = self.runtime.block_on(client.begin_publish(message));
                drop(begun.map_err(io::Error::other)?);
            }
            Asked::Subscribe { filters } => {
                let wanted = filters.iter().map(|wanted| SubscribeFilter {
                    filter: TopicFilter::new(wanted.filter.clone()).expect("a filter"),
                    qos: qos(wanted.qos),
                });
                let wanted = OneOrMore::new(wanted.collect()).expect("one at least");
                let client = self.client()?;
                self.runtime.spawn(async move { client.subscribe_to_messages(wanted).await });
            }
            Asked::Unsubscribe { filters } => {
                let filters = filters.iter().map(|it| TopicFilter::new(it.clone()).expect("valid"));
                let filters = OneOrMore::new(filters.collect()).expect("one at least");
                let client = self.client()?;
                self.runtime.spawn(async move { client.unsubscribe(filters).await });
            }
        }
        Ok(())
    }
}

fn connect(asked: &Asked) -> Connect {
    let Asked::Connect { client_id, clean_session, keep_alive, will, user_name, password, .. } =
        asked
    else {
        panic!("{asked:?} is no CONNECT")
    };
    let text = |text: &String| Text::new(text.clone()).expect("text");
    let binary = |octets: Vec<u8>| Binary::new(octets).expect("short enough");
    let mut connect = Connect::new(&ClientId::new(text(client_id)))
        .with_clean_session(*clean_session)
        .with_keep_alive_seconds(*keep_alive);
    if let Some(will) = will {
        connect = connect.with_will(&Will {
            topic: TopicName::new(will.topic.clone()).expect("a name"),
            message: binary(will.message.octets()),
            qos: qos(will.qos),
            retain: will.retain,
        });
    }
    if let Some(user_name) = user_name {
        let password = password.as_ref().map(|password| binary(password.octets()));
        connect = connect.with_credentials(&Credentials { user_name: text(user_name), password });
    }
    connect
}

fn qos(level: u8) -> QoS {
    [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce][usize::from(level)]
}
