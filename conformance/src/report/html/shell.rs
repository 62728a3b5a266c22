//! What surrounds every page: its style, its script, and the policy that admits no others.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

/// Style and script of a page, to be embedded as they are.
pub(crate) struct Shell {
    pub(crate) style: String,
    pub(crate) script: String,
    /// The Content Security Policy: nothing from anywhere, and only this style and script.
    pub(crate) policy: String,
}

impl Shell {
    /// The style and script that all pages share, and those of one page behind them.
    pub(crate) fn new(styles: &[&str], scripts: &[&str]) -> Self {
        let style = [&[BASE_STYLE], styles].concat().join("\n");
        let script = format!("\"use strict\";\n{}", [&[THEME_SCRIPT], scripts].concat().join("\n"));
        let policy = format!(
            "default-src 'none'; base-uri 'none'; form-action 'none'; style-src '{}'; script-src '{}'",
            digest(&style),
            digest(&script)
        );
        Self { style, script, policy }
    }
}

/// What a policy calls an element by.
fn digest(text: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(text)))
}

const BASE_STYLE: &str = include_str!("../../../templates/base.css");
const THEME_SCRIPT: &str = include_str!("../../../templates/theme.js");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_names_what_it_admits() {
        // The digest of nothing is well known.
        assert_eq!(digest(""), "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
        let shell = Shell::new(&["p {}"], &["go();"]);
        assert!(shell.style.ends_with("p {}") && shell.script.ends_with("go();"));
        assert!(shell.policy.contains(&digest(&shell.style)));
        assert!(shell.policy.contains(&digest(&shell.script)));
    }
}
