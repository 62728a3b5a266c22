//! The sender's and the receiver's half, and a network that loses the connection at any step.
//!
//! Clauses: [MQTT-2.3.1-2], [MQTT-4.3.1-1], [MQTT-4.3.2-1], [MQTT-4.3.2-2], [MQTT-4.3.3-1],
//! [MQTT-4.3.3-2], [MQTT-4.4.0-1], [MQTT-4.6.0-1] to [MQTT-4.6.0-4].

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use mqttspec::packet::{Packet, PacketId, Pubrec, Pubrel, QoS};
use mqttspec::session::{Message, Outbound, Receiving, Sending};
use mqttspec::topic::TopicName;
use stateright::{Model, Property};

mod every_state;

/// What is sent, and what may happen meanwhile.
#[derive(Clone, Debug)]
struct Delivery {
    messages: Vec<QoS>,
    in_flight: u16,
    /// How often the connection may be lost.
    losses: u8,
    /// Whether the Session may be gone after a loss.
    may_discard: bool,
    /// Whether the first message is on its way with the first identifier when the last is next.
    is_old: bool,
    bug: Option<Bug>,
}

/// A mistake in how the machines are put to use.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Bug {
    /// The sender gives up on what was on its way when the connection is lost.
    ForgetsOnLoss,
    /// The sender answers PUBREC and does not take it down: PUBLISH is what it sends again.
    ForgetsRelease,
    /// The receiver forgets what has come when the connection is lost.
    ForgetsIdentifiers,
    /// Identifiers begin anew behind the last, in use or not.
    ForgetsTheFirst,
    /// Messages of QoS 0 are sent again, too.
    RepeatsFleeting,
    /// What is sent again is sent in the wrong order.
    ResendsBackwards,
    /// Each message has the same identifier.
    SameIdentifier,
    /// The receiver answers PUBREL only where it knows the identifier.
    SilentOnRelease,
}

/// Both sides and what is between them.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
struct State {
    sending: Sending,
    receiving: Receiving,
    /// In order, as TCP has it.
    forward: VecDeque<Packet>,
    back: VecDeque<Packet>,
    connected: bool,
    losses: u8,
    published: usize,
    /// What was passed on, in order.
    passed: Vec<u8>,
    /// What the sender gave up on when the Session was gone.
    given_up: BTreeSet<u8>,
    /// Identifiers of new messages that were in use when they were sent.
    reused: bool,
    /// An acknowledgement that could not be.
    unexpected: bool,
}

#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
enum Action {
    Publish,
    /// The next packet arrives at the receiver, or at the sender.
    Arrive,
    Return,
    /// The connection is lost, with all that is on its way.
    Lose,
    /// One side is restarted from what it keeps, and the connection is lost.
    RestartSender,
    RestartReceiver,
    /// A new connection, on which the Session goes on.
    Resume,
    /// A new connection, and the Session is gone on both sides.
    Discard,
}

