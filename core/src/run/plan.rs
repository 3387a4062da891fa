//! What a run would do. Pure.

use std::collections::{BTreeMap, BTreeSet};

use crate::{contract::Plan, graph::Place, journal::Verb};

/// What a run would do.
#[derive(Debug, Clone, PartialEq)]
pub struct RunPlan {
    /// Which way.
    pub verb: Verb,
    /// Each step that was read, by its place.
    pub steps: BTreeMap<Place, Planned>,
}

/// What a run would do to one step.
#[derive(Debug, Clone, PartialEq)]
pub struct Planned {
    /// Why it was read.
    pub role: Role,
    /// What would change.
    pub plan: Plan,
}

/// Why a step was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The command is about it.
    Chosen,
    /// A chosen one depends on it: it must have nothing to do.
    Neighbor,
}

impl RunPlan {
    /// The chosen steps that have something to do.
    pub fn changes(&self) -> impl Iterator<Item = (Place, &Plan)> {
        let chosen = self.steps.iter().filter(|(_, planned)| planned.role == Role::Chosen);
        chosen.map(|(place, planned)| (*place, &planned.plan)).filter(|(_, plan)| !plan.is_nothing())
    }

    /// The steps that the command is about.
    pub fn chosen(&self) -> BTreeSet<Place> {
        let chosen = self.steps.iter().filter(|(_, planned)| planned.role == Role::Chosen);
        chosen.map(|(place, _)| *place).collect()
    }

    /// Whether there is nothing to do.
    pub fn is_nothing(&self) -> bool {
        self.changes().next().is_none()
    }
}
