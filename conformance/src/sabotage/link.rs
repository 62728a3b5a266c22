//! One connection through the proxy, and what a sabotage can do to it.
//!
//! What is forged must not upset the honest ends. A message that the Server never sent is
//! acknowledged to the proxy alone, and a request that the Client never made is answered to the
//! proxy alone: both have Packet Identifiers from [`FIRST_FORGED`] on.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::time::Duration;

use super::outlet::{Outgoing, Outlet};
use crate::subject::{Subject, Target};
use crate::websocket::{Frame, Request};
use crate::wire::{Connect, Octets, Packet, Publish};

/// A connection, while somebody's packet is being dealt with.
///
/// Nothing here waits for a Client or the Server to read: what is sent is queued.
#[derive(Debug)]
pub struct Link<'a> {
    pub(super) number: u64,
    pub(super) ends: &'a mut BTreeMap<u64, Ends>,
    pub(super) upstream: &'a Target,
    /// Whether all octets of the packet came in one piece.
    pub(super) whole: bool,
    /// How many packets came before it in the same piece.
    pub(super) position: usize,
}

/// Both ends of one connection, and what has been seen on it.
#[derive(Debug)]
pub(super) struct Ends {
    pub(super) to_client: Outlet,
    pub(super) to_server: Outlet,
    /// What opened it, if it is a WebSocket.
    pub(super) request: Option<Request>,
    pub(super) connect: Option<Connect>,
    pub(super) accepted: bool,
    pub(super) filters: Vec<(Vec<u8>, u8)>,
    /// Messages from the Server that wait for an acknowledgement, with their QoS.
    pub(super) outbound: BTreeMap<u16, u8>,
    forged: BTreeSet<u16>,
    asked: BTreeSet<u16>,
    pings: usize,
    last_id: u16,
}

impl Ends {
    pub(super) const fn new(to_client: Outlet, to_server: Outlet) -> Self {
        Self {
            to_client,
            to_server,
            request: None,
            connect: None,
            accepted: false,
            filters: Vec::new(),
            outbound: BTreeMap::new(),
            forged: BTreeSet::new(),
            asked: BTreeSet::new(),
            pings: 0,
            last_id: FIRST_FORGED,
        }
    }

    /// Takes note of what the Client sends; `false` of what is none of the Server's business.
    pub(super) fn note_client(&mut self, packet: &Packet) -> bool {
        match packet {
            Packet::Connect(connect) if self.connect.is_none() => {
                self.connect = Some(connect.clone());
            }
            Packet::Subscribe(subscribe) => {
                for (filter, qos) in &subscribe.filters {
                    self.filters.retain(|(known, _)| known != filter);
                    self.filters.push((filter.clone(), *qos));
                }
            }
            Packet::Unsubscribe(unsubscribe) => {
                self.filters.retain(|(known, _)| !unsubscribe.filters.contains(known));
            }
            Packet::Puback(id) | Packet::Pubcomp(id) => {
                self.outbound.remove(id);
                return !self.forged.remove(id);
            }
            Packet::Pubrec(id) if self.forged.contains(id) => {
                self.send_client(Packet::Pubrel(*id));
                return false;
            }
            _ => {}
        }
        true
    }

    /// Takes note of what the Server sends; `false` of what is none of the Client's business.
    pub(super) fn note_server(&mut self, packet: &Packet) -> bool {
        match packet {
            Packet::Connack(connack) => self.accepted |= connack.code == 0,
            Packet::Publish(publish) => {
                if let Some(id) = publish.id {
                    self.outbound.insert(id, publish.qos);
                }
            }
            Packet::Pingresp if self.pings > 0 => {
                self.pings -= 1;
                return false;
            }
            Packet::Suback(_) | Packet::Unsuback(_) | Packet::Puback(_) => {
                return !packet.packet_id().is_some_and(|id| self.asked.remove(&id));
            }
            _ => {}
        }
        true
    }

    fn send_client(&self, octets: impl Octets) {
        self.to_client.send(Outgoing::Octets(octets.octets()));
    }

    fn send_server(&self, octets: impl Octets) {
        self.to_server.send(Outgoing::Octets(octets.octets()));
    }

    fn forged_id(&mut self) -> u16 {
        self.last_id = self.last_id.checked_add(1).unwrap_or(FIRST_FORGED);
        self.last_id
    }

    fn deliver(&mut self, mut publish: Publish) {
        if publish.qos > 0 {
            let id = self.forged_id();
            publish.id = Some(id);
            self.forged.insert(id);
        }
        self.send_client(publish);
    }

    pub(super) fn close(&self) {
        self.to_client.send(Outgoing::End);
        self.to_server.send(Outgoing::End);
    }
}

