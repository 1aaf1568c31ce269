//! Threads that stand by, so that sharing a little work costs less than a microsecond.
//!
//! Waking a sleeping thread takes ten to twenty microseconds, longer than most operations of a
//! network. So the threads of rayon's pool are called once, before a run of many operations
//! ([`with_team`]), and then wait for shared work in a loop. The run never waits for a helper
//! that has not taken any: helpers who are busy elsewhere cost nothing but their help.
#![allow(unsafe_code)]

use std::any::Any;
use std::cell::{Cell, UnsafeCell};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};
use std::{mem, ptr, thread};

use smallvec::SmallVec;

/// A piece of work with a number.
type Work<'a> = dyn Fn(usize) + Sync + 'a;

/// How often a helper looks for work before it lets other threads run in between.
const EAGER_LOOKS: usize = 1 << 16;

/// What the members of a team share.
struct Team {
    board: Board,
    /// For each member the pieces that are its own.
    claims: SmallVec<[Claims; MEMBERS]>,
    inside: Inside,
    /// The run is over; helpers go.
    over: AtomicBool,
    /// What a helper panicked with.
    panic: Mutex<Option<Box<dyn Any + Send>>>,
}

/// What helpers look at, in a line of the cache of its own.
#[repr(align(128))]
struct Board {
    /// The number of the work that is open, 0 while there is none.
    open: AtomicUsize,
    /// The work and how many pieces it has; there while it is open or a helper is inside.
    work: UnsafeCell<Option<(*const Work<'static>, usize)>>,
    /// How many works there have been; the leader alone uses it.
    works: Cell<usize>,
}

/// The pieces of a member: every one whose number leaves the member's when divided by the number
/// of members. So a piece is worked on by the same thread each time, with its data in that
/// thread's cache, unless others have nothing left to do.
#[repr(align(128))]
struct Claims {
    /// How many of them are taken.
    taken: AtomicUsize,
}

/// How many helpers are inside, where they may read the work.
#[repr(align(128))]
struct Inside(AtomicUsize);

/// Teams of more members need memory from the allocator.
const MEMBERS: usize = 64;

// SAFETY: `works` is the leader's. `work` is written by the leader while nothing is open and
// nobody is inside, and read by helpers while they are inside and it is open; see `share` and
// `enter`.
unsafe impl Sync for Team {}

thread_local! {
    /// The team that this thread leads; null without one, and while it works on a piece.
    static LEADS: Cell<*const Team> = const { Cell::new(ptr::null()) };
}

/// Runs `work` with the other threads of rayon's pool standing by to take their part of whatever
/// [`parallel`](crate::parallel) shares. Within another team, or where there is but one thread, it
/// just runs.
///
/// The call takes about a microsecond inside of the pool while its threads are awake, and ten to
/// twenty to enter the pool from outside or to wake them.
pub fn with_team<R: Send>(work: impl FnOnce() -> R + Send) -> R {
    with_members(rayon::current_num_threads().min(cores()), work)
}

/// The same with a team of so many members.
fn with_members<R: Send>(size: usize, work: impl FnOnce() -> R + Send) -> R {
    if size < 2 || team_size().is_some() {
        return work();
    }
    let team = Team {
        board: Board {
            open: AtomicUsize::new(0),
            work: UnsafeCell::new(None),
            works: Cell::new(0),
        },
        claims: (0..size).map(|_| Claims { taken: AtomicUsize::new(0) }).collect(),
        inside: Inside(AtomicUsize::new(0)),
        over: AtomicBool::new(false),
        panic: Mutex::new(None),
    };
    let team = &team;
    let lead = || {
        // Dropped also if the work panics: helpers must not wait for ever.
        let _leading = Leading::start(team);
        work()
    };
    rayon::join(lead, || help_all(team, size - 1)).0
}

fn help_all(team: &Team, helpers: usize) {
    match helpers {
        0 => {}
        1 => team.help(),
        _ => {
            rayon::join(|| team.help(), || help_all(team, helpers - 1));
        }
    }
}

/// How many threads this machine runs at once.
fn cores() -> usize {
    static CORES: OnceLock<usize> = OnceLock::new();
    *CORES.get_or_init(|| thread::available_parallelism().map_or(1, usize::from))
}

/// How many threads the team has that this thread leads, itself included; `None` without a team.
pub(crate) fn team_size() -> Option<usize> {
    // SAFETY: a team outlives the time in which it is entered here; see `Leading`.
    unsafe { LEADS.get().as_ref() }.map(|team| team.claims.len())
}

/// Has the team that this thread leads do `work(0)`, …, `work(count - 1)`, this thread included,
/// and returns when all is done. Does nothing and returns `false` without a team.
pub(crate) fn share(count: usize, work: &Work<'_>) -> bool {
    // SAFETY: a team outlives the time in which it is entered here; see `Leading`.
    let Some(team) = (unsafe { LEADS.get().as_ref() }) else {
        return false;
    };
    // Whatever a piece itself wants to share is done by the thread that works on the piece.
    let _alone = Entry::replace(ptr::null());
    team.share(count, work);
    true
}

impl Team {
    fn share(&self, count: usize, work: &Work<'_>) {
        let number = self.board.works.get() + 1;
        self.board.works.set(number);
        // SAFETY: nothing is open and nobody is inside, so nobody reads the work now. Its lifetime
        // is lifted only until `Closed` is dropped, which waits for all who can read it.
        unsafe {
            let work = ptr::from_ref(work);
            let work = mem::transmute::<*const Work<'_>, *const Work<'static>>(work);
            *self.board.work.get() = Some((work, count));
        }
        self.claims.iter().for_each(|claims| claims.taken.store(0, Ordering::Relaxed));
        self.board.open.store(number, Ordering::SeqCst);
        let closed = Closed(self);
        self.take_pieces(count, work);
        drop(closed);
        let panic = self.panic.lock().ok().and_then(|mut panic| panic.take());
        if let Some(panic) = panic {
            resume_unwind(panic);
        }
    }

