//! The task of one connection: octets in, packets to the value, packets out.
//!
//! Not here: what the value has to say (`outgoing`), and what is left of it while it has nothing to
//! do (`parked`).

mod outgoing;
#[cfg(unix)]
mod parked;

use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use tokio::time::Sleep;
use tokio_util::task::task_tracker::TaskTrackerToken;

#[cfg(unix)]
pub(super) use self::parked::Parked;
#[cfg(unix)]
use self::parked::busy_again;
use super::Common;
use super::crowd::Member;
use super::greeting::Guest;
use super::log::{self, Who};
use super::open::Phase;
use super::shared::{Shared, SharedConnection};
use super::wire::{Transfer, Wire};
use crate::broker::{Bound, Connection, Holder as _, Input, Listening, Position, Proof};
use crate::net::transport::{Stream, is_not_binary};
use crate::packet::{Connect, Decoder};

/// Serves one connection, which was accepted at `begin`, until its end.
///
/// What a task moves into itself it has room for twice, so it is made before it begins: there are
/// ten thousand of them.
pub(super) fn serve(
    guest: Guest,
    begin: Instant,
    common: Arc<Common>,
    member: Member,
) -> impl Future<Output = ()> {
    live(Task::new(guest, begin, common, member))
}

/// Goes on with a connection until its end, or until it is parked.
fn live(task: Task) -> impl Future<Output = ()> {
    let mut alive = Alive(Some(task));
    async move {
        let Some(task) = &mut alive.0 else { return };
        match task.run().await {
            End::Over => {
                task.common.open.remove(&task.me);
                let counted = task.me.traffic().read().octets_sent;
                task.wire.close(task.common.options.stop_timeout).await;
                task.common.open.add_late(task.wire.written() - counted);
            }
            #[cfg(unix)]
            End::Idle => {
                if let Some(task) = alive.0.take() {
                    task.park();
                }
            }
        }
    }
}

/// A task: whatever ends it, a panic too, Will and Session are seen to.
struct Alive(Option<Task>);

/// How a task comes to its end.
enum End {
    Over,
    /// Its connection has nothing to do.
    #[cfg(unix)]
    Idle,
}

struct Task {
    common: Arc<Common>,
    /// Counts it among the connections from where it comes.
    #[cfg_attr(not(unix), expect(dead_code, reason = "is dropped with the task"))]
    member: Member,
    decoder: Decoder,
    connection: Connection<Shared>,
    wire: Wire<Stream>,
    /// What others know of this connection; the name stays when the value has let go of it.
    me: SharedConnection,
    /// Counts it among the connections whose Will may still have to be published.
    will: Option<TaskTrackerToken>,
    /// Where it will be said what has come of its credentials.
    proof: Option<oneshot::Receiver<Proof>>,
    /// What has to be durable before anything more is put out.
    held: Option<Position>,
    /// Whether what has come already is to be taken in before all else.
    hears_out: bool,
    /// Whether nothing can be sent any more: what there is to send goes nowhere.
    failing: bool,
    /// Whether the network has let go of the connection: what is held back has nowhere to go.
    over: bool,
    /// Whether packets have been read that it was not ready for.
    has_unheard: bool,
    /// How often it has had something to do after it was parked, or before it could be.
    #[cfg(unix)]
    times_busy: u8,
}

/// With so many packets held back nothing more is read. While they wait, what is asked for next is
/// worked on, so that one sync serves many of a connection's packets.
const HELD: usize = 4_096;

/// How many octets more are taken in from a Client that waits on another connection: as much as the
/// system may hold for a busy one, and an end for those who send on and on.
const HEARD_OUT: usize = 1024 * 1024;

/// How long something may still come from it: what was sent in order over two connections arrives in
/// any order, also on one machine with much to do.
const LAST_WORD: Duration = Duration::from_millis(5);

/// What a connection waited for.
enum Event {
    Transferred(io::Result<Transfer>),
    Proved(Proof),
    Woken,
    Deadline,
}

impl Task {
    fn new(guest: Guest, begin: Instant, common: Arc<Common>, member: Member) -> Self {
        let Guest { stream, origin, user_name } = guest;
        let me = common.broker.holder().add_connection(origin);
        common.open.add(me.clone());
        let mut connection = Connection::new(me.clone(), begin, &common.broker);
        if let Some(user_name) = user_name {
            connection = connection.of_user(user_name);
        }
        // A stranger may have others wait for a CONNECT, and for nothing larger.
        let limit = common.broker.limits().max_packet_size.min(Connect::MAX_SIZE);
        let decoder = Decoder::new(limit);
        let will = Some(common.wills.token());
        Self::of(connection, decoder, Wire::new(stream), me, common, member, will)
    }

