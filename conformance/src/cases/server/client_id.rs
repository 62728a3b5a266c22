//! 3.1.3.1 Client Identifier.
//!
//! Clauses: [MQTT-3.1.3-2], [MQTT-3.1.3-5] to [MQTT-3.1.3-9], U-3.1.3.1-1, U-3.1.3.1-2.
//! Not here: what is no text, in `text`; a CONNECT without the field, in `connect_form`.

use crate::case::{Case, Level};
use crate::finding::Finding;
use crate::need::Need;
use crate::stage::Stage;
use crate::wire::{Connack, Connect, Packet};

/// All that an identifier may be made of without asking the Server.
const ALPHABET: &str = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

pub(super) const CASES: &[Case] = &[
    Case {
        address: "client-id/every-length-up-to-23-is-taken",
        title: "Client Identifiers of 1 to 23 letters and digits are accepted.",
        statements: &["MQTT-3.1.3-5"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            // The last characters of a name that is nobody else's, as far as they go.
            let name = stage.id("0123456789abcd");
            (1..=23).try_for_each(|length| is_taken(stage, &name[name.len() - length..]))
        },
    },
    Case {
        address: "client-id/every-letter-and-digit-is-taken",
        title: "Client Identifiers of any of the 62 letters and digits are accepted.",
        statements: &["MQTT-3.1.3-5"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            ALPHABET.as_bytes().chunks(14).try_for_each(|characters| {
                is_taken(stage, &stage.id(&String::from_utf8_lossy(characters)))
            })
        },
    },
    Case {
        address: "client-id/names-the-session",
        title: "Client Identifiers that differ in the case of one letter have two Sessions.",
        statements: &["MQTT-3.1.3-2"],
        level: Level::Must,
        needs: &[Need::PersistentSessions],
        run: |stage| {
            stage.connect(stage.persistent("a"))?.disconnect()?;
            let mut other = stage.peer("A")?;
            other.send(stage.persistent("A"))?;
            other.expect(Connack::accepted(false))
        },
    },
    Case {
        address: "client-id/another-one-displaces-nobody",
        title: "A Client stays connected when one with almost the same identifier comes.",
        statements: &["MQTT-3.1.3-2"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let mut client = stage.client("a")?;
            let mut others = [stage.client("A")?, stage.client("aa")?, stage.client("b")?];
            for other in &mut others {
                other.fence()?;
            }
            client.send(Packet::Pingreq)?;
            client.expect_pingresp()
        },
    },
    Case {
        address: "client-id/empty-with-session-to-keep-is-refused",
        title: "An empty Client Identifier with Clean Session 0 is answered by 0x02 and closed.",
        statements: &["MQTT-3.1.3-8", "MQTT-3.1.3-7"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let mut peer = stage.peer("nameless")?;
            peer.send_invalid(stage.introduce(Connect::persistent("")))?;
            peer.expect_refused(2)
        },
    },
    Case {
        address: "client-id/empty-is-taken-or-refused",
        title: "An empty Client Identifier with Clean Session 1 is accepted, or refused by 0x02.",
        statements: &["MQTT-3.1.3-6", "MQTT-3.1.3-9"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let taken = taken_or_refused(stage, "")?;
            stage.observe("empty-client-id", if taken { "accepted" } else { "refused" });
            Ok(())
        },
    },
    Case {
        address: "client-id/empty-ones-are-unique",
        title: "Clients without an identifier of their own do not displace each other.",
        statements: &["MQTT-3.1.3-6"],
        level: Level::Must,
        needs: &[Need::ZeroLengthClientId],
        run: |stage| {
            let nameless = || stage.connect(stage.introduce(Connect::clean("")));
            let mut clients = [nameless()?, nameless()?, nameless()?];
            for client in clients.iter_mut().rev() {
                client.send(Packet::Pingreq)?;
                client.expect_pingresp()?;
            }
            Ok(())
        },
    },
    Case {
        address: "client-id/refused-by-0x02",
        title: "A Client Identifier that a Server does not take is refused by return code 0x02.",
        statements: &["MQTT-3.1.3-9"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let mut all_taken = true;
            for id in [longer(stage, 24), longer(stage, 200), spaced(stage), accented(stage)] {
                all_taken &= taken_or_refused(stage, &id)?;
            }
            if all_taken {
                return Err(Finding::unsupported("the subject takes every id that was tried"));
            }
            Ok(())
        },
    },
    Case {
        address: "client-id/longer-than-23",
        title: "Whether Client Identifiers of more than 23 octets are taken is seen.",
        statements: &["U-3.1.3.1-1"],
        level: Level::Observe,
        needs: &[],
        run: |stage| {
            let mut longest = 23;
            for length in [24, 64, 128, 256, 1_024, 65_535] {
                if taken_or_refused(stage, &longer(stage, length)) != Ok(true) {
                    break;
                }
                longest = length;
            }
            stage.observe("longest-client-id", format!("{longest} octets, of those tried"));
            Ok(())
        },
    },
    Case {
        address: "client-id/other-characters",
        title: "Whether Client Identifiers with other characters are taken is seen.",
        statements: &["U-3.1.3.1-2"],
        level: Level::Observe,
        needs: &[],
        run: |stage| {
            let mut answers = Vec::new();
            for character in ["-", "_", ".", "/", "+", "#", "$", " ", "é"] {
                let id = format!("{}{character}", stage.id("a"));
                let answer = match taken_or_refused(stage, &id) {
                    Ok(true) => "taken",
                    _ => "refused",
                };
                answers.push(format!("\"{character}\" {answer}"));
            }
            stage.observe("other-characters-in-a-client-id", answers.join(", "));
            Ok(())
        },
    },
];

/// Connects with an identifier that no Server may refuse.
fn is_taken(stage: &Stage<'_>, id: &str) -> Result<(), Finding> {
    let mut peer = stage.peer("")?;
    peer.send(stage.introduce(Connect::clean(id)))?;
    let connack = peer.expect_connack()?;
    match connack.code {
        0 => Ok(()),
        3..=5 => Err(Finding::inconclusive(format!("not for the sake of the id: {connack}"))),
        _ => Err(Finding::fail("CONNACK code=0 accepted", connack)),
    }
}

/// Whether an identifier is accepted. A refusal has to be in order: return code 0x02, then the
/// close.
fn taken_or_refused(stage: &Stage<'_>, id: &str) -> Result<bool, Finding> {
    let mut peer = stage.peer("")?;
    peer.send(stage.introduce(Connect::clean(id)))?;
    let connack = peer.expect_connack()?;
    match connack.code {
        0 => Ok(true),
        2 => peer.expect_closed().map(|()| false),
        _ => Err(Finding::fail("CONNACK code=0 or code=2", connack)),
    }
}

fn longer(stage: &Stage<'_>, length: usize) -> String {
    let id = stage.id("long");
    let rest = "x".repeat(length - id.len());
    id + &rest
}

fn spaced(stage: &Stage<'_>) -> String {
    format!("{} b", stage.id("a"))
}

fn accented(stage: &Stage<'_>) -> String {
    format!("{}é", stage.id("a"))
}
