//! `mqttspec pub` and `mqttspec sub` from the outside, and the Client on real sockets, against a
//! Server that is a list of packets.

use std::io::Write as _;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use mqttspec::net::{Client, ClientError, ClientOptions, ServerUrl, blocking};
use mqttspec::packet::{
    Connack, Connect, ConnectRefusal, Decoder, Delivery, Packet, PacketId, Puback, Pubcomp,
    Publish, Pubrec, QoS, Suback, SubackCode,
};
use mqttspec::session::Message;
use mqttspec::topic::TopicName;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

/// How long any one step may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// The Server's end of a connection.
struct Server {
    stream: TcpStream,
    read: BytesMut,
}

impl Server {
    /// Takes the next connection.
    async fn accept(listener: &TcpListener) -> Self {
        let accepted = timeout(PATIENCE, listener.accept()).await.expect("a connection in time");
        let (stream, _) = accepted.expect("a connection");
        Self { stream, read: BytesMut::new() }
    }

    /// Takes the next connection, and accepts its CONNECT.
    async fn connected(listener: &TcpListener) -> (Self, Connect) {
        let mut server = Self::accept(listener).await;
        let Some(Packet::Connect(connect)) = server.receive().await else { panic!("no CONNECT") };
        server.send(Connack::Accepted { session_present: false }).await;
        (server, connect)
    }

    /// The next packet; `None` when the Client has closed.
    async fn receive(&mut self) -> Option<Packet> {
        loop {
            if let Some(packet) = Decoder::default().decode(&mut self.read).expect("a packet") {
                return Some(packet);
            }
            let read = timeout(PATIENCE, self.stream.read_buf(&mut self.read)).await;
            if read.expect("octets in time").expect("octets") == 0 {
                return None;
            }
        }
    }

    /// The next packet as a line; empty when the Client has closed.
    async fn hears(&mut self) -> String {
        self.receive().await.map(|packet| packet.to_string()).unwrap_or_default()
    }

    async fn send(&mut self, packet: impl Into<Packet>) {
        let mut octets = BytesMut::new();
        packet.into().encode(&mut octets).expect("a short packet");
        self.stream.write_all(&octets).await.expect("a connection");
    }

    /// Takes a SUBSCRIBE of one filter, and grants it.
    async fn grants(&mut self, line: &str) {
        assert_eq!(self.hears().await, line);
        let codes = SubackCode::Granted(QoS::ExactlyOnce).into();
        self.send(Suback::new(id(1), &codes)).await;
    }
}

async fn listener() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    (listener, address)
}

/// Starts `mqttspec` with these arguments, separated by blanks; it gives up by itself.
fn start(arguments: &str) -> Child {
    Command::new(env!("CARGO_BIN_EXE_mqttspec"))
        .args(arguments.split_whitespace())
        .env_remove("MQTTSPEC_LOG")
        .env_remove("MQTTSPEC_PASSWORD")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts")
}

/// Runs `mqttspec` to its end.
fn run(arguments: &str) -> Output {
    start(arguments).wait_with_output().expect("an exit code")
}

/// How a child ended: exit code, and the first line of its standard error.
fn ended(output: &Output) -> (Option<i32>, String) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    (output.status.code(), stderr.lines().next().unwrap_or_default().to_owned())
}

fn id(number: u16) -> PacketId {
    PacketId::new(number).expect("not 0")
}

fn publish(payload: &'static [u8], delivery: Delivery) -> Publish {
    let topic = TopicName::new("a/b").expect("a topic");
    Publish { topic, payload: Bytes::from_static(payload), delivery, retain: false }
}

/// What a script wants that fails half way: its Will is published.
#[tokio::test]
async fn a_blocking_client_that_is_dropped_leaves_without_disconnect() {
    let (listener, address) = listener().await;
    let url: ServerUrl = format!("mqtt://{address}").parse().expect("a URL");
    let script = tokio::task::spawn_blocking(|| {
        let connected = blocking::Client::connect(ClientOptions::from(url));
        drop(connected.expect("CONNACK"));
    });
    let (mut server, _) = Server::connected(&listener).await;
    assert_eq!(server.hears().await, "", "closed");
    script.await.expect("no panic");
}

