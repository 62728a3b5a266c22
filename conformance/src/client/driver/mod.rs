//! What tells the client under test what to do, and what tells of it.
//!
//! Commands go to the driver and events come back, each noted in the transcript of the case.
//! Events wait in a queue until the case asks for them, as packets do at a [`Peer`](crate::peer::Peer).

mod again;
mod child;
mod line;
mod one_shot;

use std::collections::VecDeque;
use std::time::Instant;

use crate::finding::Finding;
use crate::peer::Patience;
use crate::record::{Record, Side};
use crate::transcript::Action;
use crate::wire::Connect;

use super::subject::DriverError;
use child::Child;
use line::{Command, Event, Numbered};
use one_shot::{Once, OneShot};

pub(crate) use again::Again;
pub(super) use line::Introduction;
pub(super) use one_shot::Patterns;

/// The driver of one case.
#[derive(Debug)]
pub struct Driver {
    how: How,
    record: Record,
    last_ticket: u64,
    /// Told, and not asked for yet.
    untaken: VecDeque<Event>,
    /// Set when the case has come to its end.
    is_over: bool,
}

#[derive(Debug)]
enum How {
    Lines(Child),
    OneShot(OneShot),
}

/// What a command is known by in the events that answer it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Ticket(u64);

/// A message as the client has handed it to its program.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Heard {
    /// The Topic Name.
    pub topic: String,
    /// The payload.
    pub payload: String,
    /// The QoS, where the client tells it.
    pub qos: Option<u8>,
    /// Whether it was a retained one, where the client tells it.
    pub retain: Option<bool>,
}

/// Where the client is to connect to.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) host: &'static str,
    pub(super) port: u16,
    /// The path of a WebSocket; `None` for TCP alone.
    pub(super) websocket: Option<String>,
}

impl Driver {
    /// Starts the program, and waits until it has introduced its client.
    pub(super) fn start(
        command: &str,
        record: Record,
    ) -> Result<(Self, Introduction), DriverError> {
        let mut child = Child::start(command)?;
        let introduction = child.introduction()?;
        Ok((Self::with(How::Lines(child), record), introduction))
    }

    /// Tools that are started when there is something for them to do.
    pub(super) fn one_shot(patterns: Patterns, record: Record) -> (Self, Introduction) {
        let introduction = patterns.introduction();
        (Self::with(How::OneShot(OneShot::new(patterns)), record), introduction)
    }

    const fn with(how: How, record: Record) -> Self {
        Self { how, record, last_ticket: 0, untaken: VecDeque::new(), is_over: false }
    }

    /// Has the client connect. The fields of `connect` are what it is asked for, and what it
    /// sends may be something else.
    pub(super) fn connect(
        &mut self,
        place: &Place,
        connect: &Connect,
        (topic, qos): (&str, u8),
    ) -> Result<Ticket, Finding> {
        if self.is_one_shot() {
            self.record.event(DRIVER, Side::Judge, &format!("subscribe to {topic} at QoS {qos}"));
            let (client_id, keep_alive) = named(connect);
            let topic = topic.to_owned();
            self.run(place, &Once::SubscribeOnce { client_id, keep_alive, topic, qos })?;
            return Ok(Ticket::NONE);
        }
        self.tell(Command::connect(place, connect))
    }

    /// Has a tool that publishes connect, and publish this.
    pub(super) fn connect_to_publish(
        &mut self,
        place: &Place,
        connect: &Connect,
        (topic, payload, qos): (&str, &str, u8),
    ) -> Result<(), Finding> {
        self.record.event(DRIVER, Side::Judge, &format!("publish to {topic} at QoS {qos}"));
        let (client_id, keep_alive) = named(connect);
        let (topic, payload) = (topic.to_owned(), payload.to_owned());
        self.run(place, &Once::PublishOnce { client_id, keep_alive, topic, payload, qos })
    }

    fn run(&mut self, place: &Place, once: &Once) -> Result<(), Finding> {
        let How::OneShot(tools) = &mut self.how else { return Ok(()) };
        let command = serde_json::to_value(once).map_err(|error| no_words(&error))?;
        self.record.driver_step(Action::Tell { command });
        tools.run(place, once)
    }

    /// Whether it does one thing a process.
    pub(super) const fn is_one_shot(&self) -> bool {
        matches!(self.how, How::OneShot(_))
    }

    /// Has the client open another connection and go on with its Session. One that does so by
    /// itself need not be told, and is all the same.
    pub(super) fn reconnect(&mut self) -> Result<Ticket, Finding> {
        self.tell(Command::Reconnect)
    }

    /// Has the client publish.
    pub(super) fn publish(
        &mut self,
        topic: &str,
        payload: &str,
        qos: u8,
        retain: bool,
    ) -> Result<Ticket, Finding> {
        let (topic, payload) = (topic.to_owned(), payload.to_owned());
        self.tell(Command::Publish { topic, payload, qos, retain })
    }

    /// Has the client subscribe.
    pub(super) fn subscribe(&mut self, filters: &[(&str, u8)]) -> Result<Ticket, Finding> {
        let filters = filters.iter().map(|&(filter, qos)| (filter, qos).into()).collect();
        self.tell(Command::Subscribe { filters })
    }

