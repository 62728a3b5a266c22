//! What a replay has the client do, and hears of it.

use std::time::Instant;

use serde_json::Value;

use super::ClientStage;
use crate::client::driver::Again;
use crate::finding::Finding;

impl ClientStage<'_> {
    /// Has the client do what a recording says.
    ///
    /// # Errors
    ///
    /// [`Finding::Unsupported`] when that was said to another kind of driver.
    pub(crate) fn tell_again(&mut self, command: &Value) -> Result<(), Finding> {
        if let Some(path) = command["websocket"].as_str() {
            self.over_websocket_at(path)?;
        }
        let place = self.place()?;
        self.driver.tell_again(command, &place)
    }

    /// Takes the event of a recording, which is due by `deadline`.
    ///
    /// # Errors
    ///
    /// [`Finding::Error`] when the recording has no event there.
    pub(crate) fn hear_again(
        &mut self,
        recorded: &Value,
        deadline: Instant,
    ) -> Result<Again, Finding> {
        self.driver.hear_again(recorded, deadline)
    }

    /// Takes in what the driver tells until `deadline`.
    pub(crate) fn listen(&mut self, deadline: Instant) -> Result<(), Finding> {
        self.driver.listen(deadline)
    }

    /// The first that the driver has told, and no step of the recording.
    pub(crate) fn unheard(&self) -> Option<String> {
        self.driver.unheard()
    }
}
