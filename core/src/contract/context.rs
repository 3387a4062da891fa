//! What a step is given besides its own configuration.

use std::sync::Arc;

use super::{Facts, Handle, Handles};
use crate::failure::Result;

/// What the user agreed to beforehand, for one step.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Consent {
    /// Take over an object that is not marked as this graph's (`--adopt STEP`).
    pub adopt: bool,
    /// Take fields from other field managers (`--force-conflicts`).
    pub force_conflicts: bool,
}

/// The surroundings of one step in one run. Cheap to clone: writes are spawned with their own.
#[derive(Clone)]
pub struct Context {
    step: Arc<str>,
    graph: Arc<str>,
    facts: Arc<Facts>,
    needing: Arc<Facts>,
    handles: Arc<Handles>,
    consent: Consent,
}

impl Context {
    /// The surroundings of `step` in the graph `graph`.
    pub fn new(graph: &str, step: &str, facts: Arc<Facts>, handles: Arc<Handles>, consent: Consent) -> Self {
        Self { step: step.into(), graph: graph.into(), facts, needing: Arc::default(), handles, consent }
    }

    /// With the facts of the steps that need this one.
    #[must_use]
    pub fn needed_by(self, needing: Facts) -> Self {
        Self { needing: Arc::new(needing), ..self }
    }

    /// The step's name in the graph file.
    pub fn step(&self) -> &str {
        &self.step
    }

    /// The graph's id, with which the objects that it owns are marked.
    pub fn graph(&self) -> &str {
        &self.graph
    }

    /// The facts of the steps that this one needs, and of no other.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// The facts of the steps that need this one, directly or not, to tell their use of its object from that of others.
    pub fn needing(&self) -> &Facts {
        &self.needing
    }

    /// What the user agreed to.
    pub fn consent(&self) -> Consent {
        self.consent
    }

    /// The connection to `H`, opened on first use.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub async fn handle<H: Handle>(&self) -> Result<Arc<H>> {
        self.handles.get().await
    }
}
