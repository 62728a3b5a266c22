//! What a server reads of its connections: octets as they come, at its own pace, and their end.

use std::time::Duration;

use bytes::Bytes;
use mqttspec::broker::{Input, Listening};
use mqttspec::packet::{Decoder, Packet};

use super::agenda::Event;
use super::defect::Defect;
use super::world::World;

impl World {
    /// Octets come to the server, which gets to read them when its turn comes.
    pub(crate) fn server_receives(&mut self, link: usize, octets: &Bytes) {
        let life = self.life;
        let Some(seat) = self.seat(link) else { return };
        seat.inbox.extend_from_slice(octets);
        seat.ahead.extend_from_slice(octets);
        while let Ok(Some(packet)) = Decoder::default().decode(&mut seat.ahead) {
            seat.leaving |= matches!(packet, Packet::Disconnect(_));
        }
        if self.random.happens(30) {
            let time = self.now + Duration::from_micros(self.random.below(20_000));
            self.agenda.add(time, Event::Read { life, link });
        } else {
            self.server_reads(link);
        }
    }

    /// The server reads what has come.
    pub(crate) fn server_reads(&mut self, link: usize) {
        self.server_takes_in(link);
        let (instant, gathers) = (self.instant(), self.gathers());
        if let Some(server) = self.server.as_mut().filter(|_| gathers)
            && let Some(seat) = server.seats.get_mut(&link)
        {
            seat.value.pass_on(instant, &server.broker);
            self.drive(link);
        }
    }

    fn server_takes_in(&mut self, link: usize) {
        let (instant, epoch, life) = (self.instant(), self.epoch, self.life);
        while let Some(seat) = self.seat(link) {
            match seat.value.listening(instant) {
                Listening::Now => {}
                Listening::From(resumes) => {
                    return self.agenda.add(resumes - epoch, Event::Read { life, link });
                }
                Listening::AfterAnswer if seat.ended => return self.server_ends(link),
                Listening::AfterAnswer => return,
            }
            if self.server_gathers(link) {
                continue;
            }
            let Some(seat) = self.seat(link) else { return };
            match Decoder::default().decode(&mut seat.inbox) {
                Ok(None) if seat.ended => return self.server_ends(link),
                Ok(None) => return,
                Ok(Some(packet)) => {
                    seat.left |= matches!(packet, Packet::Disconnect(_));
                    self.tell(|| format!("link {link} → {packet}"));
                    for packet in self.seams.pass_to_server(link, packet) {
                        self.server_input(link, Input::Packet(packet));
                    }
                }
                Err(error) => {
                    self.fault(format!("link {link}: a peer's octets are no packet: {error}"));
                    return self.server_input(link, Input::Undecodable(error));
                }
            }
        }
    }

    /// Whether packets that have come together are taken in together; defects look at each.
    pub(crate) fn gathers(&self) -> bool {
        self.plan.gathers && self.seams.defect.is_none()
    }

    /// Takes a packet as it stands to those that have gathered, as the program does.
    fn server_gathers(&mut self, link: usize) -> bool {
        let (now, instant, may_gather) = (self.now, self.instant(), self.gathers());
        let Some(server) = &mut self.server else { return false };
        let Some(seat) = server.seats.get_mut(&link) else { return false };
        let gathers =
            may_gather && seat.value.take_alike(instant, &mut seat.inbox, &server.broker).is_some();
        if gathers {
            seat.heard = now;
            self.history.counts.alike += 1;
            self.tell(|| format!("link {link} → another of the same"));
        }
        gathers
    }

    /// The network tells the server that there is nothing more, or that nothing can be sent.
    pub(crate) fn server_loses(&mut self, link: usize) {
        if self.random.happens(20) {
            return self.server_input(link, Input::NetworkFailing);
        }
        if self.seams.defect == Some(Defect::ActsOnTheEndAtOnce) {
            self.server_reads(link);
            return self.server_ends(link);
        }
        let Some(seat) = self.seat(link) else { return };
        seat.ended = true;
        self.server_reads(link);
    }

    /// All that had come was read, and nothing more comes.
    fn server_ends(&mut self, link: usize) {
        if let Some(packet) = self.seams.before_end() {
            self.server_input(link, Input::Packet(packet));
        }
        self.server_input(link, Input::NetworkClosed);
    }
}
