//! 3.14 DISCONNECT.

use crate::case::{Case, Level};

pub(super) const CASES: &[Case] = &[Case {
    address: "disconnect/discards-the-will",
    title: "A Client that leaves by DISCONNECT leaves no Will behind.",
    statements: &["MQTT-3.14.4-3", "MQTT-3.1.2-10"],
    level: Level::Must,
    needs: &[],
    run: |stage| {
        let topic = stage.topic("will");
        let mut watcher = stage.client("watcher")?;
        watcher.subscribe(&topic, 0)?;
        let connect = stage.clean("a").will(topic.as_str(), "unwanted", 0, false);
        stage.connect(connect)?.disconnect()?;
        watcher.expect_no_message(&mut stage.client("b")?, &topic, 0)
    },
}];
