//! Which rights a run needs, and what happens where one is missing.

use std::collections::BTreeSet;

use serde_json::json;
use trustpath_core::{
    Class,
    graph::Selection,
    journal::{Log, Verb},
    run::{Engine, RequiredRights, Settings},
};

use crate::shelf::{Shelf, chain, engine, graph, journal, right, run, step};

/// Each right, with what needs it.
fn shown(needs: &RequiredRights) -> Vec<String> {
    needs.all().iter().map(|need| format!("{} ({})", need.right.what, need.by)).collect()
}

fn one(shelf: &Shelf) -> Engine {
    engine(&graph(vec![step("a", &[], json!({"fields": {"size": "1"}}))]), shelf)
}

async fn planned(engine: &Engine, verb: Verb) -> RequiredRights {
    engine.required_rights(&engine.plan(verb, &Selection::default()).await.unwrap()).unwrap()
}

#[tokio::test]
async fn an_apply_needs_its_writes_the_way_back_and_the_proof() {
    let shelf = Shelf::default();
    let needs = planned(&one(&shelf), Verb::Apply).await;
    // It is made in two requests, and may be cut off after the first.
    let expected = [
        "make a (`a`: apply)",
        "change a (`a`: apply)",
        "see a (`a`: verify, rollback)",
        "take a (`a`: rollback)",
        "try a (`a`: verify)",
    ];
    assert_eq!(shown(&needs), expected);
}

#[tokio::test]
async fn what_is_as_it_should_be_needs_only_the_proof() {
    let (shelf, directory) = (Shelf::default(), tempfile::tempdir().unwrap());
    let engine = one(&shelf);
    run(&engine, Verb::Apply, directory.path()).await;
    assert_eq!(shown(&planned(&engine, Verb::Apply).await), ["see a (`a`: verify)", "try a (`a`: verify)"]);
}

#[tokio::test]
async fn the_way_back_writes_what_is_there_now() {
    let shelf = Shelf::default();
    shelf.put("a", &[("size", "7"), ("mark", "test")]);
    let needs = planned(&one(&shelf), Verb::Apply).await;
    let change = needs.all().iter().find(|need| need.right.what == "change a").unwrap();
    let written = [json!({"size": "1", "mark": "test"}), json!({"size": "7", "mark": "test"})];
    assert_eq!(change.grants, written);
}

#[tokio::test]
async fn a_removal_needs_to_see_who_else_uses_it() {
    let (shelf, directory) = (Shelf::default(), tempfile::tempdir().unwrap());
    let engine = one(&shelf);
    assert_eq!(shown(&planned(&engine, Verb::Destroy).await), [] as [&str; 0], "there is nothing to remove");
    run(&engine, Verb::Apply, directory.path()).await;
    let expected = [
        "see a (`a`: rollback, destroy)",
        "see everything (`a`: destroy)",
        "take a (`a`: destroy)",
        "make a (`a`: rollback)",
        "change a (`a`: rollback)",
    ];
    assert_eq!(shown(&planned(&engine, Verb::Destroy).await), expected);
}

#[tokio::test]
async fn a_rollback_needs_what_stands_in_the_journal() {
    let (shelf, directory) = (Shelf::default(), tempfile::tempdir().unwrap());
    let engine = one(&shelf);
    let plan = engine.plan(Verb::Apply, &Selection::default()).await.unwrap();
    let journal = journal(&engine, &plan, directory.path()).await;
    engine.run(&plan, &journal).await.unwrap();
    let needs = engine.required_rights_of_rollback(&Log::read(journal.path()).unwrap(), &[]).unwrap();
    assert_eq!(shown(&needs), ["see a (`a`: rollback)", "take a (`a`: rollback)"]);
}

