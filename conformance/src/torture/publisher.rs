//! A publisher that keeps its Session over everything that happens to its connections.

use std::collections::VecDeque;
use std::io;
use std::thread;
use std::time::Instant;

use super::history::{Kind, Name, What, Who};
use super::line::Line;
use super::random::Random;
use super::run::Run;
use crate::wire::{Packet, Publish};

/// A publisher at work.
pub(super) struct Publisher<'a> {
    run: &'a Run<'a>,
    number: u32,
    random: Random,
    /// How many messages it has sent of each kind.
    sent: [u32; Kind::SENT.len()],
    turn: usize,
    last_id: u16,
    /// Without an answer, and waiting for PUBCOMP: in order.
    unacknowledged: VecDeque<(u16, Name)>,
    released: VecDeque<(u16, Name)>,
    connections: u32,
}

/// How many messages are on their way at once.
const WINDOW: usize = 5;

impl<'a> Publisher<'a> {
    pub(super) fn new(run: &'a Run<'a>, number: u32) -> Self {
        Self {
            run,
            number,
            random: Random::of(run.options.seed, 1 << 32 | u64::from(number)),
            sent: Default::default(),
            turn: 0,
            last_id: 0,
            unacknowledged: VecDeque::new(),
            released: VecDeque::new(),
            connections: 0,
        }
    }

    /// Publishes until the storm is over and all has been taken.
    pub(super) fn work(mut self) {
        let deadline = self.run.begin + self.run.options.duration + self.run.options.patience;
        while !self.is_done() {
            if Instant::now() > deadline {
                let left = self.unacknowledged.len() + self.released.len();
                return self.tell(What::Stuck(format!("{left} messages without an answer")));
            }
            let ended = self.connect();
            if let Err(error) = ended {
                self.tell(What::Lost { number: self.connections, why: error.to_string() });
            }
            thread::sleep(self.random.pause(100));
        }
    }

    fn is_done(&self) -> bool {
        self.run.is_calm() && self.unacknowledged.is_empty() && self.released.is_empty()
    }

    /// One connection, until it is lost or left.
    fn connect(&mut self) -> io::Result<()> {
        self.connections += 1;
        let number = self.connections;
        let will = Name { publisher: self.number, kind: Kind::Will, number };
        let connect = self.run.connect(&format!("p{}", self.number), false).will(
            self.run.topic(&will.topic()),
            number.to_string(),
            will.kind.qos(),
            false,
        );
        let (mut line, connack) = self.run.open(connect)?;
        let session_present = connack.session_present;
        self.tell(What::Connected { session_present, number });
        if session_present {
            self.send_again(&mut line)?;
        } else {
            // What became of them is not to be known.
            self.unacknowledged.clear();
            self.released.clear();
        }
        loop {
            while let Some(packet) = line.receive()? {
                self.take_in(&mut line, &packet)?;
            }
            if self.is_done() || self.random.below(300) == 0 {
                let port = line.port();
                let certain = line.leave() && !self.run.faults.has_cut(port);
                self.tell(What::Left { number, certain });
                return Ok(());
            }
            if !self.run.is_calm() && self.unacknowledged.len() + self.released.len() < WINDOW {
                self.publish(&mut line)?;
            }
        }
    }

    fn send_again(&self, line: &mut Line) -> io::Result<()> {
        for &(id, _) in &self.released {
            line.send(&Packet::Pubrel(id))?;
        }
        for &(id, name) in &self.unacknowledged {
            self.tell(What::Sent { name, dup: true });
            line.send(&Packet::Publish(self.packet(id, name).dup()))?;
        }
        Ok(())
    }

    fn publish(&mut self, line: &mut Line) -> io::Result<()> {
        let kind = Kind::SENT[self.turn];
        self.sent[self.turn] += 1;
        let name = Name { publisher: self.number, kind, number: self.sent[self.turn] };
        self.turn = (self.turn + 1) % Kind::SENT.len();
        let id = self.free_id();
        if kind.qos() > 0 {
            self.unacknowledged.push_back((id, name));
        }
        self.tell(What::Sent { name, dup: false });
        line.send(&Packet::Publish(self.packet(id, name)))
    }

    fn packet(&self, id: u16, name: Name) -> Publish {
        let topic = self.run.topic(&name.topic());
        let publish = Publish::at_qos(name.kind.qos(), id, topic, name.number.to_string());
        if name.kind == Kind::Retained { publish.retain() } else { publish }
    }

    fn take_in(&mut self, line: &mut Line, packet: &Packet) -> io::Result<()> {
        match *packet {
            Packet::Puback(id) => {
                if let Some(name) = take(&mut self.unacknowledged, id) {
                    self.tell(What::Acknowledged(name));
                }
            }
            Packet::Pubrec(id) => {
                if let Some(name) = take(&mut self.unacknowledged, id) {
                    self.tell(What::Acknowledged(name));
                    self.released.push_back((id, name));
                }
                line.send(&Packet::Pubrel(id))?;
            }
            Packet::Pubcomp(id) => drop(take(&mut self.released, id)),
            _ => {}
        }
        Ok(())
    }

    fn free_id(&mut self) -> u16 {
        loop {
            self.last_id = self.last_id.wrapping_add(1).max(1);
            let id = self.last_id;
            let mut taken = self.unacknowledged.iter().chain(&self.released);
            if !taken.any(|&(other, _)| other == id) {
                return id;
            }
        }
    }

    fn tell(&self, what: What) {
        self.run.history.add(Who::Publisher(self.number), what);
    }
}

fn take(messages: &mut VecDeque<(u16, Name)>, id: u16) -> Option<Name> {
    let place = messages.iter().position(|&(other, _)| other == id)?;
    messages.remove(place).map(|(_, name)| name)
}
