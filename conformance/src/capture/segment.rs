//! TCP segments in IPv4 packets, with numbers and checksums as the other side would accept them.

/// One TCP connection as far as it has come.
#[derive(Debug)]
pub(super) struct Flow {
    client_port: u16,
    server_port: u16,
    client: End,
    server: End,
    /// The number in the next packet's header.
    identification: u16,
}

/// What one end has said.
#[derive(Debug)]
struct End {
    /// The number of the next octet that it sends.
    next: u32,
    finished: bool,
}

/// Who sends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum From {
    Client,
    Server,
}

/// The flags of a segment.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Flags(u8);

impl Flags {
    pub(super) const FIN: Self = Self(0x01);
    pub(super) const SYN: Self = Self(0x02);
    pub(super) const RST: Self = Self(0x04);
    pub(super) const PSH: Self = Self(0x08);
    pub(super) const ACK: Self = Self(0x10);

    pub(super) const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    const fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

impl From {
    pub(super) const fn other(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }
}

impl Flow {
    /// A connection from a port of its own to this one.
    pub(super) fn new(connection: usize, server_port: u16) -> Self {
        let offset = u16::try_from(connection % usize::from(PORTS)).expect("less than that");
        let client = End { next: FIRST_OF_CLIENT, finished: false };
        let server = End { next: FIRST_OF_SERVER, finished: false };
        let client_port = FIRST_PORT + offset;
        Self { client_port, server_port, client, server, identification: 0 }
    }

    /// Ends a direction; whether it was still open.
    pub(super) const fn finish(&mut self, from: From) -> bool {
        let end = self.end(from);
        !std::mem::replace(&mut end.finished, true)
    }

    const fn end(&mut self, from: From) -> &mut End {
        match from {
            From::Client => &mut self.client,
            From::Server => &mut self.server,
        }
    }

    /// The next packet of one side: what is sent counts, and so do SYN and FIN.
    pub(super) fn segment(&mut self, from: From, flags: Flags, octets: &[u8]) -> Vec<u8> {
        let acknowledged = if flags.has(Flags::ACK) { self.end(from.other()).next } else { 0 };
        let end = self.end(from);
        let sequence = end.next;
        let taken = u32::try_from(octets.len()).expect("what fits into a packet")
            + u32::from(flags.has(Flags::SYN.and(Flags::FIN)));
        end.next = end.next.wrapping_add(taken);
        let (source, target) = match from {
            From::Client => ((CLIENT, self.client_port), (SERVER, self.server_port)),
            From::Server => ((SERVER, self.server_port), (CLIENT, self.client_port)),
        };
        let mut tcp = Vec::with_capacity(TCP_HEADER + octets.len());
        tcp.extend(source.1.to_be_bytes());
        tcp.extend(target.1.to_be_bytes());
        tcp.extend(sequence.to_be_bytes());
        tcp.extend(acknowledged.to_be_bytes());
        tcp.extend([0x50, flags.0]); // a header of five words
        tcp.extend(u16::MAX.to_be_bytes()); // window
        tcp.extend([0, 0, 0, 0]); // checksum, urgent pointer
        tcp.extend_from_slice(octets);
        let length = u16::try_from(tcp.len()).expect("what fits into a packet");
        let pseudo = [&source.0[..], &target.0, &[0, TCP], &length.to_be_bytes()].concat();
        let sum = checksum(&[&pseudo, &tcp]);
        tcp[16..18].copy_from_slice(&sum.to_be_bytes());
        self.packet(source.0, target.0, &tcp)
    }

    fn packet(&mut self, source: [u8; 4], target: [u8; 4], tcp: &[u8]) -> Vec<u8> {
        let length = u16::try_from(IP_HEADER + tcp.len()).expect("what fits into a packet");
        self.identification = self.identification.wrapping_add(1);
        let mut ip = vec![0x45, 0]; // version 4, a header of five words
        ip.extend(length.to_be_bytes());
        ip.extend(self.identification.to_be_bytes());
        ip.extend([0x40, 0, 64, TCP, 0, 0]); // do not fragment; time to live; checksum
        ip.extend(source);
        ip.extend(target);
        let sum = checksum(&[&ip]);
        ip[10..12].copy_from_slice(&sum.to_be_bytes());
        ip.extend_from_slice(tcp);
        ip
    }
}

/// The Internet's checksum: the complement of the sum of all 16-bit words, carries added in.
///
/// All parts but the last have an even number of octets.
fn checksum(parts: &[&[u8]]) -> u16 {
    let words = parts.iter().flat_map(|part| part.chunks(2));
    let sum: u64 = words
        .map(|word| u64::from(u16::from_be_bytes([word[0], word.get(1).copied().unwrap_or(0)])))
        .sum();
    let mut folded = sum;
    while folded > 0xffff {
        folded = (folded & 0xffff) + (folded >> 16);
    }
    !u16::try_from(folded).expect("folded into 16 bits")
}

const CLIENT: [u8; 4] = [192, 0, 2, 2];
const SERVER: [u8; 4] = [192, 0, 2, 1];
/// Where MQTT is spoken over TCP.
pub(super) const MQTT: u16 = 1883;
/// Where WebSockets are opened.
pub(super) const HTTP: u16 = 80;
const TCP: u8 = 6;
const TCP_HEADER: usize = 20;
const IP_HEADER: usize = 20;

/// Ports that systems give to clients.
const FIRST_PORT: u16 = 49_152;
const PORTS: u16 = 16_000;

/// Round numbers, so that a dissector's absolute ones can be read too.
const FIRST_OF_CLIENT: u32 = 1_000;
const FIRST_OF_SERVER: u32 = 500_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checksum_over_a_packet_with_its_checksum_is_zero() {
        let mut flow = Flow::new(1, MQTT);
        for octets in [&b""[..], b"odd", b"even"] {
            let packet = flow.segment(From::Client, Flags::ACK, octets);
            let (ip, tcp) = packet.split_at(IP_HEADER);
            let length = u16::try_from(tcp.len()).unwrap().to_be_bytes();
            let pseudo = [&CLIENT[..], &SERVER, &[0, TCP], &length].concat();
            assert_eq!((checksum(&[ip]), checksum(&[&pseudo, tcp])), (0, 0));
        }
    }

    #[test]
    fn what_is_sent_is_acknowledged() {
        let mut flow = Flow::new(1, MQTT);
        let numbers = |packet: &[u8]| {
            let word = |at: usize| u32::from_be_bytes(packet[at..at + 4].try_into().unwrap());
            (word(24), word(28))
        };
        let syn = flow.segment(From::Client, Flags::SYN, &[]);
        assert_eq!(numbers(&syn), (1_000, 0));
        let syn_ack = flow.segment(From::Server, Flags::SYN.and(Flags::ACK), &[]);
        assert_eq!(numbers(&syn_ack), (500_000, 1_001));
        flow.segment(From::Client, Flags::PSH.and(Flags::ACK), b"four");
        let answer = flow.segment(From::Server, Flags::ACK, &[]);
        assert_eq!(numbers(&answer), (500_001, 1_005));
    }
}
