use serde_json::{Value, json};

use super::*;
use crate::wire::{Connack, Connect, Octets as _, Packet, Publish};

/// A second CONNECT that is answered, where the connection should be closed.
fn example() -> Transcript {
    let mut script = Script::default();
    script.tag = "abc123".to_owned();
    let connect = Connect::clean("abc123twice").octets();
    let accepted = Packet::Connack(Connack::accepted(false));
    let connection = script.next_connection();
    let send = || Action::Send { octets: connect.clone(), pieces: None, text: vec![] };
    let receive = || Action::Receive { octets: accepted.octets(), text: String::new() };
    script.push(0, connection, Action::Open { peer: "twice".to_owned() });
    script.push(0, connection, send());
    script.push(1, connection, receive());
    script.push(1, connection, send());
    script.push(2, connection, receive());
    let expected = Expectation::Close { before: Tolerated::Nothing };
    let unread = [accepted];
    let deviation = script.deviation(connection, expected, 5_000, unread.iter(), End::Told);
    script.push(3, connection, Action::Close);
    let mut mismatch = Mismatch::new("the connection closed", "CONNACK code=0 accepted");
    mismatch.deviation = Some(Box::new(deviation));
    let name = ("connect/second-connect-closes", "One CONNECT is enough.");
    Transcript::new(name, &["MQTT-3.1.0-2"], &mismatch, script)
}

#[test]
fn what_came_instead_belongs_to_the_deviation_and_not_to_the_steps() {
    let transcript = example();
    let kinds: Vec<_> = transcript.steps.iter().map(|step| kind(&step.action)).collect();
    assert_eq!(kinds, ["open", "send", "receive", "send"]);
    let seen = &transcript.deviation.seen;
    assert_eq!(seen.packets.len(), 1);
    assert_eq!(seen.to_string(), "CONNACK session=0 code=0 accepted");
}

fn kind(action: &Action) -> String {
    serde_json::to_value(action).unwrap()["do"].as_str().unwrap().to_owned()
}

