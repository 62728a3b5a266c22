//! What was done, one thing after the other, and the list in which a case gathers it.

use serde::{Deserialize, Serialize};

use serde_json::Value;

use super::deviation::{Deviation, End, Expectation, Seen, SeenPacket};
use crate::report::Role;
use crate::wire::{Packet, Reader, Sender, describe};

/// One thing that somebody did.
#[derive(Clone, Debug, Eq, PartialEq, Deserialize, Serialize)]
pub struct Step {
    /// Milliseconds since the case began. A replay does not keep to it.
    #[serde(default)]
    pub at_ms: u64,
    /// On which connection: 1, 2, 3 in the order in which they are opened; 0 for what passes
    /// between the judge and the driver of a client.
    pub connection: usize,
    /// What.
    #[serde(flatten)]
    pub action: Action,
    /// Whether it only came by the way: a message that was sent again, and its answer. A replay
    /// neither waits for the one nor copies the other, but answers what comes again by itself.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub aside: bool,
}

/// What can be done on a connection.
#[derive(Clone, Debug, Eq, PartialEq, Deserialize, Serialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
pub enum Action {
    /// The judge opens the connection.
    Open {
        /// What the case calls it.
        #[serde(default)]
        peer: String,
    },
    /// The subject, a client, opens the connection.
    Accept {
        /// What the judge calls it.
        #[serde(default)]
        peer: String,
    },
    /// The judge tells the driver of a client what to do.
    Tell {
        /// The line that it gets; the port in it is another one each time.
        command: Value,
    },
    /// The driver tells what has happened to its client.
    Told {
        /// The line that it wrote.
        event: Value,
    },
    /// The judge sends octets, in one write or in pieces.
    Send {
        /// What it sends.
        #[serde(with = "super::octets")]
        octets: Vec<u8>,
        /// Octets of each piece; `None` for one write.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pieces: Option<usize>,
        /// The packets in it, a line each. For people: not read.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        text: Vec<String>,
    },
    /// The subject sends a packet.
    Receive {
        /// Its octets.
        #[serde(with = "super::octets")]
        octets: Vec<u8>,
        /// What it is, on one line. For people: not read.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        text: String,
    },
    /// The judge listens for so long, in milliseconds, or until the subject closes.
    Wait {
        /// How long.
        ms: u64,
    },
    /// The judge ends its direction, by FIN, and goes on listening.
    Finish,
    /// The judge closes the connection.
    Close,
    /// The judge resets the connection.
    Reset,
    /// The subject closes the connection, or resets it.
    Closed,
}

/// The steps of a case while it runs.
///
/// Bounded: of a case that floods the subject the first steps are kept, and it is known that there
/// are more.
#[derive(Debug, Default)]
pub(crate) struct Script {
    pub(crate) tag: String,
    /// Who the subject is.
    pub(crate) role: Role,
    /// Set where the case goes below the packets, to the frames of a WebSocket: its steps do not
    /// tell of that, and cannot be had again.
    pub(crate) goes_below: bool,
    steps: Vec<Step>,
    octets: usize,
    connections: usize,
    cut: bool,
}

impl Script {
    /// The number of the next connection.
    pub(crate) const fn next_connection(&mut self) -> usize {
        self.connections += 1;
        self.connections
    }

    /// Writes down one step.
    pub(crate) fn push(&mut self, at_ms: u64, connection: usize, action: Action) {
        let octets = match &action {
            Action::Send { octets, .. } | Action::Receive { octets, .. } => octets.len(),
            _ => 0,
        };
        if self.cut || self.steps.len() >= MOST_STEPS || self.octets + octets > MOST_OCTETS {
            self.cut = true;
            return;
        }
        self.octets += octets;
        self.steps.push(Step { at_ms, connection, action, aside: false });
    }

    /// Sets the last step apart, as one that came by the way.
    pub(crate) fn set_aside(&mut self) {
        if let Some(step) = self.steps.last_mut().filter(|_| !self.cut) {
            step.aside = true;
        }
    }

