//! The PROXY protocol, versions 1 and 2: where a client is that comes through a proxy.
//!
//! A header is read to its last octet and not beyond: what follows may be a TLS handshake, and
//! belongs to whoever takes that. What it says is believed, so that only a proxy may reach such a
//! listener. Specification: `proxy-protocol.txt` of HAProxy, sections 2.1 and 2.2.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use thiserror::Error;
use tokio::io::{AsyncRead, AsyncReadExt as _};

use super::origin::Origin;

/// Why a connection does not begin by a header.
#[derive(Debug, Error)]
pub(super) enum NotProxied {
    #[error("its PROXY protocol header speaks of {0}")]
    Kind(&'static str),
    #[error("the connection ended within its PROXY protocol header: {0}")]
    Io(#[from] io::Error),
    #[error("it does not begin by a PROXY protocol header")]
    NoHeader,
    #[error("its PROXY protocol header is longer than {0} octets")]
    TooLong(usize),
    #[error("its PROXY protocol header cannot be read: {0:?}")]
    Unreadable(String),
}

/// What every header of version 2 begins by; no other protocol begins so.
const SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";
/// What every header of version 1 begins by.
const WORD: &[u8] = b"PROXY ";
/// The longest header of version 1, line feed included, by its specification.
const LONGEST_LINE: usize = 107;
/// The longest addresses and additions of version 2 that are read: certificates fit, floods do not.
const LONGEST_BLOCK: usize = 4 * 1024;

/// Reads a header off `stream`, and says where the client is; `peer` when the proxy speaks for
/// itself, or does not know.
pub(super) async fn read(
    stream: &mut (impl AsyncRead + Unpin),
    peer: Origin,
) -> Result<Origin, NotProxied> {
    // The shortest line has fifteen octets, so that these are part of it.
    let mut begin = [0; SIGNATURE.len()];
    stream.read_exact(&mut begin).await?;
    let told = if begin == *SIGNATURE {
        read_block(stream).await?
    } else if begin.starts_with(WORD) {
        let mut line = begin.to_vec();
        while !line.ends_with(b"\n") {
            if line.len() == LONGEST_LINE {
                return Err(NotProxied::TooLong(LONGEST_LINE));
            }
            line.push(stream.read_u8().await?);
        }
        from_line(&line)?
    } else {
        return Err(NotProxied::NoHeader);
    };
    Ok(told.unwrap_or(peer))
}

/// The rest of a header of version 2, behind its signature.
async fn read_block(stream: &mut (impl AsyncRead + Unpin)) -> Result<Option<Origin>, NotProxied> {
    let mut head = [0; 4];
    stream.read_exact(&mut head).await?;
    let [version_and_command, family, length @ ..] = head;
    let length = usize::from(u16::from_be_bytes(length));
    if length > LONGEST_BLOCK {
        return Err(NotProxied::TooLong(LONGEST_BLOCK));
    }
    let mut block = vec![0; length];
    stream.read_exact(&mut block).await?;
    from_block(version_and_command, family, &block)
}

/// What a line of version 1 says: `PROXY TCP4 SOURCE DESTINATION PORT PORT`.
fn from_line(line: &[u8]) -> Result<Option<Origin>, NotProxied> {
    let unreadable = || NotProxied::Unreadable(String::from_utf8_lossy(line).into_owned());
    let text = std::str::from_utf8(line).ok().and_then(|text| text.strip_suffix("\r\n"));
    let fields: Vec<&str> = text.ok_or_else(unreadable)?.split(' ').collect();
    let address: SocketAddr = match fields[..] {
        // Whatever follows is to be passed over.
        ["PROXY", "UNKNOWN", ..] => return Ok(None),
        ["PROXY", "TCP4", source, destination, port, other] => {
            let source: Ipv4Addr = source.parse().map_err(|_| unreadable())?;
            destination.parse::<Ipv4Addr>().map_err(|_| unreadable())?;
            (IpAddr::from(source), both(port, other).ok_or_else(unreadable)?).into()
        }
        ["PROXY", "TCP6", source, destination, port, other] => {
            let source: Ipv6Addr = source.parse().map_err(|_| unreadable())?;
            destination.parse::<Ipv6Addr>().map_err(|_| unreadable())?;
            (IpAddr::from(source), both(port, other).ok_or_else(unreadable)?).into()
        }
        _ => return Err(unreadable()),
    };
    Ok(Some(Origin::Network(address)))
}

/// The first of two ports, if both are some.
fn both(port: &str, other: &str) -> Option<u16> {
    let number = |text: &str| {
        text.bytes().all(|digit| digit.is_ascii_digit()).then(|| text.parse::<u16>().ok()).flatten()
    };
    number(other).and(number(port))
}

/// What a header of version 2 says; additions behind the addresses are passed over.
fn from_block(
    version_and_command: u8,
    family: u8,
    block: &[u8],
) -> Result<Option<Origin>, NotProxied> {
    match version_and_command {
        // The proxy itself, for example to see whether anybody is here.
        0x20 => return Ok(None),
        0x21 => {}
        _ => return Err(NotProxied::Kind("another version, or of no command that there is")),
    }
    let short = || NotProxied::Unreadable(format!("{} octets of addresses", block.len()));
    let address: SocketAddr = match family {
        0x00 => return Ok(None),
        0x11 => {
            let addresses: &[u8; 12] = block.first_chunk().ok_or_else(short)?;
            let [a, b, c, d, _, _, _, _, port @ .., _, _] = *addresses;
            (Ipv4Addr::new(a, b, c, d), u16::from_be_bytes(port)).into()
        }
        0x21 => {
            let addresses: &[u8; 36] = block.first_chunk().ok_or_else(short)?;
            let source: [u8; 16] = *addresses.first_chunk().ok_or_else(short)?;
            let port = [addresses[32], addresses[33]];
            (Ipv6Addr::from(source), u16::from_be_bytes(port)).into()
        }
        0x31 if block.len() >= 216 => return Ok(Some(Origin::Local { process: None })),
        0x31 => return Err(short()),
        _ => return Err(NotProxied::Kind("datagrams, or of no transport that there is")),
    };
    Ok(Some(Origin::Network(address)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEER: Origin = Origin::Local { process: Some(7) };

    /// What is read off these octets, and what is left of them.
    async fn told(octets: &[u8]) -> (Result<String, String>, Vec<u8>) {
        let mut stream = octets;
        let read = read(&mut stream, PEER).await;
        (read.map(|origin| origin.to_string()).map_err(|error| error.to_string()), stream.to_vec())
    }

    fn block(command: u8, family: u8, block: &[u8]) -> Vec<u8> {
        let length = u16::try_from(block.len()).unwrap().to_be_bytes();
        [&SIGNATURE[..], &[command, family], &length, block].concat()
    }

    macro_rules! headers {
        ($($name:ident: $octets:expr => $told:expr;)+) => {$(
            #[tokio::test]
            async fn $name() {
                let octets: Vec<u8> = $octets.into();
                let expected: Result<&str, &str> = $told;
                let (seen, rest) = told(&[&octets[..], b"\x10rest"].concat()).await;
                match (&seen, expected) {
                    (Ok(seen), Ok(expected)) => {
                        assert_eq!(seen, expected);
                        assert_eq!(rest, b"\x10rest", "not an octet more was read");
                        for cut in 0..octets.len() {
                            let (half, _) = told(&octets[..cut]).await;
                            assert!(half.is_err(), "with {cut} octets: {half:?}");
                        }
                    }
                    (Err(seen), Err(part)) => assert!(seen.contains(part), "{seen}"),
                    _ => panic!("{seen:?} instead of {expected:?}"),
                }
            }
        )+};
    }

    headers! {
        // what comes first => where the client is, or what is wrong
        line_4:       "PROXY TCP4 192.0.2.1 192.0.2.2 5000 1883\r\n" => Ok("192.0.2.1:5000");
        line_6:       "PROXY TCP6 2001:db8::1 ::1 65535 1883\r\n" => Ok("[2001:db8::1]:65535");
        line_unknown: "PROXY UNKNOWN\r\n" => Ok("process 7");
        line_unknown_and_more: "PROXY UNKNOWN ffff::1 x y z\r\n" => Ok("process 7");
        block_local:  block(0x20, 0x00, b"") => Ok("process 7");
        block_nobody: block(0x21, 0x00, b"addition") => Ok("process 7");
        block_4:      block(0x21, 0x11, b"\xc0\x00\x02\x01\xc0\x00\x02\x02\x13\x88\x07\x5b")
            => Ok("192.0.2.1:5000");
        block_4_and_more: block(0x21, 0x11, b"\xc0\x00\x02\x01\xc0\x00\x02\x02\x13\x88\x07\x5b\x04\x00\x00")
            => Ok("192.0.2.1:5000");
        block_6:      block(0x21, 0x21, &[&[0x20, 1, 0xd, 0xb8][..], &[0; 28], &[0x13, 0x88, 7, 0x5b]].concat())
            => Ok("[2001:db8::]:5000");
        block_unix:   block(0x21, 0x31, &[0; 216]) => Ok("this machine");
        no_header:    "\x10\x0d\x00\x04MQTT\x04\x02\x00\x00" => Err("does not begin by");
        half_word:    "PROXX TCP4 192.0.2.1 192.0.2.2 1 1\r\n" => Err("does not begin by");
        long_line:    format!("PROXY UNKNOWN {}", "x".repeat(200)) => Err("longer than 107");
        no_return:    "PROXY TCP4 192.0.2.1 192.0.2.2 5000 1883\n" => Err("cannot be read");
        bad_address:  "PROXY TCP4 ::1 192.0.2.2 5000 1883\r\n" => Err("cannot be read");
        bad_port:     "PROXY TCP4 192.0.2.1 192.0.2.2 +5 1883\r\n" => Err("cannot be read");
        large_port:   "PROXY TCP4 192.0.2.1 192.0.2.2 5 65536\r\n" => Err("cannot be read");
        bad_family:   "PROXY UDP4 192.0.2.1 192.0.2.2 5 5\r\n" => Err("cannot be read");
        bad_version:  block(0x31, 0x11, &[0; 12]) => Err("another version");
        datagrams:    block(0x21, 0x12, &[0; 12]) => Err("datagrams");
        short_block:  block(0x21, 0x21, &[0; 12]) => Err("12 octets of addresses");
        long_block:   block(0x21, 0x00, &[0; 5_000]) => Err("longer than 4096");
    }
}
