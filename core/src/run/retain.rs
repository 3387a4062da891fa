//! What destroy leaves holds what it needs: a chain that is in use stays whole. Pure.

use std::collections::BTreeSet;

use super::plan::{Planned, Role, RunPlan};
use crate::{
    contract::{Note, Plan},
    graph::{Graph, Place},
    journal::Verb,
};

/// Turns the removal of what something that stays needs into a plan that leaves it, and says why.
///
/// Steps that need others come first, so that what is held holds what it needs in its turn.
pub(super) fn hold(graph: &Graph, mut plan: RunPlan) -> RunPlan {
    if plan.verb != Verb::Destroy {
        return plan;
    }
    for place in graph.places().rev() {
        let Some(planned) = plan.steps.get(&place).filter(|planned| is_removed(planned)) else { continue };
        let by: BTreeSet<_> = graph.after(place).filter(|other| holds(graph, &plan, *other, &planned.plan)).collect();
        if !by.is_empty() {
            let held = held(&planned.plan, by.len(), &graph.names(by));
            plan.steps.insert(place, Planned { role: Role::Chosen, plan: held });
        }
    }
    plan
}

fn is_removed(planned: &Planned) -> bool {
    planned.role == Role::Chosen && !planned.plan.is_nothing()
}

/// Whether what stays of a step needs the object of this plan.
fn holds(graph: &Graph, plan: &RunPlan, other: Place, removal: &Plan) -> bool {
    let Some(Planned { plan, .. }) = plan.steps.get(&other) else { return false };
    let uses = || removal.goes_with.iter().any(|name| **name == *graph.node(other).name);
    plan.change.after.is_some() && (plan.retains || uses())
}

fn held(removal: &Plan, by: usize, names: &str) -> Plan {
    let why = match by {
        1 => format!("{names} stays, and needs it"),
        _ => format!("{names} stay, and need it"),
    };
    Plan { retains: true, notes: vec![Note::Left(why)], ..Plan::nothing(removal.change.before.clone()) }
}
