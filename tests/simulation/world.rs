//! A server, its clients, and all that lies between them, on one thread and from one seed.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use bytes::Bytes;
use mqttspec::broker::{Backlog, Holder as _};
use mqttspec::packet::QoS;

use super::agenda::{Agenda, Event, Side};
use super::check::check;
use super::defect::{Defect, Seams};
use super::history::{Counts, History};
use super::keep::Keep;
use super::network::{Link, Network};
use super::peer::Peer;
use super::plan::{PeerPlan, Plan, STORM};
use super::random::Random;
use super::server::Server;

/// Everything there is.
pub(crate) struct World {
    pub(crate) plan: Plan,
    pub(crate) random: Random,
    /// What the values take for the time at which all began.
    pub(crate) epoch: Instant,
    pub(crate) now: Duration,
    pub(crate) agenda: Agenda,
    pub(crate) links: Vec<Link>,
    pub(crate) peers: Vec<Peer>,
    /// `None` while it is down.
    pub(crate) server: Option<Server>,
    /// How often it has begun, and when last.
    pub(crate) life: u32,
    pub(crate) began: Duration,
    pub(crate) keep: Keep,
    pub(crate) seams: Seams,
    /// Since when the server is without the peers that it has Sessions of, as far as they are away:
    /// at the earliest, and at the latest.
    pub(crate) absent: BTreeMap<usize, (Duration, Duration)>,
    /// Wills that are due when the server is back.
    pub(crate) wills_at_start: Vec<usize>,
    pub(crate) history: History,
    pub(crate) calm: bool,
}

/// What has come of a run.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Outcome {
    pub(crate) faults: Vec<String>,
    pub(crate) story: Vec<String>,
    pub(crate) counts: Counts,
}

/// How long all may take to come to rest once the network behaves.
const PATIENCE: Duration = Duration::from_secs(600);

/// How often it is looked at whether they have: longer than octets are on their way, so that twice
/// at rest is at rest.
const LOOK: Duration = Duration::from_millis(500);

/// How often the server looks for Sessions whose time is over.
const EXPIRE: Duration = Duration::from_millis(1_100);

/// One run from beginning to end.
pub(crate) fn run(seed: u64, defect: Option<Defect>, tells: bool) -> Outcome {
    let mut random = Random::new(seed);
    let plan = Plan::draw(&mut random);
    let mut world = World {
        keep: Keep::new(plan.keeping),
        plan,
        random,
        epoch: Instant::now(),
        now: Duration::ZERO,
        agenda: Agenda::default(),
        links: Vec::new(),
        peers: Vec::new(),
        server: None,
        life: 0,
        began: Duration::ZERO,
        seams: Seams::new(defect),
        absent: BTreeMap::new(),
        wills_at_start: Vec::new(),
        history: History { tells, ..History::default() },
        calm: false,
    };
    world.begin();
    let probe = world.go_on();
    let faults = check(&world.history, probe);
    Outcome { faults, story: world.history.story, counts: world.history.counts }
}

impl World {
    fn begin(&mut self) {
        self.tell_plan();
        self.history.dropped = self.plan.queue.map(|_| BTreeMap::new());
        if self.plan.aged {
            self.grow_old();
        }
        self.start_server();
        if self.plan.expiry.is_some() {
            self.agenda.add(EXPIRE, Event::Expire);
        }
        for (number, plan) in self.plan.peers.clone().into_iter().enumerate() {
            self.agenda.add(plan.begin, Event::Connect { peer: number });
            for (time, step) in &plan.steps {
                self.agenda.add(*time, Event::Do { peer: number, step: step.clone() });
            }
            self.peers.push(Peer::new(number, plan, self.plan.aged));
        }
        self.plan.crashes.iter().for_each(|&time| self.agenda.add(time, Event::Crash));
        self.plan.stops.iter().for_each(|&time| self.agenda.add(time, Event::Stop));
        self.agenda.add(STORM, Event::Calm);
    }

