//! Which cases are meant: `connect/*`, `*/second-*`.

/// A pattern over addresses: `*` stands for any text, `?` for one character.
///
/// # Examples
///
/// ```
/// use mqttspec_conformance::Glob;
///
/// assert!(Glob::new("connect/*").matches("connect/second-connect-closes"));
/// assert!(Glob::new("connect").matches("connect/second-connect-closes"));
/// assert!(!Glob::new("conn").matches("connect/second-connect-closes"));
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Glob(String);

impl Glob {
    /// A pattern. One without a slash or a wildcard stands for all below it.
    pub fn new(pattern: impl Into<String>) -> Self {
        let mut pattern = pattern.into();
        if !pattern.contains(['/', '*', '?']) {
            pattern.push_str("/*");
        }
        Self(pattern)
    }

    /// Whether the whole of `address` is as the pattern says.
    pub fn matches(&self, address: &str) -> bool {
        matches(self.0.as_bytes(), address.as_bytes())
    }
}

/// Goes on from the last `*` when what follows it does not fit: linear space, and at worst the
/// product of both lengths.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(&c) if c == b'?' || c == text[t] => {
                p += 1;
                t += 1;
            }
            _ => {
                let Some((star_p, star_t)) = star else { return false };
                star = Some((star_p, star_t + 1));
                p = star_p + 1;
                t = star_t + 1;
            }
        }
    }
    pattern[p..].iter().all(|&c| c == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_whole_addresses() {
        for (pattern, address, expected) in [
            ("*", "a/b", true),
            ("a/*", "a/b", true),
            ("a/b", "a/b", true),
            ("a/b", "a/bc", false),
            ("a/?", "a/b", true),
            ("a/?", "a/bc", false),
            ("*/b*d", "a/b-c-d", true),
            ("*ab", "aab", true),
            ("a*b*c", "a/b/b/c", true),
            ("a*b*c", "a/b/b/d", false),
            ("a", "a/b", true),
            ("a", "ab/b", false),
        ] {
            assert_eq!(Glob::new(pattern).matches(address), expected, "{pattern} {address}");
        }
    }
}
