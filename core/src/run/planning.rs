//! Planning: every step is read at the same time, under the limit, and nothing is written.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use futures::{StreamExt, stream};
use tokio::time::timeout;

use super::{
    Engine,
    caught::caught,
    event::Event,
    failures::{Failures, interrupted, too_long},
    partial,
    plan::{Planned, Role, RunPlan},
    retain,
};
use crate::{
    contract::{Context, Goal, Plan, Readings},
    failure::{Class, Failure, Problem, Result},
    graph::{Place, Selection},
    journal::Verb,
};

impl Engine {
    /// Reads the chosen steps, and those that they depend on, and finds what has to change.
    ///
    /// # Errors
    /// Every step that cannot be planned, in the order of the graph; a neighbor that has something to do.
    pub async fn plan(&self, verb: Verb, selection: &Selection) -> Result<RunPlan, Failures> {
        let chosen = selection.places(&self.graph).map_err(Failure::from)?;
        let neighbors = partial::neighbors(&self.graph, verb, &chosen);
        let roles = chosen.iter().map(|place| (*place, Role::Chosen));
        let roles = roles.chain(neighbors.into_iter().map(|place| (place, Role::Neighbor)));
        let (readings, goal) = (Arc::new(Readings::default()), goal(verb));
        let cx = |place| self.context(place).sharing(readings.clone());
        let reads = roles.map(|(place, role)| {
            let read = self.read_in(place, cx(place), &goal);
            async move { (place, role, read.await) }
        });
        let answers: Vec<_> = stream::iter(reads).buffer_unordered(self.settings.parallelism.max(1)).collect().await;
        let plan = retain::hold(&self.graph, sort(verb, answers)?);
        partial::check(&self.graph, &plan)?;
        Ok(plan)
    }

    /// Whether what was planned is still what there is to do, as a later plan has found it.
    ///
    /// # Errors
    /// When it is not: somebody has changed something in between, and what was agreed to is not what would be done.
    pub fn still(&self, planned: &RunPlan, now: &RunPlan) -> Result<()> {
        let places: BTreeSet<_> = planned.steps.keys().chain(now.steps.keys()).copied().collect();
        let is_other = |place: &Place| match (planned.steps.get(place), now.steps.get(place)) {
            (Some(then), Some(now)) => then.plan.change != now.plan.change,
            (then, now) => then.is_some() != now.is_some(),
        };
        let other: Vec<_> = places.into_iter().filter(is_other).collect();
        if other.is_empty() { Ok(()) } else { Err(changed_meanwhile(&self.graph.names(other)).into()) }
    }

    /// Plans one step for one goal, within its time.
    pub(super) async fn read(&self, place: Place, goal: &Goal) -> Result<Plan> {
        self.read_in(place, self.context(place), goal).await
    }

    async fn read_in(&self, place: Place, context: Context, goal: &Goal) -> Result<Plan> {
        let name = self.name(place);
        self.observer.event(name, Event::Planning);
        let reading = caught(self.graph.node(place).step.plan(&context, goal));
        let limited = timeout(self.settings.step_timeout, reading);
        let answer = tokio::select! {
            answer = limited => answer.unwrap_or_else(|_| Err(too_long("read", self.settings.step_timeout))),
            () = self.cancel.cancelled(), if !matches!(goal, Goal::Back(_)) => Err(interrupted()),
        };
        let answer = answer.map_err(|failure| failure.in_step(name));
        match &answer {
            Ok(plan) => self.observer.event(name, Event::Planned(plan)),
            Err(failure) => self.observer.event(name, Event::Failed(failure)),
        }
        answer
    }
}

pub(super) fn goal(verb: Verb) -> Goal {
    match verb {
        Verb::Apply => Goal::Present,
        Verb::Destroy => Goal::Absent,
    }
}

fn sort(verb: Verb, mut answers: Vec<(Place, Role, Result<Plan>)>) -> Result<RunPlan, Failures> {
    answers.sort_by_key(|(place, ..)| *place);
    let mut steps = BTreeMap::new();
    let mut failures = Vec::new();
    for (place, role, answer) in answers {
        match answer {
            Ok(plan) => drop(steps.insert(place, Planned { role, plan })),
            Err(failure) => failures.push(failure),
        }
    }
    if failures.is_empty() { Ok(RunPlan { verb, steps }) } else { Err(Failures::of(failures)) }
}

fn changed_meanwhile(steps: &str) -> Problem {
    let message = format!("since the plan was shown, somebody has changed what it was made from: {steps}");
    Problem::new(Class::Conflict, "trustpath::run::changed_meanwhile", message)
        .help("nothing was written: run it again to see what there is to do now")
}
