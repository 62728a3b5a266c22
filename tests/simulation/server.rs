//! The server in its world: what the shell does for it, from packets to the disk.
//!
//! Not here: how it reads (`reading`), and what it says (`saying`).

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::BytesMut;
use mqttspec::broker::{
    Broker, Change, Connection, Input, Limits, Local, LocalConnection, Policy, Position,
    QueuePolicy,
};
use mqttspec::packet::Packet;

use super::agenda::Event;
use super::defect::Defect;
use super::history::Fate;
use super::plan::Queue;
use super::world::World;

/// A server that runs.
pub(crate) struct Server {
    pub(crate) broker: Broker<Local>,
    pub(crate) seats: BTreeMap<usize, Seat>,
    /// How many changes were ever recorded, and how many are kept.
    recorded: u64,
    pub(crate) durable: u64,
    gathered: Vec<Change>,
    /// Being written, and what is durable when they are.
    writing: Option<(Vec<Change>, u64)>,
    /// The disk has no room at the moment.
    pub(crate) failing: bool,
    /// How many messages it says to have dropped, by peer.
    pub(crate) dropped: BTreeMap<usize, u64>,
    /// Wills that became due and are nowhere else, and what has to be durable for that to count.
    due: Vec<(usize, u64)>,
}

/// One Network Connection at the server.
pub(crate) struct Seat {
    pub(crate) value: Connection<Local>,
    /// What has come and was not read yet.
    pub(crate) inbox: BytesMut,
    /// The same, less the packets that were looked at when they came.
    pub(crate) ahead: BytesMut,
    /// The network has said that nothing more comes.
    pub(crate) ended: bool,
    pub(crate) held: Option<Position>,
    alarm: Option<Duration>,
    pub(crate) peer: usize,
    pub(crate) clean: bool,
    pub(crate) will: Option<usize>,
    /// CONNACK has left.
    pub(crate) told: bool,
    /// DISCONNECT has come, whether it was read or not.
    pub(crate) leaving: bool,
    /// The server knows that.
    pub(crate) left: bool,
    /// When the last whole packet came, and how long silence may last.
    pub(crate) heard: Duration,
    pub(crate) patience: Option<Duration>,
}

impl Server {
    /// Whether it has accepted a connection of `peer` that has not ended.
    pub(crate) fn is_connected(&self, peer: usize) -> bool {
        self.seats.values().any(|seat| seat.peer == peer && seat.is_open())
    }

    /// Whether nothing waits to be written.
    pub(crate) fn is_at_rest(&self) -> bool {
        self.gathered.is_empty() && self.writing.is_none()
    }

    /// The connections of `peer` at the server that have not been let in.
    pub(crate) fn unheard(&self, peer: usize) -> Vec<usize> {
        let is_unheard = |seat: &Seat| seat.peer == peer && !seat.is_open() && !seat.left;
        self.seats.iter().filter(|(_, seat)| is_unheard(seat)).map(|(&link, _)| link).collect()
    }
}

impl Seat {
    /// Whether a CONNECT was accepted, and nothing has ended the connection since.
    pub(crate) fn is_open(&self) -> bool {
        self.value.session_name().is_some()
    }
}

impl World {
    /// The server begins, with what the one before it has left.
    pub(crate) fn start_server(&mut self) {
        self.life += 1;
        self.began = self.now;
        let mut limits = Limits::default();
        limits.max_in_flight = self.plan.server_in_flight;
        limits.max_publish_rate = self.plan.rate;
        let mut policy = Policy::default();
        policy.session_expiry = self.plan.expiry.map(Duration::from_secs);
        if let Some(Queue { most, of_all, old_ones_go }) = self.plan.queue {
            let bound = match of_all {
                true => &mut limits.max_total_queued_messages,
                false => &mut limits.max_queued_messages,
            };
            *bound = most;
            policy.queue = if old_ones_go { QueuePolicy::DropOld } else { QueuePolicy::DropNew };
        }
        let broker = match self.keep.load() {
            Ok(None) => Broker::new(Local::new(), limits).with_policy(policy),
            Ok(Some(kept)) => {
                let kept = self.seams.load(kept);
                for will in std::mem::take(&mut self.wills_at_start) {
                    self.history.due(Some(will));
                }
                let broker = Broker::new(Local::recording(kept.last_number()), limits);
                let broker = broker.with_policy(policy);
                broker.restore(kept);
                broker
            }
            Err(error) => return self.fault(format!("the store cannot be read: {error}")),
        };
        self.tell(|| "server begins".to_owned());
        self.server = Some(Server {
            broker,
            seats: BTreeMap::new(),
            recorded: 0,
            durable: 0,
            gathered: Vec::new(),
            writing: None,
            failing: false,
            dropped: BTreeMap::new(),
            due: Vec::new(),
        });
        self.collect();
    }

