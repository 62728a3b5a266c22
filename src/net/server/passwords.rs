//! Whether Clients are who they say: passwords, looked at away from the connections.
//!
//! A password takes as much work to check as thousands of messages, and a CONNECT costs its sender
//! nothing. So only a few are checked at once, on threads of their own; no place has more than half
//! of these turns; and who has sent too many wrong ones is not looked at for a while.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock, mpsc};
use std::thread;
use std::time::Instant;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::ServerOptions;
use super::address::Address;
use super::guesses::Guesses;
use super::log;
use super::origin::Origin;
use crate::broker::Proof;
use crate::packet::Credentials;

/// Knows users and their passwords.
pub trait CheckPassword: Debug + Send + Sync {
    /// Whether `password` is that of `user_name`; on a thread that may block.
    ///
    /// It should take as long for an unknown user as for a wrong password.
    fn check(&self, user_name: &str, password: &[u8]) -> bool;
}

#[cfg(feature = "passwords")]
impl CheckPassword for crate::passwords::Passwords {
    fn check(&self, user_name: &str, password: &[u8]) -> bool {
        Self::check(self, user_name, password)
    }
}

/// The passwords of a server, and whose turn it is to have one checked.
#[derive(Debug)]
pub(super) struct Passwords {
    known: RwLock<Option<Arc<dyn CheckPassword>>>,
    turns: Arc<Semaphore>,
    /// As many as there are turns.
    threads: usize,
    jobs: OnceLock<mpsc::Sender<Job>>,
    /// Half of these turns, at least one, for each place that has something checked.
    turns_here: usize,
    places: Mutex<BTreeMap<Address, Arc<Semaphore>>>,
    guesses: Mutex<Guesses>,
    /// How often something was not looked at for what had come before from there.
    put_off: AtomicU64,
}

impl Passwords {
    pub(super) fn new(options: &ServerOptions) -> Self {
        let turns = options.max_password_checks.clamp(1, MOST_THREADS);
        Self {
            known: RwLock::new(options.passwords.clone()),
            turns: Arc::new(Semaphore::new(turns)),
            threads: turns,
            jobs: OnceLock::new(),
            turns_here: (turns / 2).max(1),
            places: Mutex::default(),
            guesses: Mutex::new(Guesses::new(
                options.max_wrong_passwords,
                options.wrong_password_pause,
            )),
            put_off: AtomicU64::new(0),
        }
    }

    /// Puts others in place of those that hold.
    pub(super) fn replace(&self, known: Arc<dyn CheckPassword>) {
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Some(known);
    }

    /// How often something was not looked at for the wrong ones that had come before from there.
    pub(super) fn times_put_off(&self) -> u64 {
        self.put_off.load(Ordering::Relaxed)
    }

    /// Has `credentials` checked, which have come from `origin`; what comes of it.
    ///
    /// When nobody waits for that any more, it is not begun.
    pub(super) fn prove(
        self: &Arc<Self>,
        origin: Origin,
        credentials: Credentials,
    ) -> oneshot::Receiver<Proof> {
        let (mut answer, proof) = oneshot::channel();
        let passwords = self.clone();
        tokio::spawn(async move {
            let turn = tokio::select! {
                biased;
                () = answer.closed() => return,
                turn = passwords.turn(origin) => turn,
            };
            let proof = match turn {
                Some(turn) => passwords.check(origin, credentials, turn).await,
                None => Proof::Deferred,
            };
            // Nobody may want to know any more.
            let _ = answer.send(proof);
        });
        proof
    }

    /// Waits for a turn of `origin`; `None` when it has none, for all the wrong ones it has sent.
    async fn turn(self: &Arc<Self>, origin: Origin) -> Option<Turn> {
        let address = Address::from(origin);
        // Both in the order in which they were asked for. Neither is ever closed.
        let here = self.turns_of(address).acquire_owned().await.ok()?;
        // Not before: the passwords in front of this one have been wrong or not by now.
        if !lock(&self.guesses).may_guess(address, Instant::now()) {
            self.put_off.fetch_add(1, Ordering::Relaxed);
            log::too_many_wrong_passwords(&origin);
            return None;
        }
        let turn = self.turns.clone().acquire_owned().await.ok()?;
        Some(Turn { _here: here, _turn: turn })
    }

    /// The turns of one place.
    fn turns_of(&self, address: Address) -> Arc<Semaphore> {
        let mut places = lock(&self.places);
        if places.len() >= PLACES {
            // Whoever waits for one or has one holds them.
            places.retain(|_, turns| Arc::strong_count(turns) > 1);
        }
        let turns = places.entry(address);
        turns.or_insert_with(|| Arc::new(Semaphore::new(self.turns_here))).clone()
    }

