//! Graphs of items, and engines and journals for them.

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};
use trustpath_core::{
    Facts, Handles,
    graph::{Graph, Spec, assemble},
    journal::{Journal, JournaledStep, Log, Start, VERSION, Verb},
    run::{Engine, RunPlan, Settings, graph_of},
};

use super::{ITEM, KINDS, Shelf};

/// Limits for a clock that is paused.
pub(crate) const LIMITS: Settings = Settings {
    parallelism: 8,
    step_timeout: Duration::from_secs(10),
    verify_timeout: Duration::from_secs(10),
    lease: Duration::from_secs(60),
    in_flight_timeout: Duration::from_secs(90),
};

/// One step for a graph: name, needs, and the rest of its configuration.
pub(crate) fn step(name: &str, needs: &[&str], with: Value) -> Spec {
    let mut with = with;
    with.as_object_mut().unwrap().entry("item").or_insert_with(|| json!(name));
    Spec {
        name: name.into(),
        uses: "item".into(),
        needs: needs.iter().map(|need| (*need).to_owned()).collect(),
        step: Some(ITEM.from_json(with.clone()).unwrap()),
        with,
    }
}

pub(crate) fn graph(specs: Vec<Spec>) -> Arc<Graph> {
    Arc::new(assemble("test", &Facts::default(), specs).unwrap())
}

/// a ← b ← c, each with one field.
pub(crate) fn chain() -> Arc<Graph> {
    graph(vec![
        step("a", &[], json!({"fields": {"size": "1"}})),
        step("b", &["a"], json!({"fields": {"size": "2"}})),
        step("c", &["b"], json!({"fields": {"size": "3"}})),
    ])
}

pub(crate) fn handles(shelf: &Shelf) -> Arc<Handles> {
    let shelf = shelf.clone();
    Arc::new(Handles::new().with(move || {
        let shelf = shelf.clone();
        async move { Ok(shelf) }
    }))
}

pub(crate) fn engine(graph: &Arc<Graph>, shelf: &Shelf) -> Engine {
    let settings = trustpath_core::run::Settings { step_timeout: Duration::from_secs(20), ..Default::default() };
    Engine::new(graph.clone(), handles(shelf)).with_settings(settings)
}

/// A journal in a directory of its own.
pub(crate) async fn journal(engine: &Engine, plan: &RunPlan, directory: &std::path::Path) -> Journal {
    let run = format!("{:?}-{}", plan.verb, std::fs::read_dir(directory).unwrap().count());
    Journal::begin(directory.join(format!("{run}.jsonl")), start(engine, plan, &run).await).await.unwrap()
}

/// The first record of a run's journal.
pub(crate) async fn start(engine: &Engine, plan: &RunPlan, run: &str) -> Start {
    Start {
        version: VERSION,
        program: "test".into(),
        run: run.to_owned(),
        verb: plan.verb,
        graph: engine.graph().id().into(),
        chosen: plan.chosen().iter().map(|place| engine.graph().node(*place).name.to_string()).collect(),
        system: None,
        reason: None,
        consent: engine.consent().clone(),
        limits: engine.settings(),
        target: engine.handles().target().await.unwrap(),
        connections: Value::Null,
        steps: JournaledStep::of(engine.graph()),
    }
}

/// The journal of the run of a verb.
pub(crate) fn log_in(directory: &tempfile::TempDir, verb: &str) -> Log {
    let paths = std::fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().path());
    let mut named = paths.filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with(verb));
    Log::read(&named.next().unwrap()).unwrap()
}

/// An engine as another process would have it: from the journal alone.
pub(crate) fn engine_of(log: &Log, shelf: &Shelf) -> Engine {
    let graph = graph_of(&log.start, KINDS, &Facts::default()).unwrap();
    Engine::new(Arc::new(graph), handles(shelf)).with_settings(log.start.limits).with_consent(log.start.consent.clone())
}

/// Plans and runs; panics when the plan fails.
pub(crate) async fn run(engine: &Engine, verb: Verb, directory: &std::path::Path) -> trustpath_core::run::Ended {
    let plan = engine.plan(verb, &Default::default()).await.unwrap();
    engine.run(&plan, &journal(engine, &plan, directory).await).await.unwrap()
}