    /// The server dies. What was being written may be there, and what only waited is not.
    pub(crate) fn crash_server(&mut self) {
        let Some(server) = self.server.take() else { return };
        self.history.counts.crashes += 1;
        self.tell(|| "server dies".to_owned());
        let writing = server.writing.map(|(changes, _)| changes).unwrap_or_default();
        self.keep.crash(self.seams.crash(&writing), &mut self.random);
        for (will, _) in server.due.into_iter().filter(|(_, position)| *position > server.durable) {
            self.history.messages[will].fate = Fate::Open;
        }
        for (link, seat) in server.seats {
            let is_open = seat.is_open();
            if is_open {
                self.absent.entry(seat.peer).or_insert((self.now, self.now)).1 = self.now;
            }
            match seat.will {
                // To the next server it is as if the network had failed.
                Some(will) if is_open && !seat.clean && seat.told => self.wills_at_start.push(will),
                // A clean Session ends with the server, and its Will with it.
                will if is_open && seat.clean => self.history.discard(will),
                // Whatever had come of CONNECT or DISCONNECT, nobody was told.
                _ => {}
            }
            self.cut(link);
        }
    }

    /// The server stops in good order: everything is said, and everything kept.
    pub(crate) fn stop_server(&mut self) {
        self.history.counts.stops += 1;
        self.tell(|| "server stops".to_owned());
        for input in [Input::Stopping, Input::Stop] {
            let Some(server) = &self.server else { return };
            let open = server.seats.iter().map(|(&link, seat)| (link, seat.is_open()));
            for (link, is_open) in open.collect::<Vec<_>>() {
                if is_open && input == Input::Stopping {
                    self.due_of_seat(link);
                }
                self.server_input(link, input.clone());
            }
            while self.server.as_ref().is_some_and(|server| server.writing.is_some()) {
                self.synced(false);
            }
        }
        let Some(server) = self.server.take() else { return };
        server.seats.keys().for_each(|&link| self.cut(link));
        self.keep.close();
    }

    /// A link reaches the server.
    pub(crate) fn open_seat(&mut self, link: usize, clean: bool, keep_alive: u16) {
        let (now, instant) = (self.now, self.instant());
        let peer = self.links[link].peer;
        let will = self.peers[peer].will;
        let Some(server) = &mut self.server else { return };
        let id = u64::try_from(link).expect("64 bits");
        let value = Connection::new(LocalConnection(id), instant, &server.broker);
        // [MQTT-3.1.2-24] Half as long again as was promised.
        let patience = (keep_alive > 0).then(|| Duration::from_secs(keep_alive.into()) * 3 / 2);
        let seat = Seat {
            value,
            inbox: BytesMut::new(),
            ahead: BytesMut::new(),
            ended: false,
            held: None,
            alarm: None,
            peer,
            clean,
            will,
            told: false,
            leaving: false,
            left: false,
            heard: now,
            patience,
        };
        server.seats.insert(link, seat);
        self.drive(link);
    }

    /// A connection was woken.
    pub(crate) fn wake_seat(&mut self, link: usize) {
        if self.seat(link).is_some_and(|seat| !seat.is_open()) {
            self.server_input(link, Input::Woken);
            self.server_reads(link);
        }
        self.drive(link);
    }

    /// Something happens to a connection.
    pub(crate) fn server_input(&mut self, link: usize, input: Input) {
        let (now, instant, gathers) = (self.now, self.instant(), self.gathers());
        let Some(server) = &mut self.server else { return };
        let Some(seat) = server.seats.get_mut(&link) else { return };
        if matches!(input, Input::Packet(_)) {
            seat.heard = now;
        }
        let was_open = seat.is_open();
        // Others like it may be at hand; it is driven once all have been read.
        let is_among = gathers && matches!(input, Input::Packet(Packet::Publish(_)));
        match input {
            Input::Packet(packet) if is_among => {
                seat.value.handle_among(instant, packet, &server.broker);
            }
            input => seat.value.handle(instant, input, &server.broker),
        }
        let is_open = seat.is_open();
        let (peer, leaving) = (seat.peer, seat.leaving);
        if was_open && !is_open {
            self.miss(peer);
            if !leaving {
                self.due_of_seat(link);
            }
        }
        if !is_among {
            self.drive(link);
        }
    }

