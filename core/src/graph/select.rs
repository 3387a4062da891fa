//! Partial runs: which steps a command is about.

use std::collections::BTreeSet;

use miette::Diagnostic;
use petgraph::visit::{Dfs, IntoNeighbors, Reversed, Visitable, Walker};
use thiserror::Error;

use super::{Graph, StepIndex, instance::written};
use crate::{
    failure::{Class, Classified},
    nearest,
};

/// Which steps a command names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// These alone; all when empty.
    pub only: Vec<String>,
    /// This one and everything that needs it.
    pub from: Option<String>,
    /// All but these.
    pub skip: Vec<String>,
}

/// A command names a step that the graph does not have.
#[derive(Debug, Error, Diagnostic)]
#[error("there is no step `{name}` in this graph")]
#[diagnostic(code(trustpath::graph::unknown_step), help("{}", nearest::hint(name, known)))]
pub struct UnknownStep {
    name: String,
    known: Vec<String>,
}

impl Classified for UnknownStep {
    fn class(&self) -> Class {
        Class::Usage
    }
}

impl Selection {
    /// Whether it is the whole graph, whatever that is.
    pub fn is_all(&self) -> bool {
        *self == Self::default()
    }

    /// The places of the steps that are meant, in the graph's order.
    ///
    /// # Errors
    /// When a name is unknown; the error lists the known ones.
    pub fn places(&self, graph: &Graph) -> Result<BTreeSet<StepIndex>, UnknownStep> {
        let mut chosen: BTreeSet<_> = match (&self.from, self.only.is_empty()) {
            (None, true) => graph.places().collect(),
            _ => find_all(graph, &self.only)?.into_iter().collect(),
        };
        for from in find_all(graph, self.from.as_slice())? {
            chosen.insert(from);
            chosen.extend(graph.descendants(from));
        }
        for skipped in find_all(graph, &self.skip)? {
            chosen.remove(&skipped);
        }
        Ok(chosen)
    }
}

impl Graph {
    /// What the steps of `chosen` need, directly or not, and `chosen` does not hold.
    pub(crate) fn needed_outside(&self, chosen: &BTreeSet<StepIndex>) -> BTreeSet<StepIndex> {
        self.outside(Reversed(&self.edges), chosen)
    }

    /// What needs the steps of `chosen`, directly or not, and `chosen` does not hold.
    pub(crate) fn needing_outside(&self, chosen: &BTreeSet<StepIndex>) -> BTreeSet<StepIndex> {
        self.outside(&self.edges, chosen)
    }

    /// One walk from all of them: a walk from each would be as many as there are steps.
    fn outside<G>(&self, edges: G, chosen: &BTreeSet<StepIndex>) -> BTreeSet<StepIndex>
    where
        G: IntoNeighbors<NodeId = StepIndex> + Visitable<NodeId = StepIndex>,
    {
        let mut walk = Dfs::empty(edges);
        walk.stack.extend(chosen);
        walk.iter(edges).filter(|place| !chosen.contains(place)).collect()
    }
}

fn find_all(graph: &Graph, names: &[String]) -> Result<Vec<StepIndex>, UnknownStep> {
    let found = names.iter().map(|name| find(graph, name)).collect::<Result<Vec<_>, _>>()?;
    Ok(found.concat())
}

/// The step of a name, or all that `for_each` made of it.
fn find(graph: &Graph, name: &str) -> Result<Vec<StepIndex>, UnknownStep> {
    let made_of_it = || graph.places().filter(|place| written(&graph.node(*place).name) == name).collect();
    let found = graph.place(name).map_or_else(made_of_it, |place| vec![place]);
    if found.is_empty() {
        let mut known: Vec<_> = graph.nodes().iter().map(|node| written(&node.name).to_owned()).collect();
        known.dedup();
        return Err(UnknownStep { name: name.to_owned(), known });
    }
    Ok(found)
}
