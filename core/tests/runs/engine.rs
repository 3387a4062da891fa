//! Forward: order, parallelism, limits, consent.

use std::{collections::BTreeSet, sync::Arc, sync::atomic::Ordering, time::Duration};

use serde_json::json;
use trustpath_core::{
    Class, Op,
    graph::Selection,
    journal::{End, Log, Record, Verb, replay},
    run::{Canceller, Consent, Outcome, Settings},
};

use crate::shelf::{Fault, Shelf, chain, engine, graph, journal, run, step};

#[tokio::test]
async fn applies_in_order_and_then_has_nothing_to_do() {
    let (shelf, directory) = (Shelf::default(), tempfile::tempdir().unwrap());
    let engine = engine(&chain(), &shelf);
    let ended = run(&engine, Verb::Apply, directory.path()).await;
    assert!(matches!(ended.outcome, Outcome::Done));
    assert_eq!(ended.evidence.len(), 3);
    assert_eq!(shelf.writes(), ["put a", "put a", "put b", "put b", "put c", "put c"]);
    assert!(engine.plan(Verb::Apply, &Selection::default()).await.unwrap().is_nothing());
}

#[tokio::test]
async fn destroys_in_reverse_and_names_what_is_left() {
    let (shelf, directory) = (Shelf::default(), tempfile::tempdir().unwrap());
    let engine = engine(&chain(), &shelf);
    run(&engine, Verb::Apply, directory.path()).await;
    shelf.items.lock().unwrap().get_mut("a").unwrap().insert("used".into(), "yes".into());
    shelf.log.lock().unwrap().clear();
    let ended = run(&engine, Verb::Destroy, directory.path()).await;
    assert!(matches!(ended.outcome, Outcome::Done));
    assert_eq!(shelf.writes(), ["remove c", "remove b"]);
    assert_eq!(ended.left.len(), 1);
    assert_eq!(ended.left[0].1.text(), "somebody uses it");
}

#[tokio::test]
async fn what_several_steps_read_is_read_once() {
    let shelf = Shelf::default();
    ["a", "b", "c"].iter().for_each(|item| shelf.put(item, &[("mark", "test")]));
    let engine = engine(&chain(), &shelf);
    for _ in 0..2 {
        shelf.looks.lock().unwrap().clear();
        engine.plan(Verb::Destroy, &Selection::default()).await.unwrap();
        let mut looks = shelf.looks.lock().unwrap().clone();
        looks.sort();
        assert_eq!(looks, ["a", "b", "c", "everything"], "in each plan, and not only in the first");
    }
}

/// Whatever stays needs what it was built on, however far below.
#[tokio::test]
async fn what_stays_holds_all_that_it_needs() {
    let (shelf, directory) = (Shelf::default(), tempfile::tempdir().unwrap());
    let specs = vec![
        step("a", &[], json!({})),
        step("b", &["a"], json!({})),
        step("c", &["b"], json!({})),
        step("d", &["b"], json!({})),
        step("e", &[], json!({})),
    ];
    let engine = engine(&graph(specs), &shelf);
    run(&engine, Verb::Apply, directory.path()).await;
    shelf.items.lock().unwrap().get_mut("c").unwrap().insert("used".into(), "yes".into());
    shelf.log.lock().unwrap().clear();
    let ended = run(&engine, Verb::Destroy, directory.path()).await;
    assert!(matches!(ended.outcome, Outcome::Done));
    // Neither needs the other: they go at the same time.
    assert_eq!(BTreeSet::from_iter(shelf.writes()), BTreeSet::from(["remove d", "remove e"].map(String::from)));
    let left: Vec<_> = ended.left.iter().map(|(place, note)| format!("{}: {}", place.index(), note.text())).collect();
    assert_eq!(left, ["0: `b`, `c` stay, and need it", "1: `c` stays, and needs it", "2: somebody uses it"]);
}

