//! The sender's half against a list of flights, of which each knows when what happened to it.

use std::sync::Arc;

use bytes::Bytes;
use proptest::prelude::*;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};

use crate::packet::{Packet, PacketId, Puback, Pubcomp, Pubrec, QoS};
use crate::session::{Completed, Message, Outbound, Sending};
use crate::topic::TopicName;

/// How many messages may be on their way.
const LIMIT: u16 = 3;

/// All that a sender has to know, without any order that would have to be kept.
#[derive(Clone, Debug)]
struct Flights {
    flights: Vec<Flight>,
    lent: Vec<u16>,
    /// The identifier that was given out last.
    last: u16,
    /// How many steps there have been.
    now: usize,
    /// What came of the last one.
    came: String,
}

/// One message of QoS 1 or 2; its payload has as many octets as steps had been.
#[derive(Clone, Debug)]
struct Flight {
    number: u16,
    is_twice: bool,
    sent: usize,
    released: Option<usize>,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Publish(QoS),
    Puback(u16),
    Pubrec(u16),
    Pubcomp(u16),
    Lend,
    /// Gives back one of those that are lent.
    Return(u16),
    /// The half is made anew from what it keeps.
    Restart,
}

impl Flights {
    fn is_in_use(&self, number: u16) -> bool {
        self.lent.contains(&number) || self.flights.iter().any(|flight| flight.number == number)
    }

    /// The next in turn that is not in use.
    fn take(&mut self) -> u16 {
        let next = |number: u16| if number == u16::MAX { 1 } else { number + 1 };
        let mut number = next(self.last);
        while self.is_in_use(number) {
            number = next(number);
        }
        self.last = number;
        number
    }

    /// Takes in an acknowledgement that ends a flight of which `fits` holds.
    fn end(&mut self, number: u16, fits: impl Fn(&Flight) -> bool) -> String {
        match self.flights.iter().position(|flight| flight.number == number) {
            None => "nothing".to_owned(),
            Some(place) if fits(&self.flights[place]) => {
                self.flights.remove(place);
                format!("{number} is free")
            }
            Some(_) => "unexpected".to_owned(),
        }
    }

    /// What is held until it is answered: the topic has one octet.
    fn octets(&self) -> usize {
        let held = self.flights.iter().filter(|flight| flight.released.is_none());
        held.map(|flight| 1 + flight.sent).sum()
    }

    /// What goes out on a new connection.
    fn again(&self) -> Vec<String> {
        let mut lines: Vec<(bool, usize, String)> = Vec::new();
        for Flight { number, is_twice, sent, released } in &self.flights {
            let qos = 1 + u8::from(*is_twice);
            lines.push(match released {
                Some(when) => (false, *when, format!("PUBREL id {number}")),
                None => {
                    (true, *sent, format!("PUBLISH \"t\" q{qos} id {number} dup, {sent} octets"))
                }
            });
        }
        lines.sort();
        lines.into_iter().map(|(.., line)| line).collect()
    }
}

impl ReferenceStateMachine for Flights {
    type State = Self;
    type Transition = Step;

    /// Begins with one flight, so that identifiers come from anywhere, and go over the end.
    fn init_state() -> BoxedStrategy<Self> {
        prop::sample::select(vec![1, 2, 65_533, 65_534, 65_535])
            .prop_map(|number| Self {
                flights: vec![Flight { number, is_twice: true, sent: 0, released: Some(0) }],
                lent: Vec::new(),
                last: number,
                now: 0,
                came: String::new(),
            })
            .boxed()
    }

    fn transitions(state: &Self) -> BoxedStrategy<Step> {
        // Mostly what is there, sometimes what is not.
        let mut numbers: Vec<u16> = state.flights.iter().map(|flight| flight.number).collect();
        numbers.extend_from_slice(&state.lent);
        numbers.push(7);
        let number = || prop::sample::select(numbers.clone());
        let qos = vec![QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce, QoS::ExactlyOnce];
        prop_oneof![
            4 => prop::sample::select(qos).prop_map(Step::Publish),
            2 => number().prop_map(Step::Puback),
            3 => number().prop_map(Step::Pubrec),
            2 => number().prop_map(Step::Pubcomp),
            1 => Just(Step::Lend),
            1 => number().prop_map(Step::Return),
            1 => Just(Step::Restart),
        ]
        .boxed()
    }

    fn preconditions(state: &Self, step: &Step) -> bool {
        match step {
            // To acknowledge an identifier that is lent is another matter: SUBACK does.
            Step::Puback(number) | Step::Pubrec(number) | Step::Pubcomp(number) => {
                !state.lent.contains(number)
            }
            Step::Return(number) => state.lent.contains(number),
            Step::Publish(_) | Step::Lend | Step::Restart => true,
        }
    }

