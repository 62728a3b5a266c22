//! Conversations: the Client, a Server that is a list of packets, and a made-up clock.

use std::collections::BTreeSet;
use std::time::Duration;

use bytes::Bytes;
use proptest::prelude::*;

use super::*;
use crate::packet::{
    ClientId, Connack, ConnectRefusal, Decoder, Delivery, PacketId, PacketTooLarge, PacketType,
    Pingresp, Puback, Pubcomp, Publish, Pubrec, Pubrel, QoS, Suback, SubackCode, Subscribe, Text,
    Unsuback, Unsubscribe,
};
use crate::topic::TopicName;

/// A Client and the time it is there.
struct Talk {
    client: Client,
    now: Instant,
}

impl Talk {
    fn new(limits: Limits) -> Self {
        Self { client: Client::new(limits), now: Instant::now() }
    }

    /// Connected, with CONNECT and CONNACK behind it.
    fn connected(clean_session: bool) -> Self {
        let mut talk = Self::new(Limits::default());
        talk.reconnect(clean_session, false);
        talk
    }

    /// Connects; the lines are those that follow CONNACK.
    fn reconnect(&mut self, clean_session: bool, session_present: bool) -> Vec<String> {
        self.client.connect(self.now, connect("c", clean_session)).unwrap();
        assert!(self.lines()[0].starts_with("> CONNECT"));
        self.hears(Connack::Accepted { session_present })
    }

    fn passes(&mut self, milliseconds: u64) {
        self.now += Duration::from_millis(milliseconds);
    }

    /// Hands `packet` over; what the Client then says.
    fn hears(&mut self, packet: impl Into<Packet>) -> Vec<String> {
        self.client.handle(self.now, Input::Packet(packet.into())).unwrap();
        self.lines()
    }

    fn times_out(&mut self) -> Vec<String> {
        self.client.handle(self.now, Input::Timeout).unwrap();
        self.lines()
    }

    fn loses_connection(&mut self) -> Vec<String> {
        self.client.handle(self.now, Input::ConnectionLost).unwrap();
        self.lines()
    }

    fn publishes(&mut self, payload: &'static str, qos: QoS) -> Vec<String> {
        self.client.publish(self.now, message(payload, qos)).unwrap();
        self.lines()
    }

