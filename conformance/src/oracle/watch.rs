//! One connection, as the oracle follows it.

use std::cell::RefCell;
use std::rc::Rc;

use super::published::content;
use super::session::Session;
use super::{Case, Oracle, Rule};
use crate::finding::{Finding, Mismatch};
use crate::wire::{Malformed, Packet, Publish};

/// Follows one connection of a case.
#[derive(Debug)]
pub(crate) struct Watch {
    oracle: Oracle,
    /// Which of the case's connections.
    number: usize,
    session: Rc<RefCell<Session>>,
    /// Whether the Session began with this connection.
    is_fresh: bool,
    connect_sent: bool,
    connack_read: bool,
}

impl Watch {
    /// A connection of the case, on which nothing has been sent.
    pub(crate) fn new(oracle: &Oracle) -> Self {
        let mut case = oracle.0.borrow_mut();
        case.connections += 1;
        Self {
            oracle: oracle.clone(),
            number: case.connections,
            session: Rc::default(),
            is_fresh: true,
            connect_sent: false,
            connack_read: false,
        }
    }

    /// Takes in a packet that the judge sends.
    pub(crate) fn sent(&mut self, packet: &Packet) {
        let mut case = self.oracle.0.borrow_mut();
        if let Packet::Connect(connect) = packet {
            self.connect_sent = true;
            let known = case.sessions.get(&connect.client_id);
            // One that says it has kept nothing may still have: whether it is right is for others.
            if let Some(known) = known.filter(|_| !connect.clean_session) {
                self.session = Rc::clone(known);
                self.is_fresh = false;
            }
            if !connect.client_id.is_empty() {
                case.sessions.insert(connect.client_id.clone(), Rc::clone(&self.session));
            }
        }
        case.published.sent(self.number, packet);
        self.session.borrow_mut().sent(packet);
    }

    /// Takes in octets from the subject that are no packet, described by `text`; gives the breach.
    pub(crate) fn malformed(&self, octets: &[u8], malformed: Malformed, text: &str) -> Finding {
        let statement = malformed.fault.statement();
        let breach = Finding::fail("a packet in good order", text).of(statement);
        self.breach(Rule::broken_by(octets, malformed), &breach);
        breach
    }

    /// Takes in a packet from the subject, before anything else is made of it.
    ///
    /// # Errors
    ///
    /// [`Finding::Fail`] when it precedes the CONNACK: nothing can come of such a connection.
    pub(crate) fn read(&mut self, packet: &Packet) -> Result<(), Finding> {
        self.judge(Rule::on_form(packet.kind()), None);
        self.judge(Rule::OnlyWhatServersSend, None);
        self.check_first(packet)?;
        if self.oracle.0.borrow().is_mute {
            return Ok(());
        }
        self.check_answer(packet);
        if let Packet::Suback(suback) = packet {
            self.session.borrow_mut().granted(suback);
        }
        Ok(())
    }

    /// Takes in a message of the case, before anything is made of its Packet Identifier.
    ///
    /// # Errors
    ///
    /// [`Finding::Fail`] when it has none, so that its payload was read as one: an answer to it
    /// would be an answer to nothing.
    pub(crate) fn identified(&self, publish: &Publish) -> Result<(), Finding> {
        if !self.oracle.0.borrow().published.lacks_identifier(publish) {
            return Ok(());
        }
        let expected = "a Packet Identifier before the payload";
        let breach = Finding::fail(expected, publish).of("MQTT-2.3.1-1");
        self.breach(Rule::FormOfPublish, &breach);
        Err(breach)
    }

    /// Takes in a message of the case that is none of those which were read before on this
    /// connection.
    pub(crate) fn message(&self, publish: &Publish) {
        let mut session = self.session.borrow_mut();
        let mut case = self.oracle.0.borrow_mut();
        let first = session.delivered.get(&content(publish)).copied();
        if let Some(id) = publish.id {
            self.check_dup(&mut case, &session, publish, id);
            session.received.insert(id);
            session.unanswered.insert(id, (publish.clone(), self.number));
        }
        if !case.is_mute {
            check_subscription(&mut case, &session, publish);
            check_copies(&mut case, &mut session, publish, first);
        }
        session.delivered.entry(content(publish)).or_insert(publish.id);
    }

    /// Takes in a message of another case, of which only the identifier matters.
    pub(crate) fn foreign(&self, publish: &Publish) {
        self.session.borrow_mut().received.extend(publish.id);
    }

    /// Notes that a packet breaks a rule.
    pub(crate) fn breach(&self, rule: Rule, breach: &Finding) {
        if let Finding::Fail(mismatch) = breach {
            self.judge(rule, Some(mismatch.clone()));
        }
    }

