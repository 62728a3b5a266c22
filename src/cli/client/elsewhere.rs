//! What mosquitto's tools have and these have not: what to do instead.

use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};

/// The error about a command line of `pub` or `sub`, with what to do instead where it is about an
/// option of mosquitto_pub or mosquitto_sub.
pub(in crate::cli) fn explained(mut error: clap::Error) -> clap::Error {
    let instead = match (error.kind(), error.get(ContextKind::InvalidArg)) {
        (ErrorKind::UnknownArgument, Some(ContextValue::String(option))) => instead_of(option),
        _ => None,
    };
    if let Some(instead) = instead {
        // In the place of options that only look like it.
        error.remove(ContextKind::SuggestedArg);
        let tip = ContextValue::StyledStrs(vec![StyledStr::from(instead)]);
        error.insert(ContextKind::Suggested, tip);
    }
    error
}

/// What to do instead of using this option of mosquitto's tools.
fn instead_of(option: &str) -> Option<&'static str> {
    let instead = INSTEAD.iter().find(|(options, _)| options.contains(&option));
    instead.map(|(_, instead)| *instead)
}

const INSTEAD: &[(&[&str], &str)] = &[
    (&["-A"], "the system chooses the address to connect from: leave it out"),
    (&["-D", "--property"], "properties are of MQTT 5, and this speaks 3.1.1"),
    (
        &["-x", "--session-expiry-interval"],
        "how long a Session is kept is up to the broker in MQTT 3.1.1: -c and -i have it kept",
    ),
    (&["--capath"], "--ca takes one file with all of them: cat DIR/*.pem > all.pem"),
    (&["--keyform"], "a key is a file in PEM, and nothing else: leave it out"),
    (&["--ciphers", "--tls-version"], "it is TLS 1.2 or 1.3, with good ciphers only: leave it out"),
    (
        &["--tls-engine", "--tls-engine-kpass-sha1"],
        "a key is a file in PEM, which --key names; there are no engines",
    ),
    (&["--tls-use-os-certs"], "that is so without --ca: write mqtts:// and leave it out"),
    (&["--tls-alpn"], "the broker is reached without ALPN: leave it out"),
    (
        &["--psk", "--psk-identity"],
        "who is there is shown by certificates: --cert and --key, or -u and -P over TLS",
    ),
    (&["--proxy"], "a tunnel does it: ssh -L 1883:BROKER:1883 HOST, and then -h localhost"),
    (&["--nodelay"], "nothing is ever delayed: leave it out"),
    (&["--quiet"], "2>/dev/null keeps errors from being shown; the exit code stays"),
    (&["--pretty"], "--json | jq . prints an object over many lines"),
    (&["--random-filter"], "a pipe does it: | awk 'rand() < 0.1'"),
    (&["--watch"], "--retained-only shows the state there is, and -v what comes"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_of_mosquitto_leads_to_what_does_the_same_here() {
        let program = clap::Command::new("program").arg(clap::arg!(--ca <FILE>));
        let told = |arguments: [&str; 3]| {
            let error = program.clone().try_get_matches_from(arguments).unwrap_err();
            explained(error).to_string()
        };
        let capath = told(["program", "--capath", "/etc/ssl"]);
        assert!(capath.contains("unexpected argument '--capath'"), "{capath}");
        assert!(capath.contains("cat DIR/*.pem"), "{capath}");
        assert!(!capath.contains("similar"), "{capath}");
        assert!(told(["program", "--cas", "x"]).contains("'--ca'"), "what looks like it is told");
    }
}
