//! A run that was cut off: taken back, or carried to its end, by another process, from any record of its journal.

use serde_json::json;
use trustpath_core::{
    Class,
    graph::Selection,
    journal::{End, Journal, Log, Record, Verb, replay},
    run::{Outcome, Settings},
};

use crate::shelf::{Shelf, chain, engine, engine_of, journal, run};

/// A run that is cut off when its n-th request is sent, before or after it is carried out; `None` when it has fewer.
async fn cut_off(shelf: &Shelf, directory: &tempfile::TempDir, nth: usize, landed: bool) -> Option<Log> {
    let engine = engine(&chain(), shelf);
    let plan = engine.plan(Verb::Apply, &Selection::default()).await.unwrap();
    let journal = journal(&engine, &plan, directory.path()).await;
    let reached = shelf.stop_at(nth, landed);
    let path = journal.path().to_owned();
    let cut = tokio::select! {
        () = reached.notified() => true,
        ended = engine.run(&plan, &journal) => ended.is_err(),
    };
    shelf.go_on();
    cut.then(|| Log::read(&path).unwrap())
}

#[tokio::test(start_paused = true)]
async fn cut_off_at_any_request_it_is_taken_back() {
    for landed in [false, true] {
        for nth in 0.. {
            let (shelf, directory) = (Shelf::default(), tempfile::tempdir().unwrap());
            shelf.put("a", &[("size", "XL"), ("note", "mine")]);
            let before = shelf.snapshot();
            let Some(log) = cut_off(&shelf, &directory, nth, landed).await else {
                assert_eq!(nth, 5, "the run does not have the requests that it should have");
                break;
            };
            let outcome = engine_of(&log, &shelf).rollback(&log).await.unwrap();
            assert!(matches!(outcome, Outcome::RolledBack(_)), "request {nth}: {outcome:?}");
            assert_eq!(shelf.snapshot(), before, "request {nth}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn cut_off_at_any_request_it_is_carried_to_its_end_and_can_still_be_taken_back() {
    for landed in [false, true] {
        for nth in 0..5 {
            let (shelf, directory) = (Shelf::default(), tempfile::tempdir().unwrap());
            shelf.put("a", &[("size", "XL"), ("note", "mine")]);
            let before = shelf.snapshot();
            let log = cut_off(&shelf, &directory, nth, landed).await.unwrap();
            let engine = engine_of(&log, &shelf);
            let rest = engine.plan_remaining(&log).await.unwrap();
            let ended = engine.resume_in(&Journal::resume(&log).await.unwrap(), &rest, "test").await.unwrap();
            assert!(matches!(ended.outcome, Outcome::Done), "request {nth}: {:?}", ended.outcome);
            let sizes = ["a", "b", "c"].map(|item| shelf.snapshot()[item]["size"].clone());
            assert_eq!(sizes, [json!("1"), json!("2"), json!("3")], "request {nth}");
            let log = Log::read(&log.path).unwrap();
            assert_eq!(replay(&log.entries).end, Some(End::Done));
            engine_of(&log, &shelf).rollback(&log).await.unwrap();
            assert_eq!(shelf.snapshot(), before, "request {nth}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_another_client_changed_in_between_is_not_written_over() {
    let (shelf, directory) = (Shelf::default(), tempfile::tempdir().unwrap());
    let log = cut_off(&shelf, &directory, 3, true).await.unwrap();
    shelf.items.lock().unwrap().get_mut("a").unwrap().insert("size".into(), "theirs".into());
    let (engine, before) = (engine_of(&log, &shelf), shelf.snapshot());
    let refused = engine.plan_remaining(&log).await.unwrap_err();
    assert_eq!((refused.0[0].class(), refused.0[0].step()), (Class::Conflict, Some("a")));
    assert_eq!(shelf.snapshot(), before);
}

#[tokio::test(start_paused = true)]
async fn an_undo_that_was_cut_off_goes_on() {
    for nth in 0.. {
        let (shelf, directory) = (Shelf::default(), tempfile::tempdir().unwrap());
        shelf.put("a", &[("size", "XL"), ("note", "mine")]);
        let before = shelf.snapshot();
        run(&engine(&chain(), &shelf), Verb::Apply, directory.path()).await;
        let log = Log::read(&std::fs::read_dir(&directory).unwrap().next().unwrap().unwrap().path()).unwrap();
        let engine = engine_of(&log, &shelf);
        let reached = shelf.stop_at(nth, nth % 2 == 0);
        let path = log.path.clone();
        let cut = tokio::select! {
            () = reached.notified() => true,
            ended = engine.rollback(&log) => ended.is_err(),
        };
        shelf.go_on();
        let log = Log::read(&path).unwrap();
        if !cut {
            assert_eq!(nth, 3, "the undo does not have the requests that it should have");
            break;
        }
        let announced = log.entries.iter().any(|entry| matches!(entry.record, Record::UndoIntent { .. }));
        assert!(announced, "the undo was not cut off in the middle");
        engine_of(&log, &shelf).rollback(&log).await.unwrap();
        assert_eq!(shelf.snapshot(), before, "request {nth}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_goes_on_with_the_limits_that_it_began_with() {
    let (shelf, directory) = (Shelf::default(), tempfile::tempdir().unwrap());
    let log = cut_off(&shelf, &directory, 1, false).await.unwrap();
    assert_ne!(log.start.limits, Settings::default());
    assert_eq!(log.start.limits, engine(&chain(), &shelf).settings());
    assert_eq!(log.start.chosen, ["a", "b", "c"]);
}
