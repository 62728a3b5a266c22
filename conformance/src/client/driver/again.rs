//! What a replay needs of a driver: to be told what a recording says, and to be waited for.

use std::time::Instant;

use serde_json::Value;

use super::line::Event;
use super::{DRIVER, Driver, How, Place, no_words};
use crate::finding::Finding;
use crate::record::Side;
use crate::transcript::Action;

/// How an event of a recording came again.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Again {
    /// In its turn.
    Told,
    /// Before a message that was told of first in the recording.
    Overtaken(String),
    /// Not at all.
    Untold,
}

impl Driver {
    /// Has the client do what a recording says, at this place.
    pub(in super::super) fn tell_again(
        &mut self,
        command: &Value,
        place: &Place,
    ) -> Result<(), Finding> {
        let mut command = command.clone();
        if command["do"] == "connect" {
            command["host"] = place.host.into();
            command["port"] = place.port.into();
        }
        self.record.event(DRIVER, Side::Judge, &format!("told again: {command}"));
        self.record.driver_step(Action::Tell { command: command.clone() });
        match &mut self.how {
            How::Lines(child) => child.tell(&command),
            How::OneShot(tools) => {
                let once = serde_json::from_value(command).map_err(|_| {
                    Finding::unsupported("what the recording says was for a driver, not for tools")
                })?;
                tools.run(place, &once)
            }
        }
    }

    /// Takes the event of a recording, as it is told this time.
    pub(in super::super) fn hear_again(
        &mut self,
        recorded: &Value,
        deadline: Instant,
    ) -> Result<Again, Finding> {
        let recorded: Event =
            serde_json::from_value(recorded.clone()).map_err(|error| no_words(&error))?;
        loop {
            if let Some(position) = self.untaken.iter().position(|event| event.is_like(&recorded)) {
                let is_message = |event: &&Event| matches!(event, Event::Message { .. });
                let first = self.untaken.iter().take(position).find(is_message);
                let overtaken = first.filter(|_| is_message(&&recorded)).map(Event::to_string);
                self.untaken.remove(position);
                return Ok(overtaken.map_or(Again::Told, Again::Overtaken));
            }
            if !self.take_in(deadline)? {
                return Ok(Again::Untold);
            }
        }
    }

    /// Takes in what is told until `deadline`.
    pub(in super::super) fn listen(&mut self, deadline: Instant) -> Result<(), Finding> {
        while self.take_in(deadline)? {}
        Ok(())
    }

    /// The first event that a replay has not asked for.
    pub(in super::super) fn unheard(&self) -> Option<String> {
        self.untaken.front().map(Event::to_string)
    }
}
