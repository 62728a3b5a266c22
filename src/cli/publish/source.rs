//! Where `mqttspec pub` has its messages from.

use std::ffi::OsString;
use std::io::{self, BufRead as _, Read as _};
use std::path::PathBuf;

use bytes::Bytes;
use tokio::sync::mpsc;

use crate::cli::client::{self, octets};
use crate::cli::exit::Failed;

/// Where the messages come from.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub(super) struct Source {
    /// The message
    #[arg(short, long, value_name = "TEXT", help_heading = "One of these")]
    message: Option<OsString>,

    /// An empty message; with -r it takes a retained one away
    #[arg(short, long, help_heading = "One of these")]
    null_message: bool,

    /// The content of a file is the message
    #[arg(short, long, help_heading = "One of these")]
    file: Option<PathBuf>,

    /// Each line of standard input is a message
    #[arg(short = 'l', long, help_heading = "One of these")]
    stdin_line: bool,

    /// All of standard input is one message
    #[arg(short = 's', long, help_heading = "One of these")]
    stdin_file: bool,
}

/// The payloads to publish, as they come.
pub(super) fn payloads(source: &Source) -> Result<mpsc::Receiver<io::Result<Bytes>>, Failed> {
    let (sender, receiver) = mpsc::channel(WAITING_LINES);
    let one = if let Some(message) = &source.message {
        octets(message.clone())
    } else if let Some(file) = &source.file {
        let read = std::fs::read(file);
        read.map_err(|error| client::usage(format!("cannot read {}: {error}", file.display())))?
            .into()
    } else if source.stdin_line || source.stdin_file {
        // A thread of its own: reading standard input cannot be called off.
        let by_line = source.stdin_line;
        std::thread::spawn(move || read_standard_input(by_line, &sender));
        return Ok(receiver);
    } else {
        Bytes::new()
    };
    // There is room: the channel is new.
    let _ = sender.try_send(Ok(one));
    Ok(receiver)
}

/// Sends what standard input holds, until its end or until nobody wants it.
fn read_standard_input(by_line: bool, sender: &mpsc::Sender<io::Result<Bytes>>) {
    let mut input = io::stdin().lock();
    loop {
        let mut octets = Vec::new();
        let read = match by_line {
            true => input.read_until(b'\n', &mut octets),
            false => input.read_to_end(&mut octets).map(|_| 1),
        };
        let payload = match read {
            Ok(0) => return,
            Ok(_) => {
                if by_line && octets.last() == Some(&b'\n') {
                    octets.pop();
                }
                Ok(Bytes::from(octets))
            }
            Err(error) => Err(error),
        };
        let is_last = !by_line || payload.is_err();
        if sender.blocking_send(payload).is_err() || is_last {
            return;
        }
    }
}

/// Lines that were read and wait to be handed over.
const WAITING_LINES: usize = 100;
