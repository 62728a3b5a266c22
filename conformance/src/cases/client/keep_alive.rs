//! 3.1.2.10: how a client shows that it is there.

use std::time::{Duration, Instant};

use super::prelude::*;

pub(super) const CASES: &[ClientCase] = &[
    ClientCase {
        address: "keeping-alive/pings-in-time",
        title: "An idle client sends PINGREQ before its Keep Alive is over, each time.",
        statements: &["MQTT-3.1.2-23", "U-3.12.2-1", "U-3.12.3-1"],
        level: Level::Must,
        needs: &[Ability::KeepAlive],
        run: |stage| {
            let mut peer = stage.connected(&stage.clean("idle").keep_alive(KEEP_ALIVE))?;
            let mut last = Instant::now();
            for _ in 0..3 {
                last = ping(stage, &mut peer, last)?;
                peer.send(Packet::Pingresp)?;
            }
            Ok(())
        },
    },
    ClientCase {
        address: "keeping-alive/what-it-receives-does-not-count",
        title: "A client that receives messages and sends nothing has to ping in time as well.",
        statements: &["MQTT-3.1.2-23"],
        level: Level::Must,
        needs: &[Ability::KeepAlive],
        run: |stage| {
            let mut peer = stage.connected(&stage.clean("busy").keep_alive(KEEP_ALIVE))?;
            let topic = stage.topic("own");
            let begin = Instant::now();
            while !peer.has_come(&Packet::Pingreq) && begin.elapsed() < latest(stage) {
                peer.send(Publish::qos0(topic.as_str(), "news"))?;
                peer.rest_until(&Packet::Pingreq, Duration::from_millis(500))?;
            }
            ping(stage, &mut peer, begin).map(drop)
        },
    },
    ClientCase {
        address: "keeping-alive/zero-is-said",
        title: "A client that says a Keep Alive of 0 stays without a PINGREQ being answered.",
        statements: &["U-3.1.2.10-4"],
        level: Level::Must,
        needs: &[Ability::KeepAlive],
        run: |stage| {
            let (mut peer, connect) = stage.greeted(&stage.clean("off").keep_alive(0))?;
            if connect.keep_alive != 0 {
                // One that says what it then keeps to breaks nothing.
                stage.observe("keep-alive-off", format!("says {}", connect.keep_alive));
                return Err(Finding::unsupported("the client does not turn Keep Alive off"));
            }
            peer.send(Connack::accepted(false))?;
            let topic = stage.topic("own");
            peer.client_fence(&topic)?;
            peer.rest(Duration::from_secs(3))?;
            peer.send(Publish::qos1(1, topic, "still there"))?;
            peer.expect_puback(1)
        },
    },
    ClientCase {
        address: "keeping-alive/no-pingresp-ends-it",
        title: "A client that gets no PINGRESP in a reasonable time closes the connection.",
        statements: &["U-3.1.2.10-1"],
        level: Level::Should,
        needs: &[Ability::KeepAlive],
        run: |stage| {
            let mut peer = stage.connected(&stage.clean("deaf").keep_alive(1))?;
            let begin = Instant::now();
            ping(stage, &mut peer, begin)
                .map_err(|finding| finding.while_preparing("see a PINGREQ"))?;
            peer.expect_client_closes_within(stage.give_up_wait())
        },
    },
];

/// Takes a PINGREQ, which is due before the Keep Alive after `last` is over; when it came.
fn ping(stage: &ClientStage<'_>, peer: &mut Peer, last: Instant) -> Result<Instant, Finding> {
    // What is no PINGREQ in good order comes in the place of one.
    let came = peer.rest_until(&Packet::Pingreq, latest(stage));
    came.map_err(Finding::of_the_case)?;
    let waited = last.elapsed();
    peer.expect_pingreq()?;
    if waited > Duration::from_secs(KEEP_ALIVE.into()) + TOLERANCE {
        // A busy machine looks the same.
        if !stage.is_second_look() {
            peer.doubt();
        }
        return Err(Finding::fail(
            format!("a packet within {KEEP_ALIVE} s"),
            format!("PINGREQ after {} ms", waited.as_millis()),
        ));
    }
    Ok(Instant::now())
}

/// In seconds: the shortest that leaves room for clients which look at the clock each second.
const KEEP_ALIVE: u16 = 3;

/// For a machine that is busy, and a network.
const TOLERANCE: Duration = Duration::from_millis(500);

/// After this a client is not late, but silent.
fn latest(stage: &ClientStage<'_>) -> Duration {
    Duration::from_secs(KEEP_ALIVE.into()) + stage.patience().max(TOLERANCE)
}
