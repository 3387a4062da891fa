//! Proofs of what does not depend on the last step, while that one is made.

use std::time::Duration;

use trustpath_core::{Class, journal::Verb, run::Outcome};

use crate::shelf::{Fault, LIMITS, Shelf, chain, engine, run};

/// Only what is looked at once all but the last step are made counts; the last write before that goes so, which changes
/// nothing when it is repeated.
fn once_only_the_last_is_left(shelf: &Shelf, fault: Option<Fault>) {
    let (on_it, mut writes) = (shelf.clone(), 0);
    *shelf.hook.lock().unwrap() = Some(Box::new(move |item| {
        writes += usize::from(item == "b");
        if item == "b" && writes == 2 {
            on_it.looks.lock().unwrap().clear();
            fault.into_iter().for_each(|fault| on_it.fail("b", fault, 1));
        }
    }));
}

#[tokio::test(start_paused = true)]
async fn they_do_not_wait_for_it_and_end_before_anything_is_taken_back() {
    let (shelf, directory) = (Shelf::default(), tempfile::tempdir().unwrap());
    let before = shelf.snapshot();
    once_only_the_last_is_left(&shelf, None);
    shelf.fail("c", Fault::Stalls, 1);
    let ended = run(&engine(&chain(), &shelf).with_settings(LIMITS), Verb::Apply, directory.path()).await;
    let Outcome::RolledBack(why) = ended.outcome else { panic!("{:?}", ended.outcome) };
    assert_eq!((why.class(), why.step(), ended.evidence.len()), (Class::Timeout, Some("c"), 0));
    let looks = shelf.looks.lock().unwrap().clone();
    // Last in first out: what may come late is looked at once more when it is over.
    assert_eq!(looks, ["b", "a", "c", "c", "b", "a"], "the proofs, and then what is looked at to take it back");
    assert_eq!(shelf.snapshot(), before);
}

#[tokio::test(start_paused = true)]
async fn what_was_proven_before_a_late_request_was_over_is_proven_again() {
    for (fault, proofs) in [(None, 1), (Some(Fault::Repeated(Duration::from_secs(1))), 2)] {
        let (shelf, directory) = (Shelf::default(), tempfile::tempdir().unwrap());
        once_only_the_last_is_left(&shelf, fault);
        let ended = run(&engine(&chain(), &shelf).with_settings(LIMITS), Verb::Apply, directory.path()).await;
        assert!(matches!(ended.outcome, Outcome::Done), "{:?}", ended.outcome);
        let proven: Vec<_> = ended.evidence.iter().map(|(place, _)| place.index()).collect();
        assert_eq!(proven, [0, 1, 2], "each once, in the order of the graph");
        let looks = shelf.looks.lock().unwrap().clone();
        assert_eq!(looks.iter().filter(|look| *look == "a").count(), proofs, "{looks:?}");
    }
}

/// All proofs are made together then, and ask for what they have in common once.
#[tokio::test]
async fn where_only_the_last_step_changes_none_is_ahead() {
    let (shelf, directory) = (Shelf::default(), tempfile::tempdir().unwrap());
    let engine = engine(&chain(), &shelf);
    run(&engine, Verb::Apply, directory.path()).await;
    shelf.items.lock().unwrap().remove("c");
    let looks = shelf.looks.clone();
    *shelf.hook.lock().unwrap() = Some(Box::new(move |_| looks.lock().unwrap().clear()));
    run(&engine, Verb::Apply, directory.path()).await;
    let mut looks = shelf.looks.lock().unwrap().clone();
    looks.sort();
    assert_eq!(looks, ["a", "b", "c"]);
}
