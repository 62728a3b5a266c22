//! One rule: what it allows, and on which topics.

use bytestring::ByteString;

use crate::topic::TopicFilter;

/// What a rule allows.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Allows {
    Read,
    Write,
    Both,
    /// It takes away what others allow.
    Nothing,
}

/// What is allowed on the topics of a filter.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Rule {
    pub(super) allows: Allows,
    pub(super) filter: TopicFilter,
}

/// A rule with `%u` or `%c` in place of a level, for the user name and the Client Identifier.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Pattern {
    pub(super) allows: Allows,
    /// A Topic Filter once it is filled.
    pub(super) text: String,
}

/// Stands for the user name.
pub(super) const USER: &str = "%u";
/// Stands for the Client Identifier.
pub(super) const CLIENT: &str = "%c";

impl Allows {
    pub(super) const fn read(self) -> bool {
        matches!(self, Self::Read | Self::Both)
    }

    pub(super) const fn write(self) -> bool {
        matches!(self, Self::Write | Self::Both)
    }

    pub(super) const fn nothing(self) -> bool {
        matches!(self, Self::Nothing)
    }
}

impl Pattern {
    /// The rule for one Client; `None` when the pattern needs a name that the Client does not
    /// have, or one that would say more than a level.
    pub(super) fn filled(&self, user: Option<&str>, client: Option<&str>) -> Option<Rule> {
        let mut filled = String::with_capacity(self.text.len() + 32);
        for (number, level) in self.text.split('/').enumerate() {
            if number > 0 {
                filled.push('/');
            }
            filled.push_str(match level {
                USER => fitting(user?)?,
                CLIENT => fitting(client?)?,
                level => level,
            });
        }
        // Two long names may make it longer than a filter can be.
        let filter = TopicFilter::new(ByteString::from(filled)).ok()?;
        Some(Rule { allows: self.allows, filter })
    }
}

/// `name`, if it can stand for exactly one level.
///
/// Clients choose their identifiers: a wildcard in one would reach the topics of all others, a
/// separator those below another's, and a `$` in front those of the server.
fn fitting(name: &str) -> Option<&str> {
    let fits = !name.is_empty() && !name.starts_with('$') && !name.contains(['/', '+', '#']);
    fits.then_some(name)
}
