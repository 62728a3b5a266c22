//! Waiting for what came in the recording: which packet it is of those that come now.
//!
//! A packet that is missing has another in its place, of its type and on its topic, or nothing.

use std::time::Instant;

use super::likeness::{Likeness, likeness};
use super::player::Player;
use crate::finding::Finding;
use crate::peer::Wait;
use crate::transcript::Expectation;
use crate::wire::{Octets as _, Packet, Sender, describe};

/// What came in the recording.
struct Recorded<'a> {
    octets: &'a [u8],
    /// What they are; `None` if that was no packet.
    packet: Option<Packet>,
}

impl Recorded<'_> {
    /// Whether a packet has the type that stands in the first octet; anything has where none came.
    fn is_of_the_type_of(&self, packet: &Packet) -> bool {
        self.octets.first().is_none_or(|first| first >> 4 == packet.octets()[0] >> 4)
    }
}

impl Player<'_, '_> {
    /// Waits for what was recorded to come, or for what comes in its place.
    pub(super) fn receive(
        &mut self,
        index: usize,
        connection: usize,
        octets: &[u8],
    ) -> Result<(), Finding> {
        let text = || describe(octets, self.transcript.role.sender()).remove(0).0;
        let begin = Instant::now();
        let deadline = begin + self.options.patience;
        let recorded = Recorded { octets, packet: self.decoded(octets) };
        while self.found.breach.is_none() {
            let came = self.unread(connection);
            if let Some((position, alike)) = self.find(connection, &recorded, &came) {
                let raw = self.take(connection, position);
                self.note_message(connection, recorded.packet.as_ref(), raw.packet_id());
                if self.overtakes(&came, position) {
                    let saw = format!("before {}", came[0]);
                    self.differs((index, connection), text(), saw, Some(came[position].octets()));
                }
                if alike == Likeness::Instead {
                    let (saw, octets) = (came[position].to_string(), came[position].octets());
                    self.differs((index, connection), text(), saw, Some(octets));
                }
                self.took(index, connection, &text(), begin.elapsed());
                break;
            }
            let saw = match self.listen(index, connection, deadline)? {
                Wait::Arrived => continue,
                Wait::Ended => "the connection closed".to_owned(),
                Wait::Nothing => format!("nothing for {} ms", begin.elapsed().as_millis()),
            };
            self.note_message(connection, recorded.packet.as_ref(), None);
            self.found.missed.extend(recorded.packet.map(|packet| (connection, packet)));
            self.differs((index, connection), text(), saw, None);
            break;
        }
        Ok(())
    }

    /// Waits for a message that should not have come and did, when its acknowledgement is about to
    /// go out: without it there is nothing to acknowledge.
    pub(super) fn meet(&mut self, index: usize, connection: usize, id: u16) -> Result<(), Finding> {
        let session = self.session(connection);
        let is_it = |packet: &Packet| matches!(packet, Packet::Publish(it) if it.id == Some(id));
        let Some(unwanted) = self.unwanted(connection).into_iter().find(is_it) else {
            return Ok(());
        };
        if self.answers.knows(&session, id) {
            return Ok(());
        }
        let deadline = Instant::now() + self.options.patience;
        loop {
            let came = self.unread(connection);
            if let Some(packet) =
                came.iter().find(|packet| likeness(&unwanted, packet) != Likeness::Other)
            {
                self.answers.note(&session, id, packet.packet_id());
                return Ok(());
            }
            // Whatever came in its place, it did not.
            if !came.is_empty()
                || !matches!(self.listen(index, connection, deadline)?, Wait::Arrived)
            {
                self.answers.note(&session, id, None);
                return Ok(());
            }
        }
    }

    /// Whether a message came behind another on its topic that was recorded later, or any packet of
    /// a client behind another of its kind. That may be what was wrong where only words tell.
    fn overtakes(&self, came: &[Packet], position: usize) -> bool {
        let topic = |packet: &Packet| match packet {
            Packet::Publish(publish) => Some(publish.topic.clone()),
            _ => None,
        };
        if self.transcript.deviation.expected != Expectation::Words {
            return false;
        }
        let before = &came[..position];
        // A client keeps the order of its acknowledgements too.
        let is_of_one_kind = self.subject == Sender::Client
            && before.iter().any(|packet| packet.kind() == came[position].kind());
        is_of_one_kind
            || topic(&came[position])
                .is_some_and(|own| before.iter().filter_map(topic).any(|other| other == own))
    }

    /// Of what came, what was recorded; or else what came in its place.
    fn find(
        &self,
        connection: usize,
        recorded: &Recorded<'_>,
        came: &[Packet],
    ) -> Option<(usize, Likeness)> {
        // What should not have come stands in for nothing.
        let unwanted = self.unwanted(connection);
        let alike = |packet: &Packet| match &recorded.packet {
            Some(recorded) => match likeness(recorded, packet) {
                Likeness::Same if !self.keeps_identifier(connection, recorded, packet) => {
                    Likeness::Instead
                }
                Likeness::Instead
                    if unwanted.iter().any(|seen| likeness(seen, packet) == Likeness::Same) =>
                {
                    Likeness::Other
                }
                alike => alike,
            },
            // What was no packet then has one of its type in its place now. Others may come before.
            None if recorded.is_of_the_type_of(packet) => Likeness::Instead,
            None => Likeness::Other,
        };
        [Likeness::Same, Likeness::Instead].into_iter().find_map(|wanted| {
            let position = came.iter().position(|packet| alike(packet) == wanted)?;
            Some((position, wanted))
        })
    }

    /// What was seen on a connection and should not have come.
    fn unwanted(&self, connection: usize) -> Vec<Packet> {
        let deviation = &self.transcript.deviation;
        if deviation.connection != connection {
            return Vec::new();
        }
        let seen = deviation.seen.packets.iter();
        seen.filter_map(|seen| self.decoded(&seen.octets)).collect()
    }

    /// Whether a message that is sent again has the Packet Identifier that it had, if and only if
    /// it had it in the recording.
    fn keeps_identifier(&self, connection: usize, recorded: &Packet, came: &Packet) -> bool {
        let (Packet::Publish(recorded), Packet::Publish(came)) = (recorded, came) else {
            return true;
        };
        let (Some(then), Some(now), true) = (recorded.id, came.id, recorded.dup) else {
            return true;
        };
        self.answers.agrees(&self.session(connection), then, now)
    }

    /// Notes under which Packet Identifier a recorded message came, if it came at all.
    fn note_message(&mut self, connection: usize, recorded: Option<&Packet>, now: Option<u16>) {
        if let Some(recorded @ (Packet::Publish(_) | Packet::Subscribe(_) | Packet::Unsubscribe(_))) =
            recorded
            && let Some(then) = recorded.packet_id()
        {
            self.answers.note(&self.session(connection), then, now);
        }
    }
}