    /// Takes pieces until none is left: first those of this thread, then those of others.
    fn take_pieces(&self, count: usize, work: &Work<'_>) {
        let members = self.claims.len();
        let own = rayon::current_thread_index().unwrap_or(0);
        for member in (0..members).map(|i| (own + i) % members) {
            let taken = &self.claims[member].taken;
            loop {
                let piece = taken.fetch_add(1, Ordering::Relaxed) * members + member;
                if piece >= count {
                    break;
                }
                work(piece);
            }
        }
    }

    /// Takes part in whatever is shared until the run is over.
    fn help(&self) {
        let _alone = Entry::replace(ptr::null());
        let (mut looks, mut done) = (0, 0);
        while !self.over.load(Ordering::Acquire) {
            let open = self.board.open.load(Ordering::Relaxed);
            if open != 0 && open != done {
                self.enter();
                (looks, done) = (0, open);
            } else {
                pause(&mut looks);
            }
        }
    }

    /// Goes in, does what is left to do, and comes out.
    fn enter(&self) {
        // Each side first writes and then reads what the other writes, in an order that is the
        // same for all threads: so either the leader sees us inside, or we see that it is closed.
        self.inside.0.fetch_add(1, Ordering::SeqCst);
        if self.board.open.load(Ordering::SeqCst) != 0 {
            // SAFETY: it is open and we are inside, so the work stays until we have left.
            let work = unsafe { (*self.board.work.get()).map(|(work, count)| (&*work, count)) };
            let done = work.map(|(work, count)| {
                catch_unwind(AssertUnwindSafe(|| self.take_pieces(count, work)))
            });
            if let (Some(Err(panic)), Ok(mut first)) = (done, self.panic.lock()) {
                first.get_or_insert(panic);
            }
        }
        self.inside.0.fetch_sub(1, Ordering::Release);
    }
}

/// Waits a moment; once it has waited often, by letting other threads run. Not by the processor's
/// instruction for waiting loops, which virtual machines trap.
fn pause(looks: &mut usize) {
    *looks += 1;
    if *looks > EAGER_LOOKS {
        thread::yield_now();
    }
}

/// Closes the work when dropped, and waits until all helpers have left.
struct Closed<'a>(&'a Team);

