//! One connection of a load: cheap to write to, cheap to count what comes.
//!
//! The load shares the machine with the broker, so a packet is not decoded: its first octet and
//! its length are looked at, and of an acknowledgement its identifier.

use std::io;
use std::ops::Range;

use mqttspec_conformance::wire::{Connect, Octets as _, Packet, Subscribe};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A host and a port.
pub(super) type Address = (String, u16);

/// An open connection.
pub(super) struct Link {
    stream: TcpStream,
    read: Box<[u8]>,
    /// The octets of `read` that were received and not looked at.
    unread: Range<usize>,
}

/// A packet as far as a load wants to know it.
#[derive(Clone, Copy)]
pub(super) struct Seen<'a> {
    /// Type and flags.
    pub(super) first: u8,
    /// What follows the fixed header.
    pub(super) body: &'a [u8],
}

impl Link {
    /// Connects to `address` and waits for CONNACK.
    pub(super) async fn open(address: &Address, connect: &Connect) -> io::Result<Self> {
        let stream = TcpStream::connect((address.0.as_str(), address.1)).await?;
        stream.set_nodelay(true)?;
        let mut link = Self { stream, read: vec![0; BUFFER].into(), unread: 0..0 };
        link.write(&connect.octets()).await?;
        let accepted = link.wait_for(CONNACK, |seen| seen.body.get(1) == Some(&0)).await?;
        if accepted { Ok(link) } else { Err(io::Error::other("CONNACK refuses the connection")) }
    }

    /// Subscribes to `filters`, some of them a packet.
    pub(super) async fn subscribe(&mut self, filters: &[String], qos: u8) -> io::Result<()> {
        for filters in filters.chunks(FILTERS_IN_A_PACKET) {
            let none = Subscribe::new(1);
            let subscribe =
                filters.iter().fold(none, |packet, filter| packet.filter(filter.as_str(), qos));
            self.write(&subscribe.octets()).await?;
            let as_asked = |seen: Seen<'_>| {
                seen.body.get(2..).is_some_and(|codes| codes.iter().all(|&code| code == qos))
            };
            if !self.wait_for(SUBACK, as_asked).await? {
                return Err(io::Error::other(format!("SUBACK does not grant QoS {qos}")));
            }
        }
        Ok(())
    }

    /// Writes octets.
    pub(super) async fn write(&mut self, octets: &[u8]) -> io::Result<()> {
        self.stream.write_all(octets).await
    }

    /// Waits for packets if none is there, and has `look` look at each.
    ///
    /// Nothing is lost when it is dropped before its end.
    pub(super) async fn read(&mut self, mut look: impl FnMut(Seen<'_>)) -> io::Result<()> {
        if self.next().is_none() {
            self.fill().await?;
        }
        while let Some((seen, length)) = self.next() {
            look(seen);
            self.unread.start += length;
        }
        Ok(())
    }

    /// Leaves in good order.
    pub(super) async fn close(mut self) -> io::Result<()> {
        self.write(&Packet::Disconnect.octets()).await?;
        self.stream.shutdown().await
    }

    /// Passes over packets until one of the type comes, and says what `is_good` says of it.
    async fn wait_for(
        &mut self,
        packet_type: u8,
        is_good: impl Fn(Seen<'_>) -> bool,
    ) -> io::Result<bool> {
        loop {
            while let Some((seen, length)) = self.next() {
                let is_it = seen.first >> 4 == packet_type;
                let is_good = is_it && is_good(seen);
                self.unread.start += length;
                if is_it {
                    return Ok(is_good);
                }
            }
            self.fill().await?;
        }
    }

    /// The next packet and its length, if all of it is there.
    fn next(&self) -> Option<(Seen<'_>, usize)> {
        next(&self.read[self.unread.clone()])
    }

    /// Waits for octets.
    async fn fill(&mut self) -> io::Result<()> {
        self.read.copy_within(self.unread.clone(), 0);
        self.unread = 0..self.unread.len();
        let room = &mut self.read[self.unread.end..];
        if room.is_empty() {
            return Err(io::Error::other("a packet is larger than a benchmark expects"));
        }
        match self.stream.read(room).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            length => {
                self.unread.end += length;
                Ok(())
            }
        }
    }
}

/// The packet at the front of `octets` and its length, if all of it is there.
fn next(octets: &[u8]) -> Option<(Seen<'_>, usize)> {
    let (&first, rest) = octets.split_first()?;
    let (mut length, mut header) = (0, 1);
    for (place, &octet) in rest.iter().take(4).enumerate() {
        length |= usize::from(octet & 0x7f) << (7 * place);
        header += 1;
        if octet & 0x80 == 0 {
            let body = octets.get(header..header + length)?;
            return Some((Seen { first, body }, header + length));
        }
    }
    None
}

/// Enough for many small packets in one system call, and for one of this size.
const BUFFER: usize = 1 << 18;

const FILTERS_IN_A_PACKET: usize = 100;

const CONNACK: u8 = 2;
pub(super) const PUBLISH: u8 = 3;
pub(super) const PUBACK: u8 = 4;
pub(super) const PUBREC: u8 = 5;
pub(super) const PUBREL: u8 = 6;
pub(super) const PUBCOMP: u8 = 7;
const SUBACK: u8 = 9;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_are_seen_when_they_are_whole() {
        let octets = [0x30, 0x03, 0, 1, b'a', 0xd0, 0x00];
        for end in 0..5 {
            assert!(next(&octets[..end]).is_none());
        }
        let (seen, length) = next(&octets).expect("a whole packet");
        assert_eq!((seen.first, seen.body, length), (0x30, &octets[2..5], 5));
        let (seen, length) = next(&octets[5..]).expect("a whole packet");
        assert_eq!((seen.first, seen.body.len(), length), (0xd0, 0, 2));
    }

    #[test]
    fn a_length_of_four_octets_is_read() {
        let mut octets = vec![0x30, 0x80, 0x80, 0x80, 0x01];
        octets.resize(5 + 2_097_152, 0);
        assert_eq!(next(&octets).map(|(_, length)| length), Some(5 + 2_097_152));
    }
}