impl Model for Delivery {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let mut state = State {
            sending: Sending::new(self.in_flight),
            receiving: Receiving::default(),
            forward: VecDeque::new(),
            back: VecDeque::new(),
            connected: true,
            losses: self.losses,
            published: 0,
            passed: Vec::new(),
            given_up: BTreeSet::new(),
            reused: false,
            unexpected: false,
        };
        if self.is_old {
            self.publish(&mut state);
            for _ in 2..u16::MAX {
                let packet_id = state.sending.lend_id().expect("nearly all are free");
                state.sending.return_id(packet_id);
            }
        }
        vec![state]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        if !state.connected {
            actions.push(Action::Resume);
            if self.may_discard {
                actions.push(Action::Discard);
            }
            return;
        }
        if self.can_publish(state) {
            actions.push(Action::Publish);
        }
        if !state.forward.is_empty() {
            actions.push(Action::Arrive);
        }
        if !state.back.is_empty() {
            actions.push(Action::Return);
        }
        if state.losses > 0 {
            actions.extend([Action::Lose, Action::RestartSender, Action::RestartReceiver]);
        }
    }

    fn next_state(&self, before: &State, action: Action) -> Option<State> {
        let mut state = before.clone();
        match action {
            Action::Publish => self.publish(&mut state),
            Action::Arrive => {
                let packet = state.forward.pop_front()?;
                self.arrive(&mut state, packet);
            }
            Action::Return => {
                let packet = state.back.pop_front()?;
                match packet {
                    Packet::Pubrec(Pubrec { packet_id })
                        if self.bug == Some(Bug::ForgetsRelease) =>
                    {
                        state.forward.push_back(Pubrel { packet_id }.into());
                    }
                    packet => state.take_back(packet),
                }
            }
            Action::Lose => self.lose(&mut state),
            Action::RestartSender => {
                state.sending = restarted(&state.sending, self.in_flight);
                self.lose(&mut state);
            }
            Action::RestartReceiver => {
                state.receiving = state.receiving.unreleased().collect();
                self.lose(&mut state);
            }
            Action::Resume => {
                state.connected = true;
                let mut again: VecDeque<Packet> = state.sending.resend().collect();
                if self.bug == Some(Bug::RepeatsFleeting) {
                    let is_fleeting = |number: &usize| self.messages[*number] == QoS::AtMostOnce;
                    for number in (0..state.published).filter(is_fleeting) {
                        again
                            .extend(state.sending.publish(self.outbound(number)).map(Packet::from));
                    }
                }
                if self.bug == Some(Bug::ResendsBackwards) {
                    again = again.into_iter().rev().collect();
                }
                state.forward = again;
            }
            Action::Discard => {
                state.connected = true;
                state.given_up.extend(state.unfinished());
                state.sending = Sending::new(self.in_flight);
                state.receiving = Receiving::default();
            }
        }
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("at most once", |model: &Self, state: &State| {
                (0..)
                    .zip(&model.messages)
                    .all(|(message, &qos)| qos == QoS::AtLeastOnce || state.count(message) <= 1)
            }),
            Property::always("at least once", |model: &Self, state: &State| {
                model.all_ended(state, |qos| qos == QoS::AtLeastOnce, |count| count >= 1)
            }),
            Property::always("exactly once", |model: &Self, state: &State| {
                model.all_ended(state, |qos| qos == QoS::ExactlyOnce, |count| count == 1)
            }),
            Property::always("in order", |model: &Self, state: &State| model.is_in_order(state)),
            Property::always("no identifier twice", |_: &Self, state: &State| !state.reused),
            Property::always("nothing unexpected", |_: &Self, state: &State| !state.unexpected),
            Property::always("every flow ends", |model: &Self, state: &State| {
                !model.is_quiet(state) || model.is_done(state)
            }),
            // Without this the others would hold of a machine that does nothing.
            Property::sometimes("all is done", |model: &Self, state: &State| {
                model.is_quiet(state) && model.is_done(state) && state.losses == 0
            }),
        ]
    }
}

impl Delivery {
    fn can_publish(&self, state: &State) -> bool {
        let next = self.messages.get(state.published);
        next.is_some_and(|&qos| qos == QoS::AtMostOnce || state.sending.has_room())
    }

    fn outbound(&self, number: usize) -> Outbound {
        let qos = self.messages[number];
        let message = Message {
            topic: TopicName::new("t").expect("a Topic Name"),
            payload: Bytes::from(vec![u8::try_from(number).expect("a few")]),
            qos,
            retain: false,
        };
        Outbound { message: Arc::new(message), qos, retain: false }
    }

    fn publish(&self, state: &mut State) {
        let in_use: Vec<PacketId> =
            state.sending.resend().filter_map(|it| packet_id(&it)).collect();
        let outbound = self.outbound(state.published);
        let mut publish = state.sending.publish(outbound).expect("there is room");
        state.published += 1;
        let is_second = publish.delivery.packet_id().is_some_and(|id| id.number() == 2);
        match self.bug {
            Some(Bug::SameIdentifier) => publish.delivery = first_identifier(publish.delivery),
            Some(Bug::ForgetsTheFirst) if is_second => {
                publish.delivery = first_identifier(publish.delivery);
            }
            _ => {}
        }
        let packet = Packet::from(publish);
        state.reused |= packet_id(&packet).is_some_and(|id| in_use.contains(&id));
        state.forward.push_back(packet);
    }

    /// The receiver takes in a packet.
    fn arrive(&self, state: &mut State, packet: Packet) {
        match packet {
            Packet::Publish(publish) => {
                let received = state.receiving.publish(publish.delivery);
                if received.is_new {
                    state.passed.push(publish.payload[0]);
                }
                state.back.extend(received.answer);
            }
            Packet::Pubrel(pubrel) => {
                let is_known = state.receiving.unreleased().any(|id| id == pubrel.packet_id);
                let pubcomp = state.receiving.pubrel(pubrel);
                if is_known || self.bug != Some(Bug::SilentOnRelease) {
                    state.back.push_back(pubcomp.into());
                }
            }
            _ => state.unexpected = true,
        }
    }

