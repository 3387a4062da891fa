//! What a request was to remove and leaves on purpose: the run ends, and says what stays.

use std::collections::BTreeMap;

use serde_json::Value;
use trustpath_core::{
    Note,
    journal::{End, JournalState, Log, Verb, replay},
    run::{Ended, Outcome},
};

use crate::shelf::{Fault, Shelf, chain, engine, engine_of, run};

const WHY: &str = "`a` is used by others";

fn used() -> Shelf {
    let shelf = Shelf::default();
    shelf.used_by_others.lock().unwrap().insert("a".into());
    shelf
}

fn log(directory: &tempfile::TempDir, verb: &str) -> Log {
    crate::shelf::log_in(directory, verb)
}

fn is_what_stays(shelf: &Shelf, progress: &JournalState) {
    assert_eq!(progress.stays, BTreeMap::from([("a".to_owned(), vec![WHY.to_owned()])]));
    assert_eq!(progress.pending().count(), 0, "it would be taken back once more");
    let there: Vec<_> = shelf.snapshot().as_object().unwrap().keys().cloned().collect();
    assert_eq!(there, ["a"], "all else is gone");
}

fn notes(ended: &Ended) -> Vec<&str> {
    ended
        .left
        .iter()
        .filter_map(|(_, note)| if let Note::Left(why) = note { Some(why.as_str()) } else { None })
        .collect()
}

#[tokio::test]
async fn a_run_that_fails_is_rolled_back_and_says_what_stays() {
    let (shelf, directory) = (used(), tempfile::tempdir().unwrap());
    shelf.fail("c", Fault::Refused, 1);
    let ended = run(&engine(&chain(), &shelf), Verb::Apply, directory.path()).await;
    assert!(matches!(ended.outcome, Outcome::RolledBack(_)), "{:?}", ended.outcome);
    assert_eq!(notes(&ended), [WHY]);
    let progress = replay(&log(&directory, "Apply").entries);
    assert_eq!(progress.end, Some(End::RolledBack));
    is_what_stays(&shelf, &progress);
}

#[tokio::test]
async fn a_rollback_leaves_it_once_and_has_nothing_to_do_the_second_time() {
    let (shelf, directory) = (used(), tempfile::tempdir().unwrap());
    run(&engine(&chain(), &shelf), Verb::Apply, directory.path()).await;
    for _ in 0..2 {
        let log = log(&directory, "Apply");
        let outcome = engine_of(&log, &shelf).rollback(&log).await.unwrap();
        assert!(matches!(outcome, Outcome::RolledBack(_)), "{outcome:?}");
    }
    is_what_stays(&shelf, &replay(&log(&directory, "Apply").entries));
}

#[tokio::test]
async fn what_comes_after_it_is_another_run() {
    let (shelf, directory) = (used(), tempfile::tempdir().unwrap());
    run(&engine(&chain(), &shelf), Verb::Apply, directory.path()).await;
    let first = log(&directory, "Apply");
    engine_of(&first, &shelf).rollback(&first).await.unwrap();
    shelf.used_by_others.lock().unwrap().clear();
    let ended = run(&engine(&chain(), &shelf), Verb::Destroy, directory.path()).await;
    assert!(matches!(ended.outcome, Outcome::Done), "{:?}", ended.outcome);
    assert_eq!((notes(&ended), shelf.snapshot()), (Vec::new(), Value::Object(Default::default())));
}

#[tokio::test]
async fn a_removal_that_leaves_something_is_done_and_says_so() {
    let (shelf, directory) = (used(), tempfile::tempdir().unwrap());
    run(&engine(&chain(), &shelf), Verb::Apply, directory.path()).await;
    let ended = run(&engine(&chain(), &shelf), Verb::Destroy, directory.path()).await;
    assert!(matches!(ended.outcome, Outcome::Done), "{:?}", ended.outcome);
    assert_eq!(notes(&ended), [WHY]);
    let progress = replay(&log(&directory, "Destroy").entries);
    assert_eq!((progress.end, progress.stays.get("a")), (Some(End::Done), Some(&vec![WHY.to_owned()])));
    // Taken back, the removal was none of it, and nothing stays that had to go.
    let log_of_it = log(&directory, "Destroy");
    engine_of(&log_of_it, &shelf).rollback(&log_of_it).await.unwrap();
    assert_eq!(shelf.snapshot().as_object().unwrap().len(), 3);
}

#[tokio::test]
async fn what_could_not_be_seen_at_first_is_looked_at_again_and_goes() {
    let (shelf, directory) = (Shelf::default(), tempfile::tempdir().unwrap());
    shelf.unsure.lock().unwrap().insert("a".into(), 2);
    shelf.fail("c", Fault::Refused, 1);
    let ended = run(&engine(&chain(), &shelf), Verb::Apply, directory.path()).await;
    assert!(matches!(ended.outcome, Outcome::RolledBack(_)), "{:?}", ended.outcome);
    assert_eq!((notes(&ended), shelf.snapshot()), (Vec::new(), Value::Object(Default::default())));
}

#[tokio::test]
async fn what_can_never_be_seen_stays_and_the_run_is_over() {
    let (shelf, directory) = (Shelf::default(), tempfile::tempdir().unwrap());
    shelf.unsure.lock().unwrap().insert("a".into(), usize::MAX);
    shelf.fail("c", Fault::Refused, 1);
    let ended = run(&engine(&chain(), &shelf), Verb::Apply, directory.path()).await;
    assert!(matches!(ended.outcome, Outcome::RolledBack(_)), "{:?}", ended.outcome);
    assert_eq!(notes(&ended), ["`a` may be used by others"]);
    assert!(shelf.snapshot().get("a").is_some(), "it was removed all the same");
}