#[tokio::test]
async fn all_that_is_missing_is_told_at_once() {
    let shelf = Shelf::default();
    let engine = engine(&chain(), &shelf);
    let needs = planned(&engine, Verb::Apply).await;
    assert_eq!(engine.preflight(&needs).await.unwrap(), ["the shelf does not say who may whistle"]);
    *shelf.forbidden.lock().unwrap() = BTreeSet::from(["take b".to_owned(), "try c".to_owned()]);
    let report = engine.preflight(&needs).await.unwrap_err().report();
    assert_eq!((report.class, report.code.as_deref()), (Class::Denied, Some("trustpath::preflight::denied")));
    let lines =
        "2 rights are missing, and nothing was written:\n  shelf: take b (`b`: rollback)\n  shelf: try c (`c`: verify)";
    assert_eq!(report.message, lines);
}

#[tokio::test]
async fn the_run_itself_needs_rights_where_its_steps_do() {
    let shelf = Shelf::default();
    let elsewhere = trustpath_core::Right { system: "cellar", ..right("look into", "the cellar") };
    let engine = one(&shelf).with_own_rights(vec![right("see", "the shelf"), elsewhere]);
    let needs = planned(&engine, Verb::Apply).await;
    assert_eq!(shown(&needs).last().unwrap(), "see the shelf (the run itself: apply)");
}

#[tokio::test]
async fn permissions_are_those_of_all_verbs_one_by_one() {
    let shelf = Shelf::default();
    let engine = one(&shelf);
    let needed = engine.needed(&Selection::default()).await.unwrap();
    let (needs, untold) = needed.needs.spelled_out(engine.handles()).await;
    assert!(untold.is_empty());
    let expected = [
        "see a (`a`: plan, verify, rollback, destroy)",
        "make a (`a`: apply, rollback)",
        "change a (`a`: apply, rollback)",
        "take a (`a`: rollback, destroy)",
        "try a (`a`: verify)",
        "see bread (`a`: destroy)",
        "see salt (`a`: destroy)",
    ];
    assert_eq!(shown(&needs), expected);
}

#[tokio::test]
async fn what_cannot_be_seen_is_not_guessed_smaller() {
    let shelf = Shelf::default();
    let engine = engine(&chain(), &shelf);
    shelf.unseen.lock().unwrap().insert("b".into());
    let needed = engine.needed(&Selection { only: vec!["b".into()], ..Selection::default() }).await.unwrap();
    let unseen: Vec<_> = needed.unseen.iter().map(|(place, _)| &*engine.graph().node(*place).name).collect();
    assert_eq!(unseen, ["b"]);
    let expected = [
        "see a (`a`: plan)",
        "see b (`b`: plan, apply, verify, rollback, destroy)",
        "see everything (`b`: destroy; `c`: destroy)",
        "make b (`b`: apply, rollback, destroy)",
        "change b (`b`: apply, rollback, destroy)",
        "take b (`b`: apply, rollback, destroy)",
        "try b (`b`: verify)",
        "see c (`c`: destroy)",
    ];
    assert_eq!(shown(&needed.needs), expected);
}

/// What an apply of these steps asks of the credentials.
async fn demand(steps: Vec<trustpath_core::graph::Spec>) -> trustpath_core::Demand {
    let shelf = Shelf::default();
    let needs = planned(&engine(&graph(steps), &shelf), Verb::Apply).await;
    let systems = needs.systems();
    needs.demand(systems.first().expect("a system"))
}

#[tokio::test]
async fn a_run_needs_credentials_for_all_its_requests_and_for_its_longest_chain() {
    let Settings { step_timeout, verify_timeout, .. } = one(&Shelf::default()).settings();
    let fields = || json!({"fields": {"size": "1"}});
    let alone = demand(vec![step("a", &[], fields())]).await;
    // Two requests there; a look and two requests back from each of two waypoints; a look and a try as the proof: each
    // of the three with one for what needs no right.
    assert!(alone.requests >= 2 + 3 + 2 + 3, "{alone:?}");
    assert_eq!((alone.time, alone.plans_again), (2 * step_timeout + verify_timeout, false));
    let beside = demand(vec![step("a", &[], fields()), step("b", &[], fields())]).await;
    assert_eq!((beside.requests, beside.time), (2 * alone.requests, alone.time));
    let chained = demand(vec![step("a", &[], fields()), step("b", &["a"], fields())]).await;
    assert_eq!((chained.requests, chained.time), (2 * alone.requests, 4 * step_timeout + verify_timeout));
}
