//! A subscriber that keeps its Session over everything that happens to its connections.

use std::collections::BTreeSet;
use std::io;
use std::thread;
use std::time::Instant;

use super::history::{Name, What, Who};
use super::line::Line;
use super::random::Random;
use super::run::Run;
use crate::wire::{Packet, Publish, Subscribe};

/// A subscriber at work.
pub(super) struct Subscriber<'a> {
    run: &'a Run<'a>,
    number: u32,
    random: Random,
    /// QoS 2, here and not released.
    received: BTreeSet<u16>,
    is_subscribed: bool,
    connections: u32,
    /// The last message has come.
    is_fenced: bool,
}

impl<'a> Subscriber<'a> {
    pub(super) fn new(run: &'a Run<'a>, number: u32) -> Self {
        Self {
            run,
            number,
            random: Random::of(run.options.seed, 2 << 32 | u64::from(number)),
            received: BTreeSet::new(),
            is_subscribed: false,
            connections: 0,
            is_fenced: false,
        }
    }

    /// Listens until the last message has come, and what may be late.
    pub(super) fn work(mut self) {
        let deadline = self.run.begin + self.run.options.duration + 2 * self.run.options.patience;
        while !(self.is_fenced && self.run.is_over()) {
            if !self.is_fenced && Instant::now() > deadline {
                return self.tell(What::Stuck("the last message has not come".to_owned()));
            }
            if let Err(error) = self.connect(deadline) {
                self.tell(What::Lost { number: self.connections, why: error.to_string() });
            }
            thread::sleep(self.random.pause(100));
        }
    }

    /// One connection, until it is lost or there is nothing more to come.
    fn connect(&mut self, deadline: Instant) -> io::Result<()> {
        self.connections += 1;
        let number = self.connections;
        let connect = self.run.connect(&format!("s{}", self.number), false);
        let (mut line, connack) = self.run.open(connect)?;
        let session_present = connack.session_present;
        self.tell(What::Connected { session_present, number });
        if !session_present {
            self.received.clear();
            self.is_subscribed = false;
        }
        if !self.is_subscribed {
            let qos = 2 - u8::try_from(self.number % 3).unwrap_or(0);
            line.send(&Packet::Subscribe(Subscribe::new(1).filter(self.run.topic("#"), qos)))?;
        }
        let run = self.run;
        let is_over = |fenced| if fenced { run.is_over() } else { Instant::now() > deadline };
        while !is_over(self.is_fenced) {
            if let Some(packet) = line.receive()? {
                self.take_in(&mut line, packet)?;
            }
            if !self.run.is_calm() && self.random.below(400) == 0 {
                // Nobody reads for a while.
                thread::sleep(self.random.pause(150));
            }
        }
        self.tell(What::Left { number, certain: line.leave() });
        Ok(())
    }

    fn take_in(&mut self, line: &mut Line, packet: Packet) -> io::Result<()> {
        match packet {
            Packet::Publish(publish) => {
                let is_new = publish.qos < 2 || self.received.insert(publish.id.unwrap_or(0));
                if is_new {
                    self.take_over(&publish);
                }
                match (publish.qos, publish.id) {
                    (1, Some(id)) => line.send(&Packet::Puback(id))?,
                    (2, Some(id)) => line.send(&Packet::Pubrec(id))?,
                    _ => {}
                }
            }
            Packet::Pubrel(id) => {
                self.received.remove(&id);
                line.send(&Packet::Pubcomp(id))?;
            }
            Packet::Suback(suback) => {
                self.is_subscribed = true;
                let qos = suback.codes.first().copied().unwrap_or(0);
                self.tell(What::Subscribed { qos });
            }
            _ => {}
        }
        Ok(())
    }

    fn take_over(&mut self, publish: &Publish) {
        let Publish { qos, dup, retain, ref topic, ref payload, .. } = *publish;
        let topic = String::from_utf8_lossy(topic);
        let Some(topic) = topic.strip_prefix(&self.run.topic("")) else { return };
        if topic == "fence" && !self.is_fenced {
            self.is_fenced = true;
            self.tell(What::Fenced);
        }
        if let Some(name) = Name::parse(topic, payload) {
            self.tell(What::Received { name, qos, dup, retain });
        }
    }

    fn tell(&self, what: What) {
        self.run.history.add(Who::Subscriber(self.number), what);
    }
}
