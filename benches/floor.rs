//! The floor under a broker: octets from socket to socket, and of MQTT no more than gets them there.
//!
//! It answers CONNECT and SUBSCRIBE, so that `mqttspec bench` takes it for a broker. Of each
//! publisher it looks at the first PUBLISH, for its topic and its size; from then on it copies
//! packets of that size to the subscribers, unread, as many at once as a broker reads. What a broker
//! needs beyond that is its own. QoS 0, payloads of one size, and topics as the benchmark has them.
//!
//! ```text
//! mqttspec bench --qos 0 --compare 'mqttspec broker --volatile --bind 127.0.0.1:{port}' \
//!     --compare 'cargo bench --quiet --bench floor -- {port}'
//! ```

use std::env;
use std::io::{self, Write as _};
use std::sync::{Arc, Mutex as Lock, PoisonError};

use bytes::{Buf as _, BytesMut};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Mutex;

/// Where octets for a client go; packets of several publishers must not get into each other.
type Writer = Arc<Mutex<OwnedWriteHalf>>;

/// Who is subscribed to which filter.
type Subscriptions = Arc<Lock<Vec<(String, Writer)>>>;

/// As many octets as a broker asks of the system at a time.
const READ_SIZE: usize = 16 * 1024;

const CONNECT: u8 = 1;
const PUBLISH: u8 = 3;
const SUBSCRIBE: u8 = 8;

#[tokio::main]
async fn main() -> io::Result<()> {
    // cargo has arguments of its own.
    let Some(port) = env::args().find_map(|argument| argument.parse::<u16>().ok()) else {
        return writeln!(
            io::stdout(),
            "give it a port to listen on, and `mqttspec bench` that port"
        );
    };
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    let subscriptions = Subscriptions::default();
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        // Who has left is of no interest.
        tokio::spawn(serve(stream, subscriptions.clone()));
    }
}

async fn serve(stream: TcpStream, subscriptions: Subscriptions) -> io::Result<()> {
    let (mut reader, writer) = stream.into_split();
    let writer = Arc::new(Mutex::new(writer));
    let mut octets = BytesMut::new();
    loop {
        while let Some(body) = body(&octets) {
            match octets[0] >> 4 {
                CONNECT => writer.lock().await.write_all(&[0x20, 2, 0, 0]).await?,
                SUBSCRIBE => {
                    let mut suback = vec![0x90, 2, octets[body.start], octets[body.start + 1]];
                    let mut rest = &octets[body.start + 2..body.end];
                    while rest.has_remaining() {
                        let length = usize::from(rest.get_u16());
                        let filter = String::from_utf8_lossy(&rest[..length]).into_owned();
                        rest.advance(length + 1);
                        locked(&subscriptions).push((filter, writer.clone()));
                        suback[1] += 1;
                        suback.push(0);
                    }
                    writer.lock().await.write_all(&suback).await?;
                }
                PUBLISH => {
                    let topic = &octets[body.start + 2..];
                    let topic = &topic[..usize::from((&octets[body.start..]).get_u16())];
                    let to = subscribers(&subscriptions, &String::from_utf8_lossy(topic));
                    return copy(body.end, octets, reader, &to).await;
                }
                _ => return Ok(()),
            }
            octets.advance(body.end);
        }
        if read(&mut reader, &mut octets).await? == 0 {
            return Ok(());
        }
    }
}

/// Copies all packets, which have `size` octets each, to every one of `to`.
async fn copy(
    size: usize,
    mut octets: BytesMut,
    mut reader: OwnedReadHalf,
    to: &[Writer],
) -> io::Result<()> {
    loop {
        let whole = octets.split_to(octets.len() / size * size);
        for writer in to {
            writer.lock().await.write_all(&whole).await?;
        }
        drop(whole);
        if read(&mut reader, &mut octets).await? == 0 {
            return Ok(());
        }
    }
}

async fn read(reader: &mut OwnedReadHalf, octets: &mut BytesMut) -> io::Result<usize> {
    octets.reserve(READ_SIZE);
    reader.read_buf(octets).await
}

/// Where the body of the packet in front stands, once all of it is there.
fn body(octets: &[u8]) -> Option<std::ops::Range<usize>> {
    let (mut length, mut start) = (0, 1);
    loop {
        let octet = *octets.get(start)?;
        length |= usize::from(octet & 0x7f) << (7 * (start - 1));
        start += 1;
        if octet & 0x80 == 0 {
            return (octets.len() >= start + length).then_some(start..start + length);
        }
    }
}

/// Those who subscribed to `topic`, or to all below its first levels.
fn subscribers(subscriptions: &Subscriptions, topic: &str) -> Vec<Writer> {
    let matches = |filter: &str| match filter.strip_suffix('#') {
        Some(above) => topic.starts_with(above),
        None => topic == filter,
    };
    let all = locked(subscriptions);
    all.iter().filter(|(filter, _)| matches(filter)).map(|(_, writer)| writer.clone()).collect()
}

fn locked(subscriptions: &Subscriptions) -> std::sync::MutexGuard<'_, Vec<(String, Writer)>> {
    subscriptions.lock().unwrap_or_else(PoisonError::into_inner)
}
