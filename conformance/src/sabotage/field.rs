//! Where sabotages are tried: a broker that conforms, and proxies before it.
//!
//! The cases about rights need users, and are tried behind a [`door`](super::door); all others
//! meet the broker itself, over TCP and, if it has an address for that, over WebSocket.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use super::matrix::Ground;
use super::{Proxy, Sabotage, door};
use crate::case::Case;
use crate::cases::server;
use crate::need::Need;
use crate::options::RunOptions;
use crate::profile::Profile;
use crate::report::Report;
use crate::run::judge;
use crate::subject::{Subject, SubjectError, Target};
use crate::verdict::Verdict;

/// A broker that conforms, as its profile has it started, before which sabotages are tried.
#[derive(Debug)]
pub struct Field {
    profile: Profile,
    broker: Subject,
    /// The door, and where to find it.
    door: (Proxy, Target),
}

impl Field {
    /// Starts the broker of a profile.
    ///
    /// # Errors
    ///
    /// Those of starting it, and [`SubjectError::CommandLine`] when the profile does not say how.
    pub fn open(profile: &Profile) -> Result<Self, SubjectError> {
        let start = || {
            let none = || SubjectError::CommandLine("the profile has no [start]".to_owned());
            Subject::of_profile(profile)?.ok_or_else(none)
        };
        // Once more: the free port may have been taken in between by what runs beside.
        let broker = start().or_else(|_| start())?;
        let door = Proxy::door(ANYWHERE, upstream(&broker, broker.target()));
        let door = door.map_err(SubjectError::NoPort)?;
        Ok(Self { profile: profile.clone(), broker, door })
    }

    /// Judges the broker behind a sabotage, or behind a proxy that breaks nothing: by the cases
    /// about rights, and by all others.
    ///
    /// # Errors
    ///
    /// [`SubjectError::NoPort`] when the proxy can listen nowhere.
    pub fn judge(
        &self,
        sabotage: Option<&Sabotage>,
        options: &RunOptions,
    ) -> Result<[Report; 2], SubjectError> {
        let of_rights = self.judge_rights(sabotage, options)?;
        Ok([self.judge_others(sabotage, options)?, of_rights])
    }

    /// Whether this case fails or warns behind the sabotage, given so much patience. A case that
    /// restarts its broker gets one of its own.
    ///
    /// # Errors
    ///
    /// Those of [`open`](Self::open) and [`judge`](Self::judge).
    pub fn fails(
        &self,
        sabotage: &Sabotage,
        case: &str,
        patience: Duration,
    ) -> Result<bool, SubjectError> {
        let Some(case) = server::all().find(|known| known.address == case) else {
            return Ok(false);
        };
        let is_background = server::background().any(|other| other.address == case.address);
        // The oracle tells what it has heard in others.
        let is_among = |other: &Case| {
            other.address == case.address
                || is_background && is_quick(other) && !is_of_rights(other)
        };
        let among = server::all().filter(|other| is_among(other)).map(|other| other.address);
        let options =
            RunOptions { among: Some(among.collect()), unprobed: true, patience, ..hasty() };
        let report = if is_of_rights(case) {
            self.judge_rights(Some(sabotage), &options)?
        } else if case.needs.contains(&Need::Restart) {
            Self::open(&self.profile)?.judge_others(Some(sabotage), &options)?
        } else {
            self.judge_others(Some(sabotage), &options)?
        };
        Ok(report.cases.iter().any(|report| report.case == case.address && is_bad(report.verdict)))
    }

    fn judge_others(
        &self,
        sabotage: Option<&Sabotage>,
        options: &RunOptions,
    ) -> Result<Report, SubjectError> {
        let broker = &self.broker;
        let proxy = Proxy::start(ANYWHERE, upstream(broker, broker.target()), sabotage);
        let proxy = proxy.map_err(SubjectError::NoPort)?;
        let websocket = match broker.websocket() {
            Some(target) => {
                let address = proxy.also(ANYWHERE, upstream(broker, target));
                let port = address.map_err(SubjectError::NoPort)?.port();
                Some(Target::websocket(HERE, port, target.path()))
            }
            None => None,
        };
        let subject = broker.by_way_of(Target::new(HERE, proxy.address().port()), websocket);
        let mut options = options.clone();
        options.profile = Some(self.profile.clone());
        options.among = Some(within(&options, |case| !is_of_rights(case)));
        Ok(judge(&subject, &options, &mut ()))
    }

    fn judge_rights(
        &self,
        sabotage: Option<&Sabotage>,
        options: &RunOptions,
    ) -> Result<Report, SubjectError> {
        let (_, upstream) = &self.door;
        let proxy =
            Proxy::start(ANYWHERE, upstream.clone(), sabotage).map_err(SubjectError::NoPort)?;
        let subject = Subject::at(Target::new(HERE, proxy.address().port()));
        let profile = door::profile();
        let subject = subject.following(&profile);
        let among = Some(within(options, is_of_rights));
        let options =
            RunOptions { profile: Some(profile), among, unprobed: true, ..options.clone() };
        Ok(judge(&subject, &options, &mut ()))
    }
}

impl Ground for Field {
    type Error = SubjectError;

    fn judge(
        &self,
        sabotage: Option<&'static Sabotage>,
        options: &RunOptions,
    ) -> Result<Vec<Report>, SubjectError> {
        Self::judge(self, sabotage, options).map(Vec::from)
    }
}

/// Waits for a subject on the same machine, of which most will come to nothing.
pub(super) fn hasty() -> RunOptions {
    RunOptions {
        patience: Duration::from_millis(1500),
        close_wait: Duration::from_secs(1),
        keep_alive_tolerance: Duration::from_millis(1500),
        give_up_wait: Duration::from_secs(6),
        second_look: false,
        ..RunOptions::default()
    }
}

/// Whether a verdict tells that something is wrong.
pub(super) const fn is_bad(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Fail | Verdict::Warn)
}

/// Whether the case is about users and their rights.
fn is_of_rights(case: &Case) -> bool {
    case.address.starts_with("access/") || case.address.starts_with("credentials/wrong-")
}

/// Whether the case neither waits by design nor stops its broker.
fn is_quick(case: &Case) -> bool {
    !case.needs.iter().any(|need| matches!(need, Need::Restart | Need::Seconds(_)))
}

/// Those of the cases that the options leave which are of this kind.
fn within(options: &RunOptions, which: impl Fn(&Case) -> bool) -> BTreeSet<&'static str> {
    let selected = server::all().filter(|case| options.selects(case) && which(case));
    selected.map(|case| case.address).collect()
}

/// Where a proxy finds the broker, with what its Clients have to say of themselves.
fn upstream(broker: &Subject, target: &Target) -> Target {
    match broker.credentials() {
        Some((name, password)) => target.clone().for_user(name, password),
        None => target.clone(),
    }
}

const HERE: &str = "127.0.0.1";

/// A free port of this machine.
const ANYWHERE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
