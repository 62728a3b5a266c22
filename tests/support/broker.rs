//! `mqttspec broker` as a process of its own, gone when the test is.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// A broker that listens. Dropping it kills it, and fails the test if it has panicked anywhere.
pub(crate) struct Broker {
    pub(crate) process: Child,
    /// Of its first TCP listener.
    pub(crate) address: SocketAddr,
    /// The URL of each listener, in the order of the arguments.
    pub(crate) urls: Vec<String>,
    /// Where it serves HTTP, when it was asked to.
    pub(crate) http: Option<SocketAddr>,
    /// All it wrote after its addresses, once it has ended.
    last_words: Receiver<String>,
}

impl Broker {
    /// Starts `mqttspec broker` with these arguments, separated by blanks.
    ///
    /// `--bind 127.0.0.1:0` should be among them, so that tests do not meet. Without `--data-dir`
    /// it keeps nothing.
    pub(crate) fn start(arguments: &str) -> Self {
        let volatile = if arguments.contains("--data-dir") { "false" } else { "true" };
        let mut process = Command::new(env!("CARGO_BIN_EXE_mqttspec"))
            .arg("broker")
            .args(arguments.split_whitespace())
            .env("MQTTSPEC_VOLATILE", volatile)
            .env_remove("MQTTSPEC_LOG")
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut stderr = BufReader::new(process.stderr.take().expect("it is piped"));
        let is_listener = |argument: &&str| ["--bind", "--listen"].contains(argument);
        let listeners = arguments.split_whitespace().filter(is_listener).count();
        let urls: Vec<String> = (0..listeners.max(1)).map(|_| url(&mut stderr)).collect();
        let http = arguments.contains("--http ").then(|| http(&mut stderr));
        let address = urls.iter().find_map(|url| {
            let (_, place) = url.split_once("://")?;
            place.split(['/', '?']).next()?.parse().ok()
        });
        let address = address.unwrap_or_else(|| panic!("an address, and not only {urls:?}"));
        let (sender, last_words) = channel();
        std::thread::spawn(move || sender.send(without_closings(stderr)));
        Self { process, address, urls, http, last_words }
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
            let urls = (&self.urls, self.http);
            assert!(!told.contains("panicked"), "the broker on {urls:?} has panicked:\n{told}");
        }
    }
}

/// The URL in the next line that has one: `mqttspec broker VERSION on URL, …`. Before the first it
/// may say what it finds odd in its options.
fn url(stderr: &mut BufReader<ChildStderr>) -> String {
    let mut told = String::new();
    loop {
        let begin = told.len();
        let length = stderr.read_line(&mut told).expect("text");
        let rest = told[begin..].split_once(" on ").map(|(_, rest)| rest);
        if let Some((url, _)) = rest.and_then(|rest| rest.split_once(", Ctrl-C")) {
            return url.to_owned();
        }
        assert!(length > 0, "a URL, and not {told:?}");
    }
}

/// The address in the next line: `status on http://ADDRESS/`.
fn http(stderr: &mut BufReader<ChildStderr>) -> SocketAddr {
    let mut line = String::new();
    stderr.read_line(&mut line).expect("text");
    let address =
        line.trim().strip_prefix("status on http://").and_then(|url| url.strip_suffix('/'));
    let address = address.and_then(|address| address.parse().ok());
    address.unwrap_or_else(|| panic!("an address, and not {line:?}"))
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
