//! What a password hashes to: as text, and against a password.

use std::fmt;

use argon2::password_hash::CustomizedPasswordHasher as _;
use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, Block, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::Sha512;
use subtle::ConstantTimeEq as _;

/// How to hash a password.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum Algorithm {
    /// Argon2id with 19 MiB, in two passes: the better choice. mosquitto reads it from 2.1 on.
    #[default]
    Argon2id,
    /// PBKDF2 over SHA-512, as all of mosquitto 2 reads it.
    Pbkdf2Sha512 {
        /// How often it is repeated, 1 to 10,000,000.
        rounds: u32,
    },
}

/// What a password hashes to.
#[derive(Clone, Eq, PartialEq)]
pub(super) enum Hash {
    Argon2id(PasswordHash),
    Pbkdf2Sha512 { rounds: u32, salt: Vec<u8>, hash: [u8; LENGTH] },
}

/// What is wrong with the text of a hash: which part of it, what, and what to do.
pub(super) struct Fault<'a> {
    pub(super) part: &'a str,
    pub(super) what: &'static str,
    pub(super) help: &'static str,
}

/// The octets of a hash by PBKDF2: as many as SHA-512 gives.
const LENGTH: usize = 64;
/// The most rounds of PBKDF2: some seconds.
const MAX_ROUNDS: u32 = 10_000_000;
/// The most KiB that Argon2id may ask for. Each check takes as much, and without it the program
/// could only end.
const MAX_KIB: u32 = 1024 * 1024;
/// The most passes of Argon2id.
const MAX_PASSES: u32 = 100;
/// For so many octets glibc asks the system each time, and gives them back at once; of less it keeps
/// some for later, several times over. Only what is written to is there.
const MAPPED: usize = 40 * 1024 * 1024;

impl Algorithm {
    /// As many rounds of PBKDF2 as take about as long as Argon2id does here.
    pub const DEFAULT_ROUNDS: u32 = 210_000;

    /// Hashes `password` with a new salt; the text to keep.
    pub fn hash(self, password: &[u8]) -> String {
        match self {
            Self::Argon2id => {
                let salt: [u8; 16] = rand::random();
                let made =
                    Argon2::default().hash_password_with_params(password, &salt, Params::default());
                let made: PasswordHash = made.expect("16 octets of salt are enough");
                made.to_string()
            }
            Self::Pbkdf2Sha512 { rounds } => {
                // As many octets as mosquitto takes, and no others.
                let salt: [u8; 12] = rand::random();
                let rounds = rounds.clamp(1, MAX_ROUNDS);
                let hash = pbkdf2::pbkdf2_hmac_array::<Sha512, LENGTH>(password, &salt, rounds);
                format!("$7${rounds}${}${}", STANDARD.encode(salt), STANDARD.encode(hash))
            }
        }
    }
}

impl Hash {
    /// Whether it is that of `password`; how long that takes does not depend on how nearly it is.
    pub(super) fn is_of(&self, password: &[u8]) -> bool {
        match self {
            Self::Argon2id(hash) => is_made_by_argon2id(hash, password).unwrap_or(false),
            Self::Pbkdf2Sha512 { rounds, salt, hash } => {
                let made = pbkdf2::pbkdf2_hmac_array::<Sha512, LENGTH>(password, salt, *rounds);
                made.ct_eq(hash).into()
            }
        }
    }

    /// Reads the text of a hash.
    pub(super) fn parse(text: &str) -> Result<Self, Fault<'_>> {
        let fault = |part, what| Fault { part, what, help: MAKE_ANEW };
        let fields: Vec<&str> = text.split('$').collect();
        match fields[..] {
            ["", "7", rounds, salt, hash] => {
                let number = rounds.parse().ok().filter(|number| (1..=MAX_ROUNDS).contains(number));
                let number = number.ok_or(Fault {
                    part: rounds,
                    what: "the rounds of a hash are a number from 1 to 10,000,000",
                    help: MAKE_ANEW,
                })?;
                let decoded = |field| STANDARD.decode(field).map_err(|_| fault(field, NOT_BASE64));
                let salt_octets = decoded(salt)?;
                let octets = decoded(hash)?;
                if salt_octets.is_empty() {
                    return Err(fault(text, "a hash without salt"));
                }
                let octets = <[u8; LENGTH]>::try_from(octets)
                    .map_err(|_| fault(hash, "a hash by $7$ has 64 octets"))?;
                Ok(Self::Pbkdf2Sha512 { rounds: number, salt: salt_octets, hash: octets })
            }
            ["", "7", ..] => Err(fault(text, "a hash by $7$ is $7$ROUNDS$SALT$HASH")),
            ["", "argon2id", ..] => argon2id(text),
            ["", "6", ..] => {
                Err(fault(text, "a hash by $6$, which mosquitto before 2.0 made, is too weak"))
            }
            ["", _, ..] => Err(fault(text, "a hash by another algorithm than $7$ and $argon2id$")),
            _ => Err(fault(text, "a password, or something else that is no hash")),
        }
    }
}

/// Whether `hash` is that of `password`, in memory that is given back; `None` where it cannot be
/// made.
fn is_made_by_argon2id(hash: &PasswordHash, password: &[u8]) -> Option<bool> {
    let (salt, expected) = (hash.salt.as_ref()?, hash.hash.as_ref()?);
    let version = hash.version.map_or(Ok(Version::default()), Version::try_from).ok()?;
    let params = Params::try_from(hash).ok()?;
    let mut blocks = Vec::with_capacity(params.block_count().max(MAPPED / Block::SIZE));
    blocks.resize(params.block_count(), Block::default());
    let mut made = vec![0; expected.as_bytes().len()];
    let argon2 = Argon2::new(argon2::Algorithm::Argon2id, version, params);
    argon2.hash_password_into_with_memory(password, salt, &mut made, &mut blocks).ok()?;
    Some(made.ct_eq(expected.as_bytes()).into())
}

/// Reads a hash by Argon2id.
fn argon2id(text: &str) -> Result<Hash, Fault<'_>> {
    let fault = |what| Fault { part: text, what, help: MAKE_ANEW };
    let hash = PasswordHash::new(text).map_err(|_| fault("this is no string as PHC has it"))?;
    if hash.salt.is_none() || hash.hash.is_none() {
        return Err(fault("salt or hash is missing"));
    }
    if hash.version.is_some_and(|version| version != 0x13 && version != 0x10) {
        return Err(fault("there is no such version of Argon2"));
    }
    let params = Params::try_from(&hash).map_err(|_| fault("these parameters cannot be"))?;
    if params.m_cost() > MAX_KIB || params.t_cost() > MAX_PASSES {
        return Err(fault("each check would take more than 1 GiB, or more than 100 passes"));
    }
    Ok(Hash::Argon2id(hash))
}

impl fmt::Debug for Hash {
    /// Without what could be tried against.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Argon2id(_) => "Argon2id",
            Self::Pbkdf2Sha512 { .. } => "PBKDF2-SHA512",
        })
    }
}

const MAKE_ANEW: &str = "mqttspec passwd FILE USER makes it anew";
const NOT_BASE64: &str = "this is no Base64";
