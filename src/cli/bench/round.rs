//! One round: one load on one broker that runs, and what came of it.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use mqttspec_conformance::wire::{Connect, Octets as _, Publish};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::flow::{self, Publishing, Shared};
use super::link::{Address, Link, PUBLISH, PUBREL, Seen};
use super::scenario::{ROOT, Scenario, Traffic};
use super::usage::{self, Usage};

/// A load.
#[derive(Clone, Debug)]
pub(super) struct Load {
    pub(super) scenario: Scenario,
    pub(super) qos: u8,
    /// Octets of a payload.
    pub(super) payload: usize,
    /// Publishers and subscribers, where others than the scenario's are wanted.
    pub(super) clients: (Option<usize>, Option<usize>),
    /// Messages a second of all publishers together; `None` for as many as the broker takes.
    pub(super) rate: Option<u32>,
    /// Messages of QoS 1 and 2 of one publisher on their way at once.
    pub(super) window: u16,
    /// Whether the clients of a stream keep their Sessions: to those a durable broker owes more.
    pub(super) keep_sessions: bool,
    /// Connections of [`Scenario::Idle`].
    pub(super) connections: usize,
    /// Messages of [`Scenario::Retained`] and [`Scenario::Offline`].
    pub(super) messages: usize,
    /// How long to measure, after `warm_up`.
    pub(super) time: Duration,
    pub(super) warm_up: Duration,
}

/// A broker that is there for a round.
#[derive(Clone, Debug)]
pub(super) struct Broker {
    pub(super) address: Address,
    /// Its processes, if it was started here.
    pub(super) group: Option<u32>,
}

/// What a round has measured.
#[derive(Clone, Debug)]
pub(super) struct Sample {
    /// Deliveries, or what else the scenario counts.
    pub(super) count: u64,
    pub(super) time: Duration,
    /// What the broker used in that time.
    pub(super) cpu: Option<Duration>,
    /// Octets of its memory at the end of it, and how much they had grown.
    pub(super) resident: Option<(u64, u64)>,
    /// Nanoseconds from when a message was due to when it was there, if there was a rate.
    pub(super) latency: Option<Histogram<u64>>,
}

/// What was at the beginning of a measurement.
struct Start {
    at: Instant,
    usage: Option<Usage>,
}

impl Broker {
    fn usage(&self) -> Option<Usage> {
        self.group.and_then(usage::of)
    }

    fn start(&self) -> Start {
        Start { usage: self.usage(), at: Instant::now() }
    }

    fn sample(&self, start: &Start, count: u64) -> Sample {
        let time = start.at.elapsed();
        let usage = start.usage.zip(self.usage());
        Sample {
            count,
            time,
            cpu: usage.map(|(before, after)| after.cpu.saturating_sub(before.cpu)),
            resident: usage.map(|(before, after)| {
                (after.resident, after.resident.saturating_sub(before.resident))
            }),
            latency: None,
        }
    }

    async fn open(&self, connect: &Connect) -> io::Result<Link> {
        let opened = timeout(PATIENCE, Link::open(&self.address, connect)).await;
        opened.map_err(|_| io::Error::other("no CONNACK came"))?
    }
}

impl Load {
    /// Puts it on `broker`.
    pub(super) async fn run(&self, broker: &Broker) -> io::Result<Sample> {
        match (self.scenario, self.scenario.traffic(self.clients)) {
            (_, Some(traffic)) => self.stream(broker, traffic).await,
            (Scenario::Connect, _) => self.connects(broker).await,
            (Scenario::Idle, _) => self.idle(broker).await,
            (Scenario::Offline, _) => self.offline(broker).await,
            _ => self.retained(broker).await,
        }
    }