    /// Goes on until all is at rest: the number of a peer that has then looked at what is retained.
    fn go_on(&mut self) -> usize {
        let count = self.peers.len();
        let mut rested = 0;
        while let Some((time, event)) = self.agenda.next() {
            self.now = time;
            let Event::Look = event else {
                self.happen(event);
                continue;
            };
            let busy = self.busy();
            rested = if busy.is_none() { rested + 1 } else { 0 };
            if let Some(who) = busy.filter(|_| self.now > STORM + PATIENCE) {
                self.fault(format!("does not come to rest: {who}"));
                break;
            }
            if rested >= 2 {
                if self.peers.len() > count {
                    break;
                }
                self.probe();
                rested = 0;
            }
            self.agenda.add(self.now + LOOK, Event::Look);
        }
        count
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Arrive { link, side, octets } => {
                if self.links[link].carries(side, self.now) {
                    match side {
                        Side::Server => self.server_receives(link, &octets),
                        Side::Peer => self.peer_receives(link, &octets),
                    }
                }
            }
            Event::Ended { link, side: Side::Server } => self.server_loses(link),
            Event::Ended { link, side: Side::Peer } => self.peer_loses(link),
            Event::Connect { peer } => self.connect_peer(peer),
            Event::PeerKept { peer, life } => self.peer_kept(peer, life),
            Event::Expire => {
                self.expire();
                self.agenda.add(self.now + EXPIRE, Event::Expire);
            }
            Event::PeerDeadline { peer } => self.peer_deadline(peer),
            Event::Do { peer, step } => self.act(peer, step),
            Event::ServerDeadline { life, link } if life == self.life => self.server_deadline(link),
            Event::Read { life, link } if life == self.life => self.server_reads(link),
            Event::Wake { life, link } if life == self.life => self.wake_seat(link),
            Event::Synced { life } if life == self.life => self.synced(true),
            Event::ServerDeadline { .. }
            | Event::Read { .. }
            | Event::Wake { .. }
            | Event::Synced { .. } => {}
            Event::Crash | Event::Stop if self.server.is_none() => {}
            Event::Crash | Event::Stop => {
                match event {
                    Event::Crash => self.crash_server(),
                    _ => self.stop_server(),
                }
                let down = Duration::from_micros(self.random.below(1_000_000));
                self.agenda.add(self.now + down, Event::Start);
            }
            Event::Start => self.start_server(),
            Event::Calm => {
                self.calm = true;
                self.agenda.add(self.now + LOOK, Event::Look);
            }
            Event::Look => {}
        }
    }

    /// Who still has something to do.
    fn busy(&self) -> Option<String> {
        let Some(server) = &self.server else { return Some("no server".to_owned()) };
        if !server.is_at_rest() {
            return Some("the disk".to_owned());
        }
        if let Some(peer) = self.peers.iter().position(|peer| !peer.is_at_rest()) {
            return Some(format!("peer {peer}"));
        }
        // All peers are connected, so nothing may be left for any of them.
        let left = server.broker.holder().with_registry(|registry| {
            registry.iter().find_map(|(name, session)| {
                let backlog = server.broker.holder().with_session(session, |it| it.backlog());
                (backlog != (0, 0)).then(|| format!("the Session of {name} has {backlog:?}"))
            })
        });
        left.or_else(|| {
            let held = server.broker.holder().held();
            (held != Backlog::default()).then(|| format!("nobody holds what is counted: {held:?}"))
        })
    }

    /// Somebody new asks for all that is retained.
    fn probe(&mut self) {
        let plan = PeerPlan {
            clean: true,
            durable: false,
            sync: 0,
            keep_alive: 0,
            in_flight: 1,
            will: None,
            begin: self.now,
            filters: vec![("r/#".to_owned(), QoS::ExactlyOnce)],
            steps: Vec::new(),
        };
        let number = self.peers.len();
        self.peers.push(Peer::new(number, plan, false));
        self.connect_peer(number);
    }

    /// The time as the values know it.
    pub(crate) fn instant(&self) -> Instant {
        self.epoch + self.now
    }

    pub(crate) fn transmit(&mut self, link: usize, side: Side, octets: Bytes) {
        let (mut network, links) = self.network();
        let has_broken = network.send(link, &mut links[link], side, octets);
        self.history.counts.cuts += u32::from(has_broken);
    }

    pub(crate) fn finish(&mut self, link: usize, side: Side) {
        let (mut network, links) = self.network();
        network.finish(link, &mut links[link], side);
    }

    pub(crate) fn cut(&mut self, link: usize) {
        self.tell(|| format!("link {link} breaks"));
        let (mut network, links) = self.network();
        network.cut(link, &mut links[link]);
    }

    fn network(&mut self) -> (Network<'_>, &mut [Link]) {
        let Self { now, plan, calm, random, agenda, links, .. } = self;
        (Network { now: *now, plan, calm: *calm, random, agenda }, links)
    }

    pub(crate) fn fault(&mut self, what: String) {
        self.history.fault(self.now, what);
    }

    pub(crate) fn tell(&mut self, line: impl FnOnce() -> String) {
        self.history.tell(self.now, line);
    }

    fn tell_plan(&mut self) {
        let Plan { keeping, delay, sync, cuts, splits, full, .. } = self.plan;
        let Plan { aged, expiry, queue, rate, .. } = self.plan;
        self.tell(|| {
            format!(
                "keeping {keeping:?}, delay {delay:?} µs, sync {sync} µs, {cuts} ‰ cuts, {splits} \
                 % splits, {full} % full, aged {aged}, expiry {expiry:?}, queue {queue:?}, rate \
                 {rate}"
            )
        });
    }
}