#[test]
fn a_file_has_a_step_a_line() {
    let text = example().to_json();
    let lines: Vec<_> = text.lines().filter(|line| line.contains("\"do\":")).collect();
    assert_eq!(lines.len(), 4);
    insta::assert_snapshot!(lines[2], @r#"    {"at_ms":1,"connection":1,"do":"receive","octets":"20020000","text":"CONNACK session=0 code=0 accepted"},"#);
}

#[test]
fn what_is_written_can_be_read_and_has_the_form_of_the_schema() {
    let schema = include_str!("../../schema/transcript.schema.json");
    let schema = jsonschema::validator_for(&serde_json::from_str(schema).unwrap()).unwrap();
    let mut transcript = example();
    transcript.deviation.expected = Expectation::Packet {
        packet: Pattern::Message(Delivery::on("t").payload("x").qos(1).retain(false).dup(false)),
    };
    for transcript in [example(), transcript] {
        let text = transcript.to_json();
        let value: Value = serde_json::from_str(&text).unwrap();
        let errors: Vec<_> = schema.iter_errors(&value).map(|error| error.to_string()).collect();
        assert_eq!(errors, [""; 0]);
        let again = Transcript::from_json(&text, None).unwrap();
        assert_eq!(again.to_json(), text);
    }
}

#[test]
fn a_report_gives_the_transcript_of_one_case() {
    let replay = serde_json::to_value(example()).unwrap();
    let mut other = replay.clone();
    other["case"] = json!("will/other");
    let report = |cases: &[&Value]| {
        let cases: Vec<_> = cases.iter().map(|replay| json!({ "replay": replay })).collect();
        json!({ "schema": 1, "cases": cases }).to_string()
    };
    let one = report(&[&Value::Null, &replay]);
    assert_eq!(Transcript::from_json(&one, None).unwrap().to_json(), example().to_json());
    let two = report(&[&replay, &other]);
    assert_eq!(Transcript::from_json(&two, Some("will/other")).unwrap().case, "will/other");
    for (text, case, error) in [
        (
            &two,
            None,
            "the report has the transcripts of connect/second-connect-closes, will/other; name one by --case",
        ),
        (
            &one,
            Some("x"),
            "the report has the transcripts of connect/second-connect-closes; name one by --case",
        ),
        (
            &report(&[&Value::Null]),
            None,
            "no case of this report failed in a conversation that could be had again",
        ),
    ] {
        assert_eq!(Transcript::from_json(text, case).unwrap_err().to_string(), error);
    }
}

#[test]
fn what_is_no_transcript_is_told() {
    let bent = |bend: &dyn Fn(&mut Value)| {
        let mut value = serde_json::to_value(example()).unwrap();
        bend(&mut value);
        Transcript::from_json(&value.to_string(), None).unwrap_err().to_string()
    };
    let version = bent(&|value| value["transcript"] = json!(7));
    assert_eq!(version, "transcripts of version 7 are not known here, only 1");
    let unknown = bent(&|value| value["steps"][0]["do"] = json!("dance"));
    assert!(unknown.contains("unknown variant `dance`"), "{unknown}");
    let odd = bent(&|value| value["steps"][1]["octets"] = json!("3"));
    assert!(odd.contains("half an octet at the end"), "{odd}");
    let closed = bent(&|value| value["steps"][1]["connection"] = json!(2));
    assert!(closed.ends_with("step 2: connection 2 was not opened"), "{closed}");
    let twice = bent(&|value| value["steps"][1] = json!({ "connection": 1, "do": "open" }));
    assert!(twice.ends_with("step 2: connection 1 is open already"), "{twice}");
}

#[test]
fn a_flood_is_cut_and_it_is_known() {
    let mut script = Script::default();
    let connection = script.next_connection();
    let octets = Publish::qos0("t", vec![0; 1 << 20]).octets();
    for _ in 0..9 {
        let octets = octets.clone();
        script.push(0, connection, Action::Send { octets, pieces: None, text: vec![] });
    }
    assert!(!script.is_whole());
}

#[test]
fn a_packet_is_picked_by_its_pattern() {
    let publish = Packet::Publish(Publish::qos1(7, "t", "x"));
    for (pattern, packet, pick) in [
        (Pattern::Any, Packet::Pingresp, Pick::Take),
        (Pattern::AnyMessage, Packet::Pingresp, Pick::Leave),
        (Pattern::AnyMessage, publish.clone(), Pick::Take),
        (Pattern::Message(Delivery::on("t").qos(1)), publish.clone(), Pick::Take),
        (Pattern::Message(Delivery::on("t").qos(0)), publish.clone(), Pick::Wrong),
        (Pattern::Message(Delivery::on("t")), Packet::Puback(7), Pick::Leave),
        (Pattern::Connack { code: None }, Connack::refused(5).into(), Pick::Take),
        (Pattern::Connack { code: Some(0) }, Connack::refused(5).into(), Pick::Wrong),
        (Pattern::Connack { code: None }, publish, Pick::Wrong),
        (Pattern::exactly(&Packet::Pubrec(7)), Packet::Pubrec(7), Pick::Take),
        (Pattern::exactly(&Packet::Pubrec(7)), Packet::Puback(7), Pick::Wrong),
        (Pattern::exactly(&Packet::Pubrec(7)), Packet::Pubrec(8), Pick::Leave),
        (Pattern::Suback { id: 1 }, Packet::Unsuback(1), Pick::Wrong),
    ] {
        assert_eq!(pattern.pick(&packet), pick, "{pattern} {packet}");
    }
}

#[test]
fn a_line_of_shell_says_it_again() {
    let line = example().to_shell("localhost", 1883).unwrap();
    insta::assert_snapshot!(line, @r"(printf '\020\027\000\004MQTT\004\002\000<\000\013abc123twice'; sleep 0.5; printf '\020\027\000\004MQTT\004\002\000<\000\013abc123twice') | nc -q 2 localhost 1883 | xxd");
    let mut open = example();
    open.deviation.seen = Seen { packets: vec![], end: End::Open };
    let line = open.to_shell("localhost", 1883).unwrap();
    let end = line.split_once("; sleep 5; ").unwrap().1;
    insta::assert_snapshot!(end, @r"printf '\300\000') | nc -q 2 localhost 1883 | xxd  # d000 at the end: it is still open");
    let mut two = example();
    two.steps.push(Step {
        at_ms: 9,
        connection: 2,
        action: Action::Open { peer: String::new() },
        aside: false,
    });
    assert_eq!(two.to_shell("localhost", 1883), None);
}
