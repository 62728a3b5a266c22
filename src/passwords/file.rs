//! The file of users: how it is read, and how a line of it is changed while all others stay.

use std::collections::BTreeMap;
use std::ops::Range;

use thiserror::Error;

use super::hash::{Fault, Hash};

/// What is wrong in a file of users.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct PasswordFault {
    /// Its octets in the file.
    pub place: Range<usize>,
    /// What is wrong; nothing of a hash or a password is in it.
    pub what: String,
    /// What to do about it.
    pub help: &'static str,
}

/// Why a name cannot stand in a file of users.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum InvalidUserName {
    /// It would end before its own colon, or be no line.
    #[error("a user name in this file has no colon and no control character")]
    Character,
    /// It would be a comment.
    #[error("a user name in this file does not begin with #")]
    Comment,
    /// Nobody could be meant.
    #[error("a user name in this file is not empty, and does not begin or end with a blank")]
    Blank,
    /// No CONNECT could carry it.
    #[error("a user name has at most 65,535 octets [MQTT-1.5.3-1]")]
    TooLong,
}

/// The users of a file.
pub(super) fn users(text: &str) -> Result<BTreeMap<String, Hash>, Vec<PasswordFault>> {
    let mut users = BTreeMap::new();
    let mut faults = Vec::new();
    for line in lines(text) {
        let Some(Line { user, hash }) = split(line) else {
            let help = "a line is USER:HASH, or begins with #";
            faults.push(fault(text, line.trim(), "no colon in this line".to_owned(), help));
            continue;
        };
        if let Err(invalid) = checked(user) {
            let help = "who is it about?";
            let place = if user.is_empty() { line.trim() } else { user };
            faults.push(fault(text, place, invalid.to_string(), help));
            continue;
        }
        match Hash::parse(hash) {
            Ok(hash) if !users.contains_key(user) => {
                users.insert(user.to_owned(), hash);
            }
            Ok(_) => {
                let help = "one line a user: which one is right?";
                faults.push(fault(text, user, format!("{user} stands here again"), help));
            }
            Err(Fault { part, what, help }) => {
                let part = if part.is_empty() { user } else { part };
                faults.push(fault(text, part, what.to_owned(), help));
            }
        }
    }
    if faults.is_empty() { Ok(users) } else { Err(faults) }
}

/// The file with this hash for `user`, in the place of an older one or at the end.
///
/// # Errors
///
/// When the name cannot stand in such a file.
pub fn with_user(text: &str, user: &str, hash: &str) -> Result<String, InvalidUserName> {
    checked(user)?;
    let mut changed = String::with_capacity(text.len() + user.len() + hash.len() + 2);
    let mut there = false;
    for line in text.split_inclusive('\n') {
        if is_of(line, user) {
            if !there {
                changed.push_str(&format!("{user}:{hash}\n"));
            }
            there = true;
        } else {
            changed.push_str(line);
        }
    }
    if !there {
        if !changed.is_empty() && !changed.ends_with('\n') {
            changed.push('\n');
        }
        changed.push_str(&format!("{user}:{hash}\n"));
    }
    Ok(changed)
}

/// The file without `user`; `None` when there is no such user.
pub fn without_user(text: &str, user: &str) -> Option<String> {
    let rest: String = text.split_inclusive('\n').filter(|line| !is_of(line, user)).collect();
    (rest.len() < text.len()).then_some(rest)
}

/// The same text with nothing of a hash or a password in it, and each octet where it was: to be
/// shown in an error.
pub fn masked(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        // Without a colon the line may be a password.
        let shown = line.find(':').map_or(0, |colon| colon + 1);
        let shown = if line.starts_with('#') { line.len() } else { shown };
        masked.push_str(&line[..shown]);
        for c in line[shown..].chars() {
            match c {
                '$' | '\n' | '\r' => masked.push(c),
                _ => masked.extend(std::iter::repeat_n('*', c.len_utf8())),
            }
        }
    }
    masked
}

/// A line about a user.
struct Line<'a> {
    user: &'a str,
    hash: &'a str,
}

/// The lines that are about somebody.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'))
}

fn split(line: &str) -> Option<Line<'_>> {
    let (user, hash) = line.split_once(':')?;
    Some(Line { user: user.trim(), hash: hash.trim() })
}

fn is_of(line: &str, user: &str) -> bool {
    !line.starts_with('#') && split(line).is_some_and(|line| line.user == user)
}

fn checked(user: &str) -> Result<(), InvalidUserName> {
    match user {
        _ if user.trim() != user || user.is_empty() => Err(InvalidUserName::Blank),
        _ if user.starts_with('#') => Err(InvalidUserName::Comment),
        _ if user.contains([':', '\u{7f}']) || user.contains(char::is_control) => {
            Err(InvalidUserName::Character)
        }
        _ if user.len() > usize::from(u16::MAX) => Err(InvalidUserName::TooLong),
        _ => Ok(()),
    }
}

/// `part` is a slice of the text.
fn fault(text: &str, part: &str, what: String, help: &'static str) -> PasswordFault {
    let start = part.as_ptr().addr() - text.as_ptr().addr();
    PasswordFault { place: start..start + part.len(), what, help }
}
