use std::io;
use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::finding::Finding;
use crate::wire::{Connack, Framed, Octets, Publish, Suback};

/// A subject that has said all it will ever say.
struct Script {
    octets: Vec<u8>,
    /// What it says to a PINGREQ; nothing by default.
    to_pingreq: Vec<u8>,
    /// Whether it closes after that, or is silent.
    closes: bool,
}

impl Transport for Script {
    fn write(&mut self, octets: &[u8], _: Duration) -> io::Result<()> {
        if octets == Packet::Pingreq.octets() {
            self.octets.append(&mut self.to_pingreq);
        }
        Ok(())
    }

    fn read(&mut self, buffer: &mut [u8], wait: Duration) -> io::Result<usize> {
        if self.octets.is_empty() && !self.closes {
            // As a socket does: its clock, not the number of reads, ends the wait.
            std::thread::sleep(wait);
            return Err(io::ErrorKind::TimedOut.into());
        }
        let length = self.octets.len().min(buffer.len());
        buffer[..length].copy_from_slice(&self.octets[..length]);
        self.octets.drain(..length);
        Ok(length)
    }

    fn finish(&mut self) {}

    fn reset(self: Box<Self>) {}
}

fn peer(packets: &[Packet], closes: bool) -> (Peer, Record) {
    let octets = packets.iter().flat_map(Octets::octets).collect();
    peer_of_octets(octets, closes)
}

fn peer_of_octets(octets: Vec<u8>, closes: bool) -> (Peer, Record) {
    peer_of_script(Script { octets, to_pingreq: Vec::new(), closes })
}

fn peer_of_script(script: Script) -> (Peer, Record) {
    let wait = Duration::from_millis(2);
    let end = Instant::now() + Duration::from_secs(10);
    let patience = Patience {
        due: wait,
        close: wait,
        keep_alive: wait,
        late: Duration::ZERO,
        pace: Arc::default(),
        is_hasty: false,
        end,
    };
    let record = Record::new();
    (Peer::new("a".to_owned(), Box::new(script), record.clone(), patience), record)
}

fn text(outcome: Result<impl Sized, Finding>) -> String {
    outcome.err().map_or_else(|| "nothing wrong".to_owned(), |finding| finding.to_string())
}

#[test]
fn a_message_may_come_before_the_suback() {
    let message = Publish::qos1(1, "t", "m");
    let (mut peer, _) = peer(&[message.clone().into(), Suback::new(1, [1]).into()], false);
    assert_eq!(peer.subscribe("t", 1), Ok(1));
    assert_eq!(peer.expect_any_message(), Ok(message));
}

#[test]
fn answers_to_different_packets_may_come_in_any_order() {
    let (mut peer, _) = peer(&[Packet::Pubrec(2), Packet::Puback(1)], false);
    assert_eq!(peer.expect_puback(1), Ok(()));
    assert_eq!(peer.expect_pubrec(2), Ok(()));
}

#[test]
fn the_wrong_answer_fails_at_once() {
    let (mut peer, _) = peer(&[Packet::Puback(7)], false);
    assert_eq!(text(peer.expect_pubrec(7)), "expected PUBREC id=7, saw PUBACK id=7");
}

#[test]
fn what_came_instead_is_told() {
    let (mut peer, _) = peer(&[Packet::Puback(7)], true);
    let text = text(peer.expect_puback(8));
    assert!(text.starts_with("expected PUBACK id=8, saw PUBACK id=7, then the connection closed"));
}

#[test]
fn another_message_than_the_expected_one_fails() {
    let (mut peer, _) = peer(&[Publish::qos0("t", "old").into()], false);
    let expected = Delivery::on("t").payload("new");
    assert_eq!(
        text(peer.expect_publish(&expected)),
        r#"expected PUBLISH topic="t" payload "new", saw PUBLISH d0 q0 r0 topic="t" payload=3 octets "old""#
    );
}

