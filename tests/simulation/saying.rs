//! What the server says on a connection, as far as it may leave yet, and what each word means for the
//! history.
//!
//! Not here: what comes in (`server`, `reading`).

use bytes::BytesMut;
use mqttspec::broker::{CloseReason, Input, Note, Output, Position};
use mqttspec::packet::Packet;

use super::ageing::is_last;
use super::agenda::Side;
use super::defect::{Defect, Passed};
use super::world::World;

impl World {
    /// Puts out what a connection has to say, as far as it may leave.
    pub(crate) fn drive(&mut self, link: usize) {
        let instant = self.instant();
        let answers_early = self.seams.defect == Some(Defect::AnswersTooEarly);
        while let Some(server) = &mut self.server {
            let Some(seat) = server.seats.get_mut(&link) else { break };
            if let Some(Position(position)) = seat.held {
                if position > server.durable && !answers_early {
                    if !server.failing {
                        break;
                    }
                    self.history.counts.not_kept += 1;
                    let was_open = seat.is_open();
                    seat.held = None;
                    seat.value.handle(instant, Input::NotKept, &server.broker);
                    if was_open {
                        let peer = self.links[link].peer;
                        self.miss(peer);
                        self.due_of_seat(link);
                    }
                    continue;
                }
                seat.held = None;
            }
            match seat.value.poll_output(&server.broker) {
                None => break,
                Some(Output::Hold(position)) => seat.held = Some(position),
                Some(Output::Send(packet)) => self.server_sends(link, packet),
                Some(Output::SendRun(run)) => {
                    run.packets().for_each(|packet| self.server_sends(link, packet));
                }
                Some(Output::Close(reason)) => self.server_closes(link, reason),
                Some(Output::Note(Note::Dropped(count))) if self.plan.queue.is_some() => {
                    self.drops(link, count);
                }
                Some(Output::HearOut) => {
                    if self.seams.defect != Some(Defect::DeafToTheLastWord) {
                        self.server_reads(link);
                    }
                    self.server_input(link, Input::HeardOut);
                }
                Some(Output::Note(note)) => self.fault(format!("the server notes: {note}")),
                Some(Output::Authenticate(_)) => self.fault("it asks for a password".to_owned()),
            }
        }
        self.collect();
        self.set_server_alarm(link);
    }

    /// The server says how many messages it has dropped so far for the peer on this link.
    fn drops(&mut self, link: usize, count: u64) {
        let peer = self.links[link].peer;
        let Some(server) = &mut self.server else { return };
        // Of a new Session it counts anew.
        let before = server.dropped.insert(peer, count).filter(|before| *before <= count);
        let more = count - before.unwrap_or(0);
        self.history.counts.dropped += u32::try_from(more).expect("a few");
        if self.seams.defect != Some(Defect::DropsInSilence)
            && let Some(dropped) = &mut self.history.dropped
        {
            // The next word is due when there are twice as many.
            *dropped.entry(peer).or_default() += 2 * count - 1;
        }
    }

    fn server_sends(&mut self, link: usize, packet: Packet) {
        if let (Packet::Connack(_), Some(seat)) = (&packet, self.seat(link)) {
            seat.told = true;
            // Who has left before that was told is away already.
            if seat.is_open() {
                let peer = seat.peer;
                self.absent.remove(&peer);
            }
        }
        let Passed { on, back } = self.seams.pass_to_peer(link, packet);
        for packet in on {
            self.tell(|| format!("link {link} ← {packet}"));
            self.history.counts.wraps += u32::from(is_last(&packet));
            self.history.counts.sent_again +=
                u32::from(matches!(&packet, Packet::Publish(publish) if publish.delivery.dup()));
            let mut octets = BytesMut::new();
            packet.encode(&mut octets).expect("what came in goes out");
            self.transmit(link, Side::Peer, octets.freeze());
        }
        for packet in back {
            self.server_input(link, Input::Packet(packet));
        }
    }

    fn server_closes(&mut self, link: usize, reason: CloseReason) {
        self.tell(|| format!("link {link} closed by the server: {reason}"));
        let now = self.now;
        if reason.is_clients_fault() {
            self.fault(format!("link {link}: the server finds fault with its peer: {reason}"));
        }
        let Some(seat) = self.server.as_mut().and_then(|server| server.seats.remove(&link)) else {
            return;
        };
        if seat.leaving && reason != CloseReason::NotKept {
            // [MQTT-3.14.4-3] Gone without a trace, and that is certain by now.
            self.history.discard(seat.will);
        }
        self.history.counts.takeovers += u32::from(reason == CloseReason::Displaced);
        if reason == CloseReason::KeepAliveExpired {
            self.history.counts.silences += 1;
            if seat.patience.is_none_or(|patience| now < seat.heard + patience) {
                self.fault(format!("link {link}: the server is impatient"));
            }
        }
        self.links[link].close(Side::Server);
        self.finish(link, Side::Peer);
    }
}
