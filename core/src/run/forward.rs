//! The way forward: each step's requests, journaled one by one before they are sent.

use std::sync::Arc;

use tokio::time::{Instant, timeout_at};

use super::{
    Engine, RunPlan,
    event::Event,
    execute::{OnFailure, execute},
    guard::covers,
    planning::too_long,
    schedule::Direction,
};
use crate::{
    contract::{Change, Goal, Plan},
    failure::{Class, Failure, Problem, Result},
    graph::Place,
    journal::{Journal, Record, Verb},
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
    pub(super) async fn forward(&self, plan: &RunPlan, journal: &Journal) -> Result<()> {
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
                let (engine, journal) = (engine.clone(), journal.clone());
                let planned = plan.steps[&place].plan.clone();
                async move { engine.make(place, planned, &journal).await }
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
        self.requests(place, &plan.change, journal, deadline, Way::Forward).await
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

    /// Sends a change's requests, each announced in the journal first.
    ///
    /// On the way forward nothing is sent that could not be announced. On the way back the server comes before the
    /// log: a full disk must not keep what can be taken back from being taken back.
    pub(super) async fn requests(
        &self,
        place: Place,
        change: &Change,
        journal: &Journal,
        deadline: Instant,
        way: Way,
    ) -> Result<()> {
        let node = self.graph.node(place);
        let mut logged = Ok(());
        for part in node.step.parts(change)? {
            covers(&*self.guard, deadline.saturating_duration_since(Instant::now()))?;
            let intent = journal.append(way.intent(&node.name, &part)).await;
            match way {
                Way::Forward => intent?,
                Way::Back => logged = logged.and(intent),
            }
            self.request(place, part, deadline).await?;
            let done = journal.append(Record::Done { step: node.name.to_string() }).await;
            logged = logged.and(done);
        }
        logged
    }

    /// Sends one request, in a task of its own: dropping it would not recall it, so a step whose time is over counts
    /// as changed.
    async fn request(&self, place: Place, part: Change, deadline: Instant) -> Result<()> {
        let (step, context) = (self.graph.node(place).step.clone(), self.context(place));
        let request = tokio::spawn(async move { step.apply(&context, &part).await });
        match timeout_at(deadline, request).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => Err(super::execute::panicked(&error)),
            Err(_) => Err(too_long("applied", self.settings.step_timeout)),
        }
    }
}

/// Which way a run goes at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Forward,
    Back,
}

impl Way {
    fn intent(self, step: &str, part: &Change) -> Record {
        let (step, change) = (step.to_owned(), part.clone());
        match self {
            Self::Forward => Record::Intent { step, change },
            Self::Back => Record::UndoIntent { step, change },
        }
    }
}

pub(super) fn interrupted() -> Failure {
    Problem::new(Class::Interrupted, "trustpath::run::interrupted", "the run was interrupted")
        .help("everything that it had changed is taken back; run it again when you are ready")
        .into()
}

fn still_unknown() -> Problem {
    let message = "some values are still unknown after the steps before it were applied";
    Problem::new(Class::Missing, "trustpath::run::still_unknown", message)
        .help("a controller of the cluster may not have done its part yet; try again")
}