#[test]
fn a_malformed_packet_fails_whatever_was_expected() {
    let (mut peer, _) = peer_of_octets(vec![0x36, 5, 0, 1, b't', 0, 1], false);
    let Err(Finding::Fail(mismatch)) = peer.expect_pingresp() else { panic!("it is malformed") };
    assert_eq!(mismatch.statement, Some("MQTT-3.3.1-4"));
    assert_eq!(mismatch.seen, "PUBLISH, malformed: QoS 3 (octet 0)");
}

#[test]
fn nothing_precedes_the_connack() {
    let packets = [Packet::Pingresp, Connack::accepted(false).into()];
    let (mut peer, _) = peer(&packets, false);
    peer.send(crate::wire::Connect::clean("a")).unwrap();
    let Err(Finding::Fail(mismatch)) = peer.expect_connack() else { panic!("it came second") };
    assert_eq!(mismatch.statement, Some("MQTT-3.2.0-1"));
}

#[test]
fn a_repeat_reaches_no_case() {
    let message = Publish::qos1(1, "t", "m");
    let packets = [message.clone().into(), message.dup().into(), Packet::Pingresp];
    let (mut peer, _) = peer(&packets, false);
    assert_eq!(peer.fence().unwrap().len(), 1);
}

#[test]
fn a_close_must_come_and_come_alone() {
    let (mut silent, _) = peer(&[], false);
    let seen = text(silent.expect_closed());
    assert!(
        seen.starts_with("expected the connection closed, saw the connection still open after"),
        "{seen}"
    );

    let (mut talkative, _) = peer(&[Packet::Pingresp], true);
    let seen = text(talkative.expect_closed());
    assert_eq!(seen, "expected the connection closed, saw PINGRESP");

    let (mut busy, _) = peer(&[Publish::qos0("t", "m").into()], true);
    assert_eq!(busy.expect_closed_ignoring_publish(), Ok(()));
}

#[test]
fn a_connection_goes_on_or_ends() {
    let (mut kept, _) = peer(&[Packet::Pubcomp(7), Packet::Pingresp], false);
    assert_eq!(kept.goes_on(), Ok(true));
    assert_eq!(kept.expect_pubcomp(7), Ok(()));

    let (mut closed, _) = peer(&[Packet::Pubcomp(7)], true);
    assert_eq!(closed.goes_on(), Ok(false));

    let (mut silent, _) = peer(&[], false);
    assert!(matches!(silent.goes_on(), Err(Finding::Inconclusive(_))));
}

#[test]
fn a_refusal_where_silence_was_due_is_a_warning() {
    let (mut polite, record) = peer(&[Connack::refused(2).into()], true);
    assert_eq!(polite.expect_closed_without_connack(), Ok(()));
    assert_eq!(record.take().warnings.len(), 1);

    let (mut careless, _) = peer(&[Connack::accepted(false).into()], true);
    let seen = text(careless.expect_closed_without_connack());
    assert!(seen.ends_with("saw CONNACK session=0 code=0 accepted"), "{seen}");
}

#[test]
fn a_refusal_before_the_close_is_a_warning_and_an_agreement_a_breach() {
    let (mut polite, record) = peer(&[Suback::new(1, [Suback::FAILURE]).into()], true);
    assert_eq!(polite.expect_closed(), Ok(()));
    assert_eq!(record.take().warnings.len(), 1);

    let (mut careless, _) = peer(&[Suback::new(1, [Suback::FAILURE, 0]).into()], true);
    let seen = text(careless.expect_closed());
    assert_eq!(seen, "expected the connection closed, saw SUBACK id=1 failure q0");

    let (mut half, _) = peer(&[Suback::new(1, [Suback::FAILURE]).into()], false);
    let seen = text(half.expect_closed());
    assert!(seen.starts_with(
        "expected the connection closed, saw SUBACK id=1 failure, then the connection still open"
    ));
}

