//! The rounds of shrinking, from what is large to what is small.

use std::collections::BTreeSet;

use super::minimize::minimize;
use super::rewrite::{changed, payload, rewritten, topics};
use super::trial::Trials;
use super::units::{packets, units};
use crate::transcript::{Action, Transcript};
use crate::wire::{Connect, Frame, Octets as _, Packet, Reader, Sender};

/// All rounds, again and again until one of them finds nothing.
pub(super) fn reduce(trials: &mut Trials<'_>, transcript: Transcript) -> Transcript {
    let rounds: [fn(&mut Trials<'_>, Transcript) -> Transcript; 6] =
        [connections, exchanges, steps, fields, payloads, broken_packets];
    let mut best = transcript;
    loop {
        let before = best.clone();
        for round in rounds {
            best = round(trials, best);
        }
        if best.steps == before.steps || trials.is_over() {
            return best;
        }
    }
}

/// Fewer connections.
fn connections(trials: &mut Trials<'_>, best: Transcript) -> Transcript {
    let all: BTreeSet<_> = best.steps.iter().map(|step| step.connection).collect();
    let all: Vec<_> = all.into_iter().filter(|one| *one != best.deviation.connection).collect();
    fewest(trials, best, &all, |best, kept| {
        let mut new = best.clone();
        let own = best.deviation.connection;
        new.steps.retain(|step| step.connection == own || kept.contains(&step.connection));
        new
    })
}

/// Fewer packets, each with its answers and what follows from it.
fn exchanges(trials: &mut Trials<'_>, best: Transcript) -> Transcript {
    let all = units(&best.steps);
    fewest(trials, best, &all, |best, kept| {
        let gone: BTreeSet<_> = all.iter().filter(|unit| !kept.contains(unit)).flatten().collect();
        without(best, |place| gone.contains(&place))
    })
}

/// Fewer steps of any kind but the opening of connections that are used.
fn steps(trials: &mut Trials<'_>, best: Transcript) -> Transcript {
    let all: Vec<_> = (0..best.steps.len()).collect();
    fewest(trials, best, &all, |best, kept| {
        let kept: BTreeSet<_> = kept.iter().collect();
        without(best, |place| !kept.contains(&place))
    })
}

/// Plainer packets: no Will, no credentials, one filter, one write, a packet a write, short topics.
fn fields(trials: &mut Trials<'_>, mut best: Transcript) -> Transcript {
    let plainer: [fn(&mut Packet); 4] = [
        |p| of_connect(p, |c| c.will = None),
        |p| of_connect(p, |c| c.password = None),
        |p| {
            of_connect(p, |c| (c.username, c.password) = (None, None));
        },
        |p| {
            if let Packet::Subscribe(subscribe) = p {
                subscribe.filters.truncate(1)
            }
        },
    ];
    for change in plainer {
        for place in 0..best.steps.len() {
            let mut new = best.clone();
            if let Some(step) = new.steps.get_mut(place)
                && let Action::Send { octets, .. } = &mut step.action
            {
                *octets = changed(octets, Sender::Client, &change);
            }
            keep_if_it_shows(trials, &mut best, new);
        }
    }
    let realm = format!("mqttspec/{}/", best.tag);
    for shorter in [String::new(), format!("{}/", best.tag)] {
        let new = rewritten(&best, &topics(realm.as_bytes(), shorter.as_bytes()));
        // A topic without the tag would meet the topics of others.
        if !shorter.is_empty() {
            keep_if_it_shows(trials, &mut best, new);
        }
    }
    for place in 0..best.steps.len() {
        let mut new = best.clone();
        if let Some(step) = new.steps.get_mut(place)
            && let Action::Send { pieces, .. } = &mut step.action
        {
            *pieces = None;
        }
        keep_if_it_shows(trials, &mut best, new);
        best = fewest_in_a_write(trials, best, place);
    }
    best
}

/// Shorter payloads: none, one octet, two, four … and then as much as need be.
fn payloads(trials: &mut Trials<'_>, mut best: Transcript) -> Transcript {
    let all: BTreeSet<Vec<u8>> =
        best.steps.iter().flat_map(packets).filter_map(payload_of).collect();
    for whole in all {
        let (mut short, mut long) = (None, whole.len());
        let mut tried = 0;
        while tried < long {
            let new = rewritten(&best, &payload(&whole, &whole[..tried]));
            if let Some(shown) = trials.shows(&new) {
                best = shown;
                long = tried;
                break;
            }
            short = Some(tried);
            tried = (tried * 2).max(1);
        }
        // Between the longest that does not show it and the shortest that does.
        let mut current = whole[..long].to_vec();
        while let Some(low) = short.filter(|low| low + 1 < current.len() && long < whole.len()) {
            let middle = usize::midpoint(low, current.len());
            let new = rewritten(&best, &payload(&current, &whole[..middle]));
            match trials.shows(&new) {
                Some(shown) => {
                    best = shown;
                    current.truncate(middle);
                }
                None => short = Some(middle),
            }
        }
    }
    best
}

/// Fewer octets of what is sent against the rules, as long as it is against the same.
fn broken_packets(trials: &mut Trials<'_>, mut best: Transcript) -> Transcript {
    for place in 0..best.steps.len() {
        let Some((first, body, statement)) = broken(&best, place) else { continue };
        minimize(&body, |kept| {
            let octets = Frame::new(first, kept.to_vec()).octets();
            let mut new = best.clone();
            let Some(step) = new.steps.get_mut(place) else { return false };
            if let Action::Send { octets: old, .. } = &mut step.action {
                *old = octets;
            }
            let is_same = broken(&new, place).is_some_and(|(_, _, other)| other == statement);
            is_same && keep_if_it_shows(trials, &mut best, new)
        });
    }
    best
}

/// The first octet and the body of a step that sends one malformed packet, and what it breaks.
fn broken(transcript: &Transcript, place: usize) -> Option<(u8, Vec<u8>, &'static str)> {
    let Action::Send { octets, .. } = &transcript.steps.get(place)?.action else { return None };
    let mut reader = Reader::new(Sender::Client);
    reader.push(octets);
    let statement = reader.next_read()?.packet.err()?.fault.statement();
    let is_only = reader.unread().is_empty();
    let header = 2 + octets[1..].iter().take(3).take_while(|octet| **octet & 0x80 != 0).count();
    is_only.then(|| (octets[0], octets.get(header..).unwrap_or_default().to_vec(), statement))
}

/// Of several packets in one write only those that are needed.
fn fewest_in_a_write(trials: &mut Trials<'_>, best: Transcript, place: usize) -> Transcript {
    let Some(Action::Send { octets, .. }) = best.steps.get(place).map(|step| &step.action) else {
        return best;
    };
    let mut reader = Reader::new(Sender::Client);
    reader.push(octets);
    let all: Vec<_> = std::iter::from_fn(|| reader.next_read()).map(|read| read.octets).collect();
    if all.len() < 2 || !reader.unread().is_empty() {
        return best;
    }
    fewest(trials, best, &all, |best, kept| {
        let mut new = best.clone();
        if let Some(step) = new.steps.get_mut(place)
            && let Action::Send { octets, .. } = &mut step.action
        {
            *octets = kept.concat();
        }
        new
    })
}

/// The shortest that shows it, of those that `make` makes of some of the items.
fn fewest<T: Clone>(
    trials: &mut Trials<'_>,
    best: Transcript,
    all: &[T],
    make: impl Fn(&Transcript, &[T]) -> Transcript,
) -> Transcript {
    let mut shown = best.clone();
    minimize(all, |kept| match trials.shows(&make(&best, kept)) {
        Some(new) => {
            shown = new;
            true
        }
        None => false,
    });
    shown
}

fn keep_if_it_shows(trials: &mut Trials<'_>, best: &mut Transcript, new: Transcript) -> bool {
    if new == *best {
        return false;
    }
    trials.shows(&new).is_some_and(|shown| {
        *best = shown;
        true
    })
}

/// Without some steps, and without what cannot be done on connections that are not open then.
fn without(transcript: &Transcript, gone: impl Fn(usize) -> bool) -> Transcript {
    let mut new = transcript.clone();
    let mut place = 0;
    let mut open = BTreeSet::new();
    new.steps.retain(|step| {
        place += 1;
        if gone(place - 1) {
            return false;
        }
        match step.action {
            Action::Open { .. } => open.insert(step.connection),
            Action::Close | Action::Reset => open.remove(&step.connection),
            _ => open.contains(&step.connection),
        }
    });
    new
}

fn of_connect(packet: &mut Packet, change: impl FnOnce(&mut Connect)) {
    if let Packet::Connect(connect) = packet {
        change(connect);
    }
}

fn payload_of(packet: Packet) -> Option<Vec<u8>> {
    let payload = match packet {
        Packet::Publish(publish) => publish.payload,
        Packet::Connect(connect) => connect.will?.message,
        _ => return None,
    };
    (!payload.is_empty()).then_some(payload)
}
