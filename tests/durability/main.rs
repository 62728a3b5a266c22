//! What outlives the broker, as a process of its own: killed, stopped, and started on folders that
//! it cannot use.

#[path = "../support/broker.rs"]
mod broker;
mod disks;
mod failing;
mod killed;
#[path = "../support/peer.rs"]
mod peer;
mod publisher;
mod subscriber;
mod usable;

use std::path::Path;

use broker::Broker;

/// A broker that keeps its state in `folder`.
fn start(folder: &Path) -> Broker {
    Broker::start(&format!("--bind 127.0.0.1:0 --data-dir {}", folder.display()))
}
