//! 3.1: how a client begins a connection.

use super::prelude::*;

pub(super) const CASES: &[ClientCase] = &[
    ClientCase {
        address: "introduction/connect-is-the-first-packet",
        title: "The first packet is CONNECT, with name and level of MQTT 3.1.1 and a Client Identifier.",
        statements: &["MQTT-3.1.0-1", "U-3.1.2-1", "U-3.1.2.1-1", "U-3.1.2.2-1", "MQTT-3.1.3-3"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let mut peer = stage.dial(&stage.clean("first"))?;
            peer.expect_connect().map(drop)
        },
    },
    ClientCase {
        address: "introduction/one-connect-a-connection",
        title: "A client that is accepted sends no CONNECT any more on that connection.",
        statements: &["U-3.1-1"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let mut peer = stage.client()?;
            peer.client_fence(&stage.topic("own"))?;
            peer.client_fence(&stage.topic("own")).map(drop)
        },
    },
    ClientCase {
        address: "introduction/nothing-else-is-asked-for",
        title: "A client works with a Server that offers MQTT 3.1.1 over TCP and nothing else.",
        statements: &["MQTT-7.0.0-2", "MQTT-7.1.2-1", "U-7.1.2-1"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let mut peer = stage.client()?;
            peer.send(Publish::qos1(1, stage.topic("own"), "one"))?;
            peer.expect_puback(1)
        },
    },
    ClientCase {
        address: "introduction/session-present-out-of-the-blue",
        title: "A client that is told of a Session which it did not expect goes on, or leaves.",
        statements: &["U-3.2.2.2-1"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            // It is there, and acknowledges what it gets.
            let topic = stage.topic("own");
            stage.connected(&stage.persistent("known"))?.client_fence(&topic)?;
            let (mut peer, _) = stage.greeted(&stage.persistent("stranger"))?;
            peer.send(Connack::accepted(true))?;
            peer.send(Publish::qos1(1, topic, "one"))?;
            match peer.expect_puback(1) {
                Ok(()) => stage.observe("unexpected-session", "goes on"),
                Err(_) if peer.is_closed() => stage.observe("unexpected-session", "leaves"),
                Err(finding) => return Err(finding),
            }
            Ok(())
        },
    },
    ClientCase {
        address: "introduction/empty-id-asks-for-a-clean-session",
        title: "A client without a Client Identifier asks for a clean Session, whatever it was told.",
        statements: &["MQTT-3.1.3-7"],
        level: Level::Must,
        needs: &[Ability::ClientId, Ability::Sessions],
        run: |stage| {
            let Some((_, connect)) = stage.greeted_or_refusal(&Connect::persistent(""))? else {
                // It refuses that, and not everything.
                let mut peer = stage.connected(&stage.persistent("named"))?;
                return peer.client_fence(&stage.topic("own")).map(drop);
            };
            // One that makes up an identifier of its own may keep a Session under it.
            equal("clean=1 without an identifier", &false, &is_nameless_and_kept(&connect))
        },
    },
    ClientCase {
        address: "introduction/same-id-each-time",
        title: "A client that comes back for its Session has the Client Identifier that it had.",
        statements: &["MQTT-3.1.3-2", "MQTT-3.1.2-4"],
        level: Level::Must,
        needs: &[Ability::ClientId, Ability::Sessions],
        run: |stage| {
            let asked = stage.persistent("same");
            let (mut peer, first) = stage.greeted(&asked)?;
            peer.send(Connack::accepted(false))?;
            stage.expect_connected().map_err(|found| found.while_preparing("connect"))?;
            peer.drop_connection()?;
            let (_, second) = stage.back()?;
            equal("the identifier it had", &first.client_id, &second.client_id)?;
            equal("CleanSession as before", &first.clean_session, &second.clean_session)
        },
    },
    ClientCase {
        address: "introduction/no-connack-ends-it",
        title: "A client that gets no CONNACK in a reasonable time closes the connection.",
        statements: &["U-3.2-1"],
        level: Level::Should,
        needs: &[Ability::KeepAlive],
        run: |stage| {
            let (mut peer, _) = stage.greeted(&stage.clean("patient"))?;
            peer.expect_client_closes_within(stage.give_up_wait())
        },
    },
];

fn is_nameless_and_kept(connect: &Connect) -> bool {
    connect.client_id.is_empty() && !connect.clean_session
}
