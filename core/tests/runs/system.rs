//! One system alone: steps of others are not read, are taken at the file's word, and are unchecked in a proof.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Value, json};
use trustpath_core::{
    Change, CheckOutcome, Class, Context, Evidence, Goal, Handles, Identity, Part, Plan, Problem, Result, Right, Stage,
    Step, Target,
    graph::Spec,
    journal::Verb,
    run::{Engine, Outcome, Relation},
};

use crate::shelf::{Shelf, graph, run, step};

/// A step on a system that fails whoever looks at it.
struct Elsewhere;

fn looked_at<T>() -> Result<T> {
    Err(Problem::new(Class::Internal, "test::looked_at", "it was looked at").into())
}

#[async_trait]
impl Step for Elsewhere {
    fn systems(&self) -> &'static [&'static str] {
        &["elsewhere", "shelf"]
    }

    async fn plan(&self, _: &Context, _: &Goal) -> Result<Plan> {
        looked_at()
    }

    fn parts(&self, _: &Context, _: &Change) -> Result<Vec<Part>> {
        looked_at()
    }

    async fn apply(&self, _: &Context, _: &Part) -> Result<()> {
        looked_at()
    }

    async fn verify(&self, _: &Context) -> Result<Evidence> {
        looked_at()
    }

    fn rights(&self, _: &Context, _: Stage<'_>) -> Result<Vec<Right>> {
        looked_at()
    }
}

fn handles(shelf: &Shelf, only: &str) -> Arc<Handles> {
    let shelf = shelf.clone();
    let handles = Handles::new().with(move || {
        let shelf = shelf.clone();
        async move { Ok(shelf) }
    });
    let stated = Target::from([("elsewhere".to_owned(), Identity::from([("uid".to_owned(), "1".to_owned())]))]);
    Arc::new(handles.only(only, stated))
}

/// `a` and `c` are on the shelf; `c` needs `b`, which needs `a`, and is elsewhere.
fn engine(shelf: &Shelf) -> Engine {
    let elsewhere = Spec {
        name: "b".into(),
        uses: "elsewhere".into(),
        with: Value::Null,
        needs: vec!["a".into()],
        step: Some(Arc::new(Elsewhere)),
    };
    let of = |name: &str, needs: &[&str]| step(name, needs, json!({"fields": {"size": "1"}}));
    let graph = graph(vec![of("a", &[]), elsewhere, of("c", &["b"])]);
    Engine::new(graph, handles(shelf, "shelf"))
}

#[tokio::test]
async fn what_lies_elsewhere_is_taken_at_its_word_there_and_back() {
    let (shelf, directory) = (Shelf::default(), tempfile::tempdir().unwrap());
    let engine = engine(&shelf);
    let plan = engine.plan(Verb::Apply, &Default::default()).await.unwrap();
    let relations: Vec<_> = plan.steps.values().map(|planned| planned.relation).collect();
    assert_eq!(relations, [Relation::Chosen, Relation::Unread, Relation::Chosen]);
    let ended = run(&engine, Verb::Apply, directory.path()).await;
    assert!(matches!(ended.outcome, Outcome::Done), "{:?}", ended.outcome);
    let unchecked = |evidence: &Evidence| matches!(evidence.checks[0].outcome, CheckOutcome::Unchecked { .. });
    let proofs: Vec<_> = ended.evidence.iter().map(|(_, proof)| unchecked(proof.as_ref().unwrap())).collect();
    assert_eq!(proofs, [false, true, false]);
    let verified = engine.verify(&Default::default()).await.unwrap();
    assert_eq!(verified.iter().map(|(_, proof)| unchecked(proof.as_ref().unwrap())).collect::<Vec<_>>(), proofs);
    let ended = run(&engine, Verb::Destroy, directory.path()).await;
    assert!(matches!(ended.outcome, Outcome::Done) && shelf.snapshot() == json!({}), "{:?}", ended.outcome);
}

#[tokio::test]
async fn rights_are_those_of_the_one_system() {
    let engine = engine(&Shelf::default());
    let needed = engine.needed(&Default::default()).await.unwrap();
    assert!(needed.unseen.is_empty(), "{:?}", needed.unseen);
    assert_eq!(needed.needs.systems().into_iter().collect::<Vec<_>>(), ["shelf"]);
}

#[tokio::test]
async fn another_system_is_not_opened_and_only_what_is_said_of_it_is_known() {
    let other = handles(&Shelf::default(), "elsewhere");
    let refused = other.get::<Shelf>().await.err().expect("it was opened").report();
    assert_eq!(refused.code.as_deref(), Some("trustpath::system::not_looked_at"));
    assert!(other.identify("shelf").await.is_err());
    let here = handles(&Shelf::default(), "shelf");
    assert_eq!(here.identify("elsewhere").await.unwrap()["uid"], "1");
    assert_eq!((here.stated("shelf"), here.looks_at("shelf"), here.looks_at("elsewhere")), (None, true, false));
}