    async fn check(&self, origin: Origin, credentials: Credentials, turn: Turn) -> Proof {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner).clone();
        let user_name = credentials.user_name.detached();
        let (tell, checked) = oneshot::channel();
        self.run(Box::new(move || {
            let password = credentials.password.as_ref().map(|password| password.as_bytes());
            let user_name = credentials.user_name.as_str();
            let is_right = known
                .zip(password)
                .is_some_and(|(known, password)| known.check(user_name, password));
            // The turn is kept to the end, also when nobody waits for it: the work is done.
            let _ = tell.send((is_right, turn));
        }));
        match checked.await {
            Ok((true, _)) => Proof::Given,
            Ok((false, turn)) => {
                // Counted before the next one of this place has its turn.
                lock(&self.guesses).wrong(origin.into(), Instant::now());
                log::wrong_password(&origin, &user_name);
                drop(turn);
                Proof::Missing
            }
            // It has panicked.
            Err(_) => Proof::Deferred,
        }
    }
}

impl Passwords {
    /// Has a thread do this: one of as many as there are turns, begun when they are first needed.
    ///
    /// Threads that come and go, as those of the runtime, would be more than there are turns.
    fn run(&self, job: Job) {
        let jobs = self.jobs.get_or_init(|| {
            let (jobs, waiting) = mpsc::channel::<Job>();
            let waiting = Arc::new(Mutex::new(waiting));
            for _ in 0..self.threads {
                let waiting = waiting.clone();
                let work = move || {
                    // Ends with the server. A panic is that of one check, which nobody answers then.
                    while let Ok(job) = next(&waiting) {
                        let _ = catch_unwind(AssertUnwindSafe(job));
                    }
                };
                let begun = thread::Builder::new().name("password".to_owned()).spawn(work);
                if let Err(error) = begun {
                    log::cannot_check_passwords(&error);
                }
            }
            jobs
        });
        // Where no thread could begin it is not answered, and the Client put off in the end.
        let _ = jobs.send(job);
    }
}

/// Waits for something to do, with nobody else at the same time.
fn next(waiting: &Mutex<mpsc::Receiver<Job>>) -> Result<Job, mpsc::RecvError> {
    lock(waiting).recv()
}

/// One password to check.
type Job = Box<dyn FnOnce() + Send>;

/// The turn to have a password checked: one of its place, and one of all.
struct Turn {
    _here: OwnedSemaphorePermit,
    _turn: OwnedSemaphorePermit,
}

/// The most passwords that are checked at once, whatever is asked for.
const MOST_THREADS: usize = 1_024;

/// From so many places on, those that have nothing checked are forgotten.
const PLACES: usize = 1_024;

