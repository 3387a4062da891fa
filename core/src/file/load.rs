//! From the texts of a graph file to its graph.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use toml::de::DeTable;

use super::{
    DEFAULT_GRAPH, Source,
    document::FileDocument,
    each,
    head::Head,
    mistake::Mistakes,
    origin::Origin,
    overlay::Over,
    path::KeyPath,
    placeholder::Placeholder,
    shape::Shape,
    sources::Space,
    steps::{self, Kinds},
    syntax::readable,
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

/// Reads a graph file from its texts; where two say something about the same key, the later wins. `placeholders` stand
/// for values of the file, beside those of `for_each`. `ambient` adds the facts that every step sees, from
/// `[connections]`.
///
/// # Errors
/// Every mistake in every text, each with its place; of what is not TOML the first place in each text. What may only be
/// a consequence of another mistake is left out.
pub fn load<C: DeserializeOwned + JsonSchema>(
    sources: Vec<Source>,
    kinds: &[&'static Kind],
    placeholders: &[Placeholder],
    ambient: impl FnOnce(&C, &mut Facts),
) -> Result<Loaded<C>, Mistakes> {
    reading(sources, kinds, placeholders, |document, kinds, _| document.loaded(kinds, ambient))
}

/// Where each value of a graph file comes from, in the order of their keys; the steps that `for_each` makes are there
/// one by one.
///
/// # Errors
/// Every mistake that is found before the kinds read their steps.
pub fn origins(
    sources: Vec<Source>,
    kinds: &[&'static Kind],
    placeholders: &[Placeholder],
) -> Result<Vec<Origin>, Mistakes> {
    reading(sources, kinds, placeholders, |document, _, space| Some(document.origins(space)))
}

/// Makes one document of all texts, and something of that: nothing, where there is any mistake.
fn reading<T>(
    sources: Vec<Source>,
    kinds: &[&'static Kind],
    placeholders: &[Placeholder],
    make: impl FnOnce(&mut FileDocument<'_>, &Kinds, &Space) -> Option<T>,
) -> Result<T, Mistakes> {
    let space = Space::new(sources);
    let mut texts: Vec<_> = space.iter().map(readable).collect();
    let mistakes = texts.iter_mut().filter_map(|text| text.mistake.take()).collect();
    let unread: String = texts.iter().map(|text| text.unread.as_str()).collect();
    let kinds = steps::kinds(kinds);
    let mut root = DeTable::new();
    for (placed, text) in space.iter().zip(&texts) {
        let over = Over::of(&kinds, placed.source.is_setting);
        over.lay(&mut root, text.table());
    }
    let mut document = FileDocument::new(root, mistakes);
    document.expand(placeholders);
    let made = make(&mut document, &kinds, &space);
    let mut mistakes = document.mistakes;
    match made {
        Some(made) if mistakes.is_empty() => Ok(made),
        _ => {
            mistakes.retain(|mistake| !mistake.may_be_in(&unread));
            Err(Mistakes::new(each::told_once(mistakes), space))
        }
    }
}

impl FileDocument<'_> {
    fn loaded<C: DeserializeOwned + JsonSchema>(
        &mut self,
        kinds: &Kinds,
        ambient: impl FnOnce(&C, &mut Facts),
    ) -> Option<Loaded<C>> {
        let mut root = self.json();
        let mut take = |key| root.as_object_mut()?.remove(key);
        let steps = take("steps").unwrap_or_else(|| Map::new().into());
        let connections_json = take("connections").unwrap_or_else(|| Map::new().into());
        let has_lease = root.pointer("/run/lease").is_some();
        let head: Option<Head> = self.section(&KeyPath::default(), root);
        let connections: Option<C> = self.section(&KeyPath::of(["connections"]), connections_json.clone());
        let run = head.as_ref().map(|head| self.limits(head.run, has_lease));
        let mut steps = self.steps(steps, kinds);
        let mut facts = Facts::default();
        if let Some(connections) = &connections {
            ambient(connections, &mut facts);
        }
        if connections.is_none() || self.lacks_steps {
            // Nothing can be said about what the steps hand on to each other.
            steps.iter_mut().for_each(|step| step.step = None);
        }
        let id = head.as_ref().map_or(DEFAULT_GRAPH, |head| &head.graph.0);
        let graph = assemble(id, &facts, steps).map_err(|mistakes| self.between(mistakes));
        Some(Loaded { graph: graph.ok()?, connections: connections?, connections_json, run: run? })
    }

    /// What is wrong between the steps, with its places in the file.
    fn between(&mut self, mistakes: Vec<graph::GraphMistake>) {
        let place = |at| match at {
            Where::Step(step) => self.place(&KeyPath::of(["steps", &*step])),
            Where::Needs(step) => self.place(&KeyPath::of(["steps", &*step, "needs"])),
            Where::Need(step, need) => self.item_place(&KeyPath::of(["steps", &*step, "needs"]), &need),
        };
        let placed: Vec<_> = mistakes.into_iter().map(|mistake| mistake.placed(place)).collect();
        self.mistakes.extend(placed);
    }

    /// A table by its type.
    pub(super) fn section<T: DeserializeOwned + JsonSchema>(&mut self, path: &KeyPath, table: Value) -> Option<T> {
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
            self.mistakes.push(self.wrong_value(&KeyPath::of(["run", "lease"]), &why, help));
        }
        run
    }
}
