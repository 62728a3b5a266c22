//! Sessions that are old when a run begins, and Sessions that end because their peers stay away.
//!
//! An old one has all but come to the last Packet Identifier, on both sides, so that a few messages
//! later the first comes again.

use std::time::Duration;

use mqttspec::broker::{Change, Holder as _, SessionName, SessionNumber};
use mqttspec::packet::{Packet, PacketId};
use mqttspec::topic::TopicFilter;

use super::defect::Defect;
use super::history::Span;
use super::peer::client_id;
use super::world::World;

/// When the runs take place, in seconds: any time will do.
const DATE: Duration = Duration::from_secs(1_700_000_000);

/// An identifier near the last, for peer `number`.
pub(crate) fn near_the_last(number: usize) -> PacketId {
    let number = u16::try_from(number % 8).expect("small");
    PacketId::new(u16::MAX - number).expect("not 0")
}

/// Whether a packet has the last identifier, for the first time.
pub(crate) fn is_last(packet: &Packet) -> bool {
    match packet {
        Packet::Publish(publish) if !publish.delivery.dup() => {
            publish.delivery.packet_id().is_some_and(|packet_id| packet_id.number() == u16::MAX)
        }
        _ => false,
    }
}

impl World {
    /// Gives the server Sessions of peers, with what they subscribe to.
    pub(crate) fn grow_old(&mut self) {
        let mut changes = Vec::new();
        for (number, plan) in self.plan.peers.clone().into_iter().enumerate() {
            if plan.clean {
                continue;
            }
            // Nobody has come yet.
            self.absent.insert(number, (self.now, self.now));
            let session = SessionNumber(1 + u64::try_from(number).expect("64 bits"));
            changes.push(Change::SessionBegun { session, client_id: client_id(number) });
            let packet_id = near_the_last(number);
            changes.push(Change::Released { session, order: 1, packet_id });
            for (filter, qos) in plan.filters {
                let asked = self.history.tick();
                let from = Some(self.history.tick());
                let subscription = filter.clone();
                let span = Span { subscriber: number, filter, qos, asked, from, until: None };
                self.history.spans.push(span);
                let filter = TopicFilter::new(subscription).expect("a Topic Filter");
                changes.push(Change::Subscribed { session, filter, qos });
            }
        }
        self.keep.begin(&changes);
    }

    /// The server looks for Sessions whose time is over. None ends before it, nor long after.
    pub(crate) fn expire(&mut self) {
        let Some(expiry) = self.plan.expiry.map(Duration::from_secs) else { return };
        let date = match self.seams.defect {
            // A clock that goes too fast.
            Some(Defect::ExpiresTooEarly) => DATE + self.now * 3,
            Some(Defect::NeverExpires) => DATE,
            _ => DATE + self.now,
        };
        let before = self.absent_sessions();
        let Some(server) = &self.server else { return };
        server.broker.expire(date);
        let after = self.absent_sessions();
        for (number, (earliest, latest)) in before {
            let away = self.now - earliest;
            match after.iter().any(|(other, _)| *other == number) {
                false => {
                    self.history.counts.expired += 1;
                    self.peers[number].may_be_gone = true;
                    // Nothing is owed to it from here on, even if a crash brings it back.
                    self.history.end_session(number);
                    // Nor does the next Session know what was on its way, if its CONNACK is lost.
                    self.history.may_repeat(number);
                    self.tell(|| format!("the Session of peer {number} ends after {away:?}"));
                    if away < expiry {
                        self.fault(format!("the Session of peer {number} ended too early"));
                    }
                }
                true if latest > self.began
                    && self.now - latest > expiry + SLACK
                    && !self.has_seat(number) =>
                {
                    self.fault(format!("the Session of peer {number} should have ended"));
                }
                true => {}
            }
        }
        self.drive_all();
    }

    /// A connection of a peer has ended.
    pub(crate) fn miss(&mut self, peer: usize) {
        let Some(server) = &self.server else { return };
        if !server.is_connected(peer) {
            // Of a connection that it was not told of a crash may leave no trace.
            self.absent.entry(peer).or_insert((self.now, self.now)).1 = self.now;
        }
    }

    /// Whether the server has a connection of a peer, though it may not have said so yet.
    fn has_seat(&self, peer: usize) -> bool {
        self.server.as_ref().is_some_and(|server| server.is_connected(peer))
    }

    /// The Sessions that the server has and whose peers are away, and since when.
    fn absent_sessions(&self) -> Vec<(usize, (Duration, Duration))> {
        let Some(server) = &self.server else { return Vec::new() };
        let is_there = |number: usize| {
            let name = SessionName::given(&client_id(number));
            server.broker.holder().with_registry(|registry| registry.get(&name).is_some())
        };
        let absent = self.absent.iter().map(|(&number, &since)| (number, since));
        absent.filter(|(number, _)| is_there(*number)).collect()
    }
}

/// It may be noticed at one look and ended at another, and whole seconds count.
const SLACK: Duration = Duration::from_millis(3_500);
