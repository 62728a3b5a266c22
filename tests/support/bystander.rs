//! Somebody whom a broker has to serve well whatever others do to it, and what it costs the broker.

use std::io;
use std::net::SocketAddr;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use mqttspec::packet::{Delivery, Packet, PacketType, Pingreq, Puback, Publish, QoS};

use crate::broker::Broker;
use crate::peer::{Peer, clean, publish};

/// A client that does no harm, on a thread of its own: it pings and sends messages to itself for as
/// long as others try to disturb it.
pub(crate) struct Bystander {
    stop: Sender<()>,
    thread: JoinHandle<io::Result<Vec<Duration>>>,
}

impl Bystander {
    pub(crate) fn start(address: SocketAddr) -> Self {
        let mut peer = Peer::connect(address, clean("bystander")).expect("accepted");
        peer.subscribe("bystander/echo", QoS::AtLeastOnce).expect("granted");
        let (stop, stopped) = channel();
        let thread = std::thread::spawn(move || {
            let mut took = Vec::new();
            loop {
                let wait = stopped.recv_timeout(Duration::from_millis(20));
                // Once more after the end: what was done to the broker by then is behind it.
                let begin = Instant::now();
                echo(&mut peer)?;
                took.push(begin.elapsed());
                if wait != Err(RecvTimeoutError::Timeout) {
                    return Ok(took);
                }
            }
        });
        Self { stop, thread }
    }

    /// How long each of its messages took there and back, the quickest first.
    pub(crate) fn end(self) -> Vec<Duration> {
        drop(self.stop);
        let mut took = self.thread.join().expect("no panic").expect("undisturbed");
        assert!(!took.is_empty(), "it was there");
        took.sort_unstable();
        took
    }
}

/// A ping, and a message of QoS 1 there and back.
fn echo(peer: &mut Peer) -> io::Result<()> {
    peer.send(Pingreq)?;
    peer.send(publish("bystander/echo", 9, "still there"))?;
    let mut awaited = vec![PacketType::Pingresp, PacketType::Puback, PacketType::Publish];
    while !awaited.is_empty() {
        let packet = peer.receive()?.ok_or(io::ErrorKind::UnexpectedEof)?;
        let packet_type = packet.packet_type();
        let Some(place) = awaited.iter().position(|awaited| *awaited == packet_type) else {
            return Err(io::Error::other(format!("{packet} where {awaited:?} are to come")));
        };
        awaited.remove(place);
        if let Packet::Publish(Publish { delivery, payload, .. }) = packet {
            assert_eq!(payload, "still there");
            answer(peer, delivery)?;
        }
    }
    Ok(())
}

/// Acknowledges a message.
pub(crate) fn answer(peer: &mut Peer, delivery: Delivery) -> io::Result<()> {
    match delivery.packet_id() {
        Some(packet_id) => peer.send(Puback { packet_id }),
        None => Ok(()),
    }
}

/// The broker's memory that is not paged out, in octets; 0 where the system does not tell.
pub(crate) fn resident(broker: &Broker) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", broker.process.id()));
    status
        .unwrap_or_default()
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:")?.strip_suffix("kB")?.trim().parse().ok())
        .map_or(0, |kibibytes: u64| kibibytes * 1024)
}