impl Drop for Closed<'_> {
    fn drop(&mut self) {
        self.0.board.open.store(0, Ordering::SeqCst);
        let mut looks = 0;
        while self.0.inside.0.load(Ordering::SeqCst) != 0 {
            pause(&mut looks);
        }
    }
}

/// Replaces the team that this thread leads until it is dropped.
struct Entry(*const Team);

impl Entry {
    fn replace(team: *const Team) -> Self {
        Self(LEADS.replace(team))
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        LEADS.set(self.0);
    }
}

/// The time in which this thread leads a team.
struct Leading<'a> {
    team: &'a Team,
    _entry: Entry,
}

impl<'a> Leading<'a> {
    fn start(team: &'a Team) -> Self {
        Self { team, _entry: Entry::replace(team) }
    }
}

impl Drop for Leading<'_> {
    fn drop(&mut self) {
        self.team.over.store(true, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU32;
    use std::time::{Duration, Instant};

    use super::*;

    fn pool(threads: usize) -> rayon::ThreadPool {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap()
    }

    #[test]
    fn every_piece_is_done_once() {
        for threads in [1, 2, 3, 8] {
            let done: Vec<AtomicU32> = (0..100).map(|_| AtomicU32::new(0)).collect();
            let rounds = 200;
            pool(threads).install(|| {
                with_members(threads, || {
                    for _ in 0..rounds {
                        let work = |i: usize| {
                            done[i].fetch_add(1, Ordering::Relaxed);
                        };
                        if !share(done.len(), &work) {
                            (0..done.len()).for_each(work);
                        }
                    }
                });
            });
            assert!(done.iter().all(|count| count.load(Ordering::Relaxed) == rounds));
        }
    }

    #[test]
    fn helpers_help() {
        let start = Instant::now();
        pool(2).install(|| {
            with_team(|| {
                if team_size() != Some(2) {
                    return; // a machine with a single core
                }
                let met = [AtomicBool::new(false), AtomicBool::new(false)];
                // Each piece waits for the other, so two threads must be at work.
                let work = |i: usize| {
                    met[i].store(true, Ordering::SeqCst);
                    while !met[1 - i].load(Ordering::SeqCst) {
                        assert!(start.elapsed() < Duration::from_secs(60), "nobody helps");
                        thread::yield_now();
                    }
                };
                assert!(share(2, &work));
            });
        });
    }

    #[test]
    fn a_panic_of_any_piece_reaches_the_caller() {
        for bad in 0..8 {
            let result = catch_unwind(|| {
                pool(2).install(|| {
                    with_team(|| {
                        let work = |i: usize| assert!(i != bad, "piece {bad}");
                        if !share(8, &work) {
                            (0..8).for_each(work);
                        }
                    });
                });
            });
            let panic = result.unwrap_err();
            assert_eq!(panic.downcast_ref::<String>().unwrap(), &format!("piece {bad}"));
        }
    }

    #[test]
    fn teams_within_teams_and_side_by_side_do_not_wait_for_one_another() {
        let total = AtomicU32::new(0);
        let pool = pool(2);
        pool.scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|_| {
                    for _ in 0..200 {
                        with_team(|| {
                            let inner = |_: usize| {
                                total.fetch_add(1, Ordering::Relaxed);
                            };
                            let outer = |_: usize| {
                                with_team(|| {
                                    if !share(2, &inner) {
                                        (0..2).for_each(inner);
                                    }
                                });
                            };
                            if !share(2, &outer) {
                                (0..2).for_each(outer);
                            }
                        });
                    }
                });
            }
        });
        assert_eq!(total.load(Ordering::Relaxed), 4 * 200 * 4);
    }
}
