//! How much a subject takes: the greatest of some sizes, tried from the largest down.

use crate::finding::Finding;
use crate::peer::Peer;
use crate::profile::Limits;
use crate::stage::Stage;
use crate::wire::{Connect, Packet, Publish, Subscribe};

/// A limit, and the conversation that finds out how much is taken.
#[derive(Clone, Copy)]
pub(crate) struct LimitProbe {
    /// Where it is noted.
    pub(crate) limit: fn(&mut Limits) -> &mut Option<u32>,
    /// What is tried, the largest first. Who takes that may take more.
    sizes: &'static [u32],
    takes: fn(&Stage<'_>, usize) -> Result<bool, Finding>,
}

impl LimitProbe {
    /// The greatest size that is taken; `None` when it is the largest that is tried, or none.
    pub(crate) fn most(self, stage: &Stage<'_>) -> Result<Option<u32>, Finding> {
        for (index, &size) in self.sizes.iter().enumerate() {
            if (self.takes)(stage, usize::try_from(size).unwrap_or(usize::MAX))? {
                return Ok((index > 0).then_some(size));
            }
        }
        Ok(None)
    }
}

/// Those that cases depend on: no larger than a case asks for, so that they cost a run little.
pub(crate) const QUICK: &[LimitProbe] = &[CLIENT_ID_OCTETS, PACKET_OCTETS];

/// All that is worth knowing, for who asks for nothing else.
pub(crate) const THOROUGH: &[LimitProbe] = &[
    CLIENT_ID_OCTETS,
    LimitProbe { sizes: &LARGE_PACKETS, ..PACKET_OCTETS },
    LimitProbe {
        limit: |limits| &mut limits.filters_in_one_subscribe,
        sizes: &[10_000, 5_000, 1_000, 500, 200, 100, 50, 20, 10, 8, 5, 2, 1],
        takes: takes_filters,
    },
    LimitProbe {
        limit: |limits| &mut limits.messages_in_flight,
        sizes: &[2_000, 1_024, 1_000, 500, 200, 100, 64, 50, 32, 20, 16, 10, 5, 2, 1],
        takes: sends_without_acknowledgement,
    },
    LimitProbe {
        limit: |limits| &mut limits.queued_messages,
        sizes: &[2_000, 1_000, 500, 200, 100, 50, 42, 20, 10, 1],
        takes: keeps_for_who_is_absent,
    },
    LimitProbe {
        limit: |limits| &mut limits.topic_levels,
        sizes: &[10_000, 1_000, 256, 200, 128, 100, 64, 50, 32, 20, 16, 10, 8],
        takes: |stage, levels| {
            // Two levels are those of every topic of ours.
            takes_topic(stage, &stage.topic(&"/".repeat(levels.saturating_sub(3))))
        },
    },
    LimitProbe {
        limit: |limits| &mut limits.topic_octets,
        sizes: &[65_535, 32_767, 16_384, 8_192, 4_096, 2_048, 1_024, 512, 256, 255, 128, 64],
        takes: |stage, octets| {
            let topic = stage.topic("");
            let rest = octets.saturating_sub(topic.len());
            takes_topic(stage, &(topic + &"x".repeat(rest)))
        },
    },
];

const CLIENT_ID_OCTETS: LimitProbe = LimitProbe {
    limit: |limits| &mut limits.client_id_octets,
    sizes: &[65_535, 1_024, 256, 255, 128, 64, 23],
    takes: takes_id,
};

const PACKET_OCTETS: LimitProbe = LimitProbe {
    limit: |limits| &mut limits.packet_octets,
    // The first is what cases ask for at most.
    sizes: &[2_200_000, 1 << 20, 1_000_000, 1 << 19, 1 << 18, 1 << 17, 1 << 16, 1 << 15],
    takes: takes_packet,
};

/// 16 MiB are enough to tell that nobody has drawn a line.
const LARGE_PACKETS: [u32; 12] = [
    1 << 24,
    1 << 23,
    1 << 22,
    2_200_000,
    1 << 21,
    1 << 20,
    1_000_000,
    1 << 19,
    1 << 18,
    1 << 17,
    1 << 16,
    1 << 15,
];

/// Whether a Client Identifier of so many octets is accepted.
fn takes_id(stage: &Stage<'_>, octets: usize) -> Result<bool, Finding> {
    let id = stage.id("") + &"x".repeat(octets);
    let mut peer = stage.peer("id")?;
    peer.send(stage.introduce(Connect::clean(&id[..octets])))?;
    let connack = peer.expect_connack();
    match connack {
        Ok(connack) => Ok(connack.code == 0),
        Err(finding) => is_taken(&peer, Err(finding)),
    }
}

/// Whether a PUBLISH of so many octets in all is acknowledged.
fn takes_packet(stage: &Stage<'_>, octets: usize) -> Result<bool, Finding> {
    let topic = stage.topic("large");
    let mut peer = stage.client("large")?;
    // Fixed header, length of the topic, identifier.
    let around = topic.len() + 9;
    peer.send(Publish::qos1(1, topic.as_str(), vec![b'x'; octets - around]))?;
    let answered = peer.expect_puback(1);
    is_taken(&peer, answered)
}

/// Whether one SUBSCRIBE of so many filters is granted whole.
fn takes_filters(stage: &Stage<'_>, filters: usize) -> Result<bool, Finding> {
    let mut peer = stage.client("filters")?;
    let mut subscribe = Subscribe::new(1);
    for number in 0..filters {
        subscribe = subscribe.filter(stage.topic(&number.to_string()), 0);
    }
    peer.send(subscribe)?;
    match peer.expect_suback(1) {
        Ok(codes) => Ok(codes.len() == filters && codes.iter().all(|&code| code == 0)),
        Err(finding) => is_taken(&peer, Err(finding)),
    }
}

/// Whether a PUBLISH on this topic is acknowledged.
fn takes_topic(stage: &Stage<'_>, topic: &str) -> Result<bool, Finding> {
    let mut peer = stage.client("topic")?;
    peer.send(Publish::qos1(1, topic, "x"))?;
    let answered = peer.expect_puback(1);
    is_taken(&peer, answered)
}

/// Whether so many messages of QoS 1 come before the first is acknowledged.
fn sends_without_acknowledgement(stage: &Stage<'_>, messages: usize) -> Result<bool, Finding> {
    let topic = stage.topic(&format!("flight{messages}"));
    let mut subscriber = stage.client("s")?;
    subscriber.subscribe_at(&topic, 1)?;
    publish(stage, &topic, messages)?;
    let mut arrived = 0;
    // All are on their way: what comes between two answers to PINGREQ shows that more may.
    loop {
        let packets = subscriber.fence()?;
        let before = arrived;
        arrived += packets.iter().filter(|packet| matches!(packet, Packet::Publish(_))).count();
        if arrived >= messages || arrived == before {
            return Ok(arrived >= messages);
        }
    }
}

/// Whether so many messages of QoS 1 wait for an absent Client.
fn keeps_for_who_is_absent(stage: &Stage<'_>, messages: usize) -> Result<bool, Finding> {
    let label = format!("queue{messages}");
    let topic = stage.topic(&label);
    let mut absent = stage.connect(stage.persistent(&label))?;
    absent.subscribe_at(&topic, 1)?;
    absent.disconnect()?;
    publish(stage, &topic, messages)?;
    let mut back = stage.resume(&label)?;
    let waited = back.until_own_sentinel(&topic, 1)?.len();
    back.unsubscribe(&topic)?;
    Ok(waited >= messages)
}

/// Publishes at QoS 1, a few at a time, so that no limit on what the subject takes in is met.
fn publish(stage: &Stage<'_>, topic: &str, messages: usize) -> Result<(), Finding> {
    let mut publisher = stage.client("p")?;
    let numbers: Vec<_> = (0..messages).collect();
    for some in numbers.chunks(10) {
        let ids: Vec<_> = some.iter().map(|_| publisher.fresh_id()).collect();
        for &id in &ids {
            publisher.send(Publish::qos1(id, topic, "x"))?;
        }
        ids.iter().try_for_each(|&id| publisher.expect_puback(id))?;
    }
    Ok(())
}

/// Whether what was sent is taken: the end of the connection is an answer as well, silence is none.
fn is_taken(peer: &Peer, answered: Result<(), Finding>) -> Result<bool, Finding> {
    match answered {
        Ok(()) => Ok(true),
        Err(_) if peer.is_closed() => Ok(false),
        Err(finding) => Err(finding),
    }
}
