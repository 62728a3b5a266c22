//! The file format of captures: blocks of 32-bit words, little-endian.
//!
//! Three kinds suffice: one section header, one interface, and a block a packet. The form is that of
//! the IETF's draft on pcapng; its options end with a zero.

/// A capture file that grows.
#[derive(Debug)]
pub(super) struct File {
    octets: Vec<u8>,
    /// The last packet, kept back for a remark on it.
    last: Option<(u64, Vec<u8>, String)>,
}

impl File {
    /// A file with an interface of raw IP packets, and a comment on the whole.
    pub(super) fn new(comment: &str) -> Self {
        let mut file = Self { octets: Vec::new(), last: None };
        let mut section = Vec::new();
        section.extend(BYTE_ORDER.to_le_bytes());
        section.extend(1_u16.to_le_bytes()); // major version
        section.extend(0_u16.to_le_bytes()); // minor version
        section.extend(u64::MAX.to_le_bytes()); // length of the section: not said
        section.extend(option(COMMENT, comment.as_bytes()));
        section.extend(option(USER_APPLICATION, APPLICATION.as_bytes()));
        section.extend(END_OF_OPTIONS);
        file.block(SECTION_HEADER, &section);
        let mut interface = Vec::new();
        interface.extend(RAW_IP.to_le_bytes());
        interface.extend(0_u16.to_le_bytes()); // reserved
        interface.extend(0_u32.to_le_bytes()); // packets are whole, however long
        file.block(INTERFACE_DESCRIPTION, &interface);
        file
    }

    /// A packet, so many microseconds after the beginning.
    pub(super) fn packet(&mut self, micros: u64, octets: &[u8]) {
        self.flush();
        self.last = Some((micros, octets.to_vec(), String::new()));
    }

    /// A remark on the last packet; without one, nowhere.
    pub(super) fn remark(&mut self, comment: &str) {
        if let Some((_, _, remark)) = &mut self.last {
            comment.clone_into(remark);
        }
    }

    pub(super) fn into_octets(mut self) -> Vec<u8> {
        self.flush();
        self.octets
    }

    fn flush(&mut self) {
        let Some((micros, octets, remark)) = self.last.take() else { return };
        let micros = (EPOCH_MICROS + micros).to_le_bytes();
        let length = u32::try_from(octets.len()).expect("an IP packet, of 65,535 octets at most");
        let mut packet = 0_u32.to_le_bytes().to_vec(); // the one interface
        packet.extend_from_slice(&micros[4..]);
        packet.extend_from_slice(&micros[..4]);
        packet.extend(length.to_le_bytes()); // captured
        packet.extend(length.to_le_bytes()); // of so many
        packet.extend_from_slice(&octets);
        pad(&mut packet);
        if !remark.is_empty() {
            packet.extend(option(COMMENT, remark.as_bytes()));
            packet.extend(END_OF_OPTIONS);
        }
        self.block(ENHANCED_PACKET, &packet);
    }

    fn block(&mut self, kind: u32, body: &[u8]) {
        let length = u32::try_from(body.len() + 12).expect("a packet and a comment");
        self.octets.extend(kind.to_le_bytes());
        self.octets.extend(length.to_le_bytes());
        self.octets.extend_from_slice(body);
        self.octets.extend(length.to_le_bytes());
    }
}

fn option(code: u16, value: &[u8]) -> Vec<u8> {
    let value = &value[..value.len().min(MOST_OF_AN_OPTION)];
    let length = u16::try_from(value.len()).expect("no more than that");
    let mut option = [code.to_le_bytes(), length.to_le_bytes()].concat();
    option.extend_from_slice(value);
    pad(&mut option);
    option
}

fn pad(octets: &mut Vec<u8>) {
    octets.resize(octets.len().next_multiple_of(4), 0);
}

const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const INTERFACE_DESCRIPTION: u32 = 1;
const ENHANCED_PACKET: u32 = 6;
const BYTE_ORDER: u32 = 0x1a2b_3c4d;
const RAW_IP: u16 = 101;

const COMMENT: u16 = 1;
const USER_APPLICATION: u16 = 4;
const END_OF_OPTIONS: [u8; 4] = [0; 4];
const APPLICATION: &str = concat!("mqttspec ", env!("CARGO_PKG_VERSION"));

/// Far below what an option can say, and longer than anybody reads.
const MOST_OF_AN_OPTION: usize = 4_096;

/// Times in a transcript have no date; captures begin on 1 January 2000, which nobody takes for
/// the day on which it happened.
const EPOCH_MICROS: u64 = 946_684_800_000_000;
