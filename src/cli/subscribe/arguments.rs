//! What `mqttspec sub` may be asked for.

use std::time::Duration;

use anstream::eprintln;
use mqttspec::packet::{OneOrMore, QoS, SubackCode, SubscribeFilter};
use mqttspec::topic::TopicFilter;

use super::printing::Format;
use crate::cli::client::{self, Connection, qos};
use crate::cli::exit::Failed;

/// Subscribe, and print the messages that come
#[derive(Debug, clap::Args)]
#[command(disable_help_flag = true, after_help = EXAMPLES)]
pub(in crate::cli) struct Arguments {
    /// A Topic Filter to subscribe to; may be given several times
    #[arg(short = 't', long = "topic", value_name = "FILTER", value_parser = filter,
          required_unless_present_any = ["unsubscribe", "url"])]
    filters: Vec<TopicFilter>,

    /// The greatest QoS to get messages at: 0, 1 or 2
    #[arg(short, long, value_parser = qos, default_value = "0")]
    qos: QoS,

    /// Pass over messages whose topic matches this filter; may be given several times
    #[arg(short = 'T', long, value_name = "FILTER", value_parser = filter)]
    pub(super) filter_out: Vec<TopicFilter>,

    /// End a subscription of a kept Session; may be given several times
    #[arg(short = 'U', long, value_name = "FILTER", value_parser = filter)]
    unsubscribe: Vec<TopicFilter>,

    /// Pass over retained messages
    #[arg(short = 'R', long)]
    pub(super) no_retained: bool,

    /// Print retained messages only, and end when no more come
    #[arg(long, conflicts_with = "no_retained")]
    pub(super) retained_only: bool,

    /// Take away each retained message that comes
    #[arg(long, conflicts_with = "no_retained")]
    pub(super) remove_retained: bool,

    /// End after so many messages
    #[arg(short = 'C', long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) count: Option<u64>,

    /// End after so many seconds, as wished: with exit code 0, unless -C asks for more messages
    #[arg(long, value_name = "SECONDS")]
    exit_after: Option<u32>,

    /// End as soon as the broker has subscribed; for a Session that is kept with -c
    #[arg(short = 'E')]
    pub(super) exit_when_subscribed: bool,

    #[command(flatten)]
    pub(super) format: Format,

    #[command(flatten)]
    pub(super) connection: Connection,
}

const EXAMPLES: &str = "\
Examples:
  mqttspec sub -t 'sensors/#' -v              everything below sensors, with its topic
  mqttspec sub mqtts://me@broker -t a -t b    over TLS, two filters
  mqttspec sub -t a --json | jq .payload      a line of JSON for each message
  mqttspec sub -t '#' -F '%I %t %l octets'    what is worth knowing, and no more
  mqttspec sub -t state -C 1 -W 5             one message, or exit code 1 after five seconds
  mqttspec sub -t image -C 1 -N > image.png   octets as they are
  mqttspec sub -t log -q 1 -i me -c           what came while I was away, too
  mqttspec sub -t 'a/#' --reconnect           for days, whatever happens to the network
  mqttspec sub -t 'old/#' --retained-only --remove-retained -v    tidy up

Payloads are written as they are, each with a line feed behind it. On a terminal, control characters
and octets that are no text are shown as escapes.

Exit codes: 0 as wished, 1 fewer messages than -C asks for, a refusal, or a breach of the protocol
            by the broker, 2 usage, 3 the broker cannot be reached or has gone";

impl Arguments {
    /// Refuses what makes no sense together.
    pub(super) fn check(&self) -> Result<(), Failed> {
        if self.exit_when_subscribed && !self.connection.keeps_session() {
            return Err(client::usage(
                "a clean Session ends with its connection [MQTT-3.1.2-6]: -E needs -c and -i",
            ));
        }
        Ok(())
    }

    /// The time that `--exit-after` gives.
    pub(super) fn exit_after(&self) -> Option<Duration> {
        self.exit_after.map(|seconds| Duration::from_secs(seconds.into()))
    }

    /// The Topic Filters of `-t`, and that of the URL which `-L` gives.
    pub(super) fn filters(&self) -> impl Iterator<Item = &TopicFilter> {
        self.filters.iter().chain(self.connection.topic_of_url())
    }

    /// What to subscribe to; `None` for nothing.
    pub(super) fn wanted(&self) -> Option<OneOrMore<SubscribeFilter>> {
        let qos = self.qos;
        let wanted = self.filters().map(|filter| SubscribeFilter { filter: filter.clone(), qos });
        OneOrMore::new(wanted.collect())
    }

    /// What not to be subscribed to any more; `None` for nothing.
    pub(super) fn unwanted(&self) -> Option<OneOrMore<TopicFilter>> {
        OneOrMore::new(self.unsubscribe.clone())
    }

    /// Tells of the subscriptions that were refused; fails when all were.
    pub(super) fn look_at(&self, codes: &[SubackCode]) -> Result<(), Failed> {
        let answers = self.filters().zip(codes);
        let refused = answers.filter(|(_, code)| **code == SubackCode::Failure);
        let refused: Vec<_> = refused.map(|(filter, _)| filter).collect();
        if refused.len() == codes.len() {
            return Err(client::falls_short("the broker refused every subscription"));
        }
        for filter in refused {
            eprintln!("warning: the broker refused the subscription to {filter}");
        }
        Ok(())
    }
}

fn filter(argument: &str) -> Result<TopicFilter, String> {
    TopicFilter::new(argument).map_err(|invalid| invalid.to_string())
}
