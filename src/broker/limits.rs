//! The bounds a server keeps to: each with its unit, its default and the reason for it.

use std::time::Duration;

/// The bounds a server keeps to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Limits {
    /// How long a new Network Connection may take to send a whole CONNECT. Default: 10 seconds.
    ///
    /// A connection that says nothing costs memory and a descriptor (U-3.1.4-2).
    pub connect_timeout: Duration,
    /// The largest packet taken, in octets, fixed header included. Default: 1 MiB more than
    /// 2,097,152, so that every length of three octets and some of four fit.
    ///
    /// One client must not be able to make the server hold 256 MiB.
    pub max_packet_size: usize,
    /// How many messages of QoS 1 and 2 may be on their way to one client without an
    /// acknowledgement, 1 to 65,535. Default: 1,000.
    pub max_in_flight: u16,
    /// How many messages may wait for one client. Default: 100,000; beyond it
    /// [`Policy::queue`](super::Policy::queue) holds.
    ///
    /// What is retained for a new subscription does not wait here beyond the first thousand: it is
    /// fetched as the client takes it. Each message takes some hundred octets beside its own; that
    /// many clients together do not take too much, the two bounds below see to.
    pub max_queued_messages: usize,
    /// How many octets of topic and payload may wait for one client. Default: 64 MiB.
    pub max_queued_octets: usize,
    /// How many messages may be held for all clients together: those that wait, and those of QoS 1
    /// and 2 on their way. Default: 4,000,000. No client may have more than half of what the others
    /// leave of it; beyond that [`Policy::queue`](super::Policy::queue) holds. A client that is
    /// connected may have 64 of 16 KiB in all, whatever the others have.
    ///
    /// Each takes some fifty octets for each client that it waits for, and some hundred beside its
    /// own.
    pub max_total_queued_messages: usize,
    /// How many octets of topic and payload may be held for all clients together, in the same way.
    /// Default: 1 GiB.
    ///
    /// A message counts for each client that it is held for, though it is there only once.
    pub max_total_queued_octets: usize,
    /// How many subscriptions one Session may have. Default: 10,000; above it a filter gets the
    /// return code for failure.
    ///
    /// Each takes some hundred octets, and a SUBSCRIBE of a megabyte asks for a hundred thousand.
    pub max_subscriptions: usize,
    /// How many levels a Topic Name or a Topic Filter may have. Default: 65,536, as many as fit. A
    /// Client that publishes to one of more is disconnected; a filter of more is refused.
    ///
    /// The standard knows no bound, so there is none unless it is asked for. Each level of a
    /// filter costs memory of its own, and wildcards cost time at each.
    pub max_topic_levels: usize,
    /// How many messages a second one Client may publish; 0 for no bound. Default: 0. Who is
    /// faster is listened to no faster: nothing is lost.
    pub max_publish_rate: u32,
    /// How many topics may have a retained message. Default: 1,000,000; above it the message is
    /// delivered and not kept.
    pub max_retained_messages: usize,
    /// How many octets of topic and payload may be retained in all. Default: 1 GiB.
    pub max_retained_octets: usize,
    /// How many Sessions there may be, of Clients connected and absent. Default: 1,000,000; above
    /// it a new Client is told that the server is not available.
    pub max_sessions: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            max_packet_size: 3 * 1024 * 1024,
            max_in_flight: 1_000,
            max_queued_messages: 100_000,
            max_queued_octets: 64 * 1024 * 1024,
            max_total_queued_messages: 4_000_000,
            max_total_queued_octets: 1024 * 1024 * 1024,
            max_subscriptions: 10_000,
            max_topic_levels: 65_536,
            max_publish_rate: 0,
            max_retained_messages: 1_000_000,
            max_retained_octets: 1024 * 1024 * 1024,
            max_sessions: 1_000_000,
        }
    }
}
