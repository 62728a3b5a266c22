//! MQTT 3.1.1, executable: a broker and a client that name the statement behind everything they
//! do.
//!
//! The protocol is a set of values. They take in packets and the time, and say what to send and
//! when to come back; they know no socket, no runtime, no clock and no lock. Around them is a thin
//! shell on tokio, behind the feature `net`.
//!
//! ```text
//!               octets                 packets                    messages
//!   socket ◄──────────────► Decoder ◄───────────► Connection ◄───────────────► Broker
//!   (net)                   (packet)   encode     (broker)       Session
//!
//!   socket ◄──────────────► Decoder ◄───────────► Client ◄───────────────► your program
//!   (net)                   (packet)   encode     (client)       Session
//! ```
//!
//! | module | what it is |
//! |---|---|
//! | [`topic`] | Topic Names, Topic Filters, and the trees that match them |
//! | [`packet`] | octets to Control Packets and back; every refusal with its statement and octet |
//! | [`session`] | both halves of QoS 1 and 2 |
//! | [`broker`] | the Server as a value |
//! | [`client`] | the Client as a value |
//! | [`store`] | what outlives a server, in memory and in a file |
#![cfg_attr(feature = "net", doc = "| [`net`] | both on real sockets |")]
#![cfg_attr(not(feature = "net"), doc = "| `net` | both on real sockets, with that feature |")]
//!
//! # Driving a value
//!
//! A broker, a connection to it and a clock that belongs to the caller:
//!
//! ```
//! use std::time::{Duration, Instant};
//!
//! use bytes::BytesMut;
//! use mqttspec::broker::{Broker, Connection, Input, Limits, Local, LocalConnection, Output};
//! use mqttspec::packet::Decoder;
//!
//! let broker = Broker::new(Local::new(), Limits::default());
//! let now = Instant::now();
//! let mut connection = Connection::new(LocalConnection(1), now, &broker);
//!
//! // CONNECT with a Keep Alive of ten seconds, from wherever the octets come.
//! let mut read = BytesMut::from(&b"\x10\x0d\x00\x04MQTT\x04\x02\x00\x0a\x00\x01a"[..]);
//! while let Some(packet) = Decoder::default().decode(&mut read)? {
//!     connection.handle(now, Input::Packet(packet), &broker);
//! }
//! while let Some(output) = connection.poll_output(&broker) {
//!     let Output::Send(packet) = output else { unreachable!("nothing to close it for") };
//!     assert_eq!(packet.to_string(), "CONNACK accepted");
//! }
//!
//! // Sixteen seconds of silence later:
//! let later = connection.deadline().expect("a Keep Alive was asked for") + Duration::from_secs(1);
//! connection.handle(later, Input::Timeout, &broker);
//! let Some(Output::Close(reason)) = connection.poll_output(&broker) else { unreachable!() };
//! assert_eq!(reason.statement(), Some("MQTT-3.1.2-24"));
//! # Ok::<(), mqttspec::packet::DecodeError>(())
//! ```
//!
//! # Features
//!
//! `net` brings tokio and the module of that name; `tls` and `ws` add TLS and
//! WebSocket to it; `passwords` reads files of users; `cli`, the default,
//! brings the program `mqttspec` and all of it. With none, the crate depends on `bytes`,
//! `bytestring` and `thiserror`.
//!
//! # What it is not
//!
//! No MQTT 5.

pub mod broker;
pub mod client;
#[cfg(feature = "net")]
pub mod net;
pub mod packet;
#[cfg(feature = "passwords")]
pub mod passwords;
pub mod session;
pub mod store;
pub mod topic;