    fn subscribes(&mut self, filters: &[&'static str]) -> Vec<String> {
        self.client.subscribe(self.now, wanted(filters)).unwrap();
        self.lines()
    }

    /// All outputs, a line each.
    fn lines(&mut self) -> Vec<String> {
        self.client.check_invariants();
        std::iter::from_fn(|| self.client.poll_output()).map(|output| line(&output)).collect()
    }
}

fn line(output: &Output) -> String {
    match output {
        Output::Close(reason) => format!("close: {reason}"),
        Output::Completed { token, outcome } => format!("{token:?} {outcome:?}"),
        Output::Connected { session_present } => format!("connected, {session_present}"),
        Output::Received(message) => format!("received {:?}", message.payload),
        Output::Send(packet) => format!("> {packet}"),
    }
}

fn connect(client_id: &'static str, clean_session: bool) -> Connect {
    let client_id = ClientId::new(Text::new(client_id).unwrap());
    Connect::new(&client_id).with_clean_session(clean_session).with_keep_alive_seconds(8)
}

fn message(payload: &'static str, qos: QoS) -> Message {
    let topic = TopicName::new("t").unwrap();
    Message { topic, payload: Bytes::from(payload), qos, retain: false }
}

fn wanted(filters: &[&'static str]) -> OneOrMore<SubscribeFilter> {
    let wanted = |filter: &&'static str| SubscribeFilter {
        filter: TopicFilter::new(*filter).unwrap(),
        qos: QoS::AtLeastOnce,
    };
    OneOrMore::new(filters.iter().map(wanted).collect()).unwrap()
}

fn id(number: u16) -> PacketId {
    PacketId::new(number).unwrap()
}

fn publish(payload: &'static str, delivery: Delivery) -> Publish {
    let topic = TopicName::new("t").unwrap();
    Publish { topic, payload: Bytes::from(payload), delivery, retain: false }
}

fn suback(packet_id: u16, codes: usize) -> Suback {
    let codes = vec![SubackCode::Granted(QoS::AtLeastOnce); codes];
    Suback { packet_id: id(packet_id), codes: OneOrMore::new(codes).unwrap() }
}

const NONE: [&str; 0] = [];

#[test]
fn connect_comes_first_and_commands_wait_for_connack() {
    // MQTT-3.1.0-1
    let mut talk = Talk::new(Limits::default());
    assert_eq!(talk.publishes("early", QoS::AtMostOnce), NONE);
    talk.client.connect(talk.now, connect("c", true)).unwrap();
    assert_eq!(talk.lines(), [r#"> CONNECT "c", clean session, keep alive 8 s"#]);
    assert_eq!(talk.subscribes(&["a"]), NONE);
    assert!(talk.client.has_waiting());
    assert_eq!(
        talk.hears(Connack::Accepted { session_present: false }),
        [
            "connected, false",
            r#"> PUBLISH "t" q0, 5 octets"#,
            "Token(0) Delivered",
            r#"> SUBSCRIBE id 1 "a" q1"#,
        ]
    );
}

#[test]
fn a_connection_has_one_connect() {
    let mut talk = Talk::connected(true);
    let refused = talk.client.connect(talk.now, connect("c", true));
    assert_eq!(refused, Err(ConnectRefused::StillConnected));
    assert_eq!(talk.lines(), NONE);
}

#[test]
fn a_session_is_not_kept_without_a_name() {
    // MQTT-3.1.3-7
    let mut talk = Talk::new(Limits::default());
    let refused = talk.client.connect(talk.now, connect("", false));
    assert_eq!(refused, Err(ConnectRefused::EmptyClientId));
    assert_eq!(talk.lines(), NONE);
    assert_eq!(talk.client.connect(talk.now, connect("", true)), Ok(()));
}

#[test]
fn a_refusal_ends_the_connection_and_can_be_followed_by_another() {
    let mut talk = Talk::new(Limits::default());
    talk.client.connect(talk.now, connect("c", true)).unwrap();
    talk.lines();
    assert_eq!(
        talk.hears(Connack::Refused(ConnectRefusal::NotAuthorized)),
        ["close: the Server refused the connection: not authorized (return code 5)"]
    );
    assert_eq!(talk.reconnect(true, false), ["connected, false"]);
}

#[test]
fn each_qos_is_complete_when_its_last_answer_is_here() {
    let mut talk = Talk::connected(true);
    assert_eq!(
        talk.publishes("0", QoS::AtMostOnce),
        [r#"> PUBLISH "t" q0, 1 octets"#, "Token(0) Delivered"]
    );
    assert_eq!(talk.publishes("1", QoS::AtLeastOnce), [r#"> PUBLISH "t" q1 id 1, 1 octets"#]);
    assert_eq!(talk.publishes("2", QoS::ExactlyOnce), [r#"> PUBLISH "t" q2 id 2, 1 octets"#]);
    assert_eq!(talk.hears(Pubrec { packet_id: id(2) }), ["> PUBREL id 2"]);
    assert_eq!(talk.hears(Puback { packet_id: id(1) }), ["Token(1) Delivered"]);
    assert!(!talk.client.is_idle());
    assert_eq!(talk.hears(Pubcomp { packet_id: id(2) }), ["Token(2) Delivered"]);
    assert!(talk.client.is_idle());
    assert_eq!(talk.hears(Puback { packet_id: id(1) }), NONE, "nothing ends twice");
}

#[test]
fn commands_keep_their_order_behind_one_that_waits() {
    let limits = Limits { in_flight: 1, waiting: 2, ..Limits::default() };
    let mut talk = Talk::new(limits);
    talk.reconnect(true, false);
    assert_eq!(talk.publishes("1", QoS::AtLeastOnce), [r#"> PUBLISH "t" q1 id 1, 1 octets"#]);
    assert_eq!(talk.publishes("22", QoS::AtLeastOnce), NONE);
    assert_eq!(talk.publishes("0", QoS::AtMostOnce), NONE);
    let refused = talk.client.publish(talk.now, message("", QoS::AtMostOnce));
    assert_eq!(refused, Err(CommandRefused::Full { limit: 2 }));
    assert_eq!(
        talk.hears(Puback { packet_id: id(1) }),
        [
            "Token(0) Delivered",
            r#"> PUBLISH "t" q1 id 2, 2 octets"#,
            r#"> PUBLISH "t" q0, 1 octets"#,
            "Token(2) Delivered",
        ]
    );
}

#[test]
fn a_message_that_no_packet_holds_is_refused() {
    let mut talk = Talk::connected(true);
    let room = Decoder::MAX_PACKET_SIZE - 5 - 3 - 2;
    let mut long = message("", QoS::AtLeastOnce);
    long.payload = Bytes::from(vec![0; room + 1]);
    let refused = talk.client.publish(talk.now, long.clone());
    assert!(matches!(refused, Err(CommandRefused::TooLong(_))));
    long.payload.truncate(room);
    talk.client.publish(talk.now, long).unwrap();
    let Some(Output::Send(Packet::Publish(publish))) = talk.client.poll_output() else {
        panic!("no PUBLISH")
    };
    assert_eq!(publish.encode_without_payload(&mut bytes::BytesMut::new()), Ok(()));
}

#[test]
fn subscriptions_come_with_their_codes_and_go() {
    let mut talk = Talk::connected(true);
    assert_eq!(talk.subscribes(&["a", "b/#"]), [r#"> SUBSCRIBE id 1 "a" q1 "b/#" q1"#]);
    let filters = TopicFilter::new("a").unwrap().into();
    talk.client.unsubscribe(talk.now, filters).unwrap();
    assert_eq!(talk.lines(), [r#"> UNSUBSCRIBE id 2 "a""#]);
    let codes = vec![SubackCode::Granted(QoS::AtMostOnce), SubackCode::Failure];
    let suback = Suback { packet_id: id(1), codes: OneOrMore::new(codes).unwrap() };
    assert_eq!(
        talk.hears(suback),
        ["Token(0) Subscribed(OneOrMore([Granted(AtMostOnce), Failure]))"]
    );
    assert_eq!(talk.hears(Unsuback { packet_id: id(2) }), ["Token(1) Unsubscribed"]);
    assert!(talk.client.is_idle());
}

#[test]
fn every_message_is_acknowledged_in_the_order_of_arrival() {
    // MQTT-4.5.0-2, MQTT-4.6.0-2, MQTT-4.6.0-3
    let mut talk = Talk::connected(true);
    let at_least_once = |number| Delivery::AtLeastOnce { packet_id: id(number), dup: false };
    let exactly_once = |number| Delivery::ExactlyOnce { packet_id: id(number), dup: false };
    for (payload, delivery) in [
        ("a", exactly_once(9)),
        ("b", at_least_once(5)),
        ("c", Delivery::AtMostOnce),
        ("d", exactly_once(2)),
        ("e", at_least_once(1)),
    ] {
        let packet = Input::Packet(publish(payload, delivery).into());
        talk.client.handle(talk.now, packet).unwrap();
    }
    assert_eq!(
        talk.lines(),
        [
            r#"received b"a""#,
            "> PUBREC id 9",
            r#"received b"b""#,
            "> PUBACK id 5",
            r#"received b"c""#,
            r#"received b"d""#,
            "> PUBREC id 2",
            r#"received b"e""#,
            "> PUBACK id 1",
        ]
    );
    assert_eq!(talk.hears(publish("a", exactly_once(9))), ["> PUBREC id 9"], "passed on once");
    assert_eq!(talk.hears(Pubrel { packet_id: id(9) }), ["> PUBCOMP id 9"]);
}

#[test]
fn a_quiet_client_sends_pingreq_in_time() {
    // MQTT-3.1.2-23
    let mut talk = Talk::connected(true);
    let due = talk.client.deadline().unwrap();
    assert_eq!(due - talk.now, Duration::from_secs(6), "two before the eight are over");
    talk.passes(5_900);
    assert_eq!(talk.times_out(), NONE);
    talk.passes(100);
    assert_eq!(talk.times_out(), ["> PINGREQ"]);
    assert_eq!(talk.hears(Pingresp), NONE);
    talk.passes(4_000);
    talk.publishes("0", QoS::AtMostOnce);
    talk.passes(3_000);
    assert_eq!(talk.times_out(), NONE, "the PUBLISH was a sign of life");
}

#[test]
fn the_promise_binds_before_connack_too() {
    // MQTT-3.1.2-23
    let mut talk = Talk::new(Limits::default());
    talk.client.connect(talk.now, connect("c", true)).unwrap();
    talk.lines();
    talk.passes(6_000);
    assert_eq!(talk.times_out(), ["> PINGREQ"]);
}

#[test]
fn a_server_that_does_not_answer_is_left() {
    let mut talk = Talk::new(Limits::default());
    talk.client.connect(talk.now, connect("c", true)).unwrap();
    talk.lines();
    talk.passes(30_000);
    assert_eq!(
        talk.times_out(),
        ["close: the Server did not answer CONNECT in time [U-3.2-1]"],
        "and not a PINGREQ first"
    );

    talk.reconnect(true, false);
    let mut lines = Vec::new();
    while lines.last().is_none_or(|line| line == "> PINGREQ") {
        talk.now = talk.client.deadline().unwrap();
        lines.extend(talk.times_out());
    }
    assert_eq!(lines.len(), 6, "five in 30 seconds keep the promise");
    assert_eq!(lines[5], "close: the Server did not answer PINGREQ in time [U-3.1.2.10-1]");
    assert_eq!(talk.client.deadline(), None);
}

#[test]
fn a_server_in_the_middle_of_a_long_packet_is_there() {
    let mut talk = Talk::connected(true);
    talk.passes(6_000);
    assert_eq!(talk.times_out(), ["> PINGREQ"]);
    for _ in 0..20 {
        talk.passes(5_000);
        talk.client.handle(talk.now, Input::Heard).unwrap();
        assert!(talk.times_out().iter().all(|line| line == "> PINGREQ"));
    }
    assert_eq!(talk.hears(Pingresp), NONE);
}

#[test]
fn a_resumed_session_sends_again_what_has_no_answer() {
    // MQTT-4.4.0-1, MQTT-3.1.2-4, MQTT-4.1.0-1
    let mut talk = Talk::connected(false);
    talk.publishes("1", QoS::AtLeastOnce);
    talk.publishes("22", QoS::ExactlyOnce);
    talk.publishes("333", QoS::ExactlyOnce);
    talk.hears(Pubrec { packet_id: id(2) });
    assert_eq!(talk.loses_connection(), NONE);
    assert_eq!(talk.publishes("4444", QoS::AtLeastOnce), NONE);
    assert_eq!(
        talk.reconnect(false, true),
        [
            "connected, true",
            "> PUBREL id 2",
            r#"> PUBLISH "t" q1 id 1 dup, 1 octets"#,
            r#"> PUBLISH "t" q2 id 3 dup, 3 octets"#,
            r#"> PUBLISH "t" q1 id 4, 4 octets"#,
        ]
    );
    assert_eq!(talk.hears(Puback { packet_id: id(1) }), ["Token(0) Delivered"]);
    assert_eq!(talk.hears(Pubcomp { packet_id: id(2) }), ["Token(1) Delivered"]);
}

#[test]
fn a_server_that_has_forgotten_is_told_anew() {
    let mut talk = Talk::connected(false);
    talk.publishes("1", QoS::AtLeastOnce);
    talk.publishes("22", QoS::ExactlyOnce);
    talk.publishes("333", QoS::AtLeastOnce);
    talk.hears(Pubrec { packet_id: id(2) });
    talk.loses_connection();
    talk.publishes("4444", QoS::AtMostOnce);
    assert_eq!(
        talk.reconnect(false, false),
        [
            "connected, false",
            "Token(1) Delivered",
            r#"> PUBLISH "t" q1 id 1, 1 octets"#,
            r#"> PUBLISH "t" q1 id 2, 3 octets"#,
            r#"> PUBLISH "t" q0, 4 octets"#,
            "Token(3) Delivered",
        ]
    );
    assert_eq!(talk.hears(Puback { packet_id: id(2) }), ["Token(2) Delivered"]);
}

#[test]
fn a_message_received_before_is_not_received_again_after() {
    // MQTT-3.1.2-4
    let delivery = |dup| Delivery::ExactlyOnce { packet_id: id(7), dup };
    let mut talk = Talk::connected(false);
    assert_eq!(talk.hears(publish("x", delivery(false))), [r#"received b"x""#, "> PUBREC id 7"]);
    talk.loses_connection();
    talk.reconnect(false, true);
    assert_eq!(talk.hears(publish("x", delivery(true))), ["> PUBREC id 7"]);
    talk.loses_connection();
    talk.reconnect(false, false);
    assert_eq!(
        talk.hears(publish("y", delivery(false))),
        [r#"received b"y""#, "> PUBREC id 7"],
        "a Server without a Session means another message"
    );
}

#[test]
fn a_clean_session_ends_with_its_connection() {
    // MQTT-3.1.2-6
    let limits = Limits { in_flight: 1, ..Limits::default() };
    let mut talk = Talk::new(limits);
    talk.reconnect(true, false);
    talk.subscribes(&["a"]);
    talk.publishes("1", QoS::AtLeastOnce);
    talk.publishes("2", QoS::AtLeastOnce);
    assert_eq!(
        talk.loses_connection(),
        ["Token(1) GivenUp", "Token(0) GivenUp", "Token(2) GivenUp"]
    );
    assert_eq!(talk.reconnect(false, false), ["connected, false"]);
}

#[test]
fn a_clean_session_drops_what_was_kept() {
    // MQTT-3.1.2-6
    let mut talk = Talk::connected(false);
    talk.publishes("1", QoS::AtLeastOnce);
    talk.loses_connection();
    talk.client.connect(talk.now, connect("c", true)).unwrap();
    assert_eq!(
        talk.lines(),
        ["Token(0) GivenUp", r#"> CONNECT "c", clean session, keep alive 8 s"#]
    );
    talk.hears(Connack::Accepted { session_present: false });
    talk.loses_connection();
    assert_eq!(talk.reconnect(false, true), ["connected, true"], "nothing is sent again");
}

#[test]
fn another_client_identifier_is_another_session() {
    // MQTT-3.1.3-2
    let mut talk = Talk::connected(false);
    talk.publishes("1", QoS::AtLeastOnce);
    talk.loses_connection();
    talk.client.connect(talk.now, connect("d", false)).unwrap();
    assert_eq!(
        talk.lines(),
        ["Token(0) GivenUp", r#"> CONNECT "d", kept session, keep alive 8 s"#]
    );
}

#[test]
fn an_unanswered_subscription_is_asked_for_again_in_its_place() {
    let mut talk = Talk::connected(false);
    talk.subscribes(&["a"]);
    talk.publishes("1", QoS::AtLeastOnce);
    talk.client.unsubscribe(talk.now, TopicFilter::new("b").unwrap().into()).unwrap();
    talk.lines();
    assert_eq!(talk.loses_connection(), NONE);
    talk.publishes("2", QoS::AtMostOnce);
    assert_eq!(
        talk.reconnect(false, true),
        [
            "connected, true",
            r#"> PUBLISH "t" q1 id 2 dup, 1 octets"#,
            r#"> SUBSCRIBE id 4 "a" q1"#,
            r#"> UNSUBSCRIBE id 5 "b""#,
            r#"> PUBLISH "t" q0, 1 octets"#,
            "Token(3) Delivered",
        ]
    );
    assert_eq!(talk.hears(suback(4, 1)).len(), 1);
}

#[test]
fn nothing_follows_disconnect() {
    // MQTT-3.14.4-1, MQTT-3.14.4-2
    let mut talk = Talk::connected(false);
    talk.publishes("1", QoS::AtLeastOnce);
    talk.client.disconnect(talk.now);
    assert_eq!(talk.lines(), ["> DISCONNECT", "close: disconnected"]);
    let late = publish("x", Delivery::AtLeastOnce { packet_id: id(1), dup: false });
    assert_eq!(talk.hears(late), NONE);
    assert_eq!(talk.publishes("2", QoS::AtMostOnce), NONE);
    talk.passes(1_000_000);
    assert_eq!(talk.times_out(), NONE);
    talk.client.disconnect(talk.now);
    assert_eq!(talk.lines(), NONE);
    assert_eq!(talk.reconnect(false, true).len(), 4, "the Session is still there");
}

/// One row: what a Server does after accepting, and the statement that it breaks.
macro_rules! violations {
    ($($name:ident: $packet:expr => $statement:expr;)+) => {$(
        #[test]
        fn $name() {
            let mut talk = Talk::connected(true);
            talk.subscribes(&["a", "b"]);
            talk.publishes("1", QoS::AtLeastOnce);
            talk.publishes("2", QoS::ExactlyOnce);
            let violation = talk.client.handle(talk.now, Input::Packet($packet.into()));
            let violation = violation.unwrap_err();
            assert_eq!(violation.statement(), $statement);
            let close = format!("close: the Server broke the protocol: {violation}");
            assert_eq!(talk.lines()[0], close);
            assert!(close.ends_with(&format!("[{}]", $statement)));
        }
    )+};
}

violations! {
    // After SUBSCRIBE 1 with two filters, PUBLISH 2 of QoS 1, PUBLISH 3 of QoS 2
    second_connack:        Connack::Accepted { session_present: false } => "MQTT-4.8.0-1";
    suback_too_short:      suback(1, 1)                     => "MQTT-3.8.4-5";
    suback_too_long:       suback(1, 3)                     => "MQTT-3.8.4-5";
    suback_unasked:        suback(7, 1)                     => "MQTT-3.8.4-2";
    suback_for_publish:    suback(2, 1)                     => "MQTT-3.8.4-2";
    unsuback_unasked:      Unsuback { packet_id: id(7) }    => "MQTT-3.10.4-4";
    unsuback_for_sub:      Unsuback { packet_id: id(1) }    => "MQTT-3.10.4-4";
    puback_for_qos_2:      Puback { packet_id: id(3) }      => "MQTT-3.3.4-1";
    pubrec_for_qos_1:      Pubrec { packet_id: id(2) }      => "MQTT-3.3.4-1";
    pubcomp_too_early:     Pubcomp { packet_id: id(3) }     => "MQTT-4.3.3-2";
    connect_from_server:   connect("s", true)               => "MQTT-4.8.0-1";
    subscribe_from_server: Subscribe { packet_id: id(1), filters: wanted(&["a"]) } => "MQTT-4.8.0-1";
    unsubscribe_from_server:
        Unsubscribe { packet_id: id(1), filters: TopicFilter::new("a").unwrap().into() }
                                                            => "MQTT-4.8.0-1";
    pingreq_from_server:   Pingreq                          => "MQTT-4.8.0-1";
    disconnect_from_server: Disconnect                      => "MQTT-4.8.0-1";
}

#[test]
fn a_server_says_nothing_before_connack() {
    let first = publish("x", Delivery::AtMostOnce);
    for packet in [Packet::from(first), Pingresp.into(), Pingreq.into()] {
        let mut talk = Talk::new(Limits::default());
        talk.client.connect(talk.now, connect("c", false)).unwrap();
        talk.lines();
        let violation = talk.client.handle(talk.now, Input::Packet(packet)).unwrap_err();
        assert_eq!(violation.statement(), "MQTT-3.2.0-1");
    }
}

#[test]
fn a_clean_session_cannot_be_present() {
    let mut talk = Talk::new(Limits::default());
    talk.client.connect(talk.now, connect("c", true)).unwrap();
    let connack = Connack::Accepted { session_present: true };
    let violation = talk.client.handle(talk.now, Input::Packet(connack.into())).unwrap_err();
    assert_eq!(violation, Violation::SessionPresentForCleanSession);
    assert_eq!(violation.statement(), "MQTT-3.2.2-1");
}

#[test]
fn octets_that_are_no_packet_end_the_connection() {
    // MQTT-4.8.0-1, MQTT-4.8.0-2
    let undecodable = |octets: &[u8], decoder: Decoder| {
        let error = decoder.decode(&mut bytes::BytesMut::from(octets)).unwrap_err();
        let mut talk = Talk::connected(true);
        let result = talk.client.handle(talk.now, Input::Undecodable(error));
        let Some(Output::Close(reason)) = talk.client.poll_output() else { panic!("not closed") };
        (result.map_err(|violation| violation.statement()), reason)
    };
    let (result, reason) = undecodable(&[0x36, 0x00], Decoder::default());
    assert_eq!(result, Err("MQTT-3.3.1-4"));
    assert_eq!(reason.statement(), Some("MQTT-3.3.1-4"));
    let (result, _) = undecodable(b"\x10\x0c\0\x04MQTT\x05\x02\0\0\0\0", Decoder::default());
    assert_eq!(result, Err("MQTT-4.8.0-1"));
    let (result, reason) = undecodable(&[0x30, 0x63], Decoder::new(100));
    assert_eq!(result, Ok(()));
    let too_large = PacketTooLarge { packet_type: PacketType::Publish, size: 101, limit: 100 };
    assert_eq!(reason, CloseReason::TooLarge(too_large));
    assert_eq!(reason.statement(), Some("MQTT-4.8.0-2"));
}

/// One step of a conversation that nobody has thought of.
#[derive(Clone, Debug)]
enum Step {
    Connect { clean_session: bool },
    Disconnect,
    Lose,
    Publish(QoS),
    Subscribe,
    Unsubscribe,
    Hear(Packet),
    Sleep(u8),
}

fn packets() -> impl Strategy<Value = Packet> {
    let packet_id = (1_u16..=4).prop_map(id);
    prop_oneof![
        6 => any::<bool>().prop_map(|session_present| Connack::Accepted { session_present }.into()),
        6 => packet_id.clone().prop_map(|packet_id| Puback { packet_id }.into()),
        6 => packet_id.clone().prop_map(|packet_id| Pubrec { packet_id }.into()),
        6 => packet_id.clone().prop_map(|packet_id| Pubcomp { packet_id }.into()),
        3 => packet_id.clone().prop_map(|packet_id| Pubrel { packet_id }.into()),
        3 => packet_id.clone().prop_map(|packet_id| suback(packet_id.number(), 1).into()),
        3 => packet_id.clone().prop_map(|packet_id| Unsuback { packet_id }.into()),
        3 => (packet_id.clone(), any::<bool>()).prop_map(|(packet_id, dup)| {
            publish("x", Delivery::ExactlyOnce { packet_id, dup }).into()
        }),
        3 => packet_id.prop_map(|packet_id| {
            publish("x", Delivery::AtLeastOnce { packet_id, dup: false }).into()
        }),
        3 => Just(Pingresp.into()),
        1 => Just(Pingreq.into()),
    ]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => any::<bool>().prop_map(|clean_session| Step::Connect { clean_session }),
        1 => Just(Step::Disconnect),
        2 => Just(Step::Lose),
        4 => (0_u8..=2).prop_map(|qos| Step::Publish(QoS::from_number(qos).unwrap())),
        2 => Just(Step::Subscribe),
        1 => Just(Step::Unsubscribe),
        12 => packets().prop_map(Step::Hear),
        2 => any::<u8>().prop_map(Step::Sleep),
    ];
    prop::collection::vec(step, 0..60)
}

proptest! {
    /// Whatever a Server says: each command ends at most once, each connection begins with
    /// CONNECT, and nothing is sent without one. MQTT-3.1.0-1, MQTT-3.14.4-2
    #[test]
    fn any_conversation_is_in_order(steps in steps()) {
        let limits = Limits { in_flight: 2, waiting: 5, ..Limits::default() };
        let mut talk = Talk::new(limits);
        let mut ended = BTreeSet::new();
        let (mut is_open, mut is_opened) = (false, false);
        for step in steps {
            let now = talk.now;
            let _ = match step {
                Step::Connect { clean_session } => {
                    is_opened = talk.client.connect(now, connect("c", clean_session)).is_ok();
                    Ok(())
                }
                Step::Disconnect => {
                    talk.client.disconnect(now);
                    Ok(())
                }
                Step::Lose => {
                    let lost = talk.client.handle(now, Input::ConnectionLost);
                    is_open = false;
                    lost
                }
                Step::Publish(qos) => talk.client.publish(now, message("m", qos)).map(drop).or(Ok(())),
                Step::Subscribe => talk.client.subscribe(now, wanted(&["a"])).map(drop).or(Ok(())),
                Step::Unsubscribe => {
                    let filters = TopicFilter::new("a").unwrap().into();
                    talk.client.unsubscribe(now, filters).map(drop).or(Ok(()))
                }
                Step::Hear(packet) => talk.client.handle(now, Input::Packet(packet)),
                Step::Sleep(seconds) => {
                    talk.passes(1_000 * u64::from(seconds));
                    talk.client.handle(talk.now, Input::Timeout)
                }
            };
            talk.client.check_invariants();
            while let Some(output) = talk.client.poll_output() {
                match output {
                    Output::Send(packet) if is_opened => {
                        prop_assert_eq!(packet.packet_type(), PacketType::Connect);
                        (is_open, is_opened) = (true, false);
                    }
                    Output::Send(packet) => {
                        prop_assert!(is_open, "{} without a connection", packet);
                        prop_assert_ne!(packet.packet_type(), PacketType::Connect);
                    }
                    Output::Close(_) => is_open = false,
                    Output::Completed { token, .. } => prop_assert!(ended.insert(token)),
                    Output::Connected { .. } | Output::Received(_) => prop_assert!(is_open),
                }
            }
        }
    }
}