#[test]
fn what_is_late_is_waited_for_at_a_second_look() {
    let wait = Duration::from_millis(2);
    let (mut hasty, _) = peer(&[], false);
    assert!(hasty.sooner_or_later(Some("MQTT-4.4.0-1"), Peer::expect_any_publish).is_err());

    let (mut patient, record) = peer(&[], false);
    patient.patience.late = wait * 10;
    let asked = std::cell::Cell::new(0);
    let late = patient.sooner_or_later(Some("MQTT-4.4.0-1"), |peer| {
        asked.set(asked.get() + 1);
        if asked.get() == 2 { Ok(()) } else { peer.expect_any_publish().map(drop) }
    });
    assert_eq!(late, Ok(()));
    assert_eq!(record.take().warnings[0].statement, Some("MQTT-4.4.0-1"));
    assert_eq!(patient.patience.due, wait);
}

/// What comes of the wait for SUBACK 1, at a second look, when a PINGREQ is answered by these.
fn behind_a_fence(answers: &[Packet]) -> (Peer, Result<Vec<u8>, Finding>) {
    let to_pingreq = answers.iter().flat_map(Octets::octets).collect();
    let (mut peer, _) = peer_of_script(Script { octets: Vec::new(), to_pingreq, closes: false });
    peer.record.accepted();
    peer.patience.late = Duration::from_secs(5);
    let outcome = peer.expect_suback(1);
    (peer, outcome)
}

#[test]
fn an_answer_before_the_fence_was_merely_late() {
    let suback = Packet::from(Suback::new(1, [0]));
    let (mut peer, late) = behind_a_fence(&[suback.clone(), Packet::Pingresp]);
    assert_eq!(late, Ok(vec![0]));
    assert_eq!(peer.expect_pingresp(), Ok(()));
}

#[test]
fn an_answer_that_the_fence_overtakes_is_missing() {
    let begin = Instant::now();
    let (peer, none) = behind_a_fence(&[Packet::Pingresp]);
    assert!(text(none).starts_with("expected SUBACK id=1, saw nothing for"));
    assert!(peer.unread.is_empty(), "the PINGRESP is the judge's own affair");
    assert!(begin.elapsed() < Duration::from_secs(5), "it need not wait any longer");
}

#[test]
fn a_refusal_of_another_version_and_the_close_are_a_warning() {
    let (mut peer, record) = peer_of_octets(vec![0x20, 3, 0, 0x81, 0], true);
    peer.record.sent_invalid();
    assert_eq!(peer.expect_closed_without_connack(), Ok(()));
    assert_eq!(
        record.take().warnings[0].seen,
        "CONNACK, malformed: wrong length for CONNACK (octet 1), then the close"
    );

    let (mut open, _) = peer_of_octets(vec![0x20, 3, 0, 0x81, 0], false);
    open.record.sent_invalid();
    assert!(text(open.expect_closed_without_connack()).ends_with("then the connection still open"));
    let (mut accepted, _) = peer_of_octets(vec![0x20, 3, 0, 0, 0], true);
    accepted.record.sent_invalid();
    assert!(accepted.expect_closed_without_connack().is_err());
}

#[test]
fn silence_makes_a_case_doubtful() {
    let (mut silent, record) = peer(&[], false);
    assert!(silent.expect_pingresp().is_err());
    assert!(record.take().doubtful);
    let (mut wrong, record) = peer(&[Packet::Puback(7)], false);
    assert!(wrong.expect_pubrec(7).is_err());
    assert!(!record.take().doubtful);
}

#[test]
fn a_connection_that_ends_too_early_is_worth_a_look_alone() {
    let (mut ended, record) = peer(&[], true);
    assert!(ended.expect_pingresp().is_err());
    assert!(record.take().interrupted);
    let (mut silent, record) = peer(&[], false);
    assert!(silent.expect_pingresp().is_err());
    assert!(!record.take().interrupted);
}

