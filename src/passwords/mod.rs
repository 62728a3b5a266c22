//! Users and their passwords, as a file holds them: never the password, only what it hashes to.
//!
//! The file is mosquitto's, one `user:hash` a line; a hash is `$7$` as `mosquitto_passwd` makes it
//! (PBKDF2 over SHA-512) or an Argon2id string. Nothing here says by the time it takes whether a
//! user is known, nor how much of a password was right.
//!
//! Clauses: U-3.1.4-1, by answering what it leaves open. Not here: what becomes of a Client
//! (`broker`), how many may try, and on which threads (`net`).

mod file;
mod hash;

use std::collections::BTreeMap;
use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::BuildHasher as _;

pub use self::file::{InvalidUserName, PasswordFault, masked, with_user, without_user};
pub use self::hash::Algorithm;
use self::hash::Hash;

/// Users and what their passwords hash to.
///
/// # Examples
///
/// ```
/// use mqttspec::passwords::{Algorithm, Passwords, with_user};
///
/// let hash = Algorithm::Pbkdf2Sha512 { rounds: 1_000 }.hash(b"secret");
/// let file = with_user("# Who may come in.\n", "anna", &hash).unwrap();
/// let passwords = Passwords::parse(&file).unwrap();
/// assert!(passwords.check("anna", b"secret"));
/// assert!(!passwords.check("anna", b"guess"));
/// assert!(!passwords.check("berta", b"secret"));
/// ```
#[derive(Clone, Default)]
pub struct Passwords {
    users: BTreeMap<String, Hash>,
    /// Chooses for each unknown name a user who stands in, always the same.
    stand_ins: RandomState,
}

impl Passwords {
    /// Reads a file of users.
    ///
    /// # Errors
    ///
    /// All that is wrong with it, in the order of the file.
    pub fn parse(text: &str) -> Result<Self, Vec<PasswordFault>> {
        let users = file::users(text)?;
        Ok(Self { users, stand_ins: RandomState::new() })
    }

    /// Whether `password` is that of `user`. Takes up to some tenths of a second and some 20 MiB,
    /// as its hash asks for.
    pub fn check(&self, user: &str, password: &[u8]) -> bool {
        match self.users.get(user) {
            Some(hash) => hash.is_of(password),
            None => {
                // As long as for somebody whom the file has: the time would say who is known.
                if let Some(hash) = self.stand_in(user) {
                    std::hint::black_box(hash.is_of(password));
                }
                false
            }
        }
    }

    /// The names of all users, in alphabetical order.
    pub fn users(&self) -> impl Iterator<Item = &str> {
        self.users.keys().map(String::as_str)
    }

    /// Whether `user` has another hash here than in `older`, or is gone.
    pub fn changed_since(&self, older: &Self, user: &str) -> bool {
        older.users.get(user).is_some_and(|hash| self.users.get(user) != Some(hash))
    }

    /// Somebody whose hash takes as long as that of `user` may be thought to.
    fn stand_in(&self, user: &str) -> Option<&Hash> {
        let count = u64::try_from(self.users.len()).ok().filter(|count| *count > 0)?;
        let chosen = usize::try_from(self.stand_ins.hash_one(user) % count).ok()?;
        self.users.values().nth(chosen)
    }
}

impl fmt::Debug for Passwords {
    /// Without the hashes: they must not get into a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.users()).finish()
    }
}

#[cfg(test)]
mod tests;