/// Takes a lock, also after a panic of another holder: counts are whole at any moment.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;
    use crate::packet::{Binary, Text};

    /// Knows one password, and how many looked at it at once and in all. Each look lasts until it
    /// is let go.
    #[derive(Debug)]
    struct Slow {
        let_go: Mutex<mpsc::Receiver<()>>,
        looking: AtomicUsize,
        most: AtomicUsize,
        /// How many of them at the right password.
        right: AtomicUsize,
        looks: AtomicUsize,
    }

    impl CheckPassword for Slow {
        fn check(&self, _: &str, password: &[u8]) -> bool {
            let looking = self.looking.fetch_add(1, Ordering::SeqCst) + 1;
            self.most.fetch_max(looking, Ordering::SeqCst);
            self.right.fetch_add(usize::from(password == b"right"), Ordering::SeqCst);
            self.looks.fetch_add(1, Ordering::SeqCst);
            lock(&self.let_go).recv().expect("it is let go");
            self.looking.fetch_sub(1, Ordering::SeqCst);
            password == b"right"
        }
    }

    fn slow(turns: usize, most_wrong: u32) -> (Arc<Passwords>, Arc<Slow>, mpsc::Sender<()>) {
        let (go, let_go) = mpsc::channel();
        let (looking, most, right, looks) = Default::default();
        let slow = Arc::new(Slow { let_go: Mutex::new(let_go), looking, most, right, looks });
        let options = ServerOptions {
            passwords: Some(slow.clone()),
            max_password_checks: turns,
            max_wrong_passwords: most_wrong,
            ..ServerOptions::default()
        };
        (Arc::new(Passwords::new(&options)), slow, go)
    }

    fn from(address: &str) -> Origin {
        Origin::Network(address.parse().expect("an address"))
    }

    fn shown(password: &'static str) -> Credentials {
        let password = Binary::new(password).ok();
        Credentials { user_name: Text::new("anna").expect("text"), password }
    }

    #[tokio::test]
    async fn no_place_has_all_the_turns_and_all_come_to_theirs() {
        let (passwords, slow, go) = slow(4, 0);
        let flood = from("192.0.2.1:1");
        let flooding: Vec<_> = (0..50).map(|_| passwords.prove(flood, shown("wrong"))).collect();
        let others = ["192.0.2.2:1", "192.0.2.3:1"];
        let others = others.map(|other| passwords.prove(from(other), shown("right")));
        while slow.looks.load(Ordering::SeqCst) < 4 {
            tokio::task::yield_now().await;
        }
        // Two of the flood, and both others, though they came last.
        assert_eq!(slow.right.load(Ordering::SeqCst), 2);
        (0..52).for_each(|_| go.send(()).expect("somebody waits"));
        for other in others {
            assert_eq!(other.await, Ok(Proof::Given));
        }
        for proof in flooding {
            assert_eq!(proof.await, Ok(Proof::Missing));
        }
        assert_eq!(slow.most.load(Ordering::SeqCst), 4);
    }

    #[tokio::test]
    async fn a_place_that_guesses_is_not_looked_at_even_all_at_once() {
        let (passwords, slow, go) = slow(1, 3);
        let guesser = from("[2001:db8::1]:1");
        let guesses: Vec<_> = (0..20).map(|_| passwords.prove(guesser, shown("wrong"))).collect();
        let other = passwords.prove(from("192.0.2.1:1"), shown("right"));
        (0..4).for_each(|_| go.send(()).expect("somebody waits"));
        let mut proofs = Vec::new();
        for proof in guesses {
            proofs.push(proof.await.expect("an answer"));
        }
        let missing = proofs.iter().filter(|proof| **proof == Proof::Missing).count();
        assert_eq!((missing, proofs.len() - missing), (3, 17));
        assert_eq!(other.await, Ok(Proof::Given));
        assert_eq!(slow.looks.load(Ordering::SeqCst), 4, "the others cost nothing");
        // Its neighbour in the same network is the same place; a right password would do no better.
        let neighbour = passwords.prove(from("[2001:db8::2]:1"), shown("right"));
        assert_eq!(neighbour.await, Ok(Proof::Deferred));
    }

    #[tokio::test]
    async fn what_nobody_waits_for_is_not_begun() {
        let (passwords, slow, go) = slow(1, 0);
        let here = from("192.0.2.1:1");
        let first = passwords.prove(here, shown("right"));
        let gone: Vec<_> = (0..10).map(|_| passwords.prove(here, shown("right"))).collect();
        while slow.looks.load(Ordering::SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
        drop(gone);
        let last = passwords.prove(here, shown("right"));
        (0..2).for_each(|_| go.send(()).expect("somebody waits"));
        assert_eq!((first.await, last.await), (Ok(Proof::Given), Ok(Proof::Given)));
        assert_eq!(slow.looks.load(Ordering::SeqCst), 2);
    }

    #[derive(Debug)]
    struct Panics;

    impl CheckPassword for Panics {
        fn check(&self, user_name: &str, _: &[u8]) -> bool {
            assert_ne!(user_name, "anna", "as if it had a fault");
            true
        }
    }

    #[tokio::test]
    async fn a_check_that_panics_is_that_of_one_client() {
        let options = ServerOptions {
            passwords: Some(Arc::new(Panics)),
            max_password_checks: 1,
            ..ServerOptions::default()
        };
        let passwords = Arc::new(Passwords::new(&options));
        let here = from("192.0.2.1:1");
        assert_eq!(passwords.prove(here, shown("right")).await, Ok(Proof::Deferred));
        let berta = Credentials { user_name: Text::new("berta").expect("text"), ..shown("right") };
        assert_eq!(passwords.prove(here, berta).await, Ok(Proof::Given));
    }

    #[tokio::test]
    async fn without_anybody_who_knows_no_password_is_right() {
        let passwords = Arc::new(Passwords::new(&ServerOptions::default()));
        let proof = passwords.prove(from("192.0.2.1:1"), shown("right"));
        assert_eq!(proof.await, Ok(Proof::Missing));
    }

    #[tokio::test]
    async fn places_without_a_turn_are_forgotten() {
        let (passwords, _, _) = slow(1, 0);
        for number in 0..5_000_u32 {
            passwords.turns_of(Address::V4(std::net::Ipv4Addr::from_bits(number)));
        }
        assert!(lock(&passwords.places).len() <= PLACES);
    }
}
