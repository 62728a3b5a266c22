//! A moment as text, by the calendar and in UTC.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// `time` as RFC 3339 has it, with milliseconds: `2026-11-28T12:15:14.123Z`.
///
/// What was before 1970 counts as its beginning: only a clock that was never set says so.
pub(super) fn utc(time: SystemTime) -> String {
    let since = since_1970(time);
    let (days, second) = (since.as_secs() / DAY, since.as_secs() % DAY);
    let (year, month, day) = date(days);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    let millis = since.subsec_millis();
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
}

/// `time` in seconds since 1970.
pub(super) fn since_1970(time: SystemTime) -> Duration {
    time.duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// The date, so many days after 1 January 1970.
///
/// Years are taken to begin in March, so that the day that comes and goes is their last one.
const fn date(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468; // since 1 March of year 0
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let year = year + era * 400;
    if month < 10 { (year, month + 3, day) } else { (year + 1, month - 9, day) }
}

const DAY: u64 = 24 * 60 * 60;

#[cfg(test)]
mod tests {
    use super::*;

    macro_rules! moments {
        ($($name:ident: $millis:expr => $text:expr;)+) => {$(
            #[test]
            fn $name() {
                assert_eq!(utc(UNIX_EPOCH + Duration::from_millis($millis)), $text);
            }
        )+};
    }

    moments! {
        // milliseconds since 1970 => what the calendar says (`date -u -d @SECONDS`)
        beginning:      0                 => "1970-01-01T00:00:00.000Z";
        leap_day:       951_782_400_000   => "2000-02-29T00:00:00.000Z";
        after_leap_day: 951_868_799_999   => "2000-02-29T23:59:59.999Z";
        march:          951_868_800_000   => "2000-03-01T00:00:00.000Z";
        new_year:       1_735_689_600_000 => "2025-01-01T00:00:00.000Z";
        today:          1_795_867_514_123 => "2026-11-28T12:05:14.123Z";
        no_leap_year:   4_107_542_400_000 => "2100-03-01T00:00:00.000Z";
    }
}
