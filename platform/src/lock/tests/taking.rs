//! Taking it: who has it, who is waited for, and who is followed.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use tokio::time::{Instant, sleep};
use trustpath_core::{
    Result,
    run::{Cancel, Canceller},
};

use super::{
    memory::{Memory, version},
    *,
};
use crate::Error;

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
async fn a_dead_holder_is_followed_after_lease_and_in_flight_timeout() {
    let memory = Memory::default();
    dead(&memory, theirs());
    let begun = Instant::now();
    let held = Hand::of("b").take(&memory).await.unwrap();
    let waited = begun.elapsed();
    assert!(waited >= LEASE + IN_FLIGHT && waited < LEASE + IN_FLIGHT + Duration::from_secs(1), "{waited:?}");
    assert_eq!(memory.holder().as_deref(), Some("b"));
    drop(held);
}

#[tokio::test(start_paused = true)]
async fn a_record_that_changes_at_the_last_moment_is_alive() {
    let memory = Memory::default();
    dead(&memory, theirs());
    let renewed = async {
        sleep(LEASE + IN_FLIGHT - Duration::from_secs(1)).await;
        memory.inside(|inside| inside.record = Some((1, theirs())));
    };
    let ((), taken) = tokio::join!(renewed, Hand::of("b").take(&memory));
    assert_eq!(code(&taken.err().expect("it is held")), "trustpath::lock::held");
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
async fn an_unfinished_run_is_given_up_by_its_name() {
    let memory = Memory::default();
    dead(&memory, Claim { unfinished: Some(unfinished()), ..theirs() });
    let held = Hand { abandon: Some("r"), ..Hand::of("b") }.take(&memory).await.unwrap();
    held.release().await.unwrap();
    assert_eq!(memory.claim(), None);
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
impl LockStore for Contradicting {
    fn name(&self) -> String {
        "the record".into()
    }

    async fn read(&self) -> Result<Option<FoundRecord>, Error> {
        Ok(None)
    }

    async fn create(&self, _: &Claim) -> Result<Option<RecordVersion>, Error> {
        // In the end it gives in: a test that fails ends too.
        let gives_in = self.asked.fetch_add(1, Ordering::Relaxed) > 10_000;
        Ok(if gives_in { Some(version(1)) } else { None })
    }

    async fn replace(&self, _: &RecordVersion, _: &Claim) -> Result<Option<RecordVersion>, Error> {
        Ok(None)
    }

    async fn remove(&self, _: &RecordVersion) -> Result<Removed, Error> {
        Ok(Removed::Refused)
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_contradicts_itself_is_not_asked_for_ever() {
    let taking = Taking {
        holder: LockHolder::unknown("us"),
        terms: terms(),
        purpose: LockPurpose::Begin,
        abandon: None,
        timeout: None,
        cancel: &Cancel::never(),
        known: &|_| Observed::Elsewhere,
        tell: &|_| {},
    };
    let taken = take(Arc::new(Contradicting::default()), &taking).await;
    assert_eq!(code(&taken.err().expect("no one can have it")), "trustpath::lock::contended");
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_no_clock_can_count_to_is_waited_for_as_any_other() {
    let memory = Memory::default();
    dead(&memory, Claim { lease_seconds: u64::MAX, in_flight_seconds: u64::MAX, ..theirs() });
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
