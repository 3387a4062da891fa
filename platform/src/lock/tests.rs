//! The life of a lock, on a record in memory and a clock that stands still until everybody waits.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use tokio::time::{Instant, sleep};
use trustpath_core::{
    Failure, Result,
    run::{Cancel, Canceller},
};

use super::*;
use crate::{
    Error,
    error::{Kind, System},
};

const LEASE: Duration = Duration::from_secs(120);
const HORIZON: Duration = Duration::from_secs(90);

/// What goes wrong with a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// It does not reach the server.
    Lost,
    /// It is made, and the answer is lost; the retry is refused.
    AnswerLost,
    /// It is made, and no answer ever comes.
    Silent,
    /// The server says that this may not be written.
    Denied,
}

#[derive(Default)]
struct Inside {
    record: Option<(u64, Claim)>,
    written: u64,
    faults: VecDeque<Fault>,
    /// Every request fails until this is over.
    down: bool,
    /// How long an answer is on its way.
    slow: Duration,
}

#[derive(Clone, Default)]
struct Memory(Arc<Mutex<Inside>>);

impl Memory {
    fn inside<T>(&self, look: impl FnOnce(&mut Inside) -> T) -> T {
        look(&mut self.0.lock().unwrap())
    }

    fn claim(&self) -> Option<Claim> {
        self.inside(|inside| inside.record.clone().map(|(_, claim)| claim))
    }

    fn holder(&self) -> Option<String> {
        Some(self.claim()?.holder?.id)
    }

    fn fault(&self, fault: Fault) {
        self.inside(|inside| inside.faults.push_back(fault));
    }

    async fn write(&self, expected: Option<&Version>, claim: Option<&Claim>) -> Result<Written, Error> {
        let (fault, written) = self.inside(|inside| {
            let fault = if inside.down { Some(Fault::Lost) } else { inside.faults.pop_front() };
            let there = inside.record.as_ref().map(|(revision, _)| version(*revision));
            if matches!(fault, Some(Fault::Lost | Fault::Denied)) || there.as_ref() != expected {
                return (fault, Written::Refused);
            }
            inside.written += 1;
            inside.record = claim.map(|claim| (inside.written, claim.clone()));
            (fault, Written::As(version(inside.written)))
        });
        sleep(self.inside(|inside| inside.slow)).await;
        match fault {
            Some(Fault::Lost) => Err(Error::new(System::Vault, Kind::Unreachable, "it cannot be reached")),
            Some(Fault::Denied) => Err(Error::new(System::Vault, Kind::Denied, "it may not be written")),
            Some(Fault::AnswerLost) => Ok(Written::Refused),
            Some(Fault::Silent) => std::future::pending().await,
            None => Ok(written),
        }
    }
}

fn version(revision: u64) -> Version {
    Version { object: "o".into(), revision: revision.to_string() }
}

#[async_trait]
impl Record for Memory {
    fn name(&self) -> String {
        "the record".into()
    }

    async fn read(&self) -> Result<Option<Found>, Error> {
        if self.inside(|inside| inside.down) {
            return Err(Error::new(System::Vault, Kind::Unreachable, "it cannot be reached"));
        }
        Ok(self.inside(|inside| inside.record.clone()).map(|(at, claim)| Found { version: version(at), claim }))
    }

    async fn create(&self, claim: &Claim) -> Result<Written, Error> {
        self.write(None, Some(claim)).await
    }

    async fn replace(&self, version: &Version, claim: &Claim) -> Result<Written, Error> {
        self.write(Some(version), Some(claim)).await
    }

    async fn remove(&self, version: &Version) -> Result<bool, Error> {
        Ok(self.write(Some(version), None).await? != Written::Refused)
    }
}

fn terms() -> Terms {
    Terms::new(LEASE, HORIZON, Duration::from_secs(60))
}

/// Who takes the lock, and how.
struct Hand {
    id: &'static str,
    purpose: Purpose,
    abandon: Option<&'static str>,
    timeout: Option<Duration>,
    cancel: Cancel,
}

impl Hand {
    fn of(id: &'static str) -> Self {
        Self { id, purpose: Purpose::Begin, abandon: None, timeout: None, cancel: Cancel::never() }
    }

