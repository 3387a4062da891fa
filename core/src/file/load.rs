//! From the texts of a graph file to its graph.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{
    DEFAULT_GRAPH, Source,
    document::Document,
    head::Head,
    mistake::Mistakes,
    path::Path,
    shape::Shape,
    sources::Space,
    syntax::{Readable, readable},
};
use crate::{
    contract::{Facts, Kind},
    graph::{self, Graph, Where, assemble},
    run::Settings,
};

/// What a graph file says.
pub struct Loaded<C> {
    /// Its steps, checked and ordered.
    pub graph: Graph,
    /// Its `[connections]`.
    pub connections: C,
    /// The same as it is written, for the journal.
    pub connections_json: Value,
    /// The limits of a run.
    pub run: Settings,
}

/// Reads a graph file from its texts; where two say something about the same key, the later wins. `ambient` adds the
/// facts that every step sees, from `[connections]`.
///
/// # Errors
/// Every mistake in every text, each with its place; of what is not TOML the first place in each text. What may only be
/// a consequence of another mistake is left out.
pub fn load<C: DeserializeOwned + JsonSchema>(
    sources: Vec<Source>,
    kinds: &[&'static Kind],
    ambient: impl FnOnce(&C, &mut Facts),
) -> Result<Loaded<C>, Mistakes> {
    let space = Space::new(sources);
    let mut texts: Vec<_> = space.iter().map(readable).collect();
    let mistakes = texts.iter_mut().filter_map(|text| text.mistake.take()).collect();
    let unread: String = texts.iter().map(|text| text.unread.as_str()).collect();
    let mut document = Document::new(texts.iter().map(Readable::table), mistakes);
    let loaded = document.loaded(kinds, ambient);
    let mut mistakes = document.mistakes;
    match loaded {
        Some(loaded) if mistakes.is_empty() => Ok(loaded),
        _ => {
            mistakes.retain(|mistake| !mistake.may_be_in(&unread));
            Err(Mistakes::new(mistakes, space))
        }
    }
}

impl Document<'_> {
    fn loaded<C: DeserializeOwned + JsonSchema>(
        &mut self,
        kinds: &[&'static Kind],
        ambient: impl FnOnce(&C, &mut Facts),
    ) -> Option<Loaded<C>> {
        let mut root = self.json();
        let mut take = |key| root.as_object_mut()?.remove(key);
        let steps = take("steps").unwrap_or_else(|| Map::new().into());
        let connections_json = take("connections").unwrap_or_else(|| Map::new().into());
        let has_lease = root.pointer("/run/lease").is_some();
        let head: Option<Head> = self.section(&Path::default(), root);
        let connections: Option<C> = self.section(&Path::of(["connections"]), connections_json.clone());
        let run = head.as_ref().map(|head| self.limits(head.run, has_lease));
        let mut steps = self.steps(steps, kinds);
        let mut facts = Facts::default();
        match &connections {
            Some(connections) => ambient(connections, &mut facts),
            // Nothing can be said about what the steps hand on to each other.
            None => steps.iter_mut().for_each(|step| step.step = None),
        }
        let id = head.as_ref().map_or(DEFAULT_GRAPH, |head| &head.graph.0);
        let graph = assemble(id, &facts, steps).map_err(|mistakes| self.between(mistakes));
        Some(Loaded { graph: graph.ok()?, connections: connections?, connections_json, run: run? })
    }

    /// What is wrong between the steps, with its places in the file.
    fn between(&mut self, mistakes: Vec<graph::Mistake>) {
        let place = |at| match at {
            Where::Step(step) => self.place(&Path::of(["steps", &*step])),
            Where::Needs(step) => self.place(&Path::of(["steps", &*step, "needs"])),
            Where::Need(step, need) => self.item_place(&Path::of(["steps", &*step, "needs"]), &need),
        };
        let placed: Vec<_> = mistakes.into_iter().map(|mistake| mistake.placed(place)).collect();
        self.mistakes.extend(placed);
    }

    /// A table by its type.
    pub(super) fn section<T: DeserializeOwned + JsonSchema>(&mut self, path: &Path, table: Value) -> Option<T> {
        self.read(path, table, &Shape::of::<T>(), serde_path_to_error::deserialize)
    }

    /// The limits, with a lease that fits the others where the file has none.
    fn limits(&mut self, mut run: Settings, has_lease: bool) -> Settings {
        if !has_lease {
            run.lease = run.lease.max(run.step_timeout * 2);
        }
        if run.lease <= run.step_timeout {
            let why = format!("the lock is held for {:?}, and a step may take {:?}", run.lease, run.step_timeout);
            let help = "make it longer than `step_timeout`: twice as long leaves room for slow renewals";
            self.mistakes.push(self.wrong_value(&Path::of(["run", "lease"]), &why, help));
        }
        run
    }
}
