//! What a benchmark may do to a broker: who publishes, who subscribes, to what.

use std::fmt;

use clap::ValueEnum;

/// One kind of load.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(super) enum Scenario {
    /// Every publisher has a subscriber of its own
    Pairs,
    /// Many publishers, one subscriber to all of it
    FanIn,
    /// One publisher, many subscribers to it
    FanOut,
    /// Many subscribers with many filters of + and #, of which one matches each message
    Wildcards,
    /// One client after another: CONNECT, CONNACK, DISCONNECT
    Connect,
    /// Connections that are open and silent: what each costs in memory
    Idle,
    /// A subscriber comes to many retained messages
    Retained,
    /// A session comes back to many messages that waited for it
    Offline,
}

/// Publishers, subscribers, and the topics between them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Traffic {
    scenario: Scenario,
    pub(super) publishers: usize,
    pub(super) subscribers: usize,
}

/// Filters of each subscriber of [`Scenario::Wildcards`].
const FILTERS: usize = 500;

impl Scenario {
    /// The publishers and subscribers of it, unless others are `asked` for; `None` where it is not
    /// a stream of messages.
    pub(super) fn traffic(self, asked: (Option<usize>, Option<usize>)) -> Option<Traffic> {
        let (publishers, subscribers) = match self {
            Self::Pairs | Self::Wildcards => (20, 20),
            Self::FanIn => (50, 1),
            Self::FanOut => (1, 50),
            Self::Connect | Self::Idle | Self::Retained | Self::Offline => return None,
        };
        let publishers = asked.0.unwrap_or(publishers);
        let subscribers = match self {
            Self::Pairs => publishers,
            _ => asked.1.unwrap_or(subscribers),
        };
        Some(Traffic { scenario: self, publishers, subscribers })
    }

    /// Whether it is run at each QoS that is asked for, or once.
    pub(super) const fn has_qos(self) -> bool {
        !matches!(self, Self::Connect | Self::Idle)
    }

    /// What is counted.
    pub(super) const fn unit(self) -> &'static str {
        match self {
            Self::Connect => "connects",
            Self::Idle => "connections",
            _ => "deliveries",
        }
    }
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.to_possible_value();
        f.write_str(value.as_ref().map_or("", |value| value.get_name()))
    }
}

impl Traffic {
    /// The topic that `publisher` sends its message number `message` to.
    pub(super) fn topic(&self, publisher: usize, message: usize) -> String {
        match self.scenario {
            Scenario::Wildcards => {
                let filter = (publisher + message) % (FILTERS * self.subscribers);
                format!("{ROOT}/site{publisher}/f{filter}/value")
            }
            _ => format!("{ROOT}/{publisher}"),
        }
    }

    /// Different topics of one publisher.
    pub(super) const fn topics(&self) -> usize {
        match self.scenario {
            Scenario::Wildcards => 64,
            _ => 1,
        }
    }

    /// The filters of `subscriber`.
    pub(super) fn filters(&self, subscriber: usize) -> Vec<String> {
        match self.scenario {
            Scenario::Pairs => vec![format!("{ROOT}/{subscriber}")],
            Scenario::FanIn => vec![format!("{ROOT}/#")],
            Scenario::Wildcards => {
                let first = subscriber * FILTERS;
                (first..first + FILTERS).map(|filter| format!("{ROOT}/+/f{filter}/#")).collect()
            }
            _ => vec![format!("{ROOT}/0")],
        }
    }
}

/// The topics of a benchmark lie below this level.
pub(super) const ROOT: &str = "mqttspec-bench";
