//! Who is let in, and as whom.
//!
//! A user name counts once it is proved: by the transport, or by a password that somebody outside
//! has checked, since that takes time and knowledge which the protocol does not have. Meanwhile the
//! connection waits and looks at nothing else; and so does one whose Client has an older connection,
//! until that has ended.
//!
//! Clauses: [MQTT-3.1.3-8], [MQTT-3.1.3-9], [MQTT-3.1.4-2], [MQTT-3.1.4-4], [MQTT-3.2.0-1], U-3.1.4-1,
//! U-3.2.2.3-1.

use std::time::Instant;

use super::{Connection, Output, Stage, Waiting};
use crate::broker::keep_alive::KeepAlive;
use crate::broker::pace::Pace;
use crate::broker::sessions::{Attached, NotAttached};
use crate::broker::{Broker, Holder, Policy, Unit};
use crate::packet::{Connack, Connect, ConnectRefusal, Credentials, Text};

/// What has come of checking the credentials of a Client.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Proof {
    /// There was no time to check them, or too many wrong ones came from where they came from.
    Deferred,
    /// They are right.
    Given,
    /// There is no such user, or the password is another.
    Missing,
}

/// What to do with a CONNECT that is well formed.
#[derive(Debug, Eq, PartialEq)]
enum Admission {
    /// Find out whether this is true.
    Ask(Credentials),
    /// Let it in, as this user.
    Enter(Option<Text>),
    /// Refuse it.
    Refuse(ConnectRefusal),
}

/// What to do with a CONNECT of a Client that the transport `knows`, or not.
fn admission(knows: Option<&Text>, connect: &Connect, policy: &Policy) -> Admission {
    if let Some(user) = knows {
        return Admission::Enter(Some(user.clone()));
    }
    // A user name that nobody checks is nobody's.
    match policy.check_passwords.then(|| connect.credentials()).flatten() {
        Some(shown) if shown.password.is_some() && !shown.user_name.as_str().is_empty() => {
            Admission::Ask(shown)
        }
        // [U-3.2.2.3-1] Return code 4 is for what has not even the form of a user name and a
        // password,
        Some(_) => Admission::Refuse(ConnectRefusal::BadUserNameOrPassword),
        None if policy.admits_anonymous() => Admission::Enter(None),
        // and 5 for those who may not connect, whatever is wrong with what they say.
        None => Admission::Refuse(ConnectRefusal::NotAuthorized),
    }
}

impl<H: Holder> Connection<H> {
    pub(super) fn handle_connect(
        &mut self,
        now: Instant,
        connect: Connect,
        broker: &Broker<H>,
        unit: &mut Unit<'_>,
    ) {
        // [MQTT-3.1.3-8] Without an identifier there is nothing to find the Session by later.
        if connect.client_id().is_empty() && !connect.clean_session() {
            // [MQTT-3.1.3-9] The return code for a Client Identifier that is not taken.
            let refusal = ConnectRefusal::IdentifierRejected;
            return self.refuse(refusal, "MQTT-3.1.3-8", broker, unit);
        }
        match admission(self.user.as_deref(), &connect, broker.policy()) {
            Admission::Enter(user) => self.admit(now, connect, user, broker, unit),
            Admission::Ask(credentials) => {
                let Stage::Opened { deadline } = self.stage else { return };
                self.outgoing.push_back(Output::Authenticate(credentials));
                self.stage = Stage::Asking { connect, deadline };
            }
            Admission::Refuse(refusal) => self.refuse(refusal, "U-3.1.4-1", broker, unit),
        }
    }

    pub(super) fn handle_proof(
        &mut self,
        now: Instant,
        proof: Proof,
        broker: &Broker<H>,
        unit: &mut Unit<'_>,
    ) {
        let Stage::Asking { deadline, .. } = self.stage else { return };
        // Who it is was the last question; until it is answered for good, nobody.
        let opened = Stage::Opened { deadline };
        let Stage::Asking { connect, .. } = std::mem::replace(&mut self.stage, opened) else {
            return;
        };
        match proof {
            Proof::Given => {
                let user = connect.credentials().map(|shown| shown.user_name.detached());
                self.admit(now, connect, user, broker, unit);
            }
            Proof::Missing => {
                self.refuse(ConnectRefusal::NotAuthorized, "U-3.1.4-1", broker, unit);
            }
            Proof::Deferred => {
                self.refuse(ConnectRefusal::ServerUnavailable, "U-3.2.2.3-1", broker, unit);
            }
        }
    }