    async fn stream(&self, broker: &Broker, traffic: Traffic) -> io::Result<Sample> {
        let shared = Arc::new(Shared {
            received: AtomicU64::new(0),
            measuring: AtomicBool::new(false),
            begun: Instant::now(),
        });
        let (stop, stopped) = watch::channel(false);
        let mut streams = JoinSet::new();
        for subscriber in 0..traffic.subscribers {
            let mut link = broker.open(&self.client("s", subscriber)).await?;
            link.subscribe(&traffic.filters(subscriber), self.qos).await?;
            let (shared, mut stopped) = (Arc::clone(&shared), stopped.clone());
            let mut latency = self.rate.map(|_| histogram());
            streams.spawn(async move {
                tokio::select! {
                    ended = flow::subscribe(link, &shared, latency.as_mut()) => ended?,
                    _ = stopped.wait_for(|stop| *stop) => {}
                }
                io::Result::Ok(latency)
            });
        }
        let pace = self.rate.map(|rate| {
            Duration::from_secs(1) * u32::try_from(traffic.publishers).unwrap_or(1) / rate
        });
        let mut links = Vec::with_capacity(traffic.publishers);
        for publisher in 0..traffic.publishers {
            links.push(broker.open(&self.client("p", publisher)).await?);
        }
        // Nobody publishes before all are there: a broker at its limit is slow to take clients.
        for (publisher, link) in links.into_iter().enumerate() {
            let topics: Vec<_> = (0..traffic.topics())
                .map(|number| traffic.topic(publisher, number * 157))
                .collect();
            let publishing = Publishing::new(&topics, (self.qos, self.payload), self.window, pace);
            let (shared, mut stopped) = (Arc::clone(&shared), stopped.clone());
            streams.spawn(async move {
                tokio::select! {
                    ended = publishing.run(link, &shared) => ended?,
                    _ = stopped.wait_for(|stop| *stop) => {}
                }
                Ok(None)
            });
        }
        let mut lasts = async |time| {
            tokio::select! {
                () = sleep(time) => Ok(()),
                Some(ended) = streams.join_next() => Err(ended.map(Result::err)),
            }
        };
        lasts(self.warm_up).await.map_err(lost)?;
        shared.measuring.store(true, Ordering::Relaxed);
        let (start, before) = (broker.start(), shared.received.load(Ordering::Relaxed));
        lasts(self.time).await.map_err(lost)?;
        let received = shared.received.load(Ordering::Relaxed) - before;
        let mut sample = broker.sample(&start, received);
        let _ = stop.send(true);
        while let Some(ended) = streams.join_next().await {
            if let Ok(Ok(Some(latency))) = ended {
                sample
                    .latency
                    .get_or_insert_with(histogram)
                    .add(latency)
                    .map_err(io::Error::other)?;
            }
        }
        if self.keep_sessions && broker.group.is_none() {
            // Nobody else will sweep up after us.
            for (kind, clients) in [("s", traffic.subscribers), ("p", traffic.publishers)] {
                for number in 0..clients {
                    broker.open(&client(kind, number)).await?.close().await?;
                }
            }
        }
        Ok(sample)
    }

    /// A client of a stream.
    fn client(&self, kind: &str, number: usize) -> Connect {
        let mut connect = client(kind, number);
        connect.clean_session = !self.keep_sessions;
        connect
    }

    async fn connects(&self, broker: &Broker) -> io::Result<Sample> {
        let mut clients = JoinSet::new();
        let start = broker.start();
        let until = start.at + self.time;
        for number in 0..CONNECTING {
            let broker = broker.clone();
            clients.spawn(async move {
                let mut opened = 0;
                while Instant::now() < until {
                    // A Client Identifier of its own each time: NATS shuts one out for a second
                    // that is back before its last connection has been seen to end.
                    let number = number + CONNECTING * opened;
                    broker.open(&client("c", number)).await?.close().await?;
                    opened += 1;
                }
                io::Result::Ok(opened)
            });
        }
        let mut opened = 0;
        while let Some(ended) = clients.join_next().await {
            opened += ended.map_err(io::Error::other)?? as u64;
        }
        Ok(broker.sample(&start, opened))
    }

    async fn idle(&self, broker: &Broker) -> io::Result<Sample> {
        let start = broker.start();
        let mut links = Vec::with_capacity(self.connections);
        for number in 0..self.connections {
            links.push(broker.open(&client("i", number)).await?);
        }
        let count = u64::try_from(links.len()).unwrap_or_default();
        let sample = broker.sample(&start, count);
        for link in links {
            link.close().await?;
        }
        Ok(sample)
    }

