//! Brokers that are none: what a judge must not be taken in by.

pub(crate) mod met;

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use mqttspec_conformance::wire::{Connack, Octets, Packet, Publish, Reader, Sender, Suback};
use mqttspec_conformance::{Subject, Target};

/// What a toy does with those who connect.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Manner {
    /// Closes every connection at once.
    Closes,
    /// Reads everything and never says a word.
    Silent,
    /// Answers every packet as one would wish, and does nothing of what it promises.
    Yes,
    /// Agrees, until a packet is malformed: that is the end of all of it.
    Brittle,
    /// Sends messages that nobody asked for, without end.
    Floods,
    /// Answers octets that are no packets.
    Garbles,
    /// Begins every answer, and never ends one.
    Stops,
    /// Agrees, but acknowledges no message.
    Tired,
}

/// A toy on a port of its own. Dropping it stops it.
pub(crate) struct Toy {
    pub(crate) subject: Subject,
    port: u16,
    stopped: Arc<AtomicBool>,
}

impl Toy {
    /// Starts a toy.
    pub(crate) fn new(manner: Manner) -> Self {
        Self::living_for(manner, usize::MAX)
    }

    /// Starts a toy that takes so many connections and then is gone.
    pub(crate) fn living_for(manner: Manner, connections: usize) -> Self {
        Self::start(move |count| (count < connections).then_some(manner))
    }

    /// Starts a toy that agrees to everything for so many connections, and then says nothing more
    /// to anybody new.
    pub(crate) fn hanging_after(connections: usize) -> Self {
        Self::start(move |count| {
            Some(if count < connections { Manner::Yes } else { Manner::Silent })
        })
    }

    /// Serves on this port until it is the end.
    pub(crate) fn serve_at(port: u16, manner: impl Fn(usize) -> Manner) {
        let listener = TcpListener::bind(("127.0.0.1", port)).expect("the port is free");
        Self::listen(&listener, &Arc::default(), |count| Some(manner(count)));
    }

    /// Starts a toy that treats its connections, counted from 0, as `manner` says; `None` ends it.
    fn start(manner: impl Fn(usize) -> Option<Manner> + Send + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let stopped = Arc::new(AtomicBool::new(false));
        let stop = Arc::clone(&stopped);
        thread::spawn(move || Self::listen(&listener, &stop, manner));
        Self { subject: Subject::at(Target::new("127.0.0.1", port)), port, stopped }
    }

    fn listen(
        listener: &TcpListener,
        stop: &Arc<AtomicBool>,
        manner: impl Fn(usize) -> Option<Manner>,
    ) {
        for (count, stream) in listener.incoming().enumerate() {
            let Some(manner) = manner(count).filter(|_| !stop.load(Ordering::Relaxed)) else {
                return;
            };
            if let Ok(stream) = stream {
                let end = Arc::clone(stop);
                thread::spawn(move || serve(stream, manner, &end));
            }
        }
    }
}

impl Drop for Toy {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
        // Wakes the listener, so that it looks.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

fn serve(mut stream: TcpStream, manner: Manner, end: &AtomicBool) {
    if let Manner::Closes = manner {
        let _ = stream.shutdown(Shutdown::Both);
        return;
    }
    let mut reader = Reader::new(Sender::Client);
    let mut buffer = [0; 4096];
    while let Ok(length @ 1..) = stream.read(&mut buffer) {
        reader.push(&buffer[..length]);
        while let Some(read) = reader.next_read() {
            if let (Manner::Brittle, Err(_)) = (manner, &read.packet) {
                end.store(true, Ordering::Relaxed);
                // Wakes the listener, which then is gone as well.
                let _ = stream.local_addr().and_then(TcpStream::connect);
                return;
            }
            let is_message = matches!(read.packet, Ok(Packet::Publish(_)));
            if is_message && matches!(manner, Manner::Tired) {
                continue;
            }
            let answer = read.packet.ok().and_then(|packet| agree(&packet));
            let Some(answer) = answer.map(|answer| answer.octets()) else { continue };
            let sent = match manner {
                Manner::Yes | Manner::Brittle | Manner::Tired => stream.write_all(&answer),
                Manner::Floods => flood(&mut stream, &answer, end),
                Manner::Garbles => stream.write_all(&[0xf7, 0x03, 0xff, 0x00, 0xff, 0x80]),
                Manner::Stops => stream.write_all(&answer[..answer.len() - 1]),
                Manner::Closes | Manner::Silent => Ok(()),
            };
            if sent.is_err() {
                return;
            }
        }
    }
}

/// Sends the answer, and behind it messages until nobody takes any more.
fn flood(stream: &mut TcpStream, answer: &[u8], end: &AtomicBool) -> std::io::Result<()> {
    stream.write_all(answer)?;
    let messages = Publish::qos0("flood", "x").octets().repeat(1_000);
    while !end.load(Ordering::Relaxed) {
        stream.write_all(&messages)?;
    }
    Ok(())
}

/// What a packet hopes to be answered by.
fn agree(packet: &Packet) -> Option<Packet> {
    Some(match packet {
        Packet::Connect(_) => Connack::accepted(false).into(),
        Packet::Publish(publish) => match publish.qos {
            1 => Packet::Puback(publish.id?),
            2 => Packet::Pubrec(publish.id?),
            _ => return None,
        },
        Packet::Pubrel(id) => Packet::Pubcomp(*id),
        Packet::Subscribe(subscribe) => {
            let codes: Vec<u8> = subscribe.filters.iter().map(|(_, qos)| *qos).collect();
            Suback::new(subscribe.id, codes).into()
        }
        Packet::Unsubscribe(unsubscribe) => Packet::Unsuback(unsubscribe.id),
        Packet::Pingreq => Packet::Pingresp,
        _ => return None,
    })
}
