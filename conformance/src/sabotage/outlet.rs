//! What goes out at one end of a connection, in order, and without waiting for whoever reads it.
//!
//! Nearly all of it fits into the buffer of the socket, and is written at once: a thread for each
//! end would be woken for every packet. Only who does not read gets one.

use std::io;
use std::net::{Shutdown, TcpStream};
use std::sync::mpsc::{Sender as Channel, channel};
use std::sync::{Arc, Mutex, PoisonError};

use rustix::net::{SendFlags, send};

use super::crew;
use crate::websocket::Frame;
use crate::wire::Sender;

/// What is to be done next.
#[derive(Debug)]
pub(super) enum Outgoing {
    /// Packets, which go into a binary frame on a WebSocket.
    Octets(Vec<u8>),
    /// What goes out as it is: frames, or what opens a WebSocket.
    Bare(Vec<u8>),
    /// The end of this direction.
    End,
}

/// One end of a connection, to write to. Clones are of the same end.
#[derive(Clone, Debug)]
pub(super) struct Outlet(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    socket: Arc<TcpStream>,
    /// To whom it leads, when it is a WebSocket.
    framed: Option<Sender>,
    /// How it is ended.
    end: Shutdown,
    is_over: bool,
    /// Who writes, once the other side has not read in time.
    writer: Option<Channel<Vec<u8>>>,
}

impl Outlet {
    /// One that is ended like this.
    pub(super) fn new(socket: Arc<TcpStream>, framed: Option<Sender>, end: Shutdown) -> Self {
        let state = State { socket, framed, end, is_over: false, writer: None };
        Self(Arc::new(Mutex::new(state)))
    }

    /// Sends, or queues. What comes behind the end is lost, as on any connection.
    pub(super) fn send(&self, outgoing: Outgoing) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).send(outgoing);
    }
}

impl State {
    fn send(&mut self, outgoing: Outgoing) {
        if self.is_over {
            return;
        }
        let octets = match (outgoing, self.framed) {
            (Outgoing::Octets(octets), None) | (Outgoing::Bare(octets), _) => octets,
            (Outgoing::Octets(octets), Some(Sender::Client)) => {
                Frame::binary(octets).unmasked().octets()
            }
            (Outgoing::Octets(octets), Some(Sender::Server)) => Frame::binary(octets).octets(),
            (Outgoing::End, _) => {
                self.is_over = true;
                // A writer ends it behind what it still has, when nothing more comes.
                if self.writer.take().is_none() {
                    let _ = self.socket.shutdown(self.end);
                }
                return;
            }
        };
        let rest = match &self.writer {
            Some(writer) => return drop(writer.send(octets)),
            None => self.write(octets),
        };
        match rest {
            Ok(rest) if rest.is_empty() => {}
            Ok(rest) => self.writer = Some(write_later(&self.socket, self.end, rest)),
            // Whoever reads from it learns that it is gone.
            Err(_) => self.is_over = true,
        }
    }

    /// Writes what the socket takes now, and gives back what it does not.
    fn write(&self, mut octets: Vec<u8>) -> io::Result<Vec<u8>> {
        while !octets.is_empty() {
            match send(&*self.socket, &octets, SendFlags::DONTWAIT | SendFlags::NOSIGNAL) {
                Ok(length) => drop(octets.drain(..length)),
                Err(rustix::io::Errno::INTR) => {}
                Err(rustix::io::Errno::AGAIN) => break,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(octets)
    }
}

/// Has a thread write this and what is sent to it, however long that takes; then it ends the
/// connection like this.
fn write_later(socket: &Arc<TcpStream>, end: Shutdown, first: Vec<u8>) -> Channel<Vec<u8>> {
    let (sender, queue) = channel();
    let socket = Arc::clone(socket);
    // The queue has just been made, and its other end is here.
    let _ = sender.send(first);
    crew::run(move || {
        for octets in queue {
            if io::Write::write_all(&mut &*socket, &octets).is_err() {
                break;
            }
        }
        let _ = socket.shutdown(end);
    });
    sender
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn who_does_not_read_holds_up_nobody_and_misses_nothing() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let near = TcpStream::connect(listener.local_addr().expect("bound")).expect("connected");
        let (mut far, _) = listener.accept().expect("connected");
        let outlet = Outlet::new(Arc::new(near), None, Shutdown::Write);
        let octets: Vec<u8> = (0..=u8::MAX).cycle().take(1 << 20).collect();
        for _ in 0..16 {
            outlet.send(Outgoing::Octets(octets.clone()));
        }
        outlet.send(Outgoing::End);
        let mut read = Vec::new();
        far.read_to_end(&mut read).expect("it ends");
        assert!(read == octets.repeat(16));
    }
}