    async fn retained(&self, broker: &Broker) -> io::Result<Sample> {
        self.fill(broker, true, self.payload).await?;
        let mut link = broker.open(&client("s", 0)).await?;
        let start = broker.start();
        link.subscribe(&[format!("{ROOT}/kept/#")], self.qos).await?;
        let sample = self.drain(broker, link, &start).await?;
        if broker.group.is_none() {
            // Nobody else will sweep up after us.
            self.fill(broker, true, 0).await?;
        }
        Ok(sample)
    }

    async fn offline(&self, broker: &Broker) -> io::Result<Sample> {
        let mut connect = client("o", 0);
        broker.open(&connect).await?.close().await?;
        connect.clean_session = false;
        let mut link = broker.open(&connect).await?;
        link.subscribe(&[format!("{ROOT}/kept/#")], self.qos).await?;
        link.close().await?;
        self.fill(broker, false, self.payload).await?;
        let start = broker.start();
        let link = broker.open(&connect).await?;
        let sample = self.drain(broker, link, &start).await?;
        connect.clean_session = true;
        broker.open(&connect).await?.close().await?;
        Ok(sample)
    }

    /// Publishes every message once, to a topic of its own, and waits for the last one's answer.
    async fn fill(&self, broker: &Broker, retain: bool, payload: usize) -> io::Result<()> {
        let mut link = broker.open(&client("p", 0)).await?;
        let mut answered = 0;
        for number in 0..self.messages {
            let id = u16::try_from(number % 65_535 + 1).unwrap_or(1);
            let topic = format!("{ROOT}/kept/{number}");
            let mut publish = Publish::qos1(id, topic, vec![b'x'; payload]);
            publish.retain = retain;
            link.write(&publish.octets()).await?;
            while number + 1 - answered >= usize::from(self.window) {
                link.read(|_| answered += 1).await?;
            }
        }
        while answered < self.messages {
            link.read(|_| answered += 1).await?;
        }
        link.close().await
    }

    /// Takes messages until all are there, or no more come.
    async fn drain(&self, broker: &Broker, mut link: Link, start: &Start) -> io::Result<Sample> {
        let (mut received, mut answers) = (0, Vec::new());
        let mut sample = broker.sample(start, 0);
        while received < self.messages {
            let read = link.read(|seen: Seen<'_>| match seen.first >> 4 {
                PUBLISH => {
                    received += 1;
                    flow::acknowledge(seen, &mut answers);
                }
                PUBREL => flow::complete(seen, &mut answers),
                _ => {}
            });
            match timeout(NOTHING_MORE, read).await {
                Err(_) => break,
                Ok(read) => read?,
            }
            sample = broker.sample(start, u64::try_from(received).unwrap_or_default());
            if !answers.is_empty() {
                link.write(&answers).await?;
                answers.clear();
            }
        }
        link.close().await?;
        Ok(sample)
    }
}

/// Why a stream has ended before its time.
fn lost(ended: Result<Option<io::Error>, tokio::task::JoinError>) -> io::Error {
    match ended {
        Ok(Some(error)) => io::Error::new(error.kind(), format!("a client was cut off: {error}")),
        Ok(None) => io::Error::other("a client came to its end before the round"),
        Err(error) => io::Error::other(error),
    }
}

fn client(kind: &str, number: usize) -> Connect {
    let mut connect = Connect::clean(format!("mqttspecBench{kind}{number}"));
    // No round lasts so long, and 0 is not taken by every broker.
    connect.keep_alive = 3600;
    connect
}

fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(SHORTEST, LONGEST, 3).unwrap_or_else(|_| unreachable!("in bounds"))
}

/// Latencies that can be told apart, in nanoseconds, to three digits.
const SHORTEST: u64 = 1_000;
const LONGEST: u64 = 600_000_000_000;

/// Clients that connect at once.
const CONNECTING: usize = 10;

/// For an answer to CONNECT.
const PATIENCE: Duration = Duration::from_secs(10);

/// A broker that has sent nothing for so long has sent all that it has.
const NOTHING_MORE: Duration = Duration::from_secs(2);
