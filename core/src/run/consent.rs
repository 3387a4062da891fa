//! What a plan needs the user's word for.

use super::{Engine, Permissions, RunPlan, failures::Failures};
use crate::{
    contract::{Plan, Undo},
    failure::{Class, Failure, Problem},
    graph::word,
};

impl Engine {
    /// Everything in the plan that the user has not agreed to.
    ///
    /// # Errors
    /// One failure for each, in the order of the graph.
    pub fn consented(&self, plan: &RunPlan) -> Result<(), Failures> {
        let changes = plan.changes();
        let objections = changes.flat_map(|(place, plan)| self.objections(self.name(place), plan));
        let objections: Vec<_> = objections.collect();
        if objections.is_empty() { Ok(()) } else { Err(Failures::of(objections)) }
    }

    pub(super) fn objections(&self, step: &str, plan: &Plan) -> Vec<Failure> {
        let objections = [adopt(step, plan, &self.permissions), loss(step, plan, &self.permissions)];
        objections.into_iter().flatten().map(|objection| Failure::from(objection).in_step(step)).collect()
    }
}

/// It would take over something that is not marked as this graph's.
fn adopt(step: &str, plan: &Plan, permissions: &Permissions) -> Option<Problem> {
    let message = format!("`{step}` is there already, differs, and does not bear the mark of this graph");
    let problem = Problem::new(Class::Conflict, "trustpath::run::adopt", message)
        .help(format!("look at the difference in `trustpath plan`, then: --adopt {}", word(step)));
    (plan.adopt && !permissions.adopt.contains(step)).then_some(problem)
}

/// It would lose something for good, or something that only the user can supply.
fn loss(step: &str, plan: &Plan, permissions: &Permissions) -> Option<Problem> {
    let (message, help) = match &plan.undo {
        Undo::Yes | Undo::Nothing => return None,
        _ if permissions.allow_irreversible => return None,
        Undo::IfGiven(what) => {
            (format!("`{step}` can be taken back only with {what}"), "supply it, or accept the loss")
        }
        Undo::No(why) => (format!("`{step}` cannot be taken back: {why}"), "accept the loss"),
    };
    let help = format!("{help} with --allow-irreversible");
    Some(Problem::new(Class::Refused, "trustpath::run::irreversible", message).help(help))
}
