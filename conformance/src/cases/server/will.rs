//! 3.1.2.5 to 3.1.2.7: the Will.

use crate::case::{Case, Level};
use crate::peer::Delivery;

pub(super) const CASES: &[Case] = &[Case {
    address: "will/published-when-the-connection-drops",
    title: "The Will is published when the connection ends without a DISCONNECT.",
    statements: &["MQTT-3.1.2-8"],
    level: Level::Must,
    needs: &[],
    run: |stage| {
        let topic = stage.topic("will");
        let mut watcher = stage.client("watcher")?;
        watcher.subscribe(&topic, 0)?;
        let will = |label| stage.clean(label).will(topic.as_str(), label, 0, false);

        stage.connect(will("closed"))?.drop_connection()?;
        watcher.expect_message(&Delivery::on(topic.as_str()).payload("closed").retain(false))?;

        stage.connect(will("reset"))?.reset();
        watcher.expect_message(&Delivery::on(topic.as_str()).payload("reset").retain(false))?;
        Ok(())
    },
}];
