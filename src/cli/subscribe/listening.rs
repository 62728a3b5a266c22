//! Subscribing, and taking what comes until there is enough.

use std::io::{self, IsTerminal as _};
use std::pin::pin;
use std::time::{Duration, SystemTime};

use anstream::{AutoStream, ColorChoice};
use anyhow::anyhow;
use bytes::Bytes;
use mqttspec::net::{Client, Messages};
use mqttspec::packet::QoS;
use mqttspec::session::Message;
use tokio::sync::watch;
use tokio::time::timeout;

use super::arguments::Arguments;
use super::printing::Paper;
use crate::cli::client;
use crate::cli::exit::Failed;

/// Why no more messages are printed.
pub(super) enum Ended {
    /// All that were asked for, or nobody reads them any more.
    Complete,
    /// The time that was asked for is over.
    InTime,
    Stopped,
}

/// Takes messages, prints them, and counts them.
pub(super) struct Listener<'a> {
    arguments: &'a Arguments,
    client: &'a Client,
    paper: Paper,
    printed: u64,
}

/// How long no retained message may come before there are no more.
const NO_MORE: Duration = Duration::from_secs(1);

impl<'a> Listener<'a> {
    pub(super) fn new(arguments: &'a Arguments, client: &'a Client) -> Self {
        let stdout = io::stdout();
        let has_colours = AutoStream::choice(&stdout) != ColorChoice::Never;
        let is_terminal = stdout.is_terminal();
        let paper = Paper { is_terminal, has_colours: is_terminal && has_colours };
        Self { arguments, client, paper, printed: 0 }
    }

    /// How many messages were printed.
    pub(super) const fn printed(&self) -> u64 {
        self.printed
    }

    /// Subscribes and unsubscribes, and prints what comes from the beginning on.
    pub(super) async fn listen(&mut self, messages: &mut Messages) -> Result<Ended, Failed> {
        let (arguments, client) = (self.arguments, self.client);
        let (answered, is_answered) = watch::channel(false);
        let subscribing = async {
            if let Some(unwanted) = arguments.unwanted() {
                client.unsubscribe(unwanted).await.map_err(client::failed)?;
            }
            if let Some(wanted) = arguments.wanted() {
                let granted = client.subscribe_to_messages(wanted).await;
                arguments.look_at(&granted.map_err(client::failed)?)?;
            }
            answered.send_replace(true);
            Ok::<_, Failed>(())
        };
        // Messages may come before SUBACK, so both are waited for at once.
        let mut printing = pin!(self.print_all(messages, is_answered));
        tokio::select! {
            subscribed = subscribing => {
                subscribed?;
                match arguments.exit_when_subscribed || arguments.filters().next().is_none() {
                    true => Ok(Ended::Complete),
                    false => printing.await,
                }
            }
            printed = &mut printing => printed,
        }
    }

    /// Prints what came before the connection was closed, and will not come again.
    pub(super) async fn print_rest(
        &mut self,
        messages: &mut Messages,
        ended: Ended,
    ) -> Result<Ended, Failed> {
        while let Some(message) = messages.next_unacknowledged().await.map_err(client::failed)? {
            let comes_again =
                self.arguments.connection.keeps_session() && message.qos != QoS::AtMostOnce;
            if !comes_again && self.take(&message).await? {
                return Ok(Ended::Complete);
            }
        }
        Ok(ended)
    }

    /// Prints messages as they come, until there are enough or there will be no more.
    async fn print_all(
        &mut self,
        messages: &mut Messages,
        mut is_answered: watch::Receiver<bool>,
    ) -> Result<Ended, Failed> {
        loop {
            let next = match self.arguments.retained_only && *is_answered.borrow() {
                false => tokio::select! {
                    next = messages.next_unacknowledged() => next,
                    // Looked at anew; whoever sends it goes on for as long as this does.
                    Ok(()) = is_answered.changed(), if self.arguments.retained_only => continue,
                },
                true => match timeout(NO_MORE, messages.next_unacknowledged()).await {
                    Ok(next) => next,
                    Err(_) => return Ok(Ended::InTime),
                },
            };
            let Some(message) = next.map_err(client::failed)? else { return Ok(Ended::Stopped) };
            let is_last = match self.arguments.retained_only && !message.retain {
                true => false,
                false => self.take(&message).await?,
            };
            // It is printed, or not wanted.
            message.acknowledge();
            if is_last {
                return Ok(Ended::Complete);
            }
        }
    }

    /// Does with a message what is asked for: whether it was the last one.
    async fn take(&mut self, message: &Message) -> Result<bool, Failed> {
        let Arguments { no_retained, remove_retained, filter_out, format, .. } = self.arguments;
        let is_out = filter_out.iter().any(|filter| filter.matches(&message.topic));
        if is_out || (*no_retained && message.retain) {
            return Ok(false);
        }
        let printed = {
            let mut out = io::stdout().lock();
            format.print(message, SystemTime::now(), self.paper, &mut out)
        };
        match printed {
            Ok(()) => self.printed += 1,
            // As with `| head -1`.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(true),
            Err(error) => return Err(anyhow!(error).context("cannot print").into()),
        }
        if *remove_retained && message.retain {
            let (topic, payload) = (message.topic.detached(), Bytes::new());
            // Without an answer, which could not come while this waits for it.
            let nothing = Message { topic, payload, qos: QoS::AtMostOnce, retain: true };
            self.client.begin_publish(nothing).await.map_err(client::failed)?;
        }
        Ok(self.arguments.count == Some(self.printed))
    }
}
