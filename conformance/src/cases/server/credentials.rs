//! 3.1.2.8, 3.1.2.9, 3.1.3.4, 3.1.3.5 User Name and Password.
//!
//! Whether anybody is let in by a name is up to the subject: what counts is that it reads the
//! fields, and answers by a CONNACK that lets in, or by 0x04 or 0x05.
//!
//! Clauses: U-3.1.3.5-1, U-3.1.4-1, U-3.2.2.3-1, [MQTT-3.2.2-5].
//! Not here: fields against their flags, in `connect_form`; ill-formed names, in `text`.

use crate::case::{Case, Level};
use crate::finding::Finding;
use crate::stage::Stage;
use crate::wire::Connect;

pub(super) const CASES: &[Case] = &[
    Case {
        address: "credentials/password-is-data",
        title: "A Password of octets that are no text is in good order.",
        statements: &["U-3.1.3.5-1"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            is_answered(stage, stage.clean("a").username("name").password(b"\x00\xff\xc0\x80\xfe"))
        },
    },
    Case {
        address: "credentials/empty-password-is-a-password",
        title: "A Password of no octets is in good order.",
        statements: &["U-3.1.3.5-1", "MQTT-3.1.2-21"],
        level: Level::Must,
        needs: &[],
        run: |stage| is_answered(stage, stage.clean("a").username("name").password("")),
    },
    Case {
        address: "credentials/longest-password-is-taken",
        title: "A Password of 65,535 octets is in good order.",
        statements: &["U-3.1.3.5-1"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            is_answered(stage, stage.clean("a").username("name").password(vec![0xff; 65_535]))
        },
    },
    Case {
        address: "credentials/empty-user-name-is-a-user-name",
        title: "A User Name of no characters is in good order.",
        statements: &["MQTT-3.1.2-19", "U-1.5.3-3"],
        level: Level::Must,
        needs: &[],
        run: |stage| is_answered(stage, stage.clean("a").username("").password("word")),
    },
    Case {
        address: "credentials/user-name-needs-no-password",
        title: "A User Name without a Password is in good order.",
        statements: &["MQTT-3.1.2-20"],
        level: Level::Must,
        needs: &[],
        run: |stage| is_answered(stage, Connect::clean(stage.id("a")).username("name")),
    },
    Case {
        address: "credentials/wrong-ones-are-refused",
        title: "A CONNECT with a wrong Password is closed.",
        statements: &["U-3.1.4-1"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let mut peer = stage.peer("a")?;
            peer.send(with_wrong_password(stage)?)?;
            peer.expect_closed_eventually()
        },
    },
    Case {
        address: "credentials/wrong-ones-get-a-fitting-code",
        title: "A CONNECT with a wrong Password is answered by 0x04 or 0x05 before the close.",
        statements: &["U-3.1.4-1", "U-3.2.2.3-1"],
        level: Level::Should,
        needs: &[],
        run: |stage| {
            let mut peer = stage.peer("a")?;
            peer.send(with_wrong_password(stage)?)?;
            let connack = peer.expect_connack()?;
            if !matches!(connack.code, 4 | 5) {
                return Err(Finding::fail("CONNACK code=4 or code=5", connack));
            }
            peer.expect_closed().map_err(|finding| finding.of("MQTT-3.2.2-5"))
        },
    },
];

/// Sends a CONNECT in good order, which is accepted or refused for what its credentials are.
///
/// A Server may check them as it likes. It had better say so by a CONNACK; one that closes
/// without a word may have taken the packet for malformed, and may not, so that is a warning.
fn is_answered(stage: &Stage<'_>, connect: Connect) -> Result<(), Finding> {
    let mut peer = stage.peer("a")?;
    peer.send(connect)?;
    match peer.expect_connack() {
        Ok(connack) if matches!(connack.code, 0 | 4 | 5) => Ok(()),
        Ok(connack) => Err(Finding::fail("CONNACK code=0, code=4 or code=5", connack)),
        Err(Finding::Fail(mismatch)) if mismatch.statement.is_none() && peer.is_closed() => {
            Err(Finding::warn("CONNACK code=0, code=4 or code=5", mismatch.seen))
        }
        Err(finding) => Err(finding),
    }
}

/// A CONNECT that the subject has to refuse, if it asks for a password at all.
fn with_wrong_password(stage: &Stage<'_>) -> Result<Connect, Finding> {
    if stage.takes_any_credentials() {
        return Err(Finding::unsupported("the subject takes whatever password it is given"));
    }
    let connect = stage.clean("a");
    match &connect.password {
        Some(password) => {
            let wrong = [password.as_slice(), b"-not"].concat();
            Ok(connect.password(wrong))
        }
        None => Err(Finding::unsupported("the subject was not said to ask for a password")),
    }
}
