//! A message on its way from its publisher to the Sessions of all who asked for it.
//!
//! Clauses: [MQTT-3.3.1-3], [MQTT-3.3.1-9], [MQTT-3.3.5-2], [MQTT-4.5.0-1], U-3.3.1.3-1, U-3.3.5-2,
//! U-4.7.2-1. Not here: who those are (`route`).

use std::cell::OnceCell;
use std::sync::Arc;
use std::time::Duration;

use super::route::Route;
use super::{Backlog, Bound, Broker, Change, Holder, KeptMessage, MessageNumber, Session, Unit};
use crate::packet::{Publish, PublishRun, QoS, Will};
use crate::session::Message;
use crate::topic::TopicName;

/// A message while it is being handed round.
#[derive(Debug)]
pub(super) struct Routed {
    live: Arc<Message>,
    kept: OnceCell<Arc<Message>>,
    /// What it is kept under beyond the end of the server, once that is needed.
    number: OnceCell<MessageNumber>,
    /// Whether it comes a second time should the server die before it is kept: at QoS 2 its
    /// publisher sends it again, and a Will is due again.
    may_come_again: bool,
}

impl Routed {
    pub(super) fn new(message: Message) -> Self {
        let may_come_again = message.qos == QoS::ExactlyOnce;
        let live = Arc::new(message);
        Self { live, kept: OnceCell::new(), number: OnceCell::new(), may_come_again }
    }

    /// The Will of a connection that is gone.
    fn will(will: Will) -> Self {
        let Will { topic, message, qos, retain } = will;
        // [MQTT-3.1.2-16] Not retained when it is not to be,
        // [MQTT-3.1.2-17] retained when it is.
        let message = Message { topic, payload: message.as_bytes().clone(), qos, retain };
        Self { may_come_again: true, ..Self::new(message) }
    }

    /// A message that is retained already, and kept under `number`.
    pub(super) fn retained(message: &Arc<Message>, number: Option<MessageNumber>) -> Self {
        let kept = OnceCell::from(message.clone());
        let number = number.map_or_else(OnceCell::new, OnceCell::from);
        Self { live: message.clone(), kept, number, may_come_again: false }
    }

    pub(super) fn topic(&self) -> &TopicName {
        &self.live.topic
    }

    pub(super) fn qos(&self) -> QoS {
        self.live.qos
    }

    /// How many octets of topic and payload it holds.
    pub(super) fn octets(&self) -> usize {
        self.live.topic.as_str().len() + self.live.payload.len()
    }

    /// Whether nobody who gets it at most once may have it before it is known to be kept.
    pub(super) fn may_come_again(&self) -> bool {
        self.may_come_again
    }

    /// For those who get it soon: it shares the memory that it was read into.
    pub(super) fn live(&self) -> &Arc<Message> {
        &self.live
    }

    /// For those who get it some day: it has memory of its own, one copy for all of them.
    pub(super) fn kept(&self) -> &Arc<Message> {
        self.kept.get_or_init(|| Arc::new(self.live.detached()))
    }

    /// The number to keep it under, the same for all who keep it; `None` when nothing is kept.
    pub(super) fn number(&self, unit: &Unit<'_>) -> Option<MessageNumber> {
        if let Some(&number) = self.number.get() {
            return Some(number);
        }
        let number = unit.message_number()?;
        Some(*self.number.get_or_init(|| number))
    }
}

impl<H: Holder> Broker<H> {
    /// Publishes `message`: keeps it if it is to be retained, and hands it to every Session with a
    /// subscription that matches.
    ///
    /// When this returns the server has taken the message over.
    pub fn publish(&self, message: Message) {
        let mut route = Route::default();
        self.holder.unit(|unit| self.publish_within(&Routed::new(message), &mut route, unit));
    }

    /// The same as part of a greater piece of work.
    fn publish_within(&self, routed: &Routed, route: &mut Route<H::Session>, unit: &mut Unit<'_>) {
        if routed.live.retain {
            self.retain(routed, unit);
        }
        for &(ref session, granted) in route.to(routed.topic(), &self.holder) {
            // [MQTT-3.3.1-9] An established subscription sees RETAIN 0, whatever the publisher set.
            // [MQTT-3.3.1-3] Nothing of the publisher's packet but the message goes on, DUP least
            // of all.
            self.holder.with_session(session, |session| {
                self.hand_over(session, routed, granted, false, unit);
            });
        }
    }

    /// Hands a message to a Session, and wakes its connection if that has something to do now.
    pub(super) fn hand_over(
        &self,
        session: &mut Session<H::Connection>,
        routed: &Routed,
        granted: QoS,
        retain: bool,
        unit: &mut Unit<'_>,
    ) {
        let more = Backlog { messages: 1, octets: routed.octets() };
        self.hand_over_within(session, more, |session, room| {
            session.deliver(routed, granted, retain, (self.policy.queue, room), unit)
        });
        self.settle(session);
    }

    /// Hands messages of QoS 0 to a Session: all of them, or as many as there is room for.
    fn hand_over_run(&self, session: &mut Session<H::Connection>, run: &PublishRun) {
        let more = Backlog::of(run);
        let room = session.room(more, &self.limits, || self.holder.held());
        if run.len() == 1 || session.has_room_for(more, room) {
            return self.hand_over_within(session, more, |session, room| {
                session.deliver_run(run, (self.policy.queue, room))
            });
        }
        let mut rest = run.clone();
        while let Some(one) = rest.split_first() {
            self.hand_over_run(session, &one);
        }
        self.hand_over_run(session, &rest);
    }

