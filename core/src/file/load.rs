//! From the texts of a graph file to its graph.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;
use toml::{
    Spanned,
    de::{DeTable, DeValue, ValueDeserializer},
};

use super::{
    DEFAULT_GRAPH, Section, Source, assembly,
    head::Head,
    json::json,
    limits,
    merge::merge,
    mistake::{Mistake, place},
    mistakes::Mistakes,
    path::Path,
    shape::Shape,
    sources::{Placed, Space},
    steps::{self, Entry},
    syntax::{self, Mended},
    typed::{no_table, typed},
};
use crate::{
    contract::{Facts, Kind},
    graph::Graph,
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
/// Every mistake in every text, each with its place. What may only be a consequence of another mistake is left out.
pub fn load<C: Section>(
    sources: Vec<Source>,
    kinds: &[&'static Kind],
    ambient: impl FnOnce(&C, &mut Facts),
) -> Result<Loaded<C>, Mistakes> {
    let space = Space::new(sources);
    let mut reading = Reading::default();
    let texts: Vec<_> = space.iter().map(|placed| reading.mend(placed)).collect();
    let mut root = DeTable::new();
    texts.iter().for_each(|text| merge(&mut root, text.table()));
    match reading.loaded(&space, root, kinds, ambient) {
        Some(loaded) if reading.mistakes.is_empty() => Ok(loaded),
        _ => Err(Mistakes::new(reading.certain(), space)),
    }
}

#[derive(Default)]
struct Reading {
    mistakes: Vec<Mistake>,
    /// The lines that could not be read.
    unread: String,
}

impl Reading {
    fn mend(&mut self, placed: &Placed) -> Mended {
        let mended = syntax::mend(placed);
        self.mistakes.extend(mended.mistakes(&placed.source.name));
        self.unread.push_str(&mended.unread);
        mended
    }

    fn loaded<C: Section>(
        &mut self,
        space: &Space,
        mut root: DeTable<'_>,
        kinds: &[&'static Kind],
        ambient: impl FnOnce(&C, &mut Facts),
    ) -> Option<Loaded<C>> {
        let steps = root.remove("steps").unwrap_or_else(no_entries);
        let connections = root.remove("connections").unwrap_or_else(no_entries);
        let lease = limits::lease(&root);
        let head: Option<Head> = self.section(&Path::default(), table(root), &["steps", "connections"]);
        let connections_json = json(connections.get_ref());
        let connections: Option<C> = self.section(&Path::of(["connections"]), connections, &[]);
        let entries = self.steps(space, steps, kinds);
        let id = head.as_ref().map_or(DEFAULT_GRAPH, |head| &head.graph.0);
        let mut facts = Facts::default();
        match &connections {
            Some(connections) => ambient(connections, &mut facts),
            None => ambient(&C::default(), &mut facts),
        }
        let run = head.as_ref().map(|head| Settings::from(&head.run));
        self.mistakes.extend(run.as_ref().zip(lease).and_then(|(run, lease)| limits::check(run, &lease)));
        let graph = assembly::assemble(id, &facts, &entries, &mut self.mistakes);
        if connections.is_none() {
            self.mistakes.retain(|mistake| !mistake.is_about_facts());
        }
        Some(Loaded { graph: graph?, connections: connections?, connections_json, run: run? })
    }

    /// A table by its type; `elsewhere` are keys of it that are checked by themselves.
    fn section<T: DeserializeOwned + JsonSchema>(
        &mut self,
        path: &Path,
        table: Spanned<DeValue<'_>>,
        elsewhere: &[&str],
    ) -> Option<T> {
        let decode = |table| serde_path_to_error::deserialize(ValueDeserializer::from(table));
        typed(&Shape::of::<T>().with_keys(elsewhere), path, table, decode, &mut self.mistakes)
    }

    fn steps(&mut self, space: &Space, steps: Spanned<DeValue<'_>>, kinds: &[&'static Kind]) -> Vec<Entry> {
        let at = steps.span();
        match steps.into_inner() {
            DeValue::Table(steps) if steps.is_empty() => {
                let at = space.iter().next().map(|first| place(&(first.start..first.start)));
                self.mistakes.push(Mistake::NoSteps { at });
                Vec::new()
            }
            DeValue::Table(steps) => steps::read(steps, kinds, &mut self.mistakes),
            other => {
                self.mistakes.push(no_table(&Path::of(["steps"]), &other, &at));
                Vec::new()
            }
        }
    }

    /// The mistakes that are none of an unread line's.
    fn certain(self) -> Vec<Mistake> {
        let Self { mut mistakes, unread } = self;
        mistakes.retain(|mistake| !mistake.may_be_in(&unread));
        mistakes
    }
}

fn table(table: DeTable<'_>) -> Spanned<DeValue<'_>> {
    Spanned::new(0..0, DeValue::Table(table))
}

fn no_entries<'t>() -> Spanned<DeValue<'t>> {
    table(DeTable::new())
}
