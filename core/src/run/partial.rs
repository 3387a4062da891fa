//! Partial runs: what lies outside of the command must have nothing to do.

use std::collections::BTreeSet;

use super::{
    failures::Failures,
    plan::{Role, RunPlan},
};
use crate::{
    failure::{Class, Failure, Problem},
    graph::{Graph, Place, word},
    journal::Verb,
};

/// The steps outside of the chosen ones that a run depends on: what they need, or, when destroying, what needs them.
pub(super) fn neighbors(graph: &Graph, verb: Verb, chosen: &BTreeSet<Place>) -> BTreeSet<Place> {
    match verb {
        Verb::Apply => graph.needed_outside(chosen),
        Verb::Destroy => graph.needing_outside(chosen),
    }
}

pub(super) fn check(graph: &Graph, plan: &RunPlan) -> Result<(), Failures> {
    let behind = |(place, planned): (&Place, &super::Planned)| {
        (planned.role == Role::Neighbor && !settled(plan.verb, &planned.plan)).then_some(*place)
    };
    let behind: BTreeSet<_> = plan.steps.iter().filter_map(behind).collect();
    if behind.is_empty() {
        return Ok(());
    }
    let command = command(graph, plan, &behind);
    let failures = behind.iter().map(|place| not_ready(graph, plan, *place, &command));
    Err(Failures::of(failures))
}

/// Nothing to do, or nothing left to do: what destroy has to leave is no reason to keep what it needs.
fn settled(verb: Verb, plan: &crate::contract::Plan) -> bool {
    match verb {
        Verb::Apply => plan.is_nothing(),
        Verb::Destroy => plan.change.before.is_none(),
    }
}

/// A step outside of the command has something to do first.
fn not_ready(graph: &Graph, plan: &RunPlan, place: Place, command: &str) -> Failure {
    let (step, chosen) = (&graph.node(place).name, plan.chosen());
    let (code, message) = match plan.verb {
        Verb::Apply => {
            let by = graph.names(graph.after(place).filter(|other| chosen.contains(other)));
            ("trustpath::run::needs_first", format!("`{step}` is needed by {by}, and is not as the graph file says"))
        }
        Verb::Destroy => {
            let by = graph.names(graph.before(place).filter(|other| chosen.contains(other)));
            ("trustpath::run::needed_still", format!("`{step}` still needs {by}"))
        }
    };
    let help = format!("{} it too: {command}", plan.verb.name());
    Failure::from(Problem::new(Class::Refused, code, message).help(help)).in_step(step)
}

/// The command that would include them.
fn command(graph: &Graph, plan: &RunPlan, behind: &BTreeSet<Place>) -> String {
    let all: BTreeSet<_> = plan.chosen().union(behind).copied().collect();
    let names: Vec<_> = all.iter().map(|place| word(&graph.node(*place).name)).collect();
    format!("trustpath {} {}", plan.verb.name(), names.join(" "))
}
