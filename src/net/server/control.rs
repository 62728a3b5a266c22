//! What can be changed about a server while it runs.

use std::sync::Arc;

use super::Common;
use crate::broker::Access;

/// A way to reach a server that runs. Cheap to clone; of no effect once the server has ended.
#[derive(Clone, Debug)]
pub struct Control(pub(super) Arc<Common>);

impl Control {
    /// Puts other access rules in place of those that hold, also for Clients that are connected.
    pub fn replace_access(&self, access: Access) {
        self.0.broker.replace_access(access);
    }
}
