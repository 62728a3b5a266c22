//! What is different for brokers and clients: their cases, the exceptions among them, and how a
//! client is judged behind a sabotage.

use std::time::Duration;

use super::Sabotage;
use super::client::exceptions::EXCEPTIONS as OF_CLIENTS;
use super::exceptions::EXCEPTIONS as OF_BROKERS;
use super::field::{hasty, is_bad};
use super::matrix::Ground;
use crate::case::About;
use crate::cases::{client, server};
use crate::client::{ClientSubject, DriverError, judge_client};
use crate::options::RunOptions;
use crate::report::{Report, Role};

/// All cases for one side.
pub(super) fn cases(role: Role) -> Vec<About> {
    match role {
        Role::Broker => server::all().map(|case| case.about()).collect(),
        Role::Client => client::all().map(|case| case.about()).collect(),
    }
}

/// Those of them that no sabotage makes fail, each with its reason.
pub(super) const fn exceptions(role: Role) -> &'static [(&'static str, &'static str)] {
    match role {
        Role::Broker => OF_BROKERS,
        Role::Client => OF_CLIENTS,
    }
}

impl Ground for ClientSubject {
    type Error = DriverError;

    fn judge(
        &self,
        sabotage: Option<&'static Sabotage>,
        options: &RunOptions,
    ) -> Result<Vec<Report>, DriverError> {
        let options = RunOptions { jobs: options.jobs.min(MOST_DRIVERS), ..options.clone() };
        Ok(vec![judge_client(&self.clone().behind(sabotage), &options, &mut ())])
    }
}

impl Sabotage {
    /// Whether this case for clients fails or warns when the client is seen through the sabotage,
    /// given so much patience.
    pub fn fails(&'static self, client: &ClientSubject, case: &str, patience: Duration) -> bool {
        let among = client::all().filter(|known| known.address == case);
        let among = Some(among.map(|case| case.address).collect());
        let options = RunOptions { among, patience, close_wait: patience, ..hasty() };
        let report = judge_client(&client.clone().behind(Some(self)), &options, &mut ());
        report.cases.iter().any(|report| is_bad(report.verdict))
    }
}

/// Drivers at once for one sabotage: each is a process.
const MOST_DRIVERS: usize = 32;
