//! A connection without a task: what is needed to go on.
//!
//! Not here: where it waits, and for what (`lot`).

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio_util::task::task_tracker::TaskTrackerToken;

use super::super::Common;
use super::super::crowd::Member;
use super::super::log;
use super::super::open::Phase;
use super::super::shared::{Shared, SharedConnection};
use super::super::wire::Wire;
use super::{Task, live};
use crate::broker::{Dormant, Input};
use crate::net::transport::Socket;
use crate::packet::Decoder;

/// A connection without a task.
#[derive(Debug)]
pub(in crate::net::server) struct Parked {
    socket: Socket,
    dormant: Dormant<Shared>,
    common: Arc<Common>,
    member: Member,
    /// Counts it among the connections whose Will may still have to be published.
    will: Option<TaskTrackerToken>,
    /// Counts it among all.
    counted: TaskTrackerToken,
    times_busy: u8,
}

/// [`Parked::times_busy`] of one for which there was no room.
const NEVER: u8 = u8::MAX;

/// How long a connection that was never busy has nothing to do before it is parked: most Clients
/// say more than CONNECT soon, or nothing for long.
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// `times_busy`, and once more: each time the pause grows, so that neither tasks nor alarms are
/// started in vain for who has something to do every now and then.
pub(super) const fn busy_again(times_busy: u8) -> u8 {
    match times_busy {
        NEVER => NEVER,
        MOST_BUSY => MOST_BUSY,
        fewer => fewer + 1,
    }
}

/// More often is not counted: the pause is as long as it gets.
const MOST_BUSY: u8 = 16;

impl Task {
    /// When it is to be parked, should it have nothing to do then; nothing has happened since
    /// `quiet_since`.
    pub(super) fn parks_at(&self, quiet_since: Instant) -> Option<Instant> {
        let may_park = self.me.name().is_some()
            && self.wire.stream().is_plain()
            && self.times_busy != NEVER
            && self.common.broker.holder().lot().is_some();
        let pause = || FIRST_PAUSE.saturating_mul(4_u32.saturating_pow(self.times_busy.into()));
        may_park.then(|| quiet_since + pause().min(self.common.options.park_after))
    }

    /// Whether it has nothing to do, and may be parked.
    pub(super) fn is_idle(&self) -> bool {
        self.wire.is_idle()
            && self.proof.is_none()
            && self.held.is_none()
            && !self.has_unheard
            && self.has_network()
            && self.connection.is_dormant(Instant::now())
            && self.common.open.phase() == Phase::Serving
    }

    /// Parks it, or goes on with it where there is no room.
    pub(super) fn park(mut self) {
        let Some(dormant) = self.connection.rest(Instant::now()) else { return };
        let Self { common, member, wire, will, times_busy, .. } = self;
        let socket = match wire.into_stream().into_socket() {
            Ok(Some(socket)) => socket,
            Ok(None) => return end(dormant, &common),
            Err(error) => {
                log::broken(&super::who(dormant.me()), &error);
                return end(dormant, &common);
            }
        };
        let counted = common.connections.token();
        let lot = common.broker.holder().lot().cloned();
        let parked = Parked { socket, dormant, common, member, will, counted, times_busy };
        let refused = match lot {
            Some(lot) => lot.park(parked),
            None => Some(parked),
        };
        if let Some(parked) = refused {
            Parked { times_busy: NEVER, ..parked }.resume();
        }
    }

    /// The task of a connection that was parked.
    fn resumed(parked: Parked) -> Option<(Self, TaskTrackerToken)> {
        let Parked { socket, dormant, common, member, will, counted, times_busy } = parked;
        let me = dormant.me().clone();
        let stream = match socket.into_stream() {
            Ok(stream) => stream,
            Err(error) => {
                log::broken(&super::who(&me), &error);
                end(dormant, &common);
                return None;
            }
        };
        let decoder = Decoder::new(common.broker.limits().max_packet_size);
        let connection = dormant.wake(&common.broker);
        let wire = Wire::resumed(stream, me.traffic().read().octets_sent);
        let task = Self {
            times_busy: busy_again(times_busy),
            ..Self::of(connection, decoder, wire, me, common, member, will)
        };
        Some((task, counted))
    }
}

impl Parked {
    pub(in crate::net::server) fn me(&self) -> &SharedConnection {
        self.dormant.me()
    }

    pub(in crate::net::server) fn socket(&self) -> &Socket {
        &self.socket
    }

    /// When it has to have a task again, if nothing happens before.
    pub(in crate::net::server) fn deadline(&self) -> Option<Instant> {
        self.dormant.deadline()
    }

    /// Starts a task for it.
    pub(in crate::net::server) fn resume(self) {
        if let Some((task, counted)) = Task::resumed(self) {
            let connections = task.common.connections.clone();
            connections.spawn(live(task));
            drop(counted);
        }
    }

    /// Gives it up.
    pub(in crate::net::server) fn end(self) {
        end(self.dormant, &self.common);
    }
}

/// Will and Session are seen to.
fn end(dormant: Dormant<Shared>, common: &Common) {
    let me = dormant.me().clone();
    dormant.wake(&common.broker).handle(Instant::now(), Input::NetworkClosed, &common.broker);
    common.open.remove(&me);
}