    /// The connection is gone: each side keeps what it has to.
    fn lose(&self, state: &mut State) {
        state.losses -= 1;
        state.connected = false;
        state.forward.clear();
        state.back.clear();
        match self.bug {
            Some(Bug::ForgetsOnLoss) => state.sending = Sending::new(self.in_flight),
            Some(Bug::ForgetsIdentifiers) => state.receiving = Receiving::default(),
            _ => {}
        }
    }

    /// Whether nothing is left that could happen by itself.
    fn is_quiet(&self, state: &State) -> bool {
        let nothing_moves = state.forward.is_empty() && state.back.is_empty();
        state.connected && nothing_moves && !self.can_publish(state)
    }

    fn is_done(&self, state: &State) -> bool {
        let all_sent = state.published == self.messages.len();
        all_sent && state.sending.in_flight() == 0 && state.receiving.is_empty()
    }

    /// Whether in the end each message that `is_meant` has come as often as it `should`.
    fn all_ended(
        &self,
        state: &State,
        is_meant: fn(QoS) -> bool,
        should: fn(usize) -> bool,
    ) -> bool {
        let mut messages = (0..).zip(&self.messages);
        !self.is_quiet(state)
            || messages.all(|(message, &qos)| {
                let is_out = state.given_up.contains(&message);
                !is_meant(qos) || is_out || should(state.count(message))
            })
    }

    /// At each level, in the order in which they came first.
    fn is_in_order(&self, state: &State) -> bool {
        [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce].into_iter().all(|level| {
            let mut seen = BTreeSet::new();
            let firsts = state
                .passed
                .iter()
                .filter(|&&message| self.messages[usize::from(message)] == level)
                .filter(|message| seen.insert(**message));
            firsts.is_sorted()
        })
    }
}

impl State {
    /// The sender takes in an acknowledgement.
    fn take_back(&mut self, packet: Packet) {
        let taken = match packet {
            Packet::Puback(puback) => self.sending.puback(puback).map(drop),
            Packet::Pubrec(pubrec) => {
                self.sending.pubrec(pubrec).map(|pubrel| self.forward.push_back(pubrel.into()))
            }
            Packet::Pubcomp(pubcomp) => self.sending.pubcomp(pubcomp).map(drop),
            _ => return self.unexpected = true,
        };
        self.unexpected |= taken.is_err();
    }

    fn count(&self, message: u8) -> usize {
        self.passed.iter().filter(|&&passed| passed == message).count()
    }

    /// The messages whose PUBLISH is not answered.
    fn unfinished(&self) -> Vec<u8> {
        let payload = |packet| match packet {
            Packet::Publish(publish) => Some(publish.payload[0]),
            _ => None,
        };
        self.sending.resend().filter_map(payload).collect()
    }
}

/// The sender as it comes back from what it keeps.
fn restarted(sending: &Sending, in_flight: u16) -> Sending {
    let mut released = Vec::new();
    let mut unacknowledged = Vec::new();
    for packet in sending.resend() {
        match packet {
            Packet::Pubrel(pubrel) => released.push(pubrel.packet_id),
            Packet::Publish(publish) => {
                let qos = publish.delivery.qos();
                let id = publish.delivery.packet_id().expect("it is to be answered");
                let message = Arc::new(Message::from_publish(publish));
                unacknowledged.push((id, Outbound { message, qos, retain: false }));
            }
            _ => {}
        }
    }
    Sending::resumed(in_flight, unacknowledged, released)
}

fn packet_id(packet: &Packet) -> Option<PacketId> {
    match packet {
        Packet::Publish(publish) => publish.delivery.packet_id(),
        Packet::Pubrel(pubrel) => Some(pubrel.packet_id),
        _ => None,
    }
}

fn first_identifier(delivery: mqttspec::packet::Delivery) -> mqttspec::packet::Delivery {
    use mqttspec::packet::Delivery::{AtLeastOnce, AtMostOnce, ExactlyOnce};

    let packet_id = PacketId::FIRST;
    match delivery {
        AtMostOnce => AtMostOnce,
        AtLeastOnce { dup, .. } => AtLeastOnce { packet_id, dup },
        ExactlyOnce { dup, .. } => ExactlyOnce { packet_id, dup },
    }
}