    fn apply(mut state: Self, step: &Step) -> Self {
        state.now += 1;
        let now = state.now;
        state.came = match *step {
            Step::Publish(QoS::AtMostOnce) => format!("PUBLISH \"t\" q0, {now} octets"),
            Step::Publish(_) if state.flights.len() == usize::from(LIMIT) => "no room".to_owned(),
            Step::Publish(qos) => {
                let (number, is_twice) = (state.take(), qos == QoS::ExactlyOnce);
                state.flights.push(Flight { number, is_twice, sent: now, released: None });
                format!("PUBLISH \"t\" q{qos} id {number}, {now} octets")
            }
            Step::Puback(number) => state.end(number, |flight| !flight.is_twice),
            Step::Pubcomp(number) => state.end(number, |flight| flight.released.is_some()),
            Step::Pubrec(number) => {
                match state.flights.iter_mut().find(|flight| flight.number == number) {
                    Some(flight) if !flight.is_twice => "unexpected".to_owned(),
                    flight => {
                        if let Some(flight) = flight {
                            flight.released.get_or_insert(now);
                        }
                        format!("PUBREL id {number}")
                    }
                }
            }
            Step::Lend => {
                let number = state.take();
                state.lent.push(number);
                number.to_string()
            }
            Step::Return(number) => {
                state.lent.retain(|lent| *lent != number);
                String::new()
            }
            Step::Restart => {
                // What was lent was of the connection; and it counts on from what is left.
                state.lent.clear();
                let latest = |flight: &&Flight| {
                    (flight.released.is_none(), flight.released.unwrap_or(flight.sent))
                };
                let last = state.flights.iter().max_by_key(latest);
                state.last = last.map_or(0, |flight| flight.number);
                String::new()
            }
        };
        state
    }
}

/// The program's own half, and how many identifiers it has lent.
#[derive(Debug)]
struct Tried {
    sending: Sending,
    lent: usize,
    now: usize,
}

impl StateMachineTest for Tried {
    type SystemUnderTest = Self;
    type Reference = Flights;

    fn init_test(state: &Flights) -> Self {
        let released = state.flights.iter().map(|flight| id(flight.number));
        Self { sending: Sending::resumed(LIMIT, [], released), lent: 0, now: 0 }
    }

    fn apply(mut tried: Self, state: &Flights, step: Step) -> Self {
        tried.now += 1;
        let came = tried.take(step);
        assert_eq!(came, state.came, "{step:?}");
        let again: Vec<String> = tried.sending.resend().map(|packet| packet.to_string()).collect();
        assert_eq!(again, state.again(), "after {step:?}");
        assert_eq!(tried.sending.in_flight(), state.flights.len());
        assert_eq!(tried.sending.octets(), state.octets());
        assert_eq!(tried.sending.has_room(), state.flights.len() < usize::from(LIMIT));
        tried.sending.check_invariants(tried.lent);
        tried
    }
}

impl Tried {
    fn take(&mut self, step: Step) -> String {
        let sending = &mut self.sending;
        let ended = |completed| match completed {
            Ok(Completed::Delivery(packet_id)) => format!("{packet_id} is free"),
            Ok(Completed::Nothing) => "nothing".to_owned(),
            Err(_) => "unexpected".to_owned(),
        };
        match step {
            Step::Publish(qos) => match sending.publish(outbound(qos, self.now)) {
                Some(publish) => Packet::from(publish).to_string(),
                None => "no room".to_owned(),
            },
            Step::Puback(number) => ended(sending.puback(Puback { packet_id: id(number) })),
            Step::Pubcomp(number) => ended(sending.pubcomp(Pubcomp { packet_id: id(number) })),
            Step::Pubrec(number) => match sending.pubrec(Pubrec { packet_id: id(number) }) {
                Ok(pubrel) => Packet::from(pubrel).to_string(),
                Err(_) => "unexpected".to_owned(),
            },
            Step::Lend => {
                self.lent += 1;
                sending.lend_id().expect("there are 65,535").to_string()
            }
            Step::Return(number) => {
                self.lent -= 1;
                sending.return_id(id(number));
                String::new()
            }
            Step::Restart => {
                self.lent = 0;
                let (mut unacknowledged, mut released) = (Vec::new(), Vec::new());
                for packet in sending.resend() {
                    match packet {
                        Packet::Pubrel(pubrel) => released.push(pubrel.packet_id),
                        Packet::Publish(publish) => {
                            let packet_id = publish.delivery.packet_id().expect("QoS 1 or 2");
                            let (qos, octets) = (publish.delivery.qos(), publish.payload.len());
                            unacknowledged.push((packet_id, outbound(qos, octets)));
                        }
                        other => panic!("{other} is not sent again"),
                    }
                }
                *sending = Sending::resumed(LIMIT, unacknowledged, released);
                String::new()
            }
        }
    }
}

prop_state_machine! {
    #[test]
    fn sends_what_a_list_of_flights_says(sequential 1..40 => Tried);
}

fn id(number: u16) -> PacketId {
    PacketId::new(number).unwrap()
}

fn outbound(qos: QoS, octets: usize) -> Outbound {
    let (topic, payload) = (TopicName::new("t").unwrap(), Bytes::from(vec![b'x'; octets]));
    Outbound {
        message: Arc::new(Message { topic, payload, qos, retain: false }),
        qos,
        retain: false,
    }
}