/// A role of another cluster uses this policy, and nothing else of this chain.
#[tokio::test]
async fn what_is_used_goes_only_with_its_users() {
    for (there, removed) in [(None, ["remove a", "remove b"].as_slice()), (Some("elsewhere"), &["remove b"])] {
        let (shelf, directory) = (Shelf::default(), tempfile::tempdir().unwrap());
        let specs = vec![
            step("b", &[], json!({})),
            step("a", &[], json!({"goes_with": ["c"]})),
            step("c", &["a", "b"], json!({})),
        ];
        let engine = engine(&graph(specs), &shelf);
        run(&engine, Verb::Apply, directory.path()).await;
        shelf.items.lock().unwrap().remove("c");
        if let Some(there) = there {
            shelf.put("c", &[("mark", "test"), (there, "yes")]);
        }
        shelf.log.lock().unwrap().clear();
        let ended = run(&engine, Verb::Destroy, directory.path()).await;
        let mut writes = shelf.writes();
        writes.sort();
        assert_eq!(writes, removed);
        let left: Vec<_> = ended.left.iter().map(|(_, note)| note.text()).collect();
        let expected = if there.is_some() { vec!["`c` stays, and needs it", "it is elsewhere's"] } else { vec![] };
        assert_eq!(left, expected);
    }
}

#[tokio::test]
async fn independent_steps_run_at_the_same_time_under_the_limit() {
    for limit in [1, 2] {
        let (shelf, directory) = (Shelf::default(), tempfile::tempdir().unwrap());
        *shelf.meeting.lock().unwrap() = Some(Arc::new(tokio::sync::Barrier::new(limit)));
        let specs = ["a", "b", "c", "d"].map(|name| step(name, &[], json!({})));
        let settings = Settings { parallelism: limit, ..Settings::default() };
        let engine = engine(&graph(specs.into()), &shelf).with_settings(settings);
        run(&engine, Verb::Apply, directory.path()).await;
        assert_eq!(shelf.most_at_work.load(Ordering::SeqCst), limit);
    }
}

#[tokio::test(start_paused = true)]
async fn every_intent_is_on_disk_before_its_write() {
    let (shelf, directory) = (Shelf::default(), tempfile::tempdir().unwrap());
    let engine = engine(&chain(), &shelf);
    let plan = engine.plan(Verb::Apply, &Selection::default()).await.unwrap();
    let journal = journal(&engine, &plan, directory.path()).await;
    let (path, seen) = (journal.path().to_owned(), Arc::new(std::sync::Mutex::new(0)));
    let counted = seen.clone();
    *shelf.hook.lock().unwrap() = Some(Box::new(move |item| {
        let log = Log::read(&path).unwrap();
        assert!(matches!(&log.entries.last().unwrap().record, Record::Intent { step, .. } if step == item));
        *counted.lock().unwrap() += 1;
    }));
    engine.run(&plan, &journal).await.unwrap();
    assert_eq!(*seen.lock().unwrap(), 6, "the hook did not run for every request");
    let log = Log::read(journal.path()).unwrap();
    assert_eq!(replay(&log.entries).end, Some(End::Done));
}

#[tokio::test]
async fn what_is_not_ours_is_taken_over_only_with_consent() {
    let shelf = Shelf::default();
    shelf.put("b", &[("size", "XL")]);
    let engine = engine(&chain(), &shelf);
    let plan = engine.plan(Verb::Apply, &Selection::default()).await.unwrap();
    let refused = engine.consented(&plan).unwrap_err();
    assert_eq!((refused.0.len(), refused.0[0].class(), refused.0[0].step()), (1, Class::Conflict, Some("b")));
    let consent = Consent { adopt: ["b".to_owned()].into(), ..Consent::default() };
    engine.with_consent(consent).consented(&plan).unwrap();
}

#[tokio::test]
async fn what_cannot_be_taken_back_is_made_only_with_consent() {
    let shelf = Shelf::default();
    let engine = engine(&graph(vec![step("a", &[], json!({"irreversible": true}))]), &shelf);
    let plan = engine.plan(Verb::Apply, &Selection::default()).await.unwrap();
    assert_eq!(engine.consented(&plan).unwrap_err().0[0].class(), Class::Refused);
    let consent = Consent { allow_irreversible: true, ..Consent::default() };
    engine.with_consent(consent).consented(&plan).unwrap();
}