#[tokio::test]
async fn a_blocking_client_that_is_told_to_leaves_with_disconnect() {
    let (listener, address) = listener().await;
    let url: ServerUrl = format!("mqtt://{address}").parse().expect("a URL");
    let script = tokio::task::spawn_blocking(|| {
        let (client, _messages) =
            blocking::Client::connect(ClientOptions::from(url)).expect("CONNACK");
        client.disconnect().expect("a connection");
    });
    let (mut server, _) = Server::connected(&listener).await;
    assert_eq!(server.hears().await, "DISCONNECT");
    assert_eq!(server.hears().await, "", "closed");
    script.await.expect("no panic");
}

#[tokio::test]
async fn pub_goes_through_a_whole_qos_2_exchange() {
    let (listener, address) = listener().await;
    let child = start(&format!("pub {address} -t a/b -m 21.5 -q 2 -r -W 20"));
    let (mut server, connect) = Server::connected(&listener).await;
    assert!(connect.clean_session());
    assert!((1..=23).contains(&connect.client_id().as_str().len()), "allowed everywhere");
    assert_eq!(server.hears().await, r#"PUBLISH "a/b" q2 id 1 retain, 4 octets"#);
    server.send(Pubrec { packet_id: id(1) }).await;
    assert_eq!(server.hears().await, "PUBREL id 1");
    server.send(Pubcomp { packet_id: id(1) }).await;
    assert_eq!(server.hears().await, "DISCONNECT");
    // MQTT-3.14.4-1
    assert_eq!(server.hears().await, "", "closed");
    drop(server);
    assert_eq!(ended(&child.wait_with_output().expect("an end")), (Some(0), String::new()));
}

#[tokio::test]
async fn pub_says_who_it_is() {
    let (listener, address) = listener().await;
    let arguments = format!(
        "pub mqtt://me:se%20cret@{address} -t a -m x -i name -c -k 7 \
         --will-topic gone --will-payload bye --will-qos 1 --will-retain -W 20"
    );
    let child = start(&arguments);
    let (mut server, connect) = Server::connected(&listener).await;
    assert_eq!(
        Packet::from(connect.clone()).to_string(),
        r#"CONNECT "name", kept session, keep alive 7 s, will "gone" q1 retain, user "me" with password"#
    );
    let password = connect.credentials().and_then(|credentials| credentials.password);
    assert_eq!(password.expect("a password").as_bytes(), "se cret");
    assert_eq!(connect.will().expect("a Will").message.as_bytes(), "bye");
    assert_eq!(server.hears().await, r#"PUBLISH "a" q0, 1 octets"#);
    assert_eq!(server.hears().await, "DISCONNECT");
    drop(server);
    assert_eq!(ended(&child.wait_with_output().expect("an end")).0, Some(0));
}

#[tokio::test]
async fn pub_sends_each_line_in_its_order() {
    let (listener, address) = listener().await;
    let mut child = start(&format!("pub {address} -t a -l -q 1 -W 20"));
    let (mut server, _) = Server::connected(&listener).await;
    let mut stdin = child.stdin.take().expect("it is piped");
    stdin.write_all(b"one\n\nthree without an end").expect("it listens");
    drop(stdin);
    for payload in ["one", "", "three without an end"] {
        let Some(Packet::Publish(publish)) = server.receive().await else { panic!("no PUBLISH") };
        assert_eq!(publish.payload, payload);
    }
    for number in 1..=3 {
        server.send(Puback { packet_id: id(number) }).await;
    }
    assert_eq!(server.hears().await, "DISCONNECT");
    drop(server);
    assert_eq!(ended(&child.wait_with_output().expect("an end")).0, Some(0));
}

#[tokio::test]
async fn sub_prints_octets_as_they_are_and_acknowledges_them() {
    // MQTT-4.5.0-2
    let (listener, address) = listener().await;
    let child = start(&format!("sub {address} -t a/# -q 2 -C 2 -v -W 20"));
    let (mut server, _) = Server::connected(&listener).await;
    server.grants(r#"SUBSCRIBE id 1 "a/#" q2"#).await;
    server.send(publish(b"\x00\xff\x1b", Delivery::AtMostOnce)).await;
    server.send(publish(b"x", Delivery::AtLeastOnce { packet_id: id(9), dup: false })).await;
    assert_eq!(server.hears().await, "PUBACK id 9");
    assert_eq!(server.hears().await, "DISCONNECT");
    drop(server);
    let output = child.wait_with_output().expect("an end");
    assert_eq!(output.stdout, b"a/b \x00\xff\x1b\na/b x\n");
    assert_eq!(ended(&output), (Some(0), String::new()));
}

#[tokio::test]
async fn sub_takes_no_more_from_a_kept_session_than_it_prints() {
    let (listener, address) = listener().await;
    let child = start(&format!("sub {address} -t a/b -q 1 -i name -c -C 1 --json -W 20"));
    let (mut server, _) = Server::connected(&listener).await;
    server.grants(r#"SUBSCRIBE id 1 "a/b" q1"#).await;
    for number in 1..=3 {
        let delivery = Delivery::AtLeastOnce { packet_id: id(number), dup: false };
        server.send(publish(b"waited", delivery)).await;
    }
    let mut heard = Vec::new();
    while let Some(packet) = server.receive().await {
        heard.push(packet.to_string());
    }
    assert_eq!(heard, ["PUBACK id 1", "DISCONNECT"]);
    drop(server);
    let output = child.wait_with_output().expect("an end");
    let line = ",\"topic\":\"a/b\",\"qos\":1,\"retain\":false,\"payload\":\"waited\"}\n";
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(stdout.starts_with("{\"time\":\"2") && stdout.ends_with(line), "{stdout}");
    assert_eq!(ended(&output).0, Some(0));
}

#[tokio::test]
async fn an_interrupt_ends_with_disconnect() {
    let (listener, address) = listener().await;
    let child = start(&format!("sub {address} -t a/b --will-topic w -W 20"));
    let (mut server, _) = Server::connected(&listener).await;
    server.grants(r#"SUBSCRIBE id 1 "a/b" q0"#).await;
    let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(kill.expect("a signal").success());
    assert_eq!(server.hears().await, "DISCONNECT");
    drop(server);
    assert_eq!(ended(&child.wait_with_output().expect("an end")), (Some(0), String::new()));
}

#[tokio::test]
async fn a_refusal_is_told_and_ends_with_1() {
    let (listener, address) = listener().await;
    let child = start(&format!("pub {address} -t a -m x -W 20"));
    let mut server = Server::accept(&listener).await;
    server.receive().await;
    server.send(Connack::Refused(ConnectRefusal::NotAuthorized)).await;
    assert_eq!(server.hears().await, "", "closed");
    drop(server);
    let told = "error: the Server refused the connection: not authorized (return code 5)";
    let output = child.wait_with_output().expect("an end");
    assert_eq!(ended(&output), (Some(1), told.to_owned()));
}

#[tokio::test]
async fn refused_subscriptions_end_with_1() {
    let (listener, address) = listener().await;
    let child = start(&format!("sub {address} -t a -W 20"));
    let (mut server, _) = Server::connected(&listener).await;
    server.receive().await;
    server.send(Suback::new(id(1), &SubackCode::Failure.into())).await;
    assert_eq!(server.hears().await, "DISCONNECT");
    drop(server);
    let output = child.wait_with_output().expect("an end");
    let told = "error: the broker refused every subscription";
    assert_eq!(ended(&output), (Some(1), told.to_owned()));
}

#[tokio::test]
async fn a_violation_is_told_with_its_statement_and_ends_with_1() {
    let (listener, address) = listener().await;
    let child = start(&format!("sub {address} -t a -W 20"));
    let (mut server, _) = Server::connected(&listener).await;
    server.receive().await;
    let codes = SubackCode::Failure.into();
    server.send(Suback::new(id(7), &codes)).await;
    assert_eq!(server.hears().await, "", "closed without a word");
    drop(server);
    let output = child.wait_with_output().expect("an end");
    let told = "error: the Server broke the protocol: SUBACK for identifier 7, which no SUBSCRIBE \
                has [MQTT-3.8.4-2]";
    assert_eq!(ended(&output), (Some(1), told.to_owned()));
}

#[tokio::test]
async fn a_lost_connection_ends_with_3() {
    let (listener, address) = listener().await;
    let child = start(&format!("pub {address} -t a -m x -q 1 -W 20"));
    let (mut server, _) = Server::connected(&listener).await;
    server.receive().await;
    drop(server);
    let output = child.wait_with_output().expect("an end");
    assert_eq!(ended(&output), (Some(3), "error: the Server closed the connection".to_owned()));
}

#[tokio::test]
async fn sub_goes_on_when_it_is_told_to() {
    let (listener, address) = listener().await;
    let child = start(&format!("sub {address} -t a/b --reconnect -C 1 -F %q:%t:%p -W 20"));
    let (mut server, _) = Server::connected(&listener).await;
    server.grants(r#"SUBSCRIBE id 1 "a/b" q0"#).await;
    drop(server);
    let (mut server, _) = Server::connected(&listener).await;
    server.grants(r#"SUBSCRIBE id 1 "a/b" q0"#).await;
    server.send(publish(b"x", Delivery::AtMostOnce)).await;
    assert_eq!(server.hears().await, "DISCONNECT");
    drop(server);
    let output = child.wait_with_output().expect("an end");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "0:a/b:x\n");
    let (code, told) = ended(&output);
    assert_eq!(code, Some(0));
    assert!(told.starts_with("the Server closed the connection; trying again in 0."), "{told}");
}

#[tokio::test]
async fn nobody_there_ends_with_3() {
    let (listener, address) = listener().await;
    drop(listener);
    let output = run(&format!("pub {address} -t a -m x"));
    assert_eq!(output.status.code(), Some(3));
}

/// One row: arguments that cannot be, and what the error must speak of.
macro_rules! usage {
    ($($name:ident: $arguments:expr => $told:expr;)+) => {$(
        #[test]
        fn $name() {
            let output = run($arguments);
            let stderr = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(2), "{stderr}");
            assert!(stderr.contains($told), "{stderr}");
        }
    )+};
}

usage! {
    pub_to_a_filter:       "pub -t a/+ -m x"             => "[MQTT-4.7.1-1]";
    pub_without_message:   "pub -t a"                    => "--message";
    pub_with_two_messages: "pub -t a -m x -n"            => "cannot be used with";
    pub_at_qos_3:          "pub -t a -m x -q 3"          => "[MQTT-3.3.1-4]";
    sub_to_no_filter:      "sub -t a#"                   => "[MQTT-4.7.1-2]";
    session_without_name:  "sub -t a -c"                 => "[MQTT-3.1.3-2]";
    session_of_nobody:     "sub -t a -c -i= -p 1"        => "[MQTT-3.1.3-7]";
    password_alone:        "pub -t a -m x -P secret"     => "[MQTT-3.1.2-22]";
    two_places:            "pub broker -h other -t a -n" => "cannot be used with";
    another_scheme:        "pub http://broker -t a -n"   => "http:// is not spoken here";
    another_version:       "sub -t a -V mqttv5"          => "[MQTT-3.1.2-2]";
    format_with_no_place:  "sub -t a -F %z"              => "%z is none of";
    end_of_clean_session:  "sub -t a -E"                 => "[MQTT-3.1.2-6]";
    repeat_of_nothing:     "pub -t a -m x --repeat 0"    => "--repeat";
    will_without_topic:    "sub -t a --will-qos 1"       => "--will-topic";
}

#[tokio::test]
async fn a_handle_serves_many_tasks_over_tcp() {
    let (listener, _) = listener().await;
    let port = listener.local_addr().expect("an address").port();
    let script = async {
        let (mut server, _) = Server::connected(&listener).await;
        for _ in 0..3 {
            let Some(Packet::Publish(publish)) = server.receive().await else {
                panic!("no PUBLISH")
            };
            let packet_id = publish.delivery.packet_id().expect("QoS 1");
            server.send(Puback { packet_id }).await;
        }
        assert_eq!(server.hears().await, "DISCONNECT");
        // MQTT-3.14.4-1
        assert_eq!(server.hears().await, "", "closed");
    };
    let program = async {
        let (client, mut messages) = Client::connect(ClientOptions::new("127.0.0.1", port)).await?;
        let tasks = ["a", "b", "c"].map(|topic| {
            let client = client.clone();
            let topic = TopicName::new(topic).expect("a topic");
            let payload = Bytes::from_static(b"x");
            let message = Message { topic, payload, qos: QoS::AtLeastOnce, retain: false };
            tokio::spawn(async move { client.publish(message).await })
        });
        for task in tasks {
            task.await.expect("no panic")?;
        }
        client.disconnect().await?;
        assert_eq!(messages.next().await?, None);
        Ok::<(), ClientError>(())
    };
    let ((), ended) = tokio::join!(script, program);
    ended.expect("no error");
}