    /// A task for a connection of which nothing is on its way.
    fn of(
        connection: Connection<Shared>,
        decoder: Decoder,
        wire: Wire<Stream>,
        me: SharedConnection,
        common: Arc<Common>,
        member: Member,
        will: Option<TaskTrackerToken>,
    ) -> Self {
        Self {
            common,
            member,
            decoder,
            connection,
            wire,
            me,
            will,
            proof: None,
            held: None,
            hears_out: false,
            failing: false,
            over: false,
            has_unheard: false,
            #[cfg(unix)]
            times_busy: 0,
        }
    }

    async fn run(&mut self) -> End {
        let (mut quiet_since, mut was_busy) = (Instant::now(), false);
        let mut alarm = pin!(tokio::time::sleep(Duration::ZERO));
        while self.put_out() {
            if std::mem::take(&mut self.hears_out) {
                // In a box that is seldom needed: a connection has room for it in any case else.
                Box::pin(self.hear_out()).await;
                continue;
            }
            let stalled = self
                .wire
                .stalled_at(self.common.options.stall_timeout)
                .filter(|_| self.has_network());
            let now = Instant::now();
            if std::mem::take(&mut was_busy) {
                quiet_since = now;
            }
            let listening = self.connection.listening(now);
            if self.has_unheard && listening == Listening::Now {
                // Whatever it was that ended the wait: nothing more may come to remind of them.
                self.take_in();
                continue;
            }
            let resumes = match listening {
                Listening::From(resumes) => {
                    if self.common.broker.limits().max_publish_rate > 0 {
                        self.common.broker.holder().reached(Bound::MaxPublishRate, 1);
                    }
                    Some(resumes)
                }
                Listening::Now | Listening::AfterAnswer => None,
            };
            #[cfg(unix)]
            let parks = self.parks_at(quiet_since);
            #[cfg(not(unix))]
            let parks = None;
            let deadlines = [self.connection.deadline(), stalled, resumes, parks];
            let deadline = deadlines.into_iter().flatten().min();
            let may_read = self.may_read() && listening == Listening::Now;
            let event = tokio::select! {
                biased;
                transferred = self.wire.transfer(may_read), if self.has_network() => Event::Transferred(transferred),
                proof = proof(&mut self.proof), if self.proof.is_some() => Event::Proved(proof),
                () = self.me.woken() => Event::Woken,
                () = ring_at(deadline, alarm.as_mut()) => Event::Deadline,
            };
            self.me.traffic().set_sent_octets(self.wire.written());
            was_busy = !matches!(event, Event::Deadline);
            match event {
                Event::Transferred(Ok(Transfer::Read(octets))) => self.was_read(Ok(octets)),
                Event::Transferred(Err(error)) if is_not_binary(&error) => {
                    self.was_read(Err(error));
                }
                Event::Transferred(Err(error)) => {
                    log::broken(&self.who(), &error);
                    self.fail();
                }
                Event::Transferred(Ok(Transfer::Room)) => {}
                Event::Proved(proof) => {
                    self.input(Input::Authenticated(proof));
                    // What came behind the CONNECT.
                    self.take_in();
                }
                Event::Woken => match self.common.open.phase() {
                    Phase::Serving if self.me.name().is_none() => {
                        // The Client may have had another connection until now.
                        self.input(Input::Woken);
                        self.take_in();
                    }
                    Phase::Serving => {}
                    Phase::Stopping => {
                        self.input(Input::Stopping);
                        self.will = None;
                    }
                    Phase::Stopped => self.input(Input::Stop),
                },
                Event::Deadline => {
                    #[cfg(unix)]
                    if is_past(parks) && !is_past(self.connection.deadline()) {
                        if self.is_idle() {
                            return End::Idle;
                        }
                        was_busy = true;
                    } else if parks.is_some() {
                        // The alarm was for a pause that did not come.
                        self.times_busy = busy_again(self.times_busy);
                    }
                    if stalled.is_some_and(|stalled| stalled <= Instant::now()) {
                        log::stalled(&self.who());
                        self.common.counters.stalled();
                        self.fail();
                    }
                    self.input(Input::Timeout);
                    // What came before it was told to wait.
                    self.take_in();
                }
            }
        }
        self.will = None;
        End::Over
    }

    /// Whether octets can be sent and received.
    fn has_network(&self) -> bool {
        !self.over && !self.failing
    }

    /// Nothing can be sent any more. What has come before may still be there to be read.
    fn fail(&mut self) {
        self.failing = true;
        self.input(Input::NetworkFailing);
    }

    /// Takes in what was read; of nothing the end.
    fn was_read(&mut self, read: io::Result<usize>) {
        self.over |= matches!(read, Ok(0) | Err(_));
        match read {
            Ok(octets @ 1..) => {
                self.me.traffic().received_octets(octets);
                self.take_in();
            }
            Ok(0) => self.input(Input::NetworkClosed),
            Err(error) if is_not_binary(&error) => self.input(Input::NotBinary),
            Err(error) => {
                log::broken(&self.who(), &error);
                self.input(Input::NetworkClosed);
            }
        }
    }

