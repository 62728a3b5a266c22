//! When to look for Sessions whose Clients have been away for too long.
//!
//! The system's clock tells the time, as it goes on while there is no server. Not here: what is done
//! about them (`broker::expiring`).

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::{MissedTickBehavior, interval};

use super::{Common, log};
use crate::broker::Holder as _;

/// Ends such Sessions every so often, for ever; waits for ever if none ever is to be ended.
pub(super) async fn expire_sessions(common: &Arc<Common>) {
    let Some(expiry) = common.broker.policy().session_expiry else {
        return std::future::pending().await;
    };
    // A tenth of the time is as exact as anybody needs it.
    let every = (expiry / 10).clamp(Duration::from_secs(1), Duration::from_secs(60));
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        look(common).await;
    }
}

/// Takes down who is away by now, and ends the Sessions of those who have been for too long.
///
/// At the end of a server, too: all are away from then on.
pub(super) async fn look(common: &Arc<Common>) {
    let common = common.clone();
    // Aside: to look at a million Sessions takes longer than a connection should wait for a worker.
    let looked = tokio::task::spawn_blocking(move || {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        if let (Ok(now), true) = (now, common.broker.holder().can_keep()) {
            let ended = common.broker.expire(now);
            if ended > 0 {
                log::sessions_expired(ended);
                common.counters.expired(ended);
            }
        }
    });
    let _ = looked.await;
}