    /// Has the client unsubscribe.
    pub(super) fn unsubscribe(&mut self, filters: &[&str]) -> Result<Ticket, Finding> {
        let filters = filters.iter().map(|&filter| filter.to_owned()).collect();
        self.tell(Command::Unsubscribe { filters })
    }

    /// Has the client leave in good order.
    pub(super) fn disconnect(&mut self) -> Result<Ticket, Finding> {
        self.tell(Command::Disconnect)
    }

    fn tell(&mut self, command: Command) -> Result<Ticket, Finding> {
        self.last_ticket += 1;
        let id = self.last_ticket;
        self.record.event(DRIVER, Side::Judge, &command.to_string());
        let numbered = Numbered { id, command };
        let command = serde_json::to_value(&numbered).map_err(|error| no_words(&error))?;
        self.record.driver_step(Action::Tell { command });
        match &mut self.how {
            How::Lines(child) => child.tell(&numbered)?,
            How::OneShot(_) => return Err(Finding::unsupported("a tool does one thing and ends")),
        }
        Ok(Ticket(id))
    }

    /// Takes the first event that `pick` makes something of.
    ///
    /// # Errors
    ///
    /// [`Finding::Fail`] when none comes in time, [`Finding::Unsupported`] when the driver says
    /// that the client cannot do what it was told.
    pub(super) fn wait_for<T>(
        &mut self,
        what: &str,
        patience: &Patience,
        pick: impl Fn(&Event) -> Option<T>,
    ) -> Result<T, Finding> {
        let begin = Instant::now();
        let deadline = patience.deadline(patience.due);
        let mut position = 0;
        loop {
            while let Some(event) = self.untaken.get(position) {
                if let Some(found) = pick(event) {
                    self.untaken.remove(position);
                    return Ok(found);
                }
                position += 1;
            }
            if let Some(reason) = self.cannot() {
                return Err(Finding::unsupported(reason));
            }
            if !self.take_in(deadline)? {
                self.record.doubt();
                let waited = begin.elapsed().as_millis();
                let ms = u64::try_from(waited).unwrap_or(u64::MAX);
                self.record.driver_step(Action::Wait { ms });
                return Err(Finding::fail(
                    format!("the client to tell of {what}"),
                    self.after_untaken(&format!("nothing for {waited} ms")),
                ));
            }
        }
    }

    /// What the driver says that the client cannot do, as far as it has said so up to now.
    pub(super) fn cannot(&self) -> Option<String> {
        self.untaken.iter().find_map(|event| match event {
            Event::Unsupported { message } => Some(message.clone()),
            _ => None,
        })
    }

    /// Whether an event of this kind was told and not asked for, up to now.
    pub(super) fn has_told(&self, is_it: impl Fn(&Event) -> bool) -> bool {
        self.untaken.iter().any(is_it)
    }

    /// The case is over: what is told from now on is no part of its conversation.
    pub(super) const fn end_conversation(&mut self) {
        self.is_over = true;
    }

    /// Takes in what has been told already.
    pub(super) fn catch_up(&mut self) -> Result<(), Finding> {
        while self.take_in(Instant::now())? {}
        Ok(())
    }

    /// How the program has ended, with its last words; `None` while it runs, or when it is one
    /// that ends.
    pub(super) fn end(&self) -> Option<String> {
        match &self.how {
            How::Lines(child) => child.end(),
            How::OneShot(_) => None,
        }
    }

    /// Takes in the next event, or tells that there is none until `deadline`.
    fn take_in(&mut self, deadline: Instant) -> Result<bool, Finding> {
        let event = match &mut self.how {
            How::Lines(child) => child.event(deadline)?,
            How::OneShot(tools) => tools.event(deadline).map(|event| (Instant::now(), event)),
        };
        let Some((when, event)) = event else { return Ok(false) };
        self.record.event_at(when, DRIVER, Side::Subject, &event.to_string());
        if !self.is_over {
            let told = serde_json::to_value(&event).map_err(|error| no_words(&error))?;
            self.record.driver_step(Action::Told { event: told });
        }
        self.untaken.push_back(event);
        Ok(true)
    }

    fn after_untaken(&self, end: &str) -> String {
        let mut told: Vec<_> = self.untaken.iter().rev().take(3).map(Event::to_string).collect();
        told.reverse();
        told.push(end.to_owned());
        told.join(", then ")
    }
}

impl Ticket {
    /// Of what no event answers.
    pub(super) const NONE: Self = Self(0);

    /// Whether an event answers this command.
    pub(super) const fn is(self, id: u64) -> bool {
        self.0 == id
    }
}

/// How a client is asked to call itself, and how often to show that it is there.
fn named(connect: &Connect) -> (String, u16) {
    (String::from_utf8_lossy(&connect.client_id).into_owned(), connect.keep_alive)
}

fn no_words(error: &serde_json::Error) -> Finding {
    Finding::Error(format!("the judge has no words for what passes to and from a driver: {error}"))
}

pub(super) use line::Event as DriverEvent;

/// Who speaks, in a transcript.
const DRIVER: &str = "driver";
