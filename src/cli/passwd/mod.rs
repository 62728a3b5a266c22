//! `mqttspec passwd`: the users of a broker and their passwords.

mod rewrite;
mod secret;

use std::path::PathBuf;
use std::process::ExitCode;

use anstream::{eprintln, println};
use anyhow::anyhow;
use mqttspec::passwords::{Algorithm, Passwords, with_user, without_user};

use super::broker::read_passwords;
use super::exit::{self, Failed};

/// Give a user of a broker a password
///
/// The file has one line a user, and is mosquitto's as well; it is made if it is not there. All
/// other lines stay as they are. `mqttspec broker --password-file FILE` reads it, anew on SIGHUP.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// The file of users
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// Who gets the password
    #[arg(value_name = "USER", required_unless_present = "list")]
    user: Option<String>,

    /// Take the user out of the file
    #[arg(long, conflicts_with_all = ["list", "password_stdin", "password_from", "algorithm", "rounds"])]
    delete: bool,

    /// Print the names of all users, one a line
    #[arg(long, conflicts_with = "user")]
    list: bool,

    /// Read the password from standard input, up to the end of its first line
    #[arg(long, conflicts_with = "password_from")]
    password_stdin: bool,

    /// Read the password from this file, up to the end of its first line
    #[arg(long, value_name = "FILE")]
    password_from: Option<PathBuf>,

    /// How to hash it. argon2id is the better choice, and mosquitto reads it from 2.1 on
    #[arg(long, value_name = "HOW", default_value = "argon2id")]
    algorithm: How,

    /// How often to repeat pbkdf2-sha512, up to 10,000,000; mosquitto_passwd takes 101
    #[arg(long, value_name = "N", default_value_t = Algorithm::DEFAULT_ROUNDS,
          value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    rounds: u32,
}

/// How to hash a password.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum How {
    Argon2id,
    Pbkdf2Sha512,
}

const EXAMPLES: &str = "\
Examples:
  mqttspec passwd users anna                              asks for the password, twice
  mqttspec passwd users anna --password-stdin < secret    without asking
  mqttspec passwd users anna --algorithm pbkdf2-sha512    for mosquitto 2.0 too
  mqttspec passwd users anna --delete
  mqttspec passwd users --list";

/// Changes the file, or lists it.
pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failed> {
    let path = &arguments.file;
    // Where nothing is wrong with what is there: a line that cannot be read could be this user's.
    let (text, passwords) = match path.try_exists() {
        Ok(false) if !arguments.list && !arguments.delete => (String::new(), Passwords::default()),
        _ => read_passwords(path)?,
    };
    let Some(user) = &arguments.user else {
        passwords.users().for_each(|user| println!("{user}"));
        return Ok(ExitCode::from(exit::OK));
    };
    let usage = |error| Failed { code: exit::USAGE, error };
    let name = path.display();
    let (changed, what) = if arguments.delete {
        let rest = without_user(&text, user);
        let unknown = || usage(anyhow!("there is no user {user} in {name}; --list prints all"));
        (rest.ok_or_else(unknown)?, "is no user any more")
    } else {
        // Before somebody has typed a password for nothing.
        with_user("", user, "").map_err(|invalid| usage(anyhow!("{user:?}: {invalid}")))?;
        let password = secret::read(arguments.password_stdin, arguments.password_from.as_deref())?;
        let algorithm = match arguments.algorithm {
            How::Argon2id => Algorithm::Argon2id,
            How::Pbkdf2Sha512 => Algorithm::Pbkdf2Sha512 { rounds: arguments.rounds },
        };
        let hash = algorithm.hash(&password);
        let changed = with_user(&text, user, &hash).map_err(|invalid| usage(anyhow!(invalid)))?;
        let was_there = passwords.users().any(|known| known == user);
        (changed, if was_there { "has another password" } else { "has a password" })
    };
    rewrite::rewrite(path, &text, &changed)?;
    eprintln!("{user} {what} in {name}; a broker that runs reads it anew on SIGHUP");
    Ok(ExitCode::from(exit::OK))
}
