//! How a run ends: the lock lets go of it, then its journal says so; and what lacks nothing but that.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use trustpath_core::{
    Class, Problem, Result,
    graph::Selection,
    journal::{End, Journal, Log, Record, Verb, replay},
    run::{Consent, Ended, Engine, Guard},
};

use crate::shelf::{Fault, Shelf, chain, engine, engine_of, journal};

/// A lock that names the run whose journal this is until it is told that the run is finished.
struct Naming {
    journal: PathBuf,
    refuses: AtomicBool,
    cleared: AtomicUsize,
}

#[async_trait]
impl Guard for Naming {
    fn remaining(&self) -> Duration {
        Duration::MAX
    }

    async fn clear(&self) -> Result<()> {
        let log = Log::read(&self.journal).unwrap();
        assert_eq!(replay(&log.entries).end, None, "the journal says that the run has ended, and the lock names it");
        self.cleared.fetch_add(1, Ordering::Relaxed);
        match self.refuses.load(Ordering::Relaxed) {
            true => Err(Problem::new(Class::Rejected, "test::lock", "it cannot be written").into()),
            false => Ok(()),
        }
    }
}

/// A run under such a lock, which lets go of it or does not.
async fn run(
    shelf: &Shelf,
    directory: &tempfile::TempDir,
    (verb, keep, refuses): (Verb, bool, bool),
) -> (Ended, Log, Arc<Naming>) {
    let consent = Consent { keep, ..Consent::default() };
    let engine = engine(&chain(), shelf).with_consent(consent);
    let plan = engine.plan(verb, &Selection::default()).await.unwrap();
    let journal = journal(&engine, &plan, directory.path()).await;
    let (path, refuses) = (journal.path().to_owned(), AtomicBool::new(refuses));
    let lock = Arc::new(Naming { journal: path.clone(), refuses, cleared: AtomicUsize::new(0) });
    let ended = engine.with_guard(lock.clone()).run(&plan, &journal).await.unwrap();
    (ended, Log::read(&path).unwrap(), lock)
}

/// Done, kept, rolled back; of an apply and of a destroy.
const ENDS: [(Verb, End); 4] =
    [(Verb::Apply, End::Done), (Verb::Apply, End::Kept), (Verb::Apply, End::RolledBack), (Verb::Destroy, End::Done)];

async fn shelf_for(verb: Verb, end: End) -> Shelf {
    let shelf = Shelf::default();
    if verb == Verb::Destroy {
        let elsewhere = tempfile::tempdir().unwrap();
        run(&shelf, &elsewhere, (Verb::Apply, false, false)).await;
    }
    if matches!(end, End::Kept | End::RolledBack) {
        shelf.broken_links.lock().unwrap().insert("b".into());
    }
    shelf
}

fn cleared(lock: &Naming) -> usize {
    lock.cleared.load(Ordering::Relaxed)
}

#[tokio::test]
async fn the_lock_lets_go_of_a_run_before_its_journal_says_that_it_has_ended() {
    for (verb, end) in ENDS {
        let (shelf, directory) = (shelf_for(verb, end).await, tempfile::tempdir().unwrap());
        let (ended, log, lock) = run(&shelf, &directory, (verb, end == End::Kept, false)).await;
        assert_eq!((replay(&log.entries).end, cleared(&lock)), (Some(end), 1), "{:?}", ended.outcome);
        assert!(ended.unclosed.is_none());
        assert_eq!(engine_of(&log, &shelf).end_due(&log).await.unwrap(), None, "it has ended");
    }
}

#[tokio::test(start_paused = true)]
async fn a_stuck_run_stays_on_its_lock() {
    let (shelf, directory) = (Shelf::default(), tempfile::tempdir().unwrap());
    // The write of `c` fails; then the removal of `b` fails too, as often as it is tried.
    shelf.fail("c", Fault::Refused, 1);
    let breaking = shelf.clone();
    *shelf.hook.lock().unwrap() = Some(Box::new(move |item| {
        if item == "c" {
            breaking.fail("b", Fault::Refused, usize::MAX);
        }
    }));
    let (_, log, lock) = run(&shelf, &directory, (Verb::Apply, false, false)).await;
    assert_eq!((replay(&log.entries).end, cleared(&lock)), (Some(End::Stuck), 0));
}

#[tokio::test]
async fn a_run_that_its_lock_does_not_let_go_of_lacks_nothing_but_its_end() {
    for (verb, end) in ENDS {
        let (shelf, directory) = (shelf_for(verb, end).await, tempfile::tempdir().unwrap());
        let (ended, log, lock) = run(&shelf, &directory, (verb, end == End::Kept, true)).await;
        assert_eq!(ended.unclosed.expect("a reason").report().code.as_deref(), Some("test::lock"));
        assert_eq!(replay(&log.entries).end, None);
        let later = engine_of(&log, &shelf).with_guard(lock.clone());
        assert_eq!(later.end_due(&log).await.unwrap(), Some(end));
        let open = Journal::resume(&log).await.unwrap();
        assert!(later.close(end, &open).await.is_err(), "it is closed only when the lock lets go of it");
        assert_eq!(Log::read(&log.path).unwrap(), log);
        lock.refuses.store(false, Ordering::Relaxed);
        later.close(end, &open).await.unwrap();
        assert_eq!(replay(&Log::read(&log.path).unwrap().entries).end, Some(end));
    }
}

/// What is left to do, or does not hold, is no end.
#[tokio::test]
async fn a_run_that_lacks_more_than_its_end_is_not_closed() {
    let (shelf, directory) = (Shelf::default(), tempfile::tempdir().unwrap());
    let (_, log, _) = run(&shelf, &directory, (Verb::Apply, false, true)).await;
    let due = async |engine: Engine| engine.end_due(&log).await.unwrap();
    shelf.broken_links.lock().unwrap().insert("b".into());
    assert_eq!(due(engine_of(&log, &shelf)).await, None, "its chain does not hold");
    shelf.broken_links.lock().unwrap().clear();
    assert_eq!(due(engine_of(&log, &shelf)).await, Some(End::Done));
    shelf.items.lock().unwrap().remove("c");
    assert_eq!(due(engine_of(&log, &shelf)).await, None, "something is left to do");
}

/// Nothing is proven of what is gone: the plan alone says that nothing is left.
#[tokio::test]
async fn a_destroy_that_has_something_left_to_do_is_not_closed() {
    let (shelf, directory) = (shelf_for(Verb::Destroy, End::Done).await, tempfile::tempdir().unwrap());
    let made = shelf.items.lock().unwrap().clone();
    let (_, log, _) = run(&shelf, &directory, (Verb::Destroy, false, true)).await;
    *shelf.items.lock().unwrap() = made;
    assert_eq!(engine_of(&log, &shelf).end_due(&log).await.unwrap(), None);
}

/// Before each record of a good run: what was announced and not answered is no end.
#[tokio::test]
async fn a_request_that_is_under_way_is_no_end() {
    let (shelf, directory) = (Shelf::default(), tempfile::tempdir().unwrap());
    let (_, log, _) = run(&shelf, &directory, (Verb::Apply, false, true)).await;
    for records in 1..=log.entries.len() {
        let is_open = matches!(log.entries[records - 1].record, Record::Intent { .. });
        let due = replay(&log.entries[..records]).end_due();
        assert_eq!(due, (!is_open).then_some(End::Done), "after {:?}", log.entries[records - 1].record);
    }
}
