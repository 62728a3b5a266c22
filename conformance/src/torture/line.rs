//! One connection of a peer, by the judge's own wire layer.

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use crate::peer::Transport;
use crate::subject::Subject;
use crate::wire::{Connack, Connect, Octets as _, Packet, Reader, Sender};

/// One connection of a peer.
pub(super) struct Line {
    transport: Box<dyn Transport>,
    reader: Reader,
    /// The port it comes from; 0 when it goes around the faults.
    port: u16,
}

/// How long a broker may take for an answer that a connection cannot do without.
const ANSWER: Duration = Duration::from_secs(5);

/// How long to wait for a packet before something else is looked at.
const GLANCE: Duration = Duration::from_millis(10);

impl Line {
    /// Opens a connection to `subject` by way of `address`: the broker's answer to `connect`, which
    /// is to accept it.
    pub(super) fn open(
        subject: &Subject,
        address: SocketAddr,
        connect: Connect,
    ) -> io::Result<(Self, Connack)> {
        let stream = TcpStream::connect_timeout(&address, ANSWER)?;
        let port = stream.local_addr()?.port();
        Self::over(subject.dial_over(stream, ANSWER)?, port, connect)
    }

    /// The same around the faults.
    pub(super) fn direct(subject: &Subject, connect: Connect) -> io::Result<(Self, Connack)> {
        Self::over(subject.dial(ANSWER)?, 0, connect)
    }

    fn over(
        transport: Box<dyn Transport>,
        port: u16,
        connect: Connect,
    ) -> io::Result<(Self, Connack)> {
        let mut line = Self { transport, reader: Reader::new(Sender::Server), port };
        line.send(&Packet::Connect(connect))?;
        match line.wait_for_any()? {
            Packet::Connack(connack) if connack.code == 0 => Ok((line, connack)),
            other => Err(io::Error::other(format!("{other} instead of an accepting CONNACK"))),
        }
    }

    /// The port it comes from.
    pub(super) const fn port(&self) -> u16 {
        self.port
    }

    pub(super) fn send(&mut self, packet: &Packet) -> io::Result<()> {
        self.transport.write(&packet.octets(), ANSWER)
    }

    /// The next packet, if there is one by now.
    pub(super) fn receive(&mut self) -> io::Result<Option<Packet>> {
        loop {
            if let Some(read) = self.reader.next_read() {
                return read.packet.map(Some).map_err(|malformed| {
                    io::Error::new(io::ErrorKind::InvalidData, malformed.to_string())
                });
            }
            let mut buffer = [0; 4096];
            match self.transport.read(&mut buffer, GLANCE) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(length) => self.reader.push(&buffer[..length]),
                Err(error) if error.kind() == io::ErrorKind::TimedOut => return Ok(None),
                Err(error) => return Err(error),
            }
        }
    }

    /// The next packet, which has to come.
    pub(super) fn wait_for_any(&mut self) -> io::Result<Packet> {
        let deadline = Instant::now() + ANSWER;
        while Instant::now() < deadline {
            if let Some(packet) = self.receive()? {
                return Ok(packet);
            }
        }
        Err(io::ErrorKind::TimedOut.into())
    }

    /// Says DISCONNECT: whether the broker has closed the connection then, as it does when it has
    /// read that.
    pub(super) fn leave(mut self) -> bool {
        if self.send(&Packet::Disconnect).is_err() {
            return false;
        }
        let deadline = Instant::now() + ANSWER;
        while Instant::now() < deadline {
            match self.receive() {
                Ok(_) => {}
                Err(error) => return error.kind() == io::ErrorKind::UnexpectedEof,
            }
        }
        false
    }
}
