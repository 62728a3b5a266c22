//! What all cases for clients use.

use std::fmt;

pub(super) use crate::case::{ClientCase, Level};
pub(super) use crate::client::{Ability, ClientStage};
pub(super) use crate::finding::{Finding, Mismatch};
pub(super) use crate::peer::{Delivery, Peer};
pub(super) use crate::wire::{
    Connack, Connect, Frame, Framed as _, Packet, Publish, Suback, Subscribe, Unsubscribe,
};

/// Expects to have seen this, which `what` names.
pub(super) fn equal<T: fmt::Debug + PartialEq>(
    what: &str,
    expected: &T,
    seen: &T,
) -> Result<(), Finding> {
    if expected == seen {
        return Ok(());
    }
    Err(Finding::fail(format!("{what}: {expected:?}"), format!("{seen:?}")))
}

/// A breach of one of these statements is what the case is about, and counts against all of them:
/// one packet can only be refused by one name.
pub(super) fn about<T>(statements: &[&str], outcome: Result<T, Finding>) -> Result<T, Finding> {
    outcome.map_err(|finding| match &finding {
        Finding::Fail(Mismatch { statement: Some(id), .. }) if statements.contains(id) => {
            finding.of_the_case()
        }
        _ => finding,
    })
}

/// Expects the client to keep to itself what it was told to send, against these statements:
/// `expect` takes what it was told to send after that. To close the connection instead is as good.
pub(super) fn kept_back<T>(
    peer: &mut Peer,
    statements: &[&str],
    expect: impl FnOnce(&mut Peer) -> Result<T, Finding>,
) -> Result<(), Finding> {
    match expect(peer) {
        Ok(_) => Ok(()),
        // A breach that names its statement is what the client should have kept back.
        Err(Finding::Fail(mismatch)) if mismatch.statement.is_some() => {
            about(statements, Err(Finding::Fail(mismatch)))
        }
        Err(_) if peer.is_closed() => Ok(()),
        Err(finding) => Err(finding.while_preparing("see what the client sends after that")),
    }
}

/// A case in which octets that break the rules come on a connection that works: an address, a
/// title, a level, statements, and the octets, made with a topic of the case.
macro_rules! closes {
    ($address:literal, $title:literal, $level:expr, $statements:expr, $octets:expr) => {
        ClientCase {
            address: $address,
            title: $title,
            statements: &$statements,
            level: $level,
            needs: &[],
            run: |stage| {
                let octets: fn(String) -> Vec<u8> = $octets;
                let (mut peer, topic) = (stage.client()?, stage.topic("own"));
                // It is there, and closes nothing by habit.
                peer.client_fence(&topic)?;
                peer.send_invalid(octets(topic))?;
                peer.expect_client_closes()
            },
        }
    };
}
pub(super) use closes;

/// A case in which the same is asked of a client for each of some texts: an address, a title,
/// statements, abilities, what opens the connection, what is asked on it, and the texts.
macro_rules! for_each {
    (
        $address:literal, $title:literal, $statements:expr, $needs:expr,
        $open:expr, $each:expr, $texts:expr
    ) => {
        ClientCase {
            address: $address,
            title: $title,
            statements: &$statements,
            level: Level::Must,
            needs: $needs,
            run: |stage| {
                let mut peer = $open(stage)?;
                for text in $texts {
                    let text: String = text.into();
                    $each(stage, &mut peer, text.as_str())?;
                }
                Ok(())
            },
        }
    };
}
pub(super) use for_each;

/// A case in which a client is told something that it must keep back, and then something like it
/// that is right: an address, a title, statements, abilities, what tells it, what takes the second
/// from the connection, and the first.
macro_rules! kept_back {
    (
        $address:literal, $title:literal, $statements:expr, $needs:expr,
        $tell:expr, $expect:expr, $wrong:expr
    ) => {
        ClientCase {
            address: $address,
            title: $title,
            statements: &$statements,
            level: Level::Must,
            needs: $needs,
            run: |stage| {
                let mut peer = stage.client()?;
                $tell(stage, $wrong, "wrong")?;
                let right = stage.topic("t");
                $tell(stage, &right, "right")?;
                kept_back(&mut peer, &$statements, |peer| $expect(peer, &right))
            },
        }
    };
}
pub(super) use kept_back as is_kept_back;
