//! `mqttspec broker` as a process of its own, gone when the test is.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// A broker that listens. Dropping it kills it, and fails the test if it has panicked anywhere.
pub(crate) struct Broker {
    pub(crate) process: Child,
    pub(crate) address: SocketAddr,
    /// All it wrote after its address, once it has ended.
    last_words: Receiver<String>,
}

impl Broker {
    /// Starts `mqttspec broker` with these arguments, separated by blanks.
    ///
    /// `--bind 127.0.0.1:0` should be among them, so that tests do not meet.
    pub(crate) fn start(arguments: &str) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_mqttspec"))
            .arg("broker")
            .args(arguments.split_whitespace())
            .env_remove("MQTTSPEC_LOG")
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut stderr = BufReader::new(process.stderr.take().expect("it is piped"));
        let mut first = String::new();
        stderr.read_line(&mut first).expect("text");
        let address = first
            .split_once("mqtt://")
            .and_then(|(_, rest)| rest.split_once(','))
            .and_then(|(address, _)| address.parse().ok())
            .unwrap_or_else(|| panic!("an address, and not {first:?}"));
        let (sender, last_words) = channel();
        std::thread::spawn(move || sender.send(without_closings(stderr)));
        Self { process, address, last_words }
    }

    /// Waits for its end: the exit code, and what it wrote but for the closing of connections.
    ///
    /// `None` when it goes on for longer than `limit`.
    pub(crate) fn wait(&mut self, limit: Duration) -> Option<(Option<i32>, String)> {
        let told = self.last_words.recv_timeout(limit).ok()?;
        let status = self.process.wait().expect("it has ended");
        Some((status.code(), told))
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        // An error says that it has ended already.
        let _ = self.process.kill();
        if let Some((_, told)) = self.wait(Duration::from_secs(10))
            && !std::thread::panicking()
        {
            assert!(!told.contains("panicked"), "the broker panicked:\n{told}");
        }
    }
}

/// Reads to the end. A million lines of closed connections would be kept for nothing.
fn without_closings(stderr: BufReader<ChildStderr>) -> String {
    let mut told = String::new();
    for line in stderr.lines().map_while(Result::ok) {
        if !line.contains(" closed: ") {
            told.push_str(&line);
            told.push('\n');
        }
    }
    told
}
