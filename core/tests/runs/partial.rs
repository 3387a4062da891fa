//! Partial runs: what lies outside of the command must have nothing to do.

use serde_json::json;
use trustpath_core::{
    Class,
    graph::{Graph, Selection},
    journal::Verb,
    run::RunPlan,
};

use crate::shelf::{Shelf, chain, engine, run};

fn only(name: &str) -> Selection {
    Selection { only: vec![name.into()], ..Selection::default() }
}

fn changes(graph: &Graph, plan: &RunPlan) -> Vec<String> {
    plan.changes().map(|(place, _)| graph.node(place).name.to_string()).collect()
}

#[tokio::test]
async fn one_step_alone_when_what_it_needs_is_there() {
    let (shelf, directory) = (Shelf::default(), tempfile::tempdir().unwrap());
    let engine = engine(&chain(), &shelf);
    run(&engine, Verb::Apply, directory.path()).await;
    shelf.items.lock().unwrap().remove("b");
    let plan = engine.plan(Verb::Apply, &only("b")).await.unwrap();
    assert_eq!(changes(engine.graph(), &plan), ["b"]);
}

#[tokio::test]
async fn refused_when_what_it_needs_has_something_to_do() {
    let (shelf, directory) = (Shelf::default(), tempfile::tempdir().unwrap());
    let engine = engine(&chain(), &shelf);
    run(&engine, Verb::Apply, directory.path()).await;
    shelf.put("a", &[("size", "changed by hand"), ("mark", "test")]);
    shelf.items.lock().unwrap().remove("c");
    let refused = engine.plan(Verb::Apply, &only("c")).await.unwrap_err();
    let report = refused.0[0].report();
    assert_eq!((report.class, report.step.as_deref()), (Class::Refused, Some("a")));
    assert_eq!(report.help.as_deref(), Some("apply it too: trustpath apply a c"));
}

#[tokio::test]
async fn destroying_what_others_need_is_refused() {
    let (shelf, directory) = (Shelf::default(), tempfile::tempdir().unwrap());
    let engine = engine(&chain(), &shelf);
    run(&engine, Verb::Apply, directory.path()).await;
    let refused = engine.plan(Verb::Destroy, &only("b")).await.unwrap_err();
    assert_eq!(refused.0[0].report().help.as_deref(), Some("destroy it too: trustpath destroy b c"));
    let plan = engine.plan(Verb::Destroy, &Selection { from: Some("b".into()), ..Selection::default() }).await.unwrap();
    assert_eq!(changes(engine.graph(), &plan), ["b", "c"]);
}

#[tokio::test]
async fn an_unknown_step_is_named_with_the_known_ones() {
    let engine = engine(&chain(), &Shelf::default());
    let skip = Selection { skip: vec!["d".into()], ..Selection::default() };
    let report = engine.plan(Verb::Apply, &skip).await.unwrap_err().0[0].report();
    assert_eq!(report.class, Class::Usage);
    assert!(report.help.unwrap().contains("known: a, b, c"));
}

#[tokio::test]
async fn skipped_steps_are_not_even_read() {
    let shelf = Shelf::default();
    let engine = engine(&chain(), &shelf);
    let skip = Selection { skip: vec!["c".into()], ..Selection::default() };
    let plan = engine.plan(Verb::Apply, &skip).await.unwrap();
    assert_eq!(plan.steps.len(), 2);
    assert_eq!(shelf.snapshot(), json!({}));
}