#[test]
fn who_ends_one_direction_reads_on() {
    let (mut peer, _) = peer(&[Packet::Puback(1)], true);
    assert_eq!(peer.half_close(), Ok(()));
    assert_eq!(peer.send(Packet::Pingreq), Ok(()));
    assert_eq!(peer.expect_puback(1), Ok(()));
    assert_eq!(peer.expect_closed(), Ok(()));
}

#[test]
fn an_early_close_is_a_warning() {
    let (mut peer, record) = peer(&[], true);
    assert!(peer.expect_keep_alive_close(1).is_ok());
    assert_eq!(record.take().warnings.len(), 1);
}

#[test]
fn preparations_that_fail_leave_the_case_open() {
    let (mut silent, _) = peer(&[], false);
    assert!(matches!(silent.subscribe("t", 1), Err(Finding::Inconclusive(_))));
    assert!(matches!(silent.fence(), Err(Finding::Inconclusive(_))));
    assert!(matches!(silent.until_own_sentinel("t", 0), Err(Finding::Inconclusive(_))));

    let (mut refuses, _) = peer(&[Suback::new(1, [Suback::FAILURE]).into()], false);
    assert!(matches!(refuses.subscribe("t", 1), Err(Finding::Unsupported(_))));
}

#[test]
fn messages_of_other_cases_are_answered_and_forgotten() {
    let packets = [
        Publish::qos2(5, "other/t", "m").into(),
        Packet::Pubrel(5),
        Publish::qos0("mine/t", "m").into(),
        Packet::Pingresp,
    ];
    let (mut peer, _) = peer(&packets, false);
    peer.hear_only("mine/");
    assert_eq!(peer.fence(), Ok(vec![Publish::qos0("mine/t", "m").into()]));
}

#[test]
fn messages_that_stray_in_from_other_cases_are_forgotten() {
    let messages =
        ["all/mine/t", "all/other/t", "$SYS/load"].map(|topic| Publish::qos0(topic, "m").into());
    let (peer, _) = peer(&[&messages[..], &[Packet::Pingresp]].concat(), false);
    let mut peer = peer.of_case("all/", "all/mine/".to_owned());
    assert_eq!(peer.fence(), Ok(vec![messages[0].clone(), messages[2].clone()]));
}

#[test]
fn what_another_case_broke_is_forgotten_unread() {
    let broken = [
        Publish { dup: true, ..Publish::qos0("all/other/t", "m") }.octets(),
        Publish { qos: 3, ..Publish::qos1(1, "all/other/t", "m") }.octets(),
        Publish::qos1(0, "all/other/t", "m").octets(),
        Publish::qos0(*b"all/other/\xff", "m").octets(),
        Publish::qos0("all/other/#", "m").octets(),
        Packet::Pingresp.octets(),
    ];
    let (peer, _) = peer_of_octets(broken.concat(), false);
    let mut peer = peer.of_case("all/", "all/mine/".to_owned());
    assert_eq!(peer.fence(), Ok(Vec::new()));

    let nameless = [Publish::qos0("", "m").octets(), Packet::Pingresp.octets()].concat();
    let (mut peer, _) = peer_of_octets(nameless, false);
    peer.hear_only("mine/");
    assert_eq!(peer.fence(), Ok(Vec::new()));
}

