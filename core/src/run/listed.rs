//! What a run would send, for people to read beforehand. Pure.

use std::collections::BTreeMap;

use super::{Engine, RunPlan, caught::caught_at_once, planning::goal};
use crate::{contract::RequestList, failure::Result, graph::Place};

impl Engine {
    /// What carrying out this plan would send, for each step that the run is about: its writes, and its proof.
    ///
    /// # Errors
    /// When a step does not know one of its own changes.
    pub fn requests_of(&self, plan: &RunPlan) -> Result<BTreeMap<Place, RequestList>> {
        let goal = goal(plan.verb);
        let of = |place| {
            let change = &plan.steps[&place].plan.change;
            let listed = caught_at_once(|| self.graph.node(place).step.requests(&self.context(place), &goal, change));
            listed.map_err(|failure| failure.in_step(self.name(place)))
        };
        plan.chosen().into_iter().map(|place| Ok((place, of(place)?))).collect()
    }
}
