//! Whole numbers that options take: what lies outside of what makes sense is refused, by saying
//! what does.
//!
//! clap has ranges of its own, but says nothing of them for a number that is none of its type.

use std::ops::RangeInclusive;

use clap::builder::TypedValueParser;

/// Takes a whole number of `range`; one that is no `T` is in no range.
pub(super) fn whole<T>(range: RangeInclusive<u64>) -> impl TypedValueParser<Value = T>
where
    T: TryFrom<u64> + Clone + Send + Sync + 'static,
{
    move |text: &str| {
        let number = text.parse().ok().filter(|number| range.contains(number));
        number.and_then(|number: u64| T::try_from(number).ok()).ok_or_else(|| {
            let (least, most) = (grouped(*range.start()), grouped(*range.end()));
            format!("it is a whole number from {least} to {most}")
        })
    }
}

/// A number with its digits in groups of three.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use clap::{Arg, Command};

    use super::*;

    /// What an option from 2 to 268,435,460 makes of `text`.
    fn read(text: &str) -> Result<u32, String> {
        let option = Arg::new("n").long("n").value_parser(whole::<u32>(2..=268_435_460));
        let command = Command::new("program").arg(option).no_binary_name(true);
        match command.try_get_matches_from([format!("--n={text}")]) {
            Ok(matches) => Ok(*matches.get_one("n").expect("it is given")),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn numbers_of_the_range_are_taken_and_all_else_is_told_the_range() {
        assert_eq!(read("2"), Ok(2));
        assert_eq!(read("268435460"), Ok(268_435_460));
        let others =
            ["1", "268435461", "99999999999999999999999", "-2", "2.5", "", "two", "0x10", "1e3"];
        for other in others {
            let told = read(other).expect_err(other);
            assert!(told.contains("it is a whole number from 2 to 268,435,460"), "{told}");
        }
    }

    #[test]
    fn digits_stand_in_groups() {
        let written = [0, 12, 123, 1_234, 123_456, 1_234_567].map(grouped);
        assert_eq!(written, ["0", "12", "123", "1,234", "123,456", "1,234,567"]);
    }
}
