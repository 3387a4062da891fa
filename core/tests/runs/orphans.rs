//! What a graph has left: found beside a plan, and removed by steps behind those that it has.

use async_trait::async_trait;
use serde_json::{Value, json};
use trustpath_core::{
    About, Answer, Answers, Class, Context, Kind, Leftover, LeftoverSearch, Leftovers, Problem, Read, Reads, Result,
    Right,
    journal::Verb,
    run::{Engine, Orphans, RunPlan},
};

use crate::shelf::{ITEM, Shelf, chain, engine, run};

/// Names these as left, whatever there is.
struct Names(fn() -> Vec<Leftover>);

impl Leftovers for Names {
    fn reads(&self, _: &About<'_>, so_far: &Answers) -> Reads {
        let reads = Reads::none().and("first", Says("nothing")).and("dark", Says("refused"));
        if so_far.is_empty() { reads } else { reads.and("second", Says("nothing")) }
    }

    fn found(&self, about: &About<'_>, answers: &Answers) -> Result<LeftoverSearch> {
        assert!(answers.answer("second").is_some(), "what the first answers lead to was not read");
        assert_eq!((about.graph, about.steps.len()), ("test", 3));
        Ok(LeftoverSearch { leftovers: (self.0)(), notes: Vec::new() })
    }
}

/// What cannot be read, or has no end.
struct Broken(&'static str);

impl Leftovers for Broken {
    fn reads(&self, _: &About<'_>, so_far: &Answers) -> Reads {
        let next = (0..20).find(|nth| so_far.answer(&nth.to_string()).is_none());
        Reads::none().and(next.unwrap_or_default().to_string(), Says(self.0))
    }

    fn found(&self, _: &About<'_>, _: &Answers) -> Result<LeftoverSearch> {
        panic!("it was not to come so far")
    }
}

#[derive(Debug)]
struct Says(&'static str);

#[async_trait]
impl Read for Says {
    fn rights(&self) -> Vec<Right> {
        Vec::new()
    }

    async fn perform(&self, _: &Context) -> Result<Answer> {
        match self.0 {
            "refused" => Ok(Answer::Refused("it is dark there".into())),
            "fails" => Err(Problem::new(Class::Timeout, "test::fails", "no one answered").into()),
            _ => Ok(Answer::Nothing),
        }
    }
}

fn leftover(object: &str, with: Option<Value>, needs_one_of: &[&str]) -> Leftover {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let needs = names(&["b", "not there"]);
    Leftover { object: object.into(), does: "lies there".into(), with, needs, needs_one_of: names(needs_one_of) }
}

fn item(name: &str) -> Option<Value> {
    Some(json!({"item": name}))
}

static ONE: Names = Names(|| vec![leftover("old d", item("d"), &["not there", "c"])]);
static DOUBTFUL: Names = Names(|| {
    vec![
        leftover("old d", item("d"), &["lost"]),
        leftover("on d", item("e"), &["old d"]),
        leftover("another", None, &[]),
        leftover("odd", Some(json!({"what": 3})), &[]),
        leftover("a", item("f"), &[]),
        leftover("old g", item("g"), &[]),
    ]
});
static NO_ANSWER: Broken = Broken("fails");
static NO_END: Broken = Broken("nothing");

async fn search(engine: &Engine, kind: &'static Kind) -> (RunPlan, Orphans) {
    engine.plan_and_search(Verb::Apply, &Default::default(), &[kind]).await.unwrap()
}

fn certain(orphans: &Orphans) -> Vec<String> {
    orphans.certain().map(|selection| selection.only).unwrap_or_default()
}

#[tokio::test]
async fn it_is_removed_behind_the_steps_that_it_needs() {
    static KIND: Kind = ITEM.finding(&ONE);
    let (shelf, directory) = (Shelf::default(), tempfile::tempdir().unwrap());
    let engine = engine(&chain(), &shelf);
    run(&engine, Verb::Apply, directory.path()).await;
    shelf.put("d", &[("mark", "test")]);
    let (plan, orphans) = search(&engine, &KIND).await;
    assert!(plan.is_nothing());
    assert_eq!((certain(&orphans), &*orphans.notes), (vec!["old d".to_owned()], &["it is dark there".to_owned()][..]));

    let larger = engine.with_orphans(&orphans).unwrap();
    let node = larger.graph().node(larger.graph().place("old d").unwrap());
    assert_eq!(node.needs, ["b", "c"]);
    let prune = larger.plan(Verb::Destroy, &orphans.certain().unwrap()).await.unwrap();
    assert_eq!(prune.chosen(), prune.without_rest().chosen());
    assert_eq!(prune.changes().count(), 1);
    let all = larger.plan(Verb::Destroy, &Default::default()).await.unwrap();
    assert_eq!(all.changes().count(), 4);
    run(&larger, Verb::Destroy, directory.path()).await;
    assert_eq!(shelf.snapshot(), json!({}));
}

#[tokio::test]
async fn what_is_not_certain_or_stands_on_such_is_left() {
    static KIND: Kind = ITEM.finding(&DOUBTFUL);
    let engine = engine(&chain(), &Shelf::default());
    let (_, orphans) = search(&engine, &KIND).await;
    assert_eq!(certain(&orphans), ["old g"]);
    let does = |object: &str| {
        let found = orphans.found.iter().find(|orphan| orphan.leftover.object == object);
        found.unwrap().leftover.does.clone()
    };
    for object in ["old d", "on d"] {
        assert_eq!(does(object), "lies there; what it stands on is left, or not there", "{object}");
    }
    for object in ["odd", "a"] {
        assert_eq!(does(object), "lies there; no step of a graph file could be this", "{object}");
    }
    assert!(engine.with_orphans(&orphans).is_ok());
}

#[tokio::test]
async fn a_search_that_fails_is_told_and_harms_no_plan() {
    static FAILS: Kind = ITEM.finding(&NO_ANSWER);
    static ENDLESS: Kind = ITEM.finding(&NO_END);
    let engine = engine(&chain(), &Shelf::default());
    for (kind, says) in [(&FAILS, "item: no one answered"), (&ENDLESS, "has no end")] {
        let (plan, orphans) = search(&engine, kind).await;
        assert_eq!((plan.changes().count(), orphans.found.len()), (3, 0));
        assert!(orphans.notes[0].contains(says), "{:?}", orphans.notes);
    }
}
