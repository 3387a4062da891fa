//! The graph of steps: checked, ordered, each step with the facts that it may see.

mod assemble;
mod instance;
mod mistake;
mod order;
mod select;
mod spec;

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

pub use assemble::assemble;
pub use instance::word;
pub(crate) use instance::{about_written, instance, written};
pub use mistake::{GraphMistake, Where};
use petgraph::{
    Direction,
    graph::{DiGraph, NodeIndex},
    visit::{Dfs, Reversed, Walker},
};
pub use select::{Selection, UnknownStep};
use serde_json::Value;
pub use spec::Spec;

use crate::contract::{Context, Facts, Handles, Step, StepConsent};

/// One step of a graph.
pub struct Node {
    /// Its name in the file.
    pub name: Arc<str>,
    /// The name of its kind.
    pub uses: String,
    /// Its configuration, as it is journaled.
    pub with: Value,
    /// The names of the steps that it needs.
    pub needs: Vec<String>,
    /// What it does.
    pub step: Arc<dyn Step>,
    /// The facts of the steps that it needs.
    pub facts: Arc<Facts>,
    /// The facts that it hands on.
    pub given: Facts,
}

/// The place of a step in its graph's order: every step comes after those that it needs.
pub type StepIndex = NodeIndex;

/// Steps in an order in which each comes after those that it needs.
pub struct Graph {
    id: Arc<str>,
    nodes: Vec<Node>,
    /// Where each step is, by its name.
    named: HashMap<Arc<str>, StepIndex>,
    /// Edges run from a step to those that need it; indices are places.
    edges: DiGraph<(), ()>,
}

impl Graph {
    /// The id that marks what this graph owns.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Every place, needed steps first.
    pub fn places(&self) -> impl DoubleEndedIterator<Item = StepIndex> + use<> {
        self.edges.node_indices()
    }

    /// The step at a place.
    pub fn node(&self, place: StepIndex) -> &Node {
        &self.nodes[place.index()]
    }

    /// Every step, needed steps first.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Whether any of its steps reads or writes the system with this name.
    pub fn uses(&self, system: &str) -> bool {
        self.nodes.iter().any(|node| node.step.systems().contains(&system))
    }

    /// The place of the step with this name.
    pub fn place(&self, name: &str) -> Option<StepIndex> {
        self.named.get(name).copied()
    }

    /// The steps that the one at `place` needs directly.
    pub fn dependencies(&self, place: StepIndex) -> impl Iterator<Item = StepIndex> + '_ {
        self.edges.neighbors_directed(place, Direction::Incoming)
    }

    /// The steps that need the one at `place` directly.
    pub fn dependents(&self, place: StepIndex) -> impl Iterator<Item = StepIndex> + '_ {
        self.edges.neighbors(place)
    }

    /// Everything that the step at `place` needs, directly or not.
    pub fn ancestors(&self, place: StepIndex) -> impl Iterator<Item = StepIndex> + '_ {
        let edges = Reversed(&self.edges);
        Dfs::new(edges, place).iter(edges).filter(move |other| *other != place)
    }

    /// Everything that needs the step at `place`, directly or not.
    pub fn descendants(&self, place: StepIndex) -> impl Iterator<Item = StepIndex> + '_ {
        Dfs::new(&self.edges, place).iter(&self.edges).filter(move |other| *other != place)
    }

    /// How many of these steps the longest chain has: each waits for the one before it.
    pub(crate) fn longest_chain(&self, places: &BTreeSet<StepIndex>) -> usize {
        let mut chains = vec![0; self.nodes.len()];
        for place in self.places() {
            let before = self.dependencies(place).map(|before| chains[before.index()]).max().unwrap_or(0);
            chains[place.index()] = before + usize::from(places.contains(&place));
        }
        chains.into_iter().max().unwrap_or(0)
    }

    /// The context of the step at `place` in one run.
    pub fn context(&self, place: StepIndex, handles: &Arc<Handles>, consent: StepConsent) -> Context {
        let node = self.node(place);
        let mut needing = Facts::default();
        self.descendants(place).for_each(|other| needing.extend(&self.node(other).given));
        Context::new(&self.id, &node.name, node.facts.clone(), handles.clone(), consent).with_dependent_facts(needing)
    }

    /// Names for messages: `` `a`, `b` ``.
    pub(crate) fn names(&self, places: impl IntoIterator<Item = StepIndex>) -> String {
        let names: Vec<_> = places.into_iter().map(|place| format!("`{}`", self.node(place).name)).collect();
        names.join(", ")
    }
}
