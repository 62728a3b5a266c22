//! Every state of a delivery, and the bugs that break each property.

use mqttspec::packet::QoS;
use stateright::{Checker as _, Model as _};

use super::{Bug, Delivery};

const Q0: QoS = QoS::AtMostOnce;
const Q1: QoS = QoS::AtLeastOnce;
const Q2: QoS = QoS::ExactlyOnce;

/// Visits every state: how many there are.
fn visit(model: Delivery) -> String {
    let Delivery { messages, in_flight, may_discard, is_old, .. } = &model;
    let old = if *is_old { ", old" } else { "" };
    let name = format!("{messages:?}, {in_flight} in flight, discarded {may_discard}{old}");
    let checker = model.checker().spawn_bfs().join();
    checker.assert_properties();
    assert!(checker.is_done(), "all states, to the last");
    let (states, depth) = (checker.unique_state_count(), checker.max_depth());
    assert!(states > 100, "{states}");
    format!("{name}: {states} states, {depth} steps deep")
}

/// Has a bug, and says which property it breaks.
fn breaks(messages: &[QoS], bug: Bug, property: &'static str) {
    let (messages, bug) = (messages.to_vec(), Some(bug));
    let (may_discard, is_old) = (false, false);
    let model = Delivery { messages, in_flight: 2, losses: 2, may_discard, is_old, bug };
    let checker = model.checker().spawn_bfs().join();
    assert!(checker.discovery(property).is_some(), "it is not found");
}

#[test]
fn every_state_of_a_delivery_is_as_it_should_be() {
    for messages in [vec![Q0, Q1, Q2], vec![Q1, Q1, Q1], vec![Q2, Q2, Q2], vec![Q2, Q1, Q2]] {
        for in_flight in [1, 2, 3] {
            for may_discard in [false, true] {
                let (messages, is_old) = (messages.clone(), false);
                let model =
                    Delivery { messages, in_flight, losses: 4, may_discard, is_old, bug: None };
                println!("{}", visit(model));
            }
        }
    }
}

#[test]
fn every_state_is_as_it_should_be_when_identifiers_go_round() {
    for messages in [vec![Q1, Q2, Q1], vec![Q2, Q2, Q2], vec![Q2, Q1, Q1]] {
        for in_flight in [2, 3] {
            for may_discard in [false, true] {
                let (messages, is_old) = (messages.clone(), true);
                let model =
                    Delivery { messages, in_flight, losses: 3, may_discard, is_old, bug: None };
                println!("{}", visit(model));
            }
        }
    }
}

#[test]
fn the_first_identifier_is_noticed_when_it_comes_too_early() {
    let (messages, bug) = (vec![Q1, Q1, Q1], Some(Bug::ForgetsTheFirst));
    let (may_discard, is_old) = (false, true);
    let model = Delivery { messages, in_flight: 3, losses: 0, may_discard, is_old, bug };
    let checker = model.checker().spawn_bfs().join();
    assert!(checker.discovery("no identifier twice").is_some(), "it is not found");
}

#[test]
fn forgetting_what_is_on_its_way_loses_messages() {
    breaks(&[Q1, Q1], Bug::ForgetsOnLoss, "at least once");
    breaks(&[Q2, Q2], Bug::ForgetsOnLoss, "exactly once");
}

#[test]
fn forgetting_identifiers_repeats_messages() {
    breaks(&[Q2, Q2], Bug::ForgetsIdentifiers, "exactly once");
    breaks(&[Q2, Q2], Bug::ForgetsIdentifiers, "at most once");
}

#[test]
fn sending_qos_0_again_repeats_messages() {
    breaks(&[Q0, Q1], Bug::RepeatsFleeting, "at most once");
}

#[test]
fn sending_again_backwards_is_out_of_order() {
    breaks(&[Q1, Q1], Bug::ResendsBackwards, "in order");
}

#[test]
fn publishing_what_was_released_repeats_messages() {
    breaks(&[Q2, Q2], Bug::ForgetsRelease, "exactly once");
}

#[test]
fn the_same_identifier_is_noticed() {
    breaks(&[Q1, Q1], Bug::SameIdentifier, "no identifier twice");
}

#[test]
fn keeping_silent_on_a_release_leaves_a_flow_open() {
    breaks(&[Q2, Q2], Bug::SilentOnRelease, "every flow ends");
}
