//! What a run is like: drawn from its seed before it begins.

use std::time::Duration;

use mqttspec::packet::QoS;

use super::random::Random;

/// What a run is like.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) keeping: Keeping,
    /// How long octets are on their way, in microseconds.
    pub(crate) delay: (u64, u64),
    /// How long a group of changes takes to be written, in microseconds.
    pub(crate) sync: u64,
    /// Of a thousand pieces that are sent so many are cut short, and the link with them.
    pub(crate) cuts: u64,
    /// How many percent of what is sent comes in pieces.
    pub(crate) splits: u64,
    /// How many percent of the groups meet a full disk at first.
    pub(crate) full: u64,
    pub(crate) peers: Vec<PeerPlan>,
    /// When the server dies, and when it is stopped.
    pub(crate) crashes: Vec<Duration>,
    pub(crate) stops: Vec<Duration>,
    /// How many messages the server sends to one peer before it waits.
    pub(crate) server_in_flight: u16,
    /// Peers and server have spoken before, and are near the last Packet Identifier.
    pub(crate) aged: bool,
    /// How long the server keeps the Session of a peer that is away, in seconds.
    pub(crate) expiry: Option<u64>,
    /// Whether the server takes in together what has come together.
    pub(crate) gathers: bool,
    /// How little may wait, where that is bounded.
    pub(crate) queue: Option<Queue>,
    /// How many messages a second one peer may publish; 0 for any number.
    pub(crate) rate: u32,
}

/// Where the server keeps what outlives it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Keeping {
    /// Nowhere. The server is not restarted then: it promises nothing beyond its end.
    Volatile,
    /// In a list of groups of changes.
    Log,
    /// In the store of the program, on a disk that loses and tears what was not synced.
    Disk,
}

/// How little the server holds of what is on its way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Queue {
    /// How many messages.
    pub(crate) most: usize,
    /// For all peers together, what they have in flight included; otherwise that wait for each.
    pub(crate) of_all: bool,
    /// The old ones give way, and not the new.
    pub(crate) old_ones_go: bool,
}

/// What one peer is like.
#[derive(Clone, Debug)]
pub(crate) struct PeerPlan {
    pub(crate) clean: bool,
    /// It goes on from what it has kept when its program dies.
    pub(crate) durable: bool,
    /// How long it takes to keep something, in microseconds.
    pub(crate) sync: u64,
    /// In seconds; 0 for none.
    pub(crate) keep_alive: u16,
    pub(crate) in_flight: u16,
    /// Whether it leaves a Will, at which level, retained or not.
    pub(crate) will: Option<(QoS, bool)>,
    pub(crate) begin: Duration,
    /// What it subscribes to whenever it has no Session.
    pub(crate) filters: Vec<(String, QoS)>,
    pub(crate) steps: Vec<(Duration, Step)>,
}

/// Something that a peer does.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Publish {
        topic: String,
        qos: QoS,
        retain: bool,
        /// Octets of payload beyond the number of the message; `None` for a payload that is empty.
        padding: Option<usize>,
    },
    Subscribe(String, QoS),
    Unsubscribe(String),
    /// Leaves in good order.
    Leave,
    /// Leaves in good order, and has the other kind of Session from then on.
    Turn,
    /// Its link breaks.
    Break,
    /// Its program ends in the midst of things, and is started again.
    Die,
    /// Leaves in good order, and does not come back for so long.
    Stay(Duration),
}

impl Step {
    /// Whether it is a message that is not retained.
    const fn is_live(&self) -> bool {
        matches!(self, Self::Publish { retain: false, .. })
    }
}

/// How long peers act before the network behaves.
pub(crate) const STORM: Duration = Duration::from_secs(20);

const LEVELS: [QoS; 3] = [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce];

impl Plan {
    pub(crate) fn draw(random: &mut Random) -> Self {
        let keeping = match random.below(8) {
            0 => Keeping::Volatile,
            1..=5 => Keeping::Log,
            _ => Keeping::Disk,
        };
        let slow = [1_000, 20_000, 300_000][random.place(3)];
        let count = 10 + random.place(14);
        let mut times = |most: u64| -> Vec<Duration> {
            if keeping == Keeping::Volatile {
                return Vec::new();
            }
            (0..random.below(most + 1)).map(|_| moment(random, 1_000, STORM)).collect()
        };
        let (crashes, stops) = (times(3), times(1));
        let mut plan = Self {
            keeping,
            delay: (100, slow),
            sync: [500, 5_000, 200_000][random.place(3)],
            cuts: [0, 3, 20][random.place(3)],
            splits: [0, 20, 90][random.place(3)],
            full: if random.happens(20) { 10 } else { 0 },
            peers: (0..count).map(|number| PeerPlan::draw(number, count, random)).collect(),
            crashes,
            stops,
            server_in_flight: [1, 2, 3, 20][random.place(4)],
            aged: keeping != Keeping::Volatile && random.happens(25),
            expiry: random.happens(20).then(|| 1 + random.below(3)),
            gathers: random.happens(50),
            // What is dropped is told while the server lives, and not after it.
            queue: (keeping == Keeping::Volatile && random.happens(50)).then(|| Queue {
                most: 2 + random.place(6),
                of_all: random.happens(50),
                old_ones_go: random.happens(50),
            }),
            rate: if random.happens(25) { [1, 2, 5][random.place(3)] } else { 0 },
        };
        for peer in plan.peers.iter_mut().skip(1) {
            peer.outlive(plan.expiry, random);
        }
        plan
    }
}

