//! A password, from a person or from a file; never from the command line, which all can see.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read as _, Write as _};
use std::path::Path;

use anyhow::anyhow;
use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
};

use crate::cli::exit::{self, Failed};

/// The most octets that a password can have in a CONNECT.
const LONGEST: usize = 65_535;

/// Reads a password: from standard input, from a file, or else from the terminal, twice.
pub(super) fn read(from_stdin: bool, from: Option<&Path>) -> Result<Vec<u8>, Failed> {
    let usage = |error| Failed { code: exit::USAGE, error };
    let password = match from {
        Some(path) => {
            let name = path.display();
            let file = File::open(path)
                .map_err(|error| usage(anyhow!("cannot read the password from {name}: {error}")))?;
            first_line(&mut BufReader::new(file))
        }
        None if from_stdin => first_line(&mut io::stdin().lock()),
        None => from_terminal(),
    };
    let password = password.map_err(|error| usage(anyhow!("cannot read the password: {error}")))?;
    match password.len() {
        // A CONNECT may have an empty one, but whoever runs this command has slipped.
        0 => Err(usage(anyhow!("an empty password protects nobody"))),
        1..=LONGEST => Ok(password),
        _ => Err(usage(anyhow!("a password has at most 65,535 octets, as CONNECT has room for"))),
    }
}

/// All up to the end of the first line, which is no part of it.
fn first_line(from: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    let most = u64::try_from(LONGEST).unwrap_or(u64::MAX) + 3;
    from.take(most).read_until(b'\n', &mut line)?;
    if line.last() == Some(&b'\n') {
        line.pop();
        if line.last() == Some(&b'\r') {
            line.pop();
        }
    }
    Ok(line)
}

/// Asks twice, without showing what is typed.
fn from_terminal() -> io::Result<Vec<u8>> {
    let terminal = OpenOptions::new().read(true).write(true).open("/dev/tty").map_err(|error| {
        let advice = "there is no terminal to ask on; --password-stdin reads it without asking";
        io::Error::new(error.kind(), format!("{advice} ({error})"))
    })?;
    let mut silence = Silence::begin(&terminal)?;
    let first = silence.ask("Password: ")?;
    let second = silence.ask("The same once more: ")?;
    drop(silence);
    match first == second {
        true => Ok(first),
        false => Err(io::Error::other("it was not the same twice")),
    }
}

/// A terminal that does not show what is typed, until this is dropped.
struct Silence<'a> {
    terminal: &'a File,
    before: Termios,
}

/// Ctrl-C.
const INTERRUPT: u8 = 3;

impl<'a> Silence<'a> {
    fn begin(terminal: &'a File) -> io::Result<Self> {
        let before = tcgetattr(terminal)?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO | LocalModes::ISIG);
        silent.local_modes.insert(LocalModes::ECHONL);
        // Without a signal, which would leave the terminal silent, Ctrl-C ends the line.
        silent.special_codes[SpecialCodeIndex::VEOL] = INTERRUPT;
        tcsetattr(terminal, OptionalActions::Flush, &silent)?;
        Ok(Self { terminal, before })
    }

    fn ask(&mut self, question: &str) -> io::Result<Vec<u8>> {
        let mut terminal = self.terminal;
        terminal.write_all(question.as_bytes())?;
        // A terminal gives a line at a time.
        let mut line = [0; 4_096];
        let length = terminal.read(&mut line)?;
        let line = &line[..length];
        if line.contains(&INTERRUPT) {
            return Err(io::Error::other("interrupted"));
        }
        match line.strip_suffix(b"\n") {
            Some(typed) if !typed.iter().any(u8::is_ascii_control) => Ok(typed.to_vec()),
            Some(_) => Err(io::Error::other("there is a control character in it")),
            None => Err(io::Error::other("the line did not end")),
        }
    }
}

impl Drop for Silence<'_> {
    fn drop(&mut self) {
        // If this fails there is no terminal any more.
        let _ = tcsetattr(self.terminal, OptionalActions::Now, &self.before);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_line_is_no_part_of_a_password() {
        for (text, expected) in [
            (&b"secret"[..], &b"secret"[..]),
            (b"secret\n", b"secret"),
            (b"secret\r\nmore", b"secret"),
            (b" a b \n", b" a b "),
            (b"\r", b"\r"),
            (b"\xff\x00", b"\xff\x00"),
            (b"", b""),
        ] {
            assert_eq!(first_line(&mut &*text).unwrap(), expected);
        }
        assert_eq!(first_line(&mut &[7; 100_000][..]).unwrap().len(), 65_538);
    }
}
