//! What a sabotage does to the packets that pass through its proxy.
//!
//! A [`Breach`] is asked about everything that happens on every connection of one proxy, one thing
//! at a time, and keeps whatever it has to remember in the closure that it is. The functions here
//! make the simple ones.

use super::link::Link;
use crate::websocket::{Answer, Frame, Request};
use crate::wire::{Connack, Fault, Framed, Kind, Malformed, Octets, Packet};

/// Asked what becomes of each thing that happens.
pub type Breach = Box<dyn FnMut(&mut Link<'_>, Event<'_>) -> Fate + Send>;

/// Something that happens on a connection between a Client and the Server behind the proxy.
#[derive(Debug)]
pub enum Event<'a> {
    /// A packet from the Client.
    FromClient(&'a Packet),
    /// A packet from the Server.
    FromServer(&'a Packet),
    /// What the Client sent is no packet, or none that it may send: its octets, and why.
    Malformed(&'a [u8], Malformed),
    /// What the Client sent on its WebSocket beside packets: a frame of control, or of other data.
    /// What goes on instead of it goes as a binary one.
    Frame(&'a Frame),
    /// The same from the Server.
    FrameFromServer(&'a Frame),
    /// The Client asks for a WebSocket. What goes on instead is another request with the same key.
    Asked(&'a Request),
    /// The Client has asked for a WebSocket, and the Server has answered. What goes on instead is
    /// another answer.
    Opened(&'a Request, &'a Answer),
    /// What the Server sent is no packet, or none that it may send: its octets, and why.
    MalformedFromServer(&'a [u8], Malformed),
    /// Some octets of a packet came from the Client, and not all of them.
    PartFromClient,
    /// The Client has ended its direction, behind this much of a packet that is not complete.
    ClientGone(&'a [u8]),
    /// The Server has ended the connection.
    ServerGone,
    /// The Server takes no connection: the Client is turned away, whatever becomes of this.
    Unreachable,
}

/// What becomes of it.
#[derive(Debug)]
pub enum Fate {
    /// It goes on unchanged. A connection that one side has ended is ended for the other too.
    Pass,
    /// The other side never learns of it.
    Drop,
    /// These octets go on in its place.
    Instead(Vec<u8>),
}

/// This in place of what happened.
pub(super) fn instead(octets: impl Octets) -> Fate {
    Fate::Instead(octets.octets())
}

/// Lets everything pass.
pub(super) fn nothing() -> Breach {
    Box::new(|_, _| Fate::Pass)
}

/// Changes what the Server sends.
pub(super) fn server(mut change: impl FnMut(&Packet) -> Fate + Send + 'static) -> Breach {
    Box::new(move |_, event| match event {
        Event::FromServer(packet) => change(packet),
        _ => Fate::Pass,
    })
}

/// Changes what the Client sends, before the Server sees it.
pub(super) fn client(mut change: impl FnMut(&Packet) -> Fate + Send + 'static) -> Breach {
    Box::new(move |_, event| match event {
        Event::FromClient(packet) => change(packet),
        _ => Fate::Pass,
    })
}

/// Changes each CONNECT in good order, before the Server sees it.
pub(super) fn connect(
    mut change: impl FnMut(&mut crate::wire::Connect) + Send + 'static,
) -> Breach {
    client(move |packet| match packet {
        Packet::Connect(connect) => {
            let mut changed = connect.clone();
            change(&mut changed);
            instead(changed)
        }
        _ => Fate::Pass,
    })
}

/// Changes each message from the Server.
pub(super) fn delivery(
    mut change: impl FnMut(&mut crate::wire::Publish) + Send + 'static,
) -> Breach {
    server(move |packet| match packet {
        Packet::Publish(publish) => {
            let mut changed = publish.clone();
            change(&mut changed);
            instead(changed)
        }
        _ => Fate::Pass,
    })
}

/// Changes each message from a Client, before the Server sees it.
pub(super) fn published(
    mut change: impl FnMut(&mut crate::wire::Publish) + Send + 'static,
) -> Breach {
    client(move |packet| match packet {
        Packet::Publish(publish) => {
            let mut changed = publish.clone();
            change(&mut changed);
            instead(changed)
        }
        _ => Fate::Pass,
    })
}

/// Agrees to octets against the rules: a CONNECT is accepted, a SUBSCRIBE granted, and all else
/// passed over in silence, with the connection left open. `which` gets the type, as far as the
/// first octet tells one, and what is wrong.
pub(super) fn tolerates(which: impl Fn(Option<Kind>, Fault) -> bool + Send + 'static) -> Breach {
    Box::new(move |link, event| match event {
        Event::Malformed(octets, malformed) if which(kind(octets), malformed.fault) => {
            agree(link, octets);
            Fate::Drop
        }
        _ => Fate::Pass,
    })
}

/// Passes over octets from the Server that are against the rules, as if they were in order. `which`
/// gets the type, as far as the first octet tells one, and what is wrong.
pub(super) fn overlooks(which: impl Fn(Option<Kind>, Fault) -> bool + Send + 'static) -> Breach {
    Box::new(move |_, event| match event {
        Event::MalformedFromServer(octets, malformed) if which(kind(octets), malformed.fault) => {
            Fate::Drop
        }
        _ => Fate::Pass,
    })
}

/// Agrees to packets of one type that end within a field.
pub(super) fn cut_short(kind: Kind) -> Breach {
    tolerates(move |seen, fault| seen == Some(kind) && matches!(fault, Fault::Truncated(_)))
}

/// Answers malformed octets as if they were in order.
pub(super) fn agree(link: &mut Link<'_>, octets: &[u8]) {
    match (kind(octets), octets) {
        (Some(Kind::Connect), _) => link.send_client(Connack::accepted(false)),
        (Some(Kind::Subscribe), [_, _, high, low, ..]) => {
            let id = u16::from_be_bytes([*high, *low]);
            link.send_client(crate::wire::Suback::new(id, [0]));
        }
        _ => {}
    }
}

/// The type that the first octet names.
pub(super) fn kind(octets: &[u8]) -> Option<Kind> {
    let number = octets.first()? >> 4;
    Kind::ALL.into_iter().find(|kind| kind.first_byte() >> 4 == number)
}

/// The packet with these octets after its last field.
pub(super) fn longer(packet: &Packet) -> Fate {
    instead(packet.append(&[0]))
}

/// Another Packet Identifier than this one.
pub(super) const fn another(id: u16) -> u16 {
    if id == u16::MAX { 1 } else { id + 1 }
}