    async fn take(self, memory: &Memory) -> Result<Held> {
        let taking = Taking {
            holder: Holder::unknown(self.id),
            terms: terms(),
            purpose: self.purpose,
            abandon: self.abandon,
            timeout: self.timeout,
            cancel: &self.cancel,
            owns: &|_| false,
            tell: &|_| {},
        };
        take(Arc::new(memory.clone()), &taking).await
    }
}

fn code(failure: &Failure) -> String {
    failure.report().code.expect("a code")
}

/// A record that somebody wrote and nobody renews.
fn dead(memory: &Memory, claim: Claim) {
    memory.inside(|inside| inside.record = Some((0, claim)));
}

fn theirs() -> Claim {
    Claim::new(Holder::unknown("theirs"), terms())
}

fn unfinished() -> Unfinished {
    Unfinished { run: "r".into(), host: "h".into(), journal: "/j".into(), mirror: None, digest: "d".into() }
}

#[tokio::test(start_paused = true)]
async fn a_live_holder_is_seen_to_be_alive_and_is_left_alone() {
    let memory = Memory::default();
    let held = Hand::of("a").take(&memory).await.unwrap();
    let begun = Instant::now();
    let refused = Hand::of("b").take(&memory).await.err().unwrap();
    assert_eq!(code(&refused), "trustpath::lock::held");
    assert!(begun.elapsed() <= LEASE / 4 + Duration::from_secs(2), "one renewal is enough: {:?}", begun.elapsed());
    held.release().await.unwrap();
    assert_eq!(memory.claim(), None);
}

#[tokio::test(start_paused = true)]
async fn a_dead_holder_is_followed_after_lease_and_horizon() {
    let memory = Memory::default();
    dead(&memory, theirs());
    let begun = Instant::now();
    let held = Hand::of("b").take(&memory).await.unwrap();
    let waited = begun.elapsed();
    assert!(waited >= LEASE + HORIZON && waited < LEASE + HORIZON + Duration::from_secs(1), "{waited:?}");
    assert_eq!(memory.holder().as_deref(), Some("b"));
    drop(held);
}

#[tokio::test(start_paused = true)]
async fn a_live_holder_is_waited_for_on_request_and_no_longer() {
    let memory = Memory::default();
    let held = Hand::of("a").take(&memory).await.unwrap();
    let patient = |seconds| Hand { timeout: Some(Duration::from_secs(seconds)), ..Hand::of("b") };
    let begun = Instant::now();
    assert_eq!(code(&patient(300).take(&memory).await.err().unwrap()), "trustpath::lock::held");
    assert_eq!(begun.elapsed(), Duration::from_secs(300));
    assert_eq!(code(&patient(0).take(&memory).await.err().unwrap()), "trustpath::lock::undecided");
    let waiting = tokio::spawn({
        let memory = memory.clone();
        async move { patient(3600).take(&memory).await }
    });
    sleep(Duration::from_secs(600)).await;
    held.release().await.unwrap();
    assert!(waiting.await.unwrap().is_ok());
}

#[tokio::test(start_paused = true)]
async fn waiting_can_be_interrupted() {
    let memory = Memory::default();
    dead(&memory, theirs());
    let (canceller, cancel) = Canceller::new();
    tokio::spawn(async move {
        sleep(Duration::from_secs(5)).await;
        canceller.cancel();
    });
    let refused = Hand { cancel, ..Hand::of("b") }.take(&memory).await.err().unwrap();
    assert_eq!(code(&refused), "trustpath::lock::interrupted");
    assert_eq!(memory.claim(), Some(theirs()));
}