    /// Notes that there was something to hold against the rule, and what is wrong with it.
    pub(crate) fn judge(&self, rule: Rule, breach: Option<Mismatch>) {
        self.oracle.0.borrow_mut().judge(rule, breach);
    }

    fn check_first(&mut self, packet: &Packet) -> Result<(), Finding> {
        let is_first = self.connect_sent && !self.connack_read;
        self.connack_read |= matches!(packet, Packet::Connack(_));
        if is_first && !self.connack_read {
            let breach = Finding::fail("CONNACK as the first packet", packet).of("MQTT-3.2.0-1");
            self.breach(Rule::ConnackFirst, &breach);
            return Err(breach);
        }
        if is_first {
            self.judge(Rule::ConnackFirst, None);
        }
        Ok(())
    }

    fn check_answer(&self, packet: &Packet) {
        let session = self.session.borrow();
        let (known, statement) = match packet {
            Packet::Puback(_) | Packet::Pubrec(_) => (&session.published, "MQTT-2.3.1-6"),
            Packet::Pubcomp(_) => (&session.published, "U-3.7.2-1"),
            Packet::Pubrel(_) => (&session.received, "MQTT-2.3.1-6"),
            Packet::Suback(_) | Packet::Unsuback(_) => (&session.subscribed, "MQTT-2.3.1-7"),
            _ => return,
        };
        let is_known = packet.packet_id().is_none_or(|id| known.contains(&id));
        let breach = || Mismatch::new("the identifier of a packet that was sent", packet);
        let breach = (!is_known).then(|| breach().of(statement));
        self.judge(Rule::AnswersToWhatWasSent, breach);
    }

    /// DUP of a message with this identifier, by what this Session was sent before.
    fn check_dup(&self, case: &mut Case, session: &Session, publish: &Publish, id: u16) {
        let Some((earlier, connection)) = session.unanswered.get(&id) else {
            if self.is_fresh && !session.received.contains(&id) {
                let breach = Mismatch::new("DUP 0 on a message that is new", publish);
                let breach = publish.dup.then(|| breach.of("MQTT-3.3.1-3"));
                case.judge(Rule::NoDupAtFirst, breach);
            }
            return;
        };
        // On the same connection it has been looked at already.
        let is_again = content(earlier) == content(publish) && earlier.qos == publish.qos;
        if *connection != self.number && is_again {
            let breach = Mismatch::new("DUP set on a PUBLISH that is sent again", publish);
            let breach = (!publish.dup).then(|| breach.of("MQTT-3.3.1-1"));
            case.judge(Rule::DupWhenSentAgain, breach);
        }
    }
}

/// What the subscriptions allow the message to be.
fn check_subscription(case: &mut Case, session: &Session, publish: &Publish) {
    let Some(due) = session.due(&publish.topic) else {
        let breach = Mismatch::new("a topic that the Client has subscribed to", publish);
        case.judge(Rule::TopicsMatch, Some(breach.of("MQTT-3.3.2-3")));
        return;
    };
    case.judge(Rule::TopicsMatch, None);
    if let Some(message) = case.published.of(publish) {
        let most = message.qos.min(due.qos);
        let expected = format!(
            "QoS {most} at most: published at QoS {}, granted at QoS {}",
            message.qos, due.qos
        );
        let breach = Mismatch::new(expected, publish).of("MQTT-3.8.4-6");
        case.judge(Rule::NoQosAboveWhatIsDue, (publish.qos > most).then_some(breach));
    }
}

/// Order and number of messages that can be told apart: `first` is the identifier of an earlier
/// copy.
fn check_copies(
    case: &mut Case,
    session: &mut Session,
    publish: &Publish,
    first: Option<Option<u16>>,
) {
    let Some(message) = case.published.of(publish).filter(|message| message.is_plain) else {
        return;
    };
    let is_single = session.due(&publish.topic).is_some_and(|due| due.is_single);
    if !is_single || publish.retain || publish.dup || publish.qos != message.qos {
        return;
    }
    match first {
        Some(id) if publish.qos == 2 && id != publish.id => {
            let breach = Mismatch::new("a message of QoS 2 once", format!("again {publish}"));
            case.judge(Rule::OnceAtQos2, Some(breach.of("MQTT-4.3.3-2")));
        }
        Some(_) => {}
        None => {
            if publish.qos == 2 {
                case.judge(Rule::OnceAtQos2, None);
            }
            let stream = (message.connection, publish.topic.clone(), publish.qos);
            let last = session.last.insert(stream, message.number);
            let is_late = last.is_some_and(|last| last > message.number);
            let breach = Mismatch::new("messages in the order of their publisher", publish);
            case.judge(Rule::Order, is_late.then(|| breach.of("MQTT-4.6.0-6")));
        }
    }
}
