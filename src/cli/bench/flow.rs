//! Streams of messages: what one publisher sends and one subscriber takes, until they are stopped.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use mqttspec_conformance::wire::{Octets as _, Publish};
use tokio::time::sleep_until;

use super::link::{Link, PUBACK, PUBCOMP, PUBLISH, PUBREC, PUBREL, Seen};

/// What all streams of a round share.
pub(super) struct Shared {
    /// Messages that subscribers have received.
    pub(super) received: AtomicU64,
    /// Whether latencies count: not while all is still warming up.
    pub(super) measuring: AtomicBool,
    /// What time stamps count from.
    pub(super) begun: Instant,
}

/// How one publisher sends.
pub(super) struct Publishing {
    /// Its messages: the payload begins with eight octets for a time stamp. Sent in turn.
    templates: Vec<Template>,
    qos: u8,
    /// Messages of QoS 1 and 2 on their way at once.
    window: u16,
    /// The time between two messages; `None` for as many as the broker takes.
    pace: Option<Duration>,
}

/// A PUBLISH, and where in it the things stand that change.
struct Template {
    octets: Vec<u8>,
    packet_id: Option<usize>,
    stamp: usize,
}

impl Publishing {
    pub(super) fn new(
        topics: &[String],
        (qos, payload): (u8, usize),
        window: u16,
        pace: Option<Duration>,
    ) -> Self {
        let template = |topic: &String| {
            let octets = Publish::at_qos(qos, 1, topic.as_str(), vec![0; payload]).octets();
            let stamp = octets.len() - payload;
            Template { packet_id: (qos > 0).then(|| stamp - 2), octets, stamp }
        };
        Self { templates: topics.iter().map(template).collect(), qos, window, pace }
    }

    /// Sends until it is dropped.
    pub(super) async fn run(self, mut link: Link, shared: &Shared) -> io::Result<()> {
        let mut batch = Vec::with_capacity(BATCH * self.templates[0].octets.len());
        let mut answers = Vec::new();
        let (mut sent, mut in_flight) = (0_u64, 0_u16);
        let first = Instant::now();
        loop {
            let due = match self.pace {
                None => BATCH as u64,
                Some(pace) => self.due(pace, first, sent),
            };
            let room = if self.qos == 0 { u64::MAX } else { u64::from(self.window - in_flight) };
            let count = due.min(room).min(BATCH as u64);
            if count > 0 {
                batch.clear();
                for _ in 0..count {
                    let due_at = self.pace.map(|pace| first + pace * as_u32(sent));
                    self.write(&mut batch, sent, due_at.map(|at| at - shared.begun));
                    sent += 1;
                }
                if self.qos > 0 {
                    in_flight += u16::try_from(count).unwrap_or_default();
                }
                link.write(&batch).await?;
            } else {
                let next = self.pace.filter(|_| room > 0).map(|pace| first + pace * as_u32(sent));
                let read = link.read(|seen| in_flight -= answer(seen, &mut answers));
                match next {
                    None => read.await?,
                    Some(next) => tokio::select! {
                        read = read => read?,
                        () = sleep_until(next.into()) => {}
                    },
                }
                if !answers.is_empty() {
                    link.write(&answers).await?;
                    answers.clear();
                }
            }
        }
    }

    /// Messages that should have been sent by now and were not.
    fn due(&self, pace: Duration, first: Instant, sent: u64) -> u64 {
        let due = first.elapsed().as_nanos() / pace.as_nanos().max(1) + 1;
        u64::try_from(due).unwrap_or(u64::MAX).saturating_sub(sent)
    }

    fn write(&self, out: &mut Vec<u8>, number: u64, stamp: Option<Duration>) {
        let turn = usize::try_from(number).unwrap_or_default() % self.templates.len();
        let Template { octets, packet_id, stamp: stamp_at } = &self.templates[turn];
        let start = out.len();
        out.extend_from_slice(octets);
        if let Some(place) = packet_id {
            // 1 to 65,535, one after another: the window is far smaller.
            let id = u16::try_from(number % 65_535 + 1).unwrap_or(1);
            out[start + place..][..2].copy_from_slice(&id.to_be_bytes());
        }
        if let Some(stamp) = stamp {
            let stamp = u64::try_from(stamp.as_nanos()).unwrap_or_default();
            out[start + stamp_at..][..STAMP].copy_from_slice(&stamp.to_be_bytes());
        }
    }
}

/// Answers what a publisher is sent; 1 if that ends an exchange.
fn answer(seen: Seen<'_>, answers: &mut Vec<u8>) -> u16 {
    match seen.first >> 4 {
        PUBACK | PUBCOMP => 1,
        PUBREC => {
            answers.extend([PUBREL << 4 | 0b10, 2]);
            answers.extend_from_slice(seen.body);
            0
        }
        _ => 0,
    }
}

/// Takes messages until it is stopped, which `latencies` outlive: nanoseconds from when a message
/// was due to when it came.
pub(super) async fn subscribe(
    mut link: Link,
    shared: &Shared,
    mut latencies: Option<&mut Histogram<u64>>,
) -> io::Result<()> {
    let mut answers = Vec::new();
    loop {
        let mut received = 0;
        let read = link.read(|seen| match seen.first >> 4 {
            PUBLISH => {
                received += 1;
                let payload = acknowledge(seen, &mut answers);
                if let Some(latencies) = latencies.as_deref_mut()
                    && shared.measuring.load(Ordering::Relaxed)
                {
                    record(latencies, &seen.body[payload..], shared.begun.elapsed());
                }
            }
            PUBREL => complete(seen, &mut answers),
            _ => {}
        });
        read.await?;
        shared.received.fetch_add(received, Ordering::Relaxed);
        if !answers.is_empty() {
            link.write(&answers).await?;
            answers.clear();
        }
    }
}

/// Answers a PUBLISH, and says where its payload begins.
pub(super) fn acknowledge(seen: Seen<'_>, answers: &mut Vec<u8>) -> usize {
    let topic = usize::from(seen.body[0]) << 8 | usize::from(seen.body[1]);
    let after = 2 + topic;
    let kind = match seen.first >> 1 & 3 {
        0 => return after,
        1 => PUBACK,
        _ => PUBREC,
    };
    answers.extend([kind << 4, 2]);
    answers.extend_from_slice(&seen.body[after..after + 2]);
    after + 2
}

/// Answers a PUBREL.
pub(super) fn complete(seen: Seen<'_>, answers: &mut Vec<u8>) {
    answers.extend([PUBCOMP << 4, 2]);
    answers.extend_from_slice(seen.body);
}

fn record(latencies: &mut Histogram<u64>, payload: &[u8], now: Duration) {
    let Some(&stamp) = payload.first_chunk::<STAMP>() else { return };
    let due = Duration::from_nanos(u64::from_be_bytes(stamp));
    let took = now.saturating_sub(due).as_nanos();
    latencies.saturating_record(u64::try_from(took).unwrap_or(u64::MAX));
}

fn as_u32(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// Messages to a system call when there is no pace.
const BATCH: usize = 64;

/// Octets of a payload that say when its message was due.
pub(super) const STAMP: usize = 8;
