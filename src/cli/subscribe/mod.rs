//! `mqttspec sub`: subscribe, and print the messages that come.

mod arguments;
mod listening;
mod printing;
mod template;

use std::process::ExitCode;

pub(super) use self::arguments::Arguments;
use self::listening::{Ended, Listener};
use super::client::{self, Signals};
use super::exit::{self, Failed};
use super::logging::{self, LogFormat, LogLevel};

/// Prints messages until it is told to stop.
pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failed> {
    if arguments.connection.explain {
        logging::start(LogFormat::Text, LogLevel::Trace);
    }
    arguments.check()?;
    client::runtime()?.block_on(async {
        let mut signals = Signals::listen()?;
        let mut options = arguments.connection.options()?;
        // What is not printed stays in the Session.
        options.acknowledge_manually = !options.connect.clean_session();
        if arguments.count.is_some() && options.acknowledge_manually {
            // At QoS 0 what is here is nowhere else.
            options.messages = 0;
        }
        let (client, mut messages) = client::open(options, &mut signals).await?;
        let reporting = arguments.connection.report_losses(&client);
        let mut listener = Listener::new(arguments, &client);
        let ended = tokio::select! {
            ended = listener.listen(&mut messages) => ended,
            () = signals.stop() => Ok(Ended::Stopped),
            () = client::elapsed(arguments.connection.wait()) => Ok(Ended::Stopped),
            () = client::elapsed(arguments.exit_after()) => Ok(Ended::InTime),
        };
        drop(reporting);
        // Whether the broker is still there to hear it changes nothing any more.
        let _ = client.disconnect().await;
        let ended = match ended? {
            Ended::Complete => Ended::Complete,
            // Those that were acknowledged and not printed yet.
            ended => listener.print_rest(&mut messages, ended).await?,
        };
        match (ended, arguments.count) {
            (Ended::InTime | Ended::Stopped, Some(count)) => {
                let printed = listener.printed();
                Err(client::falls_short(format!("stopped after {printed} of {count} messages")))
            }
            _ => Ok(ExitCode::from(exit::OK)),
        }
    })
}