impl Link<'_> {
    fn own(&mut self) -> &mut Ends {
        self.ends.get_mut(&self.number).expect("a link outlives what happens on it")
    }

    /// The number of the connection: the first is 1.
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// The CONNECT in good order that opened it, if there was one.
    pub fn connect(&mut self) -> Option<&Connect> {
        self.own().connect.as_ref()
    }

    /// The Client Identifier, empty before CONNECT.
    pub fn client_id(&mut self) -> Vec<u8> {
        self.connect().map(|connect| connect.client_id.clone()).unwrap_or_default()
    }

    /// The request that opened it, if it is a WebSocket.
    pub fn request(&mut self) -> Option<&Request> {
        self.own().request.as_ref()
    }

    /// Whether the Server has accepted the CONNECT.
    pub fn is_accepted(&mut self) -> bool {
        self.own().accepted
    }

    /// What the Client has subscribed to on this connection, with the QoS it asked for.
    pub fn filters(&mut self) -> Vec<(Vec<u8>, u8)> {
        self.own().filters.clone()
    }

    /// The QoS of a message from the Server that waits for an acknowledgement.
    pub fn outbound(&mut self, id: u16) -> Option<u8> {
        self.own().outbound.get(&id).copied()
    }

    /// Whether any message from the Server waits for an acknowledgement.
    pub fn has_outbound(&mut self) -> bool {
        !self.own().outbound.is_empty()
    }

    /// Sends something to the Client.
    pub fn send_client(&mut self, octets: impl Octets) {
        self.own().send_client(octets);
    }

    /// Sends something to the Server.
    pub fn send_server(&mut self, octets: impl Octets) {
        self.own().send_server(octets);
    }

    /// Sends a frame to the Client, which is on a WebSocket.
    pub fn send_client_frame(&mut self, frame: Frame) {
        self.own().to_client.send(Outgoing::Bare(frame.unmasked().octets()));
    }

    /// Sends a frame to the Server, which is on a WebSocket.
    pub fn send_server_frame(&mut self, frame: Frame) {
        self.own().to_server.send(Outgoing::Bare(frame.octets()));
    }

    /// Sends something to the Client, later.
    pub fn send_client_after(&mut self, wait: Duration, octets: impl Octets) {
        send_after(wait, self.own().to_client.clone(), octets.octets());
    }

    /// Sends something to the Server, later.
    pub fn send_server_after(&mut self, wait: Duration, octets: impl Octets) {
        send_after(wait, self.own().to_server.clone(), octets.octets());
    }

    /// Closes the connection as soon as `is_over` says so, asked every so often.
    pub fn close_when(
        &mut self,
        every: Duration,
        mut is_over: impl FnMut() -> bool + Send + 'static,
    ) {
        let (to_client, to_server) = (self.own().to_client.clone(), self.own().to_server.clone());
        std::thread::spawn(move || {
            loop {
                std::thread::sleep(every);
                if is_over() {
                    to_server.send(Outgoing::End);
                    return to_client.send(Outgoing::End);
                }
            }
        });
    }

    /// Delivers a message that the Server did not send. Its Packet Identifier is made up.
    pub fn deliver(&mut self, publish: Publish) {
        self.own().deliver(publish);
    }

    /// Makes a request that the Client did not make; the answer does not reach it.
    pub fn ask(&mut self, mut packet: Packet) {
        let ends = self.own();
        let id = ends.forged_id();
        match &mut packet {
            Packet::Subscribe(subscribe) => subscribe.id = id,
            Packet::Unsubscribe(unsubscribe) => unsubscribe.id = id,
            Packet::Publish(publish) if publish.qos == 1 => publish.id = Some(id),
            Packet::Pingreq => ends.pings += 1,
            _ => {}
        }
        ends.asked.insert(id);
        ends.send_server(packet);
    }

    /// Closes the connection at both ends.
    pub fn close(&mut self) {
        self.own().close();
    }

    /// The numbers of all other connections.
    pub fn others(&self) -> Vec<u64> {
        self.ends.keys().copied().filter(|&number| number != self.number).collect()
    }

    /// Another connection; this one if that is gone.
    pub fn other(&mut self, number: u64) -> Link<'_> {
        let number = if self.ends.contains_key(&number) { number } else { self.number };
        Link { number, ends: self.ends, upstream: self.upstream, whole: true, position: 0 }
    }

    /// Says something to the Server on a connection of its own, and waits until it has understood.
    pub fn elsewhere(&self, connect: Connect, packet: Option<Packet>) {
        // Best effort: a sabotage that does not come off is one that nothing detects.
        let _ = self.on_a_connection_of_its_own(&connect, packet);
    }

    /// Publishes as somebody else.
    pub fn publish_elsewhere(&self, publish: Publish) {
        let publish = Publish { qos: 0, id: None, dup: false, ..publish };
        self.elsewhere(Connect::clean("mqttspecSaboteur"), Some(publish.into()));
    }

    fn on_a_connection_of_its_own(
        &self,
        connect: &Connect,
        packet: Option<Packet>,
    ) -> io::Result<()> {
        let subject = Subject::at(self.upstream.clone());
        let mut transport = subject.dial(ASIDE)?;
        let mut octets = subject.introduce(connect.clone()).octets();
        if let Some(packet) = packet {
            octets.extend(packet.octets());
        }
        octets.extend(Packet::Disconnect.octets());
        transport.write(&octets, ASIDE)?;
        let mut buffer = [0; 256];
        while transport.read(&mut buffer, ASIDE)? > 0 {}
        Ok(())
    }
}

fn send_after(wait: Duration, to: Outlet, octets: Vec<u8>) {
    std::thread::spawn(move || {
        std::thread::sleep(wait);
        to.send(Outgoing::Octets(octets));
    });
}

/// Above all Packet Identifiers that cases use, and all that a Server comes to in a test.
const FIRST_FORGED: u16 = 60_000;

/// How long a connection on the side may take.
const ASIDE: Duration = Duration::from_secs(1);
