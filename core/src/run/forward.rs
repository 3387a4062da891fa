//! The way forward: each step's requests, journaled one by one before they are sent.

use std::sync::Arc;

use tokio::time::Instant;

use super::{
    Engine, RunPlan,
    ahead::Ahead,
    event::Event,
    execute::{OnFailure, execute},
    failures::interrupted,
    requests::{Sent, Way},
    schedule::Direction,
};
use crate::{
    contract::{Goal, Plan},
    failure::{Class, Problem, Result},
    graph::Place,
    journal::{Journal, Verb},
};

pub(super) fn direction(verb: Verb) -> Direction {
    match verb {
        Verb::Apply => Direction::Forward,
        Verb::Destroy => Direction::Backward,
    }
}

impl Engine {
    /// Makes the plan's changes along the graph.
    ///
    /// # Errors
    /// The first failure, or the interruption, after everything under way has settled.
    pub(super) async fn forward(&self, plan: &RunPlan, journal: &Journal, ahead: &Arc<Ahead>) -> Result<()> {
        let changing = plan.changes().map(|(place, _)| place).collect();
        let (engine, journal) = (Arc::new(self.clone()), journal.clone());
        let answers = execute(
            &self.graph,
            &changing,
            direction(plan.verb),
            self.settings.parallelism,
            OnFailure::Stop,
            || self.cancel.is_cancelled(),
            |place| {
                let (engine, journal, ahead) = (engine.clone(), journal.clone(), ahead.clone());
                let planned = plan.steps[&place].plan.clone();
                async move {
                    engine.make(place, planned, &journal).await?;
                    ahead.made(place);
                    Ok(())
                }
            },
        )
        .await;
        let all = answers.len() == changing.len();
        answers.into_iter().try_for_each(|(_, answer)| answer)?;
        if all { Ok(()) } else { Err(interrupted()) }
    }

    async fn make(&self, place: Place, planned: Plan, journal: &Journal) -> Result<()> {
        let name = self.name(place);
        let made = self.make_within(place, planned, journal).await.map_err(|failure| failure.in_step(name));
        match &made {
            Ok(()) => self.observer.event(name, Event::Applied),
            Err(failure) => self.observer.event(name, Event::Failed(failure)),
        }
        made
    }

    async fn make_within(&self, place: Place, planned: Plan, journal: &Journal) -> Result<()> {
        let deadline = Instant::now() + self.settings.step_timeout;
        let plan = if planned.provisional { self.plan_again(place).await? } else { planned };
        self.observer.event(self.name(place), Event::Applying(&plan.change));
        let parts = self.graph.node(place).step.parts(&self.context(place), &plan.change)?;
        let Sent { answer, logged, left, .. } = self.requests(place, parts, journal, deadline, Way::Forward).await;
        if left.is_empty() {
            return answer.and(logged);
        }
        logged?;
        self.stays(place, left, journal).await
    }

    /// Values that were not known when the user was asked are known now. What the user was asked for may not grow.
    async fn plan_again(&self, place: Place) -> Result<Plan> {
        let plan = self.read(place, &Goal::Present).await?;
        match self.objections(self.name(place), &plan).into_iter().next() {
            Some(objection) => Err(objection),
            None if plan.provisional => Err(still_unknown().into()),
            None => Ok(plan),
        }
    }
}

fn still_unknown() -> Problem {
    let message = "some values are still unknown after the steps before it were applied";
    Problem::new(Class::Missing, "trustpath::run::still_unknown", message)
        .help("a controller of the cluster may not have done its part yet; try again")
}
