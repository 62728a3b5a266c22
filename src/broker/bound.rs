//! The bounds of a server by name, for whoever counts how often each is reached.

use super::Limits;

/// One of the bounds that [`Limits`] names.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Bound {
    /// [`Limits::connect_timeout`].
    ConnectTimeout,
    /// [`Limits::max_packet_size`].
    MaxPacketSize,
    /// [`Limits::max_in_flight`].
    MaxInFlight,
    /// [`Limits::max_queued_messages`].
    MaxQueuedMessages,
    /// [`Limits::max_queued_octets`].
    MaxQueuedOctets,
    /// [`Limits::max_total_queued_messages`].
    MaxTotalQueuedMessages,
    /// [`Limits::max_total_queued_octets`].
    MaxTotalQueuedOctets,
    /// [`Limits::max_subscriptions`].
    MaxSubscriptions,
    /// [`Limits::max_topic_levels`].
    MaxTopicLevels,
    /// [`Limits::max_publish_rate`].
    MaxPublishRate,
    /// [`Limits::max_retained_messages`].
    MaxRetainedMessages,
    /// [`Limits::max_retained_octets`].
    MaxRetainedOctets,
    /// [`Limits::max_sessions`].
    MaxSessions,
}

impl Bound {
    /// Those that leave no room for a message to a Client.
    pub const OF_QUEUES: [Self; 4] = [
        Self::MaxQueuedMessages,
        Self::MaxQueuedOctets,
        Self::MaxTotalQueuedMessages,
        Self::MaxTotalQueuedOctets,
    ];

    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::ConnectTimeout,
        Self::MaxPacketSize,
        Self::MaxInFlight,
        Self::MaxQueuedMessages,
        Self::MaxQueuedOctets,
        Self::MaxTotalQueuedMessages,
        Self::MaxTotalQueuedOctets,
        Self::MaxSubscriptions,
        Self::MaxTopicLevels,
        Self::MaxPublishRate,
        Self::MaxRetainedMessages,
        Self::MaxRetainedOctets,
        Self::MaxSessions,
    ];

    /// Its name, that of the field.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ConnectTimeout => "connect_timeout",
            Self::MaxPacketSize => "max_packet_size",
            Self::MaxInFlight => "max_in_flight",
            Self::MaxQueuedMessages => "max_queued_messages",
            Self::MaxQueuedOctets => "max_queued_octets",
            Self::MaxTotalQueuedMessages => "max_total_queued_messages",
            Self::MaxTotalQueuedOctets => "max_total_queued_octets",
            Self::MaxSubscriptions => "max_subscriptions",
            Self::MaxTopicLevels => "max_topic_levels",
            Self::MaxPublishRate => "max_publish_rate",
            Self::MaxRetainedMessages => "max_retained_messages",
            Self::MaxRetainedOctets => "max_retained_octets",
            Self::MaxSessions => "max_sessions",
        }
    }

    /// How much it allows, in the unit of the field; a time in whole seconds.
    pub fn value(self, limits: &Limits) -> u64 {
        let count = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        match self {
            Self::ConnectTimeout => limits.connect_timeout.as_secs(),
            Self::MaxPacketSize => count(limits.max_packet_size),
            Self::MaxInFlight => limits.max_in_flight.into(),
            Self::MaxQueuedMessages => count(limits.max_queued_messages),
            Self::MaxQueuedOctets => count(limits.max_queued_octets),
            Self::MaxTotalQueuedMessages => count(limits.max_total_queued_messages),
            Self::MaxTotalQueuedOctets => count(limits.max_total_queued_octets),
            Self::MaxSubscriptions => count(limits.max_subscriptions),
            Self::MaxTopicLevels => count(limits.max_topic_levels),
            Self::MaxPublishRate => limits.max_publish_rate.into(),
            Self::MaxRetainedMessages => count(limits.max_retained_messages),
            Self::MaxRetainedOctets => count(limits.max_retained_octets),
            Self::MaxSessions => count(limits.max_sessions),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_limit_is_a_bound() {
        // As Rust prints it: `Limits { connect_timeout: 10s, max_packet_size: …`.
        let shown = format!("{:?}", Limits::default());
        let fields = shown.split_once('{').expect("a struct").1.split(',');
        let names: Vec<_> =
            fields.filter_map(|field| Some(field.split_once(':')?.0.trim())).collect();
        let bounds: Vec<_> = Bound::ALL.iter().map(|bound| bound.name()).collect();
        for name in &names {
            assert!(bounds.contains(name), "{name} is a limit without a bound");
        }
        assert_eq!(names.len(), bounds.len());
    }

    #[test]
    fn each_is_as_much_as_its_limit() {
        let limits = Limits::default();
        let shown = format!("{limits:?}");
        for bound in Bound::ALL {
            let field = format!(" {}: {}", bound.name(), bound.value(&limits));
            let rest = shown.split_once(&field).map(|(_, rest)| rest);
            assert!(
                rest.is_some_and(|rest| rest.starts_with([',', ' ', 's'])),
                "{field} of {shown}"
            );
        }
    }
}
