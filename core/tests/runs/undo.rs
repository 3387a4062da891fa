//! Back: everything that a run may have changed, values that were there before included.

use serde_json::json;
use trustpath_core::{
    Class, Failure,
    journal::{End, Journal, Log, Record, Verb, replay},
    run::{Ended, Outcome, leaving},
};

use crate::shelf::{Fault, Shelf, chain, engine, engine_of, graph, run, step};

fn other_values(shelf: &Shelf) {
    shelf.put("a", &[("size", "XL"), ("note", "mine")]);
    shelf.put("c", &[("size", "XS")]);
}

/// The one journal in the directory.
fn log(directory: &tempfile::TempDir) -> Log {
    let entry = std::fs::read_dir(directory.path()).unwrap().next().unwrap().unwrap();
    Log::read(&entry.path()).unwrap()
}

fn rolled_back(ended: Ended) -> Failure {
    match ended.outcome {
        Outcome::RolledBack(why) => why,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_failure_puts_every_value_back_whether_or_not_its_write_landed() {
    for fault in [Fault::Refused, Fault::LostAnswer] {
        for failing in ["a", "b", "c"] {
            let (shelf, directory) = (Shelf::default(), tempfile::tempdir().unwrap());
            other_values(&shelf);
            let before = shelf.snapshot();
            shelf.fail(failing, fault, 1);
            let ended = run(&engine(&chain(), &shelf), Verb::Apply, directory.path()).await;
            let why = rolled_back(ended);
            assert_eq!((why.class(), why.step()), (Class::Rejected, Some(failing)));
            assert_eq!(shelf.snapshot(), before, "{fault:?} at {failing}");
        }
    }
}

#[tokio::test]
async fn a_destroy_that_fails_brings_everything_back() {
    let (shelf, directory) = (Shelf::default(), tempfile::tempdir().unwrap());
    let engine = engine(&chain(), &shelf);
    run(&engine, Verb::Apply, directory.path()).await;
    let before = shelf.snapshot();
    shelf.fail("a", Fault::LostAnswer, 1);
    rolled_back(run(&engine, Verb::Destroy, directory.path()).await);
    assert_eq!(shelf.snapshot(), before);
}

#[tokio::test]
async fn steps_are_taken_back_in_reverse() {
    let (shelf, directory) = (Shelf::default(), tempfile::tempdir().unwrap());
    shelf.fail("c", Fault::LostAnswer, 1);
    rolled_back(run(&engine(&chain(), &shelf), Verb::Apply, directory.path()).await);
    assert_eq!(shelf.writes()[5..], ["remove c", "remove b", "remove a"]);
}

#[tokio::test]
async fn an_undo_that_fails_is_stuck_and_goes_on_from_the_journal() {
    let (shelf, directory) = (Shelf::default(), tempfile::tempdir().unwrap());
    other_values(&shelf);
    let before = shelf.snapshot();
    // The write of `c` fails; then the removal of `b` fails too, as often as it is tried, and holds `a` back.
    shelf.fail("c", Fault::Refused, 1);
    let breaking = shelf.clone();
    *shelf.hook.lock().unwrap() = Some(Box::new(move |item| {
        if item == "c" {
            breaking.fail("b", Fault::Refused, usize::MAX);
        }
    }));
    let ended = run(&engine(&chain(), &shelf), Verb::Apply, directory.path()).await;
    let Outcome::Stuck { original, undo } = ended.outcome else { panic!("{:?}", ended.outcome) };
    assert_eq!(original.step(), Some("c"));
    let named: Vec<_> = undo.iter().map(|failure| (failure.step(), failure.class())).collect();
    assert_eq!(named, [(Some("b"), Class::Rejected), (Some("a"), Class::Stuck)]);

    let stuck = log(&directory);
    let failed = |record: &Record| matches!(record, Record::UndoFailed { step, .. } if step == "b");
    assert!(stuck.entries.iter().any(|entry| failed(&entry.record)), "its journal says what could not be taken back");
    assert_eq!(replay(&stuck.entries).end, Some(End::Stuck));
    *shelf.hook.lock().unwrap() = None;
    shelf.faults.lock().unwrap().clear();
    let outcome = engine_of(&stuck, &shelf).rollback(&stuck).await.unwrap();
    assert!(matches!(outcome, Outcome::RolledBack(_)), "{outcome:?}");
    assert_eq!(shelf.snapshot(), before);
    assert_eq!(replay(&log(&directory).entries).end, Some(End::RolledBack));
}

#[tokio::test]
async fn what_another_client_changed_since_is_refused_named_and_left() {
    let (shelf, directory) = (Shelf::default(), tempfile::tempdir().unwrap());
    run(&engine(&chain(), &shelf), Verb::Apply, directory.path()).await;
    shelf.items.lock().unwrap().get_mut("b").unwrap().insert("size".into(), "XXL".into());
    let done = log(&directory);
    let outcome = engine_of(&done, &shelf).rollback(&done).await.unwrap();
    let Outcome::Stuck { undo, .. } = outcome else { panic!("{outcome:?}") };
    assert_eq!((undo[0].step(), undo[0].class()), (Some("b"), Class::Conflict));
    assert!(undo[0].to_string().contains("fields.size"), "{}", undo[0]);
    let left = shelf.snapshot();
    assert_eq!((&left["b"]["size"], left.get("c")), (&json!("XXL"), None));
    assert!(left.get("a").is_some(), "what comes before the edited one has to wait");
}

#[tokio::test]
async fn what_the_user_leaves_is_left_and_the_run_is_over() {
    let (shelf, directory) = (Shelf::default(), tempfile::tempdir().unwrap());
    run(&engine(&chain(), &shelf), Verb::Apply, directory.path()).await;
    shelf.items.lock().unwrap().get_mut("b").unwrap().insert("size".into(), "XXL".into());
    let done = log(&directory);
    engine_of(&done, &shelf).rollback(&done).await.unwrap();
    let stuck = log(&directory);
    for unknown in ["c", "d"] {
        let refused = leaving(&[unknown.to_owned()], &stuck).unwrap_err();
        assert_eq!(refused.class(), Class::Usage, "`{unknown}` is back already, or never was");
    }
    let journal = Journal::resume(&stuck).await.unwrap();
    for record in leaving(&["b".to_owned()], &stuck).unwrap() {
        journal.append(record).await.unwrap();
    }
    let outcome = engine_of(&stuck, &shelf).rollback_in(&journal, &stuck.start).await.unwrap().outcome;
    assert!(matches!(outcome, Outcome::RolledBack(_)), "{outcome:?}");
    let left = shelf.snapshot();
    assert_eq!((&left["b"]["size"], left.as_object().unwrap().len()), (&json!("XXL"), 1), "all else is back");
    let over = replay(&log(&directory).entries);
    assert_eq!((over.end, over.pending().count()), (Some(End::RolledBack), 0));
    let entries = log(&directory).entries;
    let left = entries.iter().filter_map(|entry| match &entry.record {
        Record::Left { step } => Some(step.as_str()),
        _ => None,
    });
    assert_eq!(left.collect::<Vec<_>>(), ["b"]);
}

#[tokio::test]
async fn rollback_takes_the_run_back_whatever_the_file_says_today() {
    let (shelf, directory) = (Shelf::default(), tempfile::tempdir().unwrap());
    let old = graph(vec![step("a", &[], json!({"item": "old-name"}))]);
    run(&engine(&old, &shelf), Verb::Apply, directory.path()).await;
    assert!(shelf.snapshot().get("old-name").is_some());
    let done = log(&directory);
    engine_of(&done, &shelf).rollback(&done).await.unwrap();
    assert_eq!(shelf.snapshot(), json!({}));
}

#[tokio::test]
async fn rollback_against_another_server_is_refused() {
    let (shelf, directory) = (Shelf::default(), tempfile::tempdir().unwrap());
    run(&engine(&chain(), &shelf), Verb::Apply, directory.path()).await;
    let (done, before) = (log(&directory), shelf.snapshot());
    *shelf.id.lock().unwrap() = "another".into();
    let refused = engine_of(&done, &shelf).rollback(&done).await.unwrap_err();
    assert_eq!(refused.class(), Class::Refused);
    assert_eq!(shelf.snapshot(), before);
    assert_eq!(log(&directory), done, "a refused rollback wrote into the journal");
}

#[tokio::test]
async fn rolling_back_twice_does_nothing_the_second_time() {
    let (shelf, directory) = (Shelf::default(), tempfile::tempdir().unwrap());
    run(&engine(&chain(), &shelf), Verb::Apply, directory.path()).await;
    let done = log(&directory);
    engine_of(&done, &shelf).rollback(&done).await.unwrap();
    let writes = shelf.writes().len();
    let again = log(&directory);
    engine_of(&again, &shelf).rollback(&again).await.unwrap();
    assert_eq!(shelf.writes().len(), writes);
}
