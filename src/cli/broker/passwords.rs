//! Who may come in: the file of users, and how many wrong passwords are looked at.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anstream::eprintln;
use anyhow::anyhow;
use mqttspec::broker::Anonymous;
use mqttspec::net::ServerOptions;
use mqttspec::passwords::{PasswordFault, Passwords, masked};

use crate::cli::configuration::{Fault, told};
use crate::cli::exit::{self, Failed};
use crate::cli::number::whole;

/// Who may come in.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Access")]
pub(super) struct PasswordArguments {
    /// Users and what their passwords hash to, as `mqttspec passwd` and mosquitto_passwd write
    /// them; clients without a password are then turned away. Read anew on SIGHUP
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,

    /// Let clients in that say nothing of themselves, also where there are passwords
    #[arg(long)]
    allow_anonymous: bool,

    /// Wrong passwords that may come from one address at once; above it its clients are told to
    /// come back later, without a look. 0 for no bound
    #[arg(long, value_name = "N", default_value_t = ServerOptions::default().max_wrong_passwords,
          value_parser = whole::<u32>(0..=1_000_000))]
    max_wrong_passwords: u32,

    /// How long it takes until one more may come, in seconds
    #[arg(long, value_name = "SECONDS",
          default_value_t = ServerOptions::default().wrong_password_pause.as_secs(),
          value_parser = whole::<u64>(1..=86_400))]
    wrong_password_pause: u64,

    /// Passwords checked at once, each on a thread of its own and, with Argon2id, in 19 MiB
    /// [default: half of the cores]
    #[arg(long, value_name = "N", value_parser = whole::<u16>(1..=1_024))]
    max_password_checks: Option<u16>,
}

impl PasswordArguments {
    /// Says all of it but the passwords.
    pub(super) fn apply(&self, options: &mut ServerOptions) {
        if self.allow_anonymous {
            options.policy.anonymous = Anonymous::Allowed;
        }
        options.max_wrong_passwords = self.max_wrong_passwords;
        options.wrong_password_pause = Duration::from_secs(self.wrong_password_pause);
        if let Some(checks) = self.max_password_checks {
            options.max_password_checks = checks.into();
        }
    }

    /// Reads the file of users; `None` where nobody asks for passwords.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, or something in it is wrong; with the place.
    pub(super) fn load(&self) -> Result<Option<Passwords>, Failed> {
        let Some(path) = &self.password_file else { return Ok(None) };
        let passwords = read(path)?.1;
        if let Ok(about) = path.metadata()
            && about.mode() & 0o004 != 0
        {
            let name = path.display();
            eprintln!("everybody on this machine may read {name}, and try passwords against it");
        }
        Ok(Some(passwords))
    }
}

/// Reads a file of users: its text, and what that says.
///
/// # Errors
///
/// As [`PasswordArguments::load`].
pub(in crate::cli) fn read(path: &Path) -> Result<(String, Passwords), Failed> {
    let name = path.display().to_string();
    let failed = |error| Failed { code: exit::USAGE, error };
    let text = std::fs::read_to_string(path)
        .map_err(|error| failed(anyhow!("cannot read the passwords {name}: {error}")))?;
    match Passwords::parse(&text) {
        Ok(passwords) => Ok((text, passwords)),
        Err(faults) => {
            let faults: Vec<Fault> = faults
                .into_iter()
                .map(|PasswordFault { place, what, help, .. }| Fault {
                    place,
                    what,
                    help: help.into(),
                })
                .collect();
            // A log is no place for what could be tried against.
            Err(failed(anyhow!(told(&name, &masked(&text), &faults))))
        }
    }
}
