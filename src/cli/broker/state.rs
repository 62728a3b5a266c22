//! Where the broker keeps what has to outlive it, and when that is safe.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use anyhow::anyhow;
use mqttspec::net::{Durable, Keeping};
use mqttspec::store::{Redb, StoreError, StoreErrorKind, Syncing};

use super::super::exit::{self, Failed};

/// Durable state.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "State")]
pub(super) struct StateArguments {
    /// The folder for sessions, their messages, and retained messages; one broker at a time. Made
    /// if it is not there [default: mqttspec in $XDG_DATA_HOME or ~/.local/share]
    #[arg(long, value_name = "FOLDER")]
    data_dir: Option<PathBuf>,

    /// Keep everything in memory: sessions and retained messages end with the broker
    #[arg(long)]
    volatile: bool,

    /// When what is acknowledged is safe. always: before it is acknowledged, also from a power cut.
    /// interval=TIME: at most so much later, as in 100ms or 2s. never: before it is acknowledged
    /// from a crash of the broker, and from a power cut when the system has written it
    #[arg(long, value_name = "WHEN", default_value = "always")]
    sync: Sync,

    /// End sessions whose clients have been away for so long, as in 90m, 12h or 30d [default: they
    /// are kept for ever, as the standard has it]
    #[arg(long, value_name = "TIME", value_parser = long_time)]
    session_expiry: Option<Duration>,
}

/// When what is acknowledged is safe.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Sync {
    Always,
    Interval(Duration),
    Never,
}

impl StateArguments {
    /// How long sessions may be without their clients; `None` for ever.
    pub(super) fn session_expiry(&self) -> Option<Duration> {
        self.session_expiry
    }

    /// Reads what an earlier broker has kept; `None` when nothing is to be kept.
    pub(super) fn load(&self) -> Result<Option<Durable>, Failed> {
        if self.volatile {
            return Ok(None);
        }
        let folder = self.folder()?;
        let (syncing, keeping) = match self.sync {
            Sync::Always => (Syncing::Always, Keeping::Always),
            Sync::Interval(time) => (Syncing::Always, Keeping::Interval(time)),
            Sync::Never => (Syncing::Never, Keeping::Always),
        };
        let loaded = Redb::open(&folder, syncing).and_then(|store| Durable::load(store, keeping));
        loaded.map(Some).map_err(|error| {
            let (what, advice) = told(&error);
            Failed { code: exit::UNREACHABLE, error: anyhow!("{what}: {error}{advice}") }
        })
    }

    fn folder(&self) -> Result<PathBuf, Failed> {
        if let Some(folder) = &self.data_dir {
            return Ok(folder.clone());
        }
        let variable = |name| std::env::var_os(name).map(PathBuf::from);
        // As the XDG Base Directory Specification has it: a path that is not absolute is no path.
        let data = variable("XDG_DATA_HOME").filter(|path| path.is_absolute());
        let data = data.or_else(|| Some(variable("HOME")?.join(".local/share")));
        data.map(|data| data.join("mqttspec")).ok_or_else(|| Failed {
            code: exit::USAGE,
            error: anyhow!(
                "neither XDG_DATA_HOME nor HOME says where to keep state; --data-dir does, and \
                 --volatile keeps none"
            ),
        })
    }
}

/// What cannot be done for it, and what to do next.
fn told(error: &StoreError) -> (&'static str, &'static str) {
    match error.kind {
        // The error itself says what can be done.
        StoreErrorKind::Damaged | StoreErrorKind::Foreign | StoreErrorKind::Newer => {
            ("cannot go on from what was kept", "")
        }
        _ => {
            ("cannot keep state", "\n  --data-dir chooses another folder, --volatile keeps nothing")
        }
    }
}

impl FromStr for Sync {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            None if text == "always" => Ok(Self::Always),
            None if text == "never" => Ok(Self::Never),
            Some(("interval", time)) => duration(time).map(Self::Interval),
            _ => Err("it is one of always, never, and interval=TIME as in interval=100ms".into()),
        }
    }
}

/// A number and its unit, `s`, `m`, `h` or `d`, above 0.
fn long_time(text: &str) -> Result<Duration, String> {
    const FORM: &str = "it is a number and s, m, h or d, as in 12h";
    let unit = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(unit);
    let number: u32 = number.parse().map_err(|_| FORM)?;
    let seconds: u64 = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return Err(FORM.into()),
    };
    match number {
        0 => Err("no time at all is what Clean Session is for".into()),
        _ => match u64::from(number) * seconds {
            time if time > 36_500 * 86_400 => {
                Err("it is 36500d at most; without it they are kept for ever".into())
            }
            time => Ok(Duration::from_secs(time)),
        },
    }
}

/// A number and its unit, `ms` or `s`, above 0.
fn duration(text: &str) -> Result<Duration, String> {
    let unit = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(unit);
    let number: u32 = number.parse().map_err(|_| "a time is a number and ms or s, as in 100ms")?;
    let time = match (number, unit) {
        (0, _) => return Err("no time at all is what always is for".into()),
        (_, "ms") => Duration::from_millis(number.into()),
        (_, "s") => Duration::from_secs(number.into()),
        _ => return Err("the unit of a time is ms or s, as in 100ms".into()),
    };
    match time <= Duration::from_secs(3_600) {
        true => Ok(time),
        false => Err("it is 3600s at most; never leaves it to the system".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_times_have_a_unit() {
        for (text, seconds) in [
            ("90s", Some(90)),
            ("2m", Some(120)),
            ("12h", Some(43_200)),
            ("30d", Some(2_592_000)),
            ("0d", None),
            ("12", None),
            ("h", None),
            ("12w", None),
            ("36500d", Some(36_500 * 86_400)),
            ("36501d", None),
            ("4294967295d", None),
            ("-1h", None),
        ] {
            assert_eq!(long_time(text).ok(), seconds.map(Duration::from_secs), "{text}");
        }
    }

    #[test]
    fn times_and_words_are_read_and_all_else_is_not() {
        for (text, expected) in [
            ("always", Some(Sync::Always)),
            ("never", Some(Sync::Never)),
            ("interval=100ms", Some(Sync::Interval(Duration::from_millis(100)))),
            ("interval=2s", Some(Sync::Interval(Duration::from_secs(2)))),
            ("interval=3600s", Some(Sync::Interval(Duration::from_secs(3_600)))),
            ("interval=3601s", None),
            ("interval=0s", None),
            ("interval=2", None),
            ("interval=2m", None),
            ("interval=", None),
            ("interval", None),
            ("sometimes", None),
            ("always=1s", None),
        ] {
            assert_eq!(text.parse::<Sync>().ok(), expected, "{text}");
        }
    }
}