#[tokio::test(start_paused = true)]
async fn a_held_lock_never_runs_short_of_a_request() {
    let memory = Memory::default();
    let held = Hand::of("a").take(&memory).await.unwrap();
    for _ in 0..1000 {
        sleep(Duration::from_secs(7)).await;
        assert!(held.guard().remaining() >= LEASE - LEASE / 4, "{:?}", held.guard().remaining());
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_left_counts_from_before_the_renewal_was_sent() {
    let memory = Memory::default();
    let held = Hand::of("a").take(&memory).await.unwrap();
    let slow = Duration::from_secs(20);
    memory.inside(|inside| inside.slow = slow);
    sleep(LEASE / 4 + slow + Duration::from_secs(1)).await;
    assert_eq!(held.guard().remaining(), LEASE - slow - Duration::from_secs(1), "the renewal has just been answered");
    memory.inside(|inside| inside.down = true);
    sleep(LEASE).await;
    assert_eq!(held.guard().remaining(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_record_that_nobody_touched_is_renewed_however_late() {
    let memory = Memory::default();
    let held = Hand::of("a").take(&memory).await.unwrap();
    memory.inside(|inside| inside.down = true);
    sleep(LEASE * 2).await;
    assert_eq!(held.guard().remaining(), Duration::ZERO);
    memory.inside(|inside| inside.down = false);
    sleep(Duration::from_secs(2)).await;
    assert!(held.guard().remaining() > LEASE / 2);
}

#[tokio::test(start_paused = true)]
async fn a_lock_that_somebody_else_has_is_lost_for_good_and_left_alone() {
    let memory = Memory::default();
    let held = Hand::of("a").take(&memory).await.unwrap();
    memory.inside(|inside| inside.record = Some((99, theirs())));
    sleep(LEASE / 4 + Duration::from_secs(1)).await;
    assert_eq!(held.guard().remaining(), Duration::ZERO);
    memory.inside(|inside| inside.record = None);
    sleep(LEASE).await;
    assert_eq!((held.guard().remaining(), memory.claim()), (Duration::ZERO, None), "nothing is taken again");
    memory.inside(|inside| inside.record = Some((99, theirs())));
    assert_eq!(code(&held.begin(unfinished()).await.unwrap_err()), "trustpath::lock::lost");
    held.release().await.unwrap();
    assert_eq!(memory.claim(), Some(theirs()));
}

#[tokio::test(start_paused = true)]
async fn a_record_that_was_removed_by_hand_is_lost() {
    let memory = Memory::default();
    let held = Hand::of("a").take(&memory).await.unwrap();
    memory.inside(|inside| inside.record = None);
    sleep(LEASE / 2).await;
    assert_eq!(held.guard().remaining(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_costs_nothing() {
    for fault in [Fault::AnswerLost, Fault::Silent] {
        let memory = Memory::default();
        if fault == Fault::AnswerLost {
            memory.fault(fault);
        }
        let held = Hand::of("a").take(&memory).await.unwrap();
        for _ in 0..5 {
            memory.fault(fault);
            sleep(LEASE).await;
            assert!(held.guard().remaining() > Duration::ZERO, "{fault:?}");
        }
        memory.fault(fault);
        held.begin(unfinished()).await.unwrap();
        assert_eq!(memory.claim().unwrap().unfinished, Some(unfinished()));
        held.end();
        if fault == Fault::AnswerLost {
            memory.fault(fault);
        }
        held.release().await.unwrap();
        assert_eq!(memory.claim(), None, "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_has_not_ended_stays_on_record() {
    let memory = Memory::default();
    let held = Hand::of("a").take(&memory).await.unwrap();
    held.begin(unfinished()).await.unwrap();
    held.release().await.unwrap();
    assert_eq!(memory.claim(), Some(Claim { holder: None, unfinished: Some(unfinished()), ..theirs() }));
    let begun = Instant::now();
    let refused = Hand::of("b").take(&memory).await.err().unwrap();
    assert_eq!(code(&refused), "trustpath::lock::unfinished_elsewhere");
    let on = Hand { purpose: Purpose::GoOn("d".into()), ..Hand::of("b") }.take(&memory).await.unwrap();
    on.release().await.unwrap();
    assert_eq!(memory.claim().unwrap().unfinished, Some(unfinished()), "going on did not come to its end either");
    let on = Hand { purpose: Purpose::GoOn("d".into()), ..Hand::of("b") }.take(&memory).await.unwrap();
    on.end();
    on.release().await.unwrap();
    assert_eq!(memory.claim(), None);
    assert_eq!(begun.elapsed(), Duration::ZERO, "nobody holds it: there is nothing to wait for");
}

#[tokio::test(start_paused = true)]
async fn a_run_that_could_not_be_noted_has_not_begun() {
    let memory = Memory::default();
    let held = Hand::of("a").take(&memory).await.unwrap();
    memory.fault(Fault::Denied);
    assert_eq!(code(&held.begin(unfinished()).await.unwrap_err()), "trustpath::vault::denied");
    held.release().await.unwrap();
    assert_eq!(memory.claim(), None, "it would keep everybody else out");
}

#[tokio::test(start_paused = true)]
async fn an_unfinished_run_is_given_up_by_its_name() {
    let memory = Memory::default();
    dead(&memory, Claim { unfinished: Some(unfinished()), ..theirs() });
    let held = Hand { abandon: Some("r"), ..Hand::of("b") }.take(&memory).await.unwrap();
    held.release().await.unwrap();
    assert_eq!(memory.claim(), None);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_not_there_is_told() {
    let memory = Memory::default();
    memory.inside(|inside| inside.down = true);
    assert_eq!(code(&Hand::of("a").take(&memory).await.err().unwrap()), "trustpath::vault::unreachable");
    memory.inside(|inside| inside.down = false);
    let held = Hand::of("a").take(&memory).await.unwrap();
    memory.inside(|inside| inside.down = true);
    assert!(held.release().await.is_err(), "what is left of it is told");
}

#[tokio::test(start_paused = true)]
async fn of_many_that_come_at_once_one_has_it_at_a_time() {
    let memory = Memory::default();
    let inside = Arc::new(Mutex::new((0, 0)));
    let tasks: Vec<_> = ["a", "b", "c", "d", "e", "f", "g", "h"]
        .into_iter()
        .map(|id| {
            let (memory, inside) = (memory.clone(), Arc::clone(&inside));
            tokio::spawn(async move {
                let patient = Hand { timeout: Some(Duration::from_secs(36_000)), ..Hand::of(id) };
                let held = patient.take(&memory).await.unwrap();
                let others = std::mem::replace(&mut inside.lock().unwrap().0, 1);
                assert_eq!(others, 0, "two at once");
                sleep(LEASE).await;
                {
                    let mut inside = inside.lock().unwrap();
                    *inside = (0, inside.1 + 1);
                }
                held.release().await.unwrap();
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!((inside.lock().unwrap().1, memory.claim()), (8, None));
}

/// A server, or several behind one name, that contradict themselves: the record is there when it is made, and gone when it
/// is read.
#[derive(Default)]
struct Contradicting {
    asked: AtomicU64,
}

#[async_trait]
impl Record for Contradicting {
    fn name(&self) -> String {
        "the record".into()
    }

    async fn read(&self) -> Result<Option<Found>, Error> {
        Ok(None)
    }

    async fn create(&self, _: &Claim) -> Result<Written, Error> {
        // In the end it gives in: a test that fails ends too.
        let gives_in = self.asked.fetch_add(1, Ordering::Relaxed) > 10_000;
        Ok(if gives_in { Written::As(version(1)) } else { Written::Refused })
    }

    async fn replace(&self, _: &Version, _: &Claim) -> Result<Written, Error> {
        Ok(Written::Refused)
    }

    async fn remove(&self, _: &Version) -> Result<bool, Error> {
        Ok(false)
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_contradicts_itself_is_not_asked_for_ever() {
    let taking = Taking {
        holder: Holder::unknown("us"),
        terms: terms(),
        purpose: Purpose::Begin,
        abandon: None,
        timeout: None,
        cancel: &Cancel::never(),
        owns: &|_| false,
        tell: &|_| {},
    };
    let taken = take(Arc::new(Contradicting::default()), &taking).await;
    assert_eq!(code(&taken.err().expect("nobody can have it")), "trustpath::lock::restless");
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_no_clock_can_count_to_is_waited_for_as_any_other() {
    let memory = Memory::default();
    dead(&memory, Claim { lease_seconds: u64::MAX, horizon_seconds: u64::MAX, ..theirs() });
    let hand = Hand { timeout: Some(Duration::from_secs(60)), ..Hand::of("us") };
    let renewing = async {
        for revision in 1..100 {
            sleep(Duration::from_secs(1)).await;
            memory.inside(|inside| inside.record = inside.record.take().map(|(_, claim)| (revision, claim)));
        }
    };
    let (taken, ()) = tokio::join!(hand.take(&memory), renewing);
    assert_eq!(code(&taken.err().expect("it is held")), "trustpath::lock::held");
}