    /// The connection has ended without DISCONNECT: its Will is due.
    pub(crate) fn due_of_seat(&mut self, link: usize) {
        let Some(server) = &mut self.server else { return };
        let Some(seat) = server.seats.get(&link) else { return };
        // Who was not told of its CONNECT may find that it never was.
        if let (Some(will), true) = (seat.will, seat.clean || !seat.told) {
            // More has been recorded than is counted yet.
            server.due.push((will, server.recorded + 1));
        }
        self.history.due(seat.will);
    }

    pub(crate) fn set_server_alarm(&mut self, link: usize) {
        let (epoch, life) = (self.epoch, self.life);
        let Some(seat) = self.seat(link) else { return };
        let Some(deadline) = seat.value.deadline() else { return };
        let deadline = deadline - epoch;
        if seat.alarm.is_none_or(|alarm| deadline < alarm) {
            seat.alarm = Some(deadline);
            self.agenda.add(deadline, Event::ServerDeadline { life, link });
        }
    }

    /// A deadline may have come.
    pub(crate) fn server_deadline(&mut self, link: usize) {
        let now = self.now;
        self.server_reads(link);
        let is_patient = self.seams.defect == Some(Defect::EndlessPatience);
        let Some(seat) = self.seat(link) else { return };
        seat.alarm = None;
        let is_overdue = seat.patience.is_some_and(|patience| now >= seat.heard + patience);
        if !is_patient {
            self.server_input(link, Input::Timeout);
        }
        // [MQTT-3.1.2-24] Now, not some time.
        if is_overdue && self.seat(link).is_some_and(|seat| seat.is_open()) {
            self.fault(format!("link {link}: silent for too long, and still connected"));
        }
    }

    /// Takes what has changed, and whom to wake.
    pub(crate) fn collect(&mut self) {
        let life = self.life;
        let Some(server) = &mut self.server else { return };
        let changes = server.broker.holder().take_changes();
        server.recorded += u64::try_from(changes.len()).expect("64 bits");
        server.gathered.extend(changes);
        if server.writing.is_none() && !server.gathered.is_empty() {
            server.writing = Some((std::mem::take(&mut server.gathered), server.recorded));
            let time = self.plan.sync / 2 + self.random.below(self.plan.sync);
            self.agenda.add(self.now + Duration::from_micros(time), Event::Synced { life });
        }
        while let Some(LocalConnection(link)) =
            self.server.as_ref().and_then(|server| server.broker.holder().next_woken())
        {
            // Whoever is woken gets to it when its turn comes, and other things happen before.
            let time = if self.random.happens(50) { 0 } else { self.random.below(2_000) };
            let link = usize::try_from(link).expect("it was one");
            self.agenda.add(self.now + Duration::from_micros(time), Event::Wake { life, link });
        }
    }

    /// What was being written is kept, or there was no room for it.
    pub(crate) fn synced(&mut self, may_be_full: bool) {
        let is_full = may_be_full && !self.calm && self.random.happens(self.plan.full);
        let life = self.life;
        let Some(server) = &mut self.server else { return };
        let Some((changes, up_to)) = server.writing.take() else { return };
        match self.keep.commit(self.seams.commit(&changes), is_full) {
            Ok(()) => {
                server.durable = up_to;
                server.failing = false;
            }
            Err(error) => {
                server.failing = true;
                server.writing = Some((changes, up_to));
                if !error.may_pass() {
                    self.fault(format!("the store fails: {error}"));
                }
                self.agenda.add(self.now + Duration::from_secs(1), Event::Synced { life });
            }
        }
        self.drive_all();
    }

    /// Puts out what all connections have to say.
    pub(crate) fn drive_all(&mut self) {
        let Some(server) = &self.server else { return };
        for link in server.seats.keys().copied().collect::<Vec<_>>() {
            self.drive(link);
        }
        self.collect();
    }

    pub(crate) fn seat(&mut self, link: usize) -> Option<&mut Seat> {
        self.server.as_mut()?.seats.get_mut(&link)
    }
}
