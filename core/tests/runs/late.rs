//! Requests that no one answered: looked at again until they cannot be carried out any more, and only then called done
//! or undone.

use std::time::Duration;

use serde_json::{Value, json};
use trustpath_core::{
    Class,
    journal::{Log, Record, Verb, replay},
    run::Outcome,
};

use crate::shelf::{Fault, LIMITS, Shelf, chain, engine, log_in, run};

/// What is there once everything that was sent is over.
async fn in_the_end(shelf: &Shelf) -> Value {
    tokio::time::sleep(Duration::from_secs(600)).await;
    shelf.snapshot()
}

#[tokio::test(start_paused = true)]
async fn a_write_that_lands_after_the_undo_is_taken_back_too() {
    for there in [None, Some(("size", "XL"))] {
        let (shelf, directory) = (Shelf::default(), tempfile::tempdir().unwrap());
        if let Some(field) = there {
            shelf.put("b", &[field]);
        }
        let before = shelf.snapshot();
        // It is sent at 0 s, given up at 10 s, and carried out at 70 s: long after the first look.
        shelf.fail("b", Fault::ComesLate(Duration::from_secs(70)), 1);
        let ended = run(&engine(&chain(), &shelf).with_settings(LIMITS), Verb::Apply, directory.path()).await;
        let Outcome::RolledBack(why) = ended.outcome else { panic!("{:?}", ended.outcome) };
        assert_eq!((why.class(), why.step()), (Class::Timeout, Some("b")));
        assert!(shelf.writes().iter().filter(|write| *write == "put b").count() > 0, "it did not land");
        assert_eq!(in_the_end(&shelf).await, before);
    }
}

#[tokio::test(start_paused = true)]
async fn a_removal_that_lands_after_the_undo_is_taken_back_too() {
    let (shelf, directory) = (Shelf::default(), tempfile::tempdir().unwrap());
    let engine = engine(&chain(), &shelf).with_settings(LIMITS);
    run(&engine, Verb::Apply, directory.path()).await;
    let before = shelf.snapshot();
    shelf.fail("b", Fault::ComesLate(Duration::from_secs(70)), 1);
    let ended = run(&engine, Verb::Destroy, directory.path()).await;
    assert!(matches!(ended.outcome, Outcome::RolledBack(_)), "{:?}", ended.outcome);
    assert!(shelf.writes().contains(&"remove b".to_owned()), "it did not land");
    assert_eq!(in_the_end(&shelf).await, before);
}

#[tokio::test(start_paused = true)]
async fn an_undo_that_lands_late_is_not_called_undone_before() {
    let (shelf, directory) = (Shelf::default(), tempfile::tempdir().unwrap());
    shelf.put("a", &[("size", "XL"), ("note", "mine"), ("mark", "test")]);
    let before = shelf.snapshot();
    let late = shelf.clone();
    shelf.fail("b", Fault::Refused, 1);
    *shelf.hook.lock().unwrap() = Some(Box::new(move |item| {
        if item == "b" {
            late.fail("a", Fault::ComesLate(Duration::from_secs(60)), 1);
        }
    }));
    let ended = run(&engine(&chain(), &shelf).with_settings(LIMITS), Verb::Apply, directory.path()).await;
    assert!(matches!(ended.outcome, Outcome::RolledBack(_)), "{:?}", ended.outcome);
    assert_eq!(in_the_end(&shelf).await, before);
}

#[tokio::test(start_paused = true)]
async fn a_repeated_write_that_lands_once_more_does_not_end_as_done() {
    let (shelf, directory) = (Shelf::default(), tempfile::tempdir().unwrap());
    // The first of two requests is answered when it is repeated; its first attempt lands after the second request.
    shelf.fail("b", Fault::Repeated(Duration::from_secs(60)), 1);
    let ended = run(&engine(&chain(), &shelf).with_settings(LIMITS), Verb::Apply, directory.path()).await;
    let Outcome::RolledBack(why) = ended.outcome else { panic!("{:?}", ended.outcome) };
    assert_eq!(why.report().code.as_deref(), Some("trustpath::run::late"));
    assert_eq!(in_the_end(&shelf).await, json!({}));
}

#[tokio::test(start_paused = true)]
async fn a_repeated_write_that_does_no_harm_is_done_when_it_cannot_come_any_more() {
    let (shelf, directory) = (Shelf::default(), tempfile::tempdir().unwrap());
    run(&engine(&chain(), &shelf), Verb::Apply, directory.path()).await;
    // A removal is a single request: once more, it finds nothing.
    shelf.fail("b", Fault::Repeated(Duration::from_secs(60)), 1);
    let begun = tokio::time::Instant::now();
    let ended = run(&engine(&chain(), &shelf).with_settings(LIMITS), Verb::Destroy, directory.path()).await;
    assert!(matches!(ended.outcome, Outcome::Done), "{:?}", ended.outcome);
    assert!(begun.elapsed() >= Duration::from_secs(60), "it was called done before it was over");
    let log = log_in(&directory, "Destroy");
    assert!(log.entries.iter().any(|entry| matches!(&entry.record, Record::Settled { step } if step == "b")));
    assert_eq!(in_the_end(&shelf).await, json!({}));
}

#[tokio::test(start_paused = true)]
async fn a_journal_says_until_when_a_request_may_be_carried_out() {
    let (shelf, directory) = (Shelf::default(), tempfile::tempdir().unwrap());
    run(&engine(&chain(), &shelf).with_settings(LIMITS), Verb::Apply, directory.path()).await;
    let Log { entries, .. } = log_in(&directory, "Apply");
    let intent = entries.iter().position(|entry| matches!(entry.record, Record::Intent { .. })).unwrap();
    let settled_at = |upto: usize| {
        let progress = replay(&entries[..upto]);
        progress.pending().next().and_then(|(_, touched)| progress.settled_at(touched))
    };
    let sent = entries[intent].at;
    assert_eq!(settled_at(intent + 1).map(|at| at.duration_since(sent).as_secs()), Some(100));
    assert_eq!(settled_at(intent + 2), None, "an answered request is over");
}
