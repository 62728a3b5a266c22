//! What can be changed about a server while it runs.

use std::sync::Arc;

use super::Common;
use super::figures::Figures;
use super::passwords::CheckPassword;
use super::violations::ViolationCount;
use crate::broker::{Access, CloseReason, Holder as _};
#[cfg(feature = "tls")]
use crate::net::transport::tls::TlsError;

/// A way to reach a server that runs. Cheap to clone; of no effect once the server has ended.
#[derive(Clone, Debug)]
pub struct Control(pub(super) Arc<Common>);

impl Control {
    /// What the server has counted so far.
    pub fn figures(&self) -> Figures {
        self.0.figures()
    }

    /// Whether state can be kept at the moment, or none has to be.
    pub fn can_keep(&self) -> bool {
        self.0.broker.holder().can_keep()
    }

    /// Who has broken which statement, in the order of the statements; of many the last thousand.
    pub fn violations(&self) -> Vec<ViolationCount> {
        self.0.counters.violations.by_client()
    }

    /// Puts other access rules in place of those that hold, also for Clients that are connected.
    pub fn replace_access(&self, access: Access) {
        self.0.broker.replace_access(access);
    }

    /// Puts other passwords in place of those that hold, for Clients to come; without effect in a
    /// server that began without any. [`dismiss_users`](Self::dismiss_users) is for the others.
    pub fn replace_passwords(&self, passwords: Arc<dyn CheckPassword>) {
        self.0.passwords.replace(passwords);
    }

    /// Ends the connections of the users that `choose` picks, and says how many there are: what
    /// they proved themselves with does not hold any more. Their Sessions stay.
    pub fn dismiss_users(&self, mut choose: impl FnMut(&str) -> bool) -> usize {
        let choose = |_: &_, owner: Option<&str>| owner.is_some_and(&mut choose);
        self.0.broker.dismiss(CloseReason::UserChanged, choose)
    }

    /// Reads certificates and keys again, for connections to come; those that are open go on as
    /// they are. Whether there were any to read.
    ///
    /// # Errors
    ///
    /// What is wrong with them. The server goes on with those that it had.
    #[cfg(feature = "tls")]
    pub fn reload_certificates(&self) -> Result<bool, TlsError> {
        match &self.0.tls {
            None => Ok(false),
            Some(tls) => tls.reload().map(|()| true),
        }
    }
}
