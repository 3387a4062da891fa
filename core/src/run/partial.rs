//! Partial runs: what lies outside of the command must have nothing to do.

use std::collections::BTreeSet;

use miette::Diagnostic;
use thiserror::Error;

use super::{
    failures::Failures,
    plan::{Role, RunPlan},
};
use crate::{
    failure::{Class, Classified, Failure},
    graph::{Graph, Place},
    journal::Verb,
};

/// A step outside of the command has something to do first.
#[derive(Debug, Error, Diagnostic)]
enum NotReady {
    #[error("`{step}` is needed by {by}, and is not as the graph file says")]
    #[diagnostic(code(trustpath::run::needs_first), help("apply it too: {command}"))]
    Apply { step: String, by: String, command: String },
    #[error("`{step}` still needs {by}")]
    #[diagnostic(code(trustpath::run::needed_still), help("destroy it too: {command}"))]
    Destroy { step: String, by: String, command: String },
}

impl Classified for NotReady {
    fn class(&self) -> Class {
        Class::Refused
    }
}

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

fn not_ready(graph: &Graph, plan: &RunPlan, place: Place, command: &str) -> Failure {
    let step = graph.node(place).name.to_string();
    let chosen = plan.chosen();
    let command = command.to_owned();
    let error = match plan.verb {
        Verb::Apply => {
            let by = graph.after(place).filter(|other| chosen.contains(other));
            NotReady::Apply { step, by: graph.names(by), command }
        }
        Verb::Destroy => {
            let by = graph.before(place).filter(|other| chosen.contains(other));
            NotReady::Destroy { step, by: graph.names(by), command }
        }
    };
    Failure::from(error).in_step(&graph.node(place).name)
}

/// The command that would include them.
fn command(graph: &Graph, plan: &RunPlan, behind: &BTreeSet<Place>) -> String {
    let verb = match plan.verb {
        Verb::Apply => "apply",
        Verb::Destroy => "destroy",
    };
    let all: BTreeSet<_> = plan.chosen().union(behind).copied().collect();
    let names: Vec<_> = all.iter().map(|place| &*graph.node(*place).name).collect();
    format!("trustpath {verb} {}", names.join(" "))
}