#[tokio::test]
async fn values_known_after_apply_are_planned_again() {
    let (shelf, directory) = (Shelf::default(), tempfile::tempdir().unwrap());
    let specs = vec![step("a", &[], json!({})), step("b", &["a"], json!({"provisional_without": "a"}))];
    let engine = engine(&graph(specs), &shelf);
    run(&engine, Verb::Apply, directory.path()).await;
    assert_eq!(shelf.snapshot()["b"]["other"], "a");
    assert!(engine.plan(Verb::Apply, &Selection::default()).await.unwrap().is_nothing());
}

#[tokio::test]
async fn an_interruption_lets_the_write_settle_and_takes_everything_back() {
    let (shelf, directory) = (Shelf::default(), tempfile::tempdir().unwrap());
    shelf.put("a", &[("size", "XL"), ("mark", "test")]);
    let before = shelf.snapshot();
    let (canceller, cancel) = Canceller::new();
    *shelf.hook.lock().unwrap() = Some(Box::new(move |item| {
        if item == "b" {
            canceller.cancel();
        }
    }));
    let engine = engine(&chain(), &shelf).with_cancel(cancel);
    let ended = run(&engine, Verb::Apply, directory.path()).await;
    let Outcome::RolledBack(why) = ended.outcome else { panic!("{:?}", ended.outcome) };
    assert_eq!(why.class(), Class::Interrupted);
    assert_eq!(shelf.snapshot(), before);
    assert!(!shelf.writes().contains(&"put c".to_owned()), "a step was begun after the interruption");
}

#[tokio::test(start_paused = true)]
async fn a_write_that_timed_out_may_have_landed_and_is_taken_back() {
    let (shelf, directory) = (Shelf::default(), tempfile::tempdir().unwrap());
    shelf.fail("b", Fault::Stalls, 1);
    let settings = Settings { step_timeout: Duration::from_secs(1), ..Settings::default() };
    let engine = engine(&chain(), &shelf).with_settings(settings);
    let ended = run(&engine, Verb::Apply, directory.path()).await;
    let Outcome::RolledBack(why) = ended.outcome else { panic!("{:?}", ended.outcome) };
    assert_eq!((why.class(), why.step()), (Class::Timeout, Some("b")));
    assert!(shelf.writes().contains(&"put b".to_owned()), "the write did not land, so nothing was tested");
    assert_eq!(shelf.snapshot(), json!({}));
}

#[tokio::test]
async fn a_chain_that_does_not_hold_is_taken_back_unless_kept() {
    for keep in [false, true] {
        let (shelf, directory) = (Shelf::default(), tempfile::tempdir().unwrap());
        shelf.broken_links.lock().unwrap().insert("b".into());
        let engine = engine(&chain(), &shelf).with_consent(Consent { keep, ..Consent::default() });
        let ended = run(&engine, Verb::Apply, directory.path()).await;
        let why = match &ended.outcome {
            Outcome::Kept(why) if keep => why,
            Outcome::RolledBack(why) if !keep => why,
            other => panic!("{other:?}"),
        };
        assert_eq!((why.class(), why.step()), (Class::Unverified, Some("b")));
        assert_eq!(shelf.snapshot().as_object().unwrap().len(), if keep { 3 } else { 0 });
    }
}

#[tokio::test]
async fn a_plan_reads_everything_and_writes_nothing() {
    let shelf = Shelf::default();
    let plan = engine(&chain(), &shelf).plan(Verb::Apply, &Selection::default()).await.unwrap();
    let ops: Vec<_> = plan.steps.values().map(|planned| planned.plan.change.op()).collect();
    assert_eq!(ops, [Op::Create; 3]);
    assert_eq!(shelf.writes().len(), 0);
}

#[tokio::test]
async fn a_deep_chain_neither_recurses_nor_crawls() {
    let deep = 20_000;
    let name = |n: usize| format!("s{n}");
    let specs = (0..deep).map(|n| match n {
        0 => step(&name(0), &[], json!({})),
        n => step(&name(n), &[&name(n - 1)], json!({})),
    });
    let graph = graph(specs.collect());
    assert_eq!(graph.place("s19999").map(|place| place.index()), Some(deep - 1));
    let selection = Selection { from: Some("s1".into()), ..Selection::default() };
    assert_eq!(selection.places(&graph).unwrap().len(), deep - 1);
}