    /// The older connection may have ended.
    pub(super) fn handle_woken(&mut self, now: Instant, broker: &Broker<H>, unit: &mut Unit<'_>) {
        let Stage::Waiting(waiting) = &self.stage else { return };
        let opened = Stage::Opened { deadline: waiting.deadline };
        let Stage::Waiting(waiting) = std::mem::replace(&mut self.stage, opened) else { return };
        let Waiting { connect, user, .. } = *waiting;
        self.admit(now, connect, user, broker, unit);
    }

    /// Lets a Client in, as `user`, or has it wait for its turn.
    fn admit(
        &mut self,
        now: Instant,
        connect: Connect,
        user: Option<Text>,
        broker: &Broker<H>,
        unit: &mut Unit<'_>,
    ) {
        let attached = match broker.holder().can_keep() {
            true => broker.attach(&self.me, &connect, user.as_ref(), unit),
            false => Err(NotAttached::NoRoom),
        };
        let Attached { name, session, session_present, recorded } = match attached {
            Ok(attached) => attached,
            // [MQTT-3.1.4-2] The older connection ends first, and says by then what it has to.
            Err(NotAttached::InUse) => {
                let Stage::Opened { deadline } = self.stage else { return };
                self.stage = Stage::Waiting(Box::new(Waiting { connect, user, deadline }));
                return;
            }
            Err(refused) => {
                broker.leave_line(&self.me, &connect, unit);
                let refusal = match refused {
                    // [U-3.1.4-1] The identifier is fine, and another's.
                    NotAttached::NotTheOwner => (ConnectRefusal::IdentifierRejected, "U-3.1.4-1"),
                    // [U-3.2.2.3-1] A CONNECT that cannot be served is told so.
                    NotAttached::NoRoom | NotAttached::InUse => {
                        (ConnectRefusal::ServerUnavailable, "U-3.2.2.3-1")
                    }
                };
                return self.refuse(refusal.0, refusal.1, broker, unit);
            }
        };
        let keep_alive = KeepAlive::new(now, connect.keep_alive_seconds());
        let pace = Pace::new(broker.limits().max_publish_rate);
        self.stage = Stage::Connected { name, session, keep_alive, pace, failing: false };
        // [MQTT-3.1.4-4] An accepted CONNECT is answered with return code 0,
        // [MQTT-3.2.0-1] before anything else. The Session has begun, or the older one ended, for
        // good: a Client that is told so builds on it.
        self.hold(recorded.max(unit.recorded()));
        self.send(Connack::Accepted { session_present });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::broker::Anonymous;
    use crate::packet::{Binary, ClientId};

    fn credentials(user_name: &'static str, password: Option<&'static str>) -> Credentials {
        let password = password.map(|password| Binary::new(password).unwrap());
        Credentials { user_name: Text::new(user_name).unwrap(), password }
    }

    #[test]
    fn what_a_client_shows_and_what_it_gets() {
        let anna = Text::new("anna").unwrap();
        let nothing = Connect::new(&ClientId::new(Text::new("c").unwrap()));
        let shows = |user, password| nothing.clone().with_credentials(&credentials(user, password));
        let whole = shows("anna", Some("secret"));
        let (no_password, no_name) = (shows("anna", None), shows("", Some("secret")));
        let policy =
            |check_passwords, anonymous| Policy { check_passwords, anonymous, ..Policy::default() };
        let usual = policy(false, Anonymous::default());
        let checked = policy(true, Anonymous::default());
        let both = policy(true, Anonymous::Allowed);
        let closed = policy(false, Anonymous::Refused);

        let enter = |user: Option<&Text>| Admission::Enter(user.cloned());
        let ask = || Admission::Ask(credentials("anna", Some("secret")));
        let malformed = || Admission::Refuse(ConnectRefusal::BadUserNameOrPassword);
        let unwanted = || Admission::Refuse(ConnectRefusal::NotAuthorized);
        for (knows, shown, policy, expected) in [
            (None, &nothing, &usual, enter(None)),
            (None, &whole, &usual, enter(None)),
            (None, &nothing, &checked, unwanted()),
            (None, &whole, &checked, ask()),
            (None, &no_password, &checked, malformed()),
            (None, &no_name, &checked, malformed()),
            (None, &nothing, &both, enter(None)),
            (None, &whole, &both, ask()),
            (None, &no_password, &both, malformed()),
            (None, &nothing, &closed, unwanted()),
            (None, &whole, &closed, unwanted()),
            (Some(&anna), &no_name, &checked, enter(Some(&anna))),
            (Some(&anna), &nothing, &closed, enter(Some(&anna))),
        ] {
            assert_eq!(admission(knows, shown, policy), expected, "{shown:?} {policy:?}");
        }
    }
}