#[test]
fn the_judge_sends_what_it_says_it_sends() {
    let told = |outcome: Result<(), Finding>| match outcome {
        Err(Finding::Error(text)) => text,
        other => panic!("{other:?}"),
    };
    let sender = || peer(&[], false).0;
    let flawed = || Packet::Pingreq.with_first_byte(0xc1);
    assert_eq!(
        told(sender().send(flawed())),
        "the judge sent this as packets in good order: \
         PINGREQ, malformed: wrong flag bits for PINGREQ (octet 0)"
    );
    assert_eq!(
        told(sender().send_invalid(Packet::Pingreq)),
        "the judge sent this as a breach of the rules: PINGREQ"
    );
    assert_eq!(
        told(sender().send_part(Packet::Pingreq)),
        "the judge sent this as a part of a packet: PINGREQ"
    );
    assert_eq!(sender().send_invalid(flawed()), Ok(()));

    let mut slow = sender();
    assert_eq!(slow.send_part([0xc0]), Ok(()));
    assert_eq!(slow.send([0x00]), Ok(()));
    // Behind a length without an end nothing can be told apart.
    assert_eq!(slow.send_invalid(Packet::Pingreq.with_remaining_length(&[0xff; 5])), Ok(()));
    assert_eq!(slow.send(flawed()), Ok(()));
}

#[test]
fn more_than_one_prefix_may_be_ones_own() {
    let messages = ["mine/t", "other/t", "$mine/t"].map(|topic| Publish::qos0(topic, "m").into());
    let (mut peer, _) = peer(&[&messages[..], &[Packet::Pingresp]].concat(), false);
    peer.hear_only("mine/");
    peer.hear_only("$mine/");
    assert_eq!(peer.fence(), Ok(vec![messages[0].clone(), messages[2].clone()]));
}

#[test]
fn what_a_case_leaves_behind_is_noted() {
    let (mut peer, record) = peer(&[], false);
    let connect = crate::wire::Connect::persistent("kept").will("will", "x", 0, true);
    peer.send(connect).unwrap();
    peer.send(Publish::qos0("retained", "x").retain()).unwrap();
    let pages = record.take();
    assert_eq!(pages.kept_sessions, [b"kept"]);
    assert_eq!(pages.retained, [b"will".as_slice(), b"retained"]);
}

#[test]
fn what_is_no_packet_does_not_put_off_the_keep_alive() {
    let (mut peer, _) = peer(&[], true);
    let mut nuisances = 0;
    let every = Duration::from_millis(1);
    let quiet = peer.expect_keep_alive_close_despite(0, every, |peer| {
        nuisances += 1;
        peer.send_part([0x30])
    });
    assert!(quiet.is_ok());
    assert_eq!(nuisances, 1, "none after the close");

    let (mut peer, _) = self::peer(&[], false);
    let patient = peer.expect_keep_alive_close_despite(0, every, |_| Ok(()));
    assert!(
        text(patient)
            .starts_with("expected the connection closed, saw the connection still open after ")
    );
}

/// A subject that says the same without end.
struct Flood(Vec<u8>);

impl Transport for Flood {
    fn write(&mut self, _: &[u8], _: Duration) -> io::Result<()> {
        Ok(())
    }

    fn read(&mut self, buffer: &mut [u8], _: Duration) -> io::Result<usize> {
        for (octet, next) in buffer.iter_mut().zip(self.0.iter().cycle()) {
            *octet = *next;
        }
        Ok(buffer.len() / self.0.len() * self.0.len())
    }

    fn finish(&mut self) {}

    fn reset(self: Box<Self>) {}
}

#[test]
fn a_flood_is_given_up() {
    let small = Publish::qos0("t", "").octets();
    let endless = vec![0x30, 0xff, 0xff, 0xff, 0x7f];
    for (octets, least) in [(small, 1_000), (endless, 0)] {
        let wait = Duration::from_secs(60);
        let patience = Patience {
            due: wait,
            close: wait,
            keep_alive: wait,
            late: Duration::ZERO,
            pace: Arc::default(),
            is_hasty: false,
            end: Instant::now() + wait,
        };
        let (record, flood) = (Record::new(), Box::new(Flood(octets)));
        let mut peer = Peer::new("a".to_owned(), flood, record.clone(), patience);
        let told = text(peer.expect_pingresp());
        assert!(told.starts_with("a flood: "), "{told}");
        assert!(peer.is_closed() && peer.unread.is_empty());
        assert!((least..=1_001).contains(&record.take().entries.len()));
    }
}