    /// Takes in what the network holds already or brings any moment, and no more.
    async fn hear_out(&mut self) {
        let (mut left, deadline) = (HEARD_OUT, Instant::now() + LAST_WORD);
        // What it was not ready for until now.
        self.take_in();
        while !self.over && left > 0 && self.connection.listening(Instant::now()) == Listening::Now
        {
            let Some(read) = self.wire.read_until(deadline).await else { break };
            left = left.saturating_sub(*read.as_ref().unwrap_or(&0));
            self.was_read(read);
            if self.connection.session_name().is_none() {
                break;
            }
        }
        self.input(Input::HeardOut);
    }

    /// Takes the packets that have been read, one after the other: all have come by now.
    fn take_in(&mut self) {
        let now = Instant::now();
        loop {
            self.has_unheard = self.connection.listening(now) != Listening::Now;
            if self.has_unheard {
                break;
            }
            let begin = log::wants_packets().then(|| log::Begin::of(&self.wire.inbox));
            if begin.is_none()
                && let Some(payload) =
                    self.connection.take_alike(now, &mut self.wire.inbox, &self.common.broker)
            {
                self.me.traffic().received_message(payload);
                continue;
            }
            match self.decoder.decode(&mut self.wire.inbox) {
                Ok(Some(packet)) => {
                    if begin.is_some() {
                        log::received(&self.who(), &packet);
                    }
                    self.me.traffic().received(&packet);
                    self.connection.handle_among(now, packet, &self.common.broker);
                    self.tell_name();
                }
                Ok(None) => break,
                Err(error) => {
                    if let Some(begin) = begin {
                        log::unreadable(&self.who(), &begin);
                    }
                    return self.input(Input::Undecodable(error));
                }
            }
        }
        self.connection.pass_on(now, &self.common.broker);
    }

    fn input(&mut self, input: Input) {
        self.connection.handle(Instant::now(), input, &self.common.broker);
        self.tell_name();
    }

    /// Tells whose connection it is, as soon as that is known.
    fn tell_name(&mut self) {
        if self.me.name().is_none()
            && let Some(name) = self.connection.session_name()
        {
            self.common.open.accepted(&self.me, name);
            self.decoder = Decoder::new(self.common.broker.limits().max_packet_size);
        }
    }

    fn may_read(&self) -> bool {
        self.held.is_none() || self.connection.waiting() < HELD
    }

    fn who(&self) -> Who<'_> {
        who(&self.me)
    }
}

fn who(me: &SharedConnection) -> Who<'_> {
    Who { name: me.name(), origin: me.origin() }
}

/// Whether there is such a time and it has come.
#[cfg(unix)]
fn is_past(deadline: Option<Instant>) -> bool {
    deadline.is_some_and(|deadline| deadline <= Instant::now())
}

/// What has come of the credentials, once and for all.
async fn proof(proof: &mut Option<oneshot::Receiver<Proof>>) -> Proof {
    let Some(receiver) = proof else { return std::future::pending().await };
    let said = receiver.await.unwrap_or(Proof::Deferred);
    *proof = None;
    said
}

/// Ends at `deadline` or before, and never without one.
///
/// Most deadlines move on before they come. The timer is left where it is then, and rings once too
/// early: that is less work than to move it at every packet.
async fn ring_at(deadline: Option<Instant>, mut alarm: Pin<&mut Sleep>) {
    let Some(deadline) = deadline.map(tokio::time::Instant::from_std) else {
        return std::future::pending().await;
    };
    if alarm.is_elapsed() || deadline < alarm.deadline() {
        alarm.as_mut().reset(deadline);
    }
    alarm.await;
}

impl Drop for Alive {
    fn drop(&mut self) {
        if let Some(Task { connection, common, me, .. }) = &mut self.0 {
            connection.handle(Instant::now(), Input::NetworkClosed, &common.broker);
            common.open.remove(me);
        }
    }
}

#[cfg(all(test, target_pointer_width = "64"))]
mod tests {
    use super::*;
    use crate::broker::Session;

    /// The size of what `make` gives, in octets.
    fn size_of_made<T>(_make: impl FnOnce(Guest, Instant, Arc<Common>, Member) -> T) -> usize {
        size_of::<T>()
    }

    #[test]
    fn a_silent_connection_costs_little() {
        // With what the runtime adds, one of up to 912 octets takes a place of 1,024.
        assert!(size_of_made(serve) <= 912, "{} octets for its task", size_of_made(serve));
        let session = size_of::<Session<SharedConnection>>();
        assert!(session <= 152, "{session} octets for its Session");
    }
}