    /// Has a Session take `more` in the room that there is, wakes its connection if it says so, and
    /// tells of what was dropped.
    fn hand_over_within(
        &self,
        session: &mut Session<H::Connection>,
        more: Backlog,
        take: impl FnOnce(&mut Session<H::Connection>, Backlog) -> Option<&H::Connection>,
    ) {
        let dropped = session.dropped();
        let room = session.room(more, &self.limits, || self.holder.held());
        if let Some(connection) = take(session, room) {
            self.holder.wake(connection);
        }
        let dropped = session.dropped() - dropped;
        if dropped > 0 {
            self.holder.reached(session.bound(room, &self.limits), dropped);
        }
    }

    /// Keeps a message for those who subscribe later.
    fn retain(&self, routed: &Routed, unit: &mut Unit<'_>) {
        let message = routed.kept().clone();
        // What the server says of itself is said anew by the next one.
        let number = if is_of_server(&message.topic) { None } else { routed.number(unit) };
        self.holder.write_retained(|retained| {
            let topic = &message.topic;
            let had_one = number.is_some() && retained.get(topic).is_some();
            // Without room it is not kept, and goes on to those who are there.
            let has_room = retained.update_kept(message.clone(), number, &self.limits);
            if !has_room {
                self.holder.reached(retained.bound(&self.limits), 1);
            }
            let Some(number) = number else { return };
            if has_room && !message.payload.is_empty() {
                // [MQTT-3.3.1-5] Also beyond the end of the server.
                let message = KeptMessage { number, message: message.clone() };
                unit.record(Change::Retained { message });
            } else if had_one {
                unit.record(Change::Unretained { topic: topic.clone() });
            }
        });
    }

    /// Publishes a message of a Client, unless its topic is for the server alone.
    ///
    /// One of QoS 0 may stay in `route` with others of its topic, until
    /// [`hand_over_gathered`](Self::hand_over_gathered): nobody is told meanwhile that it was taken
    /// over, and a subscriber's Session is locked and woken once for all of them.
    pub(super) fn publish_for_client(
        &self,
        publish: Publish,
        route: &mut Route<H::Session>,
        unit: &mut Unit<'_>,
    ) -> Duration {
        if !self.is_for_clients(&publish.topic) {
            return Duration::ZERO;
        }
        let pause = self.hand_over_gathered(route);
        if !route.begin(&publish) {
            self.publish_within(&Routed::new(Message::from_publish(publish)), route, unit);
        }
        pause
    }

    /// Hands over the messages that have gathered in `route`, and says for how long their publisher
    /// should wait for one that gets them.
    ///
    /// A subscriber that takes nothing has no room left in the end, and then nobody waits for it.
    pub(super) fn hand_over_gathered(&self, route: &mut Route<H::Session>) -> Duration {
        let mut pause = Duration::ZERO;
        let Some((topic, run)) = route.finish() else { return pause };
        for (session, _) in route.to(&topic, &self.holder) {
            self.holder.with_session(session, |session| {
                let dropped = session.dropped();
                if session.may_read(&topic) {
                    self.hand_over_run(session, &run);
                    self.settle(session);
                }
                if session.dropped() == dropped {
                    let steps = u32::try_from(session.fleeting() / BEHIND).unwrap_or(u32::MAX);
                    pause = pause.max(STEP.saturating_mul(steps));
                }
            });
        }
        pause
    }

    /// Whether Clients may talk to each other on `topic`.
    fn is_for_clients(&self, topic: &TopicName) -> bool {
        // [U-4.7.2-1] They do not on topics that begin with `$`.
        // [MQTT-3.3.5-2] What a Client may not publish is acknowledged like all else, and goes
        // nowhere.
        let may_relay = self.policy.relay_reserved_topics && !is_of_server(topic);
        may_relay || !topic.is_reserved()
    }

    /// Whether `topic` has no more levels than are taken here.
    pub(super) fn takes_levels(&self, topic: &TopicName) -> bool {
        let most = self.limits.max_topic_levels;
        // One octet a level at least: most topics need not be looked at.
        let takes = topic.as_str().len() < most || topic.levels().take(most + 1).count() <= most;
        if !takes {
            self.holder.reached(Bound::MaxTopicLevels, 1);
        }
        takes
    }

    /// Publishes the Will of a connection that is gone.
    pub(super) fn publish_will(&self, will: Will, unit: &mut Unit<'_>) {
        let routed = Routed::will(will);
        // That of a PUBLISH the connection has looked at.
        if self.takes_levels(routed.topic()) && self.is_for_clients(routed.topic()) {
            self.publish_within(&routed, &mut Route::default(), unit);
        }
    }
}

/// For each so many messages of QoS 0 that wait for a subscriber, its publishers wait a step.
const BEHIND: usize = 4_096;
const STEP: Duration = Duration::from_millis(1);

/// Whether a topic is for what the server says of itself, and for nobody else to write.
pub(super) fn is_of_server(topic: &TopicName) -> bool {
    topic.levels().next() == Some("$SYS")
}
