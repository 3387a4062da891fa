//! A plan of several steps: which of them were read, why, and what would change.

use std::collections::{BTreeMap, BTreeSet};

use crate::{contract::Plan, graph::StepIndex, journal::Verb};

/// What a run would do.
#[derive(Debug, Clone, PartialEq)]
pub struct RunPlan {
    /// Which way.
    pub verb: Verb,
    /// Each step that was read, by its place.
    pub steps: BTreeMap<StepIndex, Planned>,
}

/// What a run would do to one step.
#[derive(Debug, Clone, PartialEq)]
pub struct Planned {
    /// Why it was read.
    pub relation: Relation,
    /// What would change.
    pub plan: Plan,
}

/// Why a step was read, or was not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// The command is about it.
    Chosen,
    /// A chosen one depends on it: it must have nothing to do.
    Neighbor,
    /// It is either of them, and lies on a system that is not looked at: it was not read, and is taken at the file's word.
    Unread,
}

impl RunPlan {
    /// The chosen steps that have something to do.
    pub fn changes(&self) -> impl Iterator<Item = (StepIndex, &Plan)> {
        let chosen = self.steps.iter().filter(|(_, planned)| planned.relation == Relation::Chosen);
        chosen.map(|(place, planned)| (*place, &planned.plan)).filter(|(_, plan)| !plan.is_nothing())
    }

    /// The part of it in which there is something to do.
    #[must_use]
    pub fn without_rest(&self) -> Self {
        let changing: BTreeSet<_> = self.changes().map(|(place, _)| place).collect();
        let steps = self.steps.iter().filter(|(place, _)| changing.contains(*place));
        Self { verb: self.verb, steps: steps.map(|(place, planned)| (*place, planned.clone())).collect() }
    }

    /// The steps that the command is about.
    pub fn chosen(&self) -> BTreeSet<StepIndex> {
        self.related(Relation::Chosen)
    }

    /// The steps that are told of in a proof: those that were not read are unchecked in it.
    pub(super) fn to_prove(&self) -> BTreeSet<StepIndex> {
        &self.chosen() | &self.related(Relation::Unread)
    }

    fn related(&self, relation: Relation) -> BTreeSet<StepIndex> {
        self.steps.iter().filter(|(_, planned)| planned.relation == relation).map(|(place, _)| *place).collect()
    }

    /// Whether there is nothing to do.
    pub fn is_nothing(&self) -> bool {
        self.changes().next().is_none()
    }
}
