//! The last that a program has printed.

use std::collections::VecDeque;
use std::io::Read;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

/// The end of one or more streams, in the order in which pieces of them arrived.
#[derive(Clone, Debug, Default)]
pub(crate) struct Output {
    tail: Arc<Mutex<VecDeque<u8>>>,
}

impl Output {
    /// Reads `stream` to its end on a thread of its own, so that the program never blocks on it.
    pub(crate) fn collect(&self, mut stream: impl Read + Send + 'static) -> JoinHandle<()> {
        let tail = Arc::clone(&self.tail);
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(length @ 1..) = stream.read(&mut buffer) {
                let mut tail = tail.lock().unwrap_or_else(PoisonError::into_inner);
                tail.extend(&buffer[..length]);
                let surplus = tail.len().saturating_sub(MOST_OCTETS);
                tail.drain(..surplus);
            }
        })
    }

    /// What is kept, as text.
    pub(crate) fn text(&self) -> String {
        let tail = self.tail.lock().unwrap_or_else(PoisonError::into_inner);
        let octets: Vec<u8> = tail.iter().copied().collect();
        String::from_utf8_lossy(&octets).trim_end().to_owned()
    }
}

/// Enough for the last words of a program.
const MOST_OCTETS: usize = 16 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_end() {
        let output = Output::default();
        let text = "x".repeat(MOST_OCTETS) + "the end\n";
        output.collect(std::io::Cursor::new(text.into_bytes())).join().unwrap();
        assert_eq!(output.text().len(), MOST_OCTETS - 1);
        assert!(output.text().ends_with("the end"));
    }
}