impl PeerPlan {
    fn draw(number: usize, count: usize, random: &mut Random) -> Self {
        if number == 0 {
            return Self::observer(random);
        }
        let clean = random.happens(30);
        let mut plan = Self {
            clean,
            durable: false,
            sync: 0,
            keep_alive: [0, 1, 2, 10][random.place(4)],
            in_flight: [1, 2, 5, 100][random.place(4)],
            will: random.happens(50).then(|| (qos(random), random.happens(30))),
            begin: moment(random, 500, Duration::from_secs(3)),
            filters: (0..random.below(3)).map(|_| filter(number, count, random)).collect(),
            steps: Vec::new(),
        };
        // One level a topic and peer for what is retained, so that it is known which is the last.
        let retained_at = qos(random);
        for _ in 0..3 + random.below(12) {
            let step = match random.below(30) {
                0 => Step::Leave,
                1 if !clean => Step::Turn,
                2 | 3 => Step::Break,
                4 | 5 => {
                    let (filter, qos) = filter(number, count, random);
                    match plan.filters.iter().find(|(known, _)| *known == filter) {
                        Some((filter, _)) => Step::Unsubscribe(filter.clone()),
                        None => Step::Subscribe(filter, qos),
                    }
                }
                6..=11 => Step::Publish {
                    topic: format!("r/{number}"),
                    qos: retained_at,
                    retain: true,
                    padding: (!random.happens(15)).then(|| random.place(20)),
                },
                _ => Step::Publish {
                    topic: format!("t/{number}/{}", ["a", "b"][random.place(2)]),
                    qos: qos(random),
                    retain: false,
                    padding: Some(if random.happens(5) { 3_000 } else { random.place(30) }),
                },
            };
            // Some publishers say much at once.
            let times = if random.happens(20) && step.is_live() { 1 + random.place(6) } else { 1 };
            let time = moment(random, 600, STORM);
            plan.steps.extend(std::iter::repeat_n((time, step), times));
        }
        plan
    }

    /// Some have a store, and die; and where Sessions end in time, some stay away.
    fn outlive(&mut self, expiry: Option<u64>, random: &mut Random) {
        let turns = self.steps.iter().any(|(_, step)| matches!(step, Step::Turn));
        if !self.clean && !turns && random.happens(50) {
            self.durable = true;
            self.sync = [100, 5_000, 100_000][random.place(3)];
            for _ in 0..random.below(3) {
                self.steps.push((moment(random, 600, STORM), Step::Die));
            }
        }
        if let Some(expiry) = expiry
            && random.happens(40)
        {
            let time = Duration::from_millis(1_000 * expiry + random.below(4_000));
            self.steps.push((moment(random, 600, STORM), Step::Stay(time)));
        }
    }

    /// The one that is there before all others and subscribes to every Will.
    fn observer(random: &mut Random) -> Self {
        Self {
            clean: false,
            durable: false,
            sync: 0,
            keep_alive: 5,
            in_flight: 10,
            will: None,
            begin: Duration::ZERO,
            filters: vec![("w/#".to_owned(), QoS::ExactlyOnce)],
            steps: vec![(moment(random, 600, STORM), Step::Break)],
        }
    }
}

/// A filter for peer `number`, and the level that goes with it.
fn filter(number: usize, count: usize, random: &mut Random) -> (String, QoS) {
    let other = 1 + random.place(count - 1);
    let text = match random.below(6) {
        0 => "t/#".to_owned(),
        1 => "t/+/a".to_owned(),
        2 => "r/#".to_owned(),
        3 => format!("r/{other}"),
        4 => format!("t/{other}/#"),
        _ => format!("t/{other}/b"),
    };
    // One peer asks for one filter at one level, so that it is known what it was granted.
    let level = LEVELS[(text.len() + number) % 3];
    (text, level)
}

fn qos(random: &mut Random) -> QoS {
    LEVELS[random.place(3)]
}

/// A time from `earliest` milliseconds on, and before `end`.
fn moment(random: &mut Random, earliest: u64, end: Duration) -> Duration {
    let end = u64::try_from(end.as_millis()).expect("seconds");
    Duration::from_micros(1_000 * (earliest + random.below(end - earliest)) + random.below(1_000))
}
