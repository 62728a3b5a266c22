//! 3.2 CONNACK.

use crate::case::{Case, Level};
use crate::need::Need;
use crate::wire::Connack;

pub(super) const CASES: &[Case] = &[
    Case {
        address: "connack/session-present-tells-what-is-kept",
        title: "Session Present is 1 exactly when a Session was kept, even an empty one.",
        statements: &["MQTT-3.2.2-2", "MQTT-3.2.2-3", "U-3.1.2.4-3"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            for (present, end) in [(false, "drop"), (true, "disconnect"), (true, "")] {
                let mut peer = stage.peer("a")?;
                peer.send(stage.persistent("a"))?;
                peer.expect(Connack::accepted(present))?;
                match end {
                    "drop" => peer.drop_connection()?,
                    _ => peer.disconnect()?,
                }
            }
            Ok(())
        },
    },
    Case {
        address: "connack/clean-session-has-no-session-present",
        title: "Session Present is 0 for Clean Session 1, whatever was kept.",
        statements: &["MQTT-3.2.2-1"],
        level: Level::Must,
        needs: &[Need::PersistentSessions],
        run: |stage| {
            stage.connect(stage.persistent("a"))?.disconnect()?;
            let mut peer = stage.peer("a")?;
            peer.send(stage.clean("a"))?;
            peer.expect(Connack::accepted(false))
        },
    },
];