    /// Gives up: what comes now cannot be had again.
    pub(crate) const fn cut(&mut self) {
        self.cut = true;
    }

    /// The steps, each told in words.
    pub(crate) fn into_steps(mut self) -> Vec<Step> {
        let subject = self.role.sender();
        self.steps.iter_mut().for_each(|step| step.tell(subject));
        self.steps
    }

    pub(crate) const fn is_whole(&self) -> bool {
        !self.cut
    }

    /// A deviation at this point, where these packets have come and nobody has asked for them.
    pub(crate) fn deviation<'a>(
        &self,
        connection: usize,
        expected: Expectation,
        within_ms: u64,
        untaken: impl DoubleEndedIterator<Item = &'a Packet>,
        end: End,
    ) -> Deviation {
        let mut seen = Seen { packets: Vec::new(), end };
        let mut steps = Vec::new();
        let mut upto = self.steps.len();
        // From the back: what was not asked for yet came last, or nearly.
        for packet in untaken.rev() {
            let from = self.role.sender();
            let is_it = |step: &Step| step.connection == connection && step.brings(packet, from);
            let Some(found) = self.steps[..upto].iter().rposition(is_it) else { continue };
            upto = found;
            steps.insert(0, found);
            if let Action::Receive { octets, .. } = &self.steps[found].action {
                let packet = SeenPacket { octets: octets.clone(), text: packet.to_string() };
                seen.packets.insert(0, packet);
            }
        }
        let after = self.steps.len();
        Deviation { connection, expected, within_ms, seen, after, untaken: steps }
    }

    /// The steps that lead to a deviation, and it. Without one, what the subject did is all there
    /// is to go by.
    pub(super) fn up_to(self, deviation: Option<&Deviation>) -> (Vec<Step>, Deviation) {
        let subject = self.role.sender();
        let mut steps = self.steps;
        let mut deviation = match deviation {
            Some(deviation) => {
                steps.truncate(deviation.after);
                deviation.clone()
            }
            None => Deviation {
                connection: steps.last().map_or(1, |step| step.connection),
                expected: Expectation::Words,
                within_ms: 0,
                seen: Seen::default(),
                after: steps.len(),
                untaken: Vec::new(),
            },
        };
        // What was seen instead belongs to the deviation: nothing that was sent waited for it.
        let mut number = 0;
        steps.retain(|_| {
            number += 1;
            !deviation.untaken.contains(&(number - 1))
        });
        // Waiting in vain is part of the deviation, and what is closed at the end of every case
        // has nothing to do with it.
        while let Some(step) = steps.last() {
            match step.action {
                Action::Close => {}
                Action::Wait { ms } if deviation.expected == Expectation::Words => {
                    deviation.connection = step.connection;
                    deviation.within_ms = ms;
                    deviation.seen.end = End::Open;
                }
                Action::Wait { .. } => {}
                _ => break,
            }
            steps.pop();
        }
        for step in &mut steps {
            step.tell(subject);
        }
        (steps, deviation)
    }
}

impl Step {
    /// Whether it is the arrival of this packet from this side.
    fn brings(&self, packet: &Packet, from: Sender) -> bool {
        let Action::Receive { octets, .. } = &self.action else { return false };
        let mut reader = Reader::new(from);
        reader.push(octets);
        reader.next_read().is_some_and(|read| read.packet.as_ref() == Ok(packet))
    }

    /// Writes down in words what its octets are, between the judge and a subject on this side.
    pub(crate) fn tell(&mut self, subject: Sender) {
        match &mut self.action {
            Action::Send { octets, text, .. } => {
                *text = describe(octets, subject.other()).into_iter().map(|line| line.0).collect();
            }
            Action::Receive { octets, text } => {
                let lines = describe(octets, subject).into_iter().map(|line| line.0);
                *text = lines.collect::<Vec<_>>().join(", ");
            }
            _ => {}
        }
    }
}

/// More than any case has that floods nobody.
const MOST_STEPS: usize = 20_000;

/// Octets of all steps of one case.
const MOST_OCTETS: usize = 8 << 20;
