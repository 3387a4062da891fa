//! The way forward: everything is made and proven, or taken back; a run that was cut off goes on here.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use futures::future::{join, try_join_all};
use tokio::time::Instant;

use super::{
    Engine,
    earlier::refuse_other_target,
    outcome::{Ended, Failures, Outcome, interrupted},
    plan::goal,
    requests::{Aim, RequestSender, SendResult},
    run_plan::RunPlan,
    schedule::{Direction, OnFailure, Schedule, execute},
    settings::Event,
    verification::{EarlyVerification, Verification, Verifications, failed, settled},
};
use crate::{
    contract::{Evidence, Goal, Note, Plan},
    failure::{Class, Failure, Problem, Result},
    graph::{Selection, StepIndex},
    journal::{End, Journal, Log, Record, Verb, replay},
};

/// Whether a request was not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Settled {
    /// All were.
    InTime,
    /// One was not, and is over now.
    Late,
}

impl Engine {
    /// Carries a plan out: every write is journaled first; on a failure or an interruption everything is taken back.
    ///
    /// # Errors
    /// When the journal itself cannot be written to its end; what happened is in it as far as it goes.
    pub async fn run(&self, plan: &RunPlan, journal: &Journal) -> Result<Ended> {
        let (failure, evidence) = match self.apply_and_verify(plan, journal).await {
            Ok(evidence) => (self.broken(&evidence), evidence),
            Err(failure) => (Some(failure), Vec::new()),
        };
        let keep = self.consent.keep && !evidence.is_empty() && failure.is_some();
        let outcome = match failure {
            None => Outcome::Done,
            Some(failure) if keep => Outcome::Kept(failure),
            Some(failure) => self.undo_all(failure, plan.verb, journal).await?,
        };
        let unclosed = outcome.conclude(&*self.guard, journal).await?;
        let mut left = left(plan);
        left.extend(self.stayed(journal)?);
        Ok(Ended { outcome, evidence, left, unclosed })
    }

    /// Makes everything and proves it. What does not depend on the last steps is proven while these are made; where that is
    /// of no use any more, it still comes to its end.
    async fn apply_and_verify(&self, plan: &RunPlan, journal: &Journal) -> Result<Verifications> {
        let ahead = Arc::new(EarlyVerification::of(&self.graph, plan));
        let early = async {
            let due = if ahead.is_due().await { ahead.places() } else { &BTreeSet::new() };
            Verification::by(self).of(due).await
        };
        let (rest, early) = join(self.apply_and_verify_rest(plan, journal, &ahead), early).await;
        let mut proofs: BTreeMap<_, _> = early.into_iter().collect();
        proofs.extend(rest?);
        Ok(settled(self, proofs.into_iter().collect()))
    }

    /// What was seen before a request was over that no one answered may be no longer so: all is proven then.
    async fn apply_and_verify_rest(
        &self,
        plan: &RunPlan,
        journal: &Journal,
        ahead: &Arc<EarlyVerification>,
    ) -> Result<Verifications> {
        let made = self.forward(plan, journal, ahead).await;
        ahead.end();
        made?;
        let rest = match self.await_in_flight(plan.verb, journal).await? {
            _ if plan.verb == Verb::Destroy => return Ok(Verifications::new()),
            Settled::Late => plan.to_prove(),
            Settled::InTime => &plan.to_prove() - ahead.places(),
        };
        Ok(Verification::by(self).of(&rest).await)
    }

    /// Makes the plan's changes along the graph.
    ///
    /// # Errors
    /// The first failure, or the interruption, after everything under way has settled.
    async fn forward(&self, plan: &RunPlan, journal: &Journal, ahead: &Arc<EarlyVerification>) -> Result<()> {
        let changing = plan.changes().map(|(place, _)| place).collect();
        let (engine, journal) = (Arc::new(self.clone()), journal.clone());
        let work = |place| {
            let (engine, journal, ahead) = (engine.clone(), journal.clone(), ahead.clone());
            let planned = plan.steps[&place].plan.clone();
            async move {
                engine.apply_step(place, planned, &journal).await?;
                ahead.made(place);
                Ok(())
            }
        };
        let schedule = Schedule::new(&self.graph, &changing, Direction::of(plan.verb));
        let stop = || self.cancel.is_cancelled();
        let answers = execute(schedule, self.settings.parallelism, OnFailure::Stop, stop, work).await;
        let all = answers.len() == changing.len();
        answers.into_iter().try_for_each(|(_, answer)| answer)?;
        if all { Ok(()) } else { Err(interrupted()) }
    }

    async fn apply_step(&self, place: StepIndex, planned: Plan, journal: &Journal) -> Result<()> {
        let name = self.name(place);
        let made = self.apply_within(place, planned, journal).await.map_err(|failure| failure.in_step(name));
        match &made {
            Ok(()) => self.observer.event(name, Event::Applied),
            Err(failure) => self.observer.event(name, Event::Failed(failure)),
        }
        made
    }

    async fn apply_within(&self, place: StepIndex, planned: Plan, journal: &Journal) -> Result<()> {
        let sending = RequestSender::begin(self, place, journal, Aim::Forward);
        let plan = if planned.provisional { self.plan_again(place).await? } else { planned };
        self.observer.event(self.name(place), Event::Applying(&plan.change));
        let parts = self.graph.node(place).step.parts(&self.context(place), &plan.change)?;
        let SendResult { answer, logged, left, .. } = sending.all(parts).await;
        if left.is_empty() {
            return answer.and(logged);
        }
        logged?;
        self.stays(place, left, journal).await
    }

    /// Values that were not known when the user was asked are known now. What the user was asked for may not grow.
    async fn plan_again(&self, place: StepIndex) -> Result<Plan> {
        let plan = self.read(place, &Goal::Present).await?;
        match self.objections(self.name(place), &plan).into_iter().next() {
            Some(objection) => Err(objection),
            None if plan.provisional => Err(still_unknown().into()),
            None => Ok(plan),
        }
    }

    /// After everything was made: what was answered by no one is looked at once more when it cannot come late any more.
    ///
    /// # Errors
    /// When a step is no longer as it was made, or the run is interrupted.
    async fn await_in_flight(&self, verb: Verb, journal: &Journal) -> Result<Settled> {
        let standing = self.pending(&Log::read(journal.path())?)?;
        let late = standing.into_iter().filter_map(|(place, standing)| Some((place, standing.settled_at?)));
        let looks = late.map(|(place, settled_at)| self.settle_one(place, settled_at, verb, journal));
        tokio::select! {
            settled = try_join_all(looks) => settled.map(|late| if late.is_empty() { Settled::InTime } else { Settled::Late }),
            () = self.cancel.cancelled() => Err(interrupted()),
        }
    }

    async fn settle_one(&self, place: StepIndex, settled_at: Instant, verb: Verb, journal: &Journal) -> Result<()> {
        self.wait_to_settle(place, settled_at).await;
        let name = self.name(place);
        if !self.read(place, &goal(verb)).await?.is_nothing() {
            return Err(carried_out_late().in_step(name));
        }
        journal.append(Record::Settled { step: name.to_owned() }).await
    }

    /// What a request was to remove and has left.
    fn stayed(&self, journal: &Journal) -> Result<Vec<(StepIndex, Note)>> {
        let stays = replay(&Log::read(journal.path())?.entries).stays.into_iter();
        let notes = stays.filter_map(|(step, why)| Some((self.graph.place(&step)?, why)));
        Ok(notes.flat_map(|(place, why)| why.into_iter().map(move |why| (place, Note::Left(why)))).collect())
    }

    /// What a run that was cut off has still to do; this engine's graph is that of [`graph_of`](super::graph_of).
    ///
    /// What it had under way is over when this returns, and what it made is as it made it.
    ///
    /// # Errors
    /// When the servers are not those of the run, another client has changed what it made, or it cannot be planned.
    pub async fn plan_remaining(&self, log: &Log) -> Result<RunPlan, Failures> {
        let start = &log.start;
        refuse_other_target(&start.run, &start.target, &self.handles).await?;
        self.await_in_flight_before_resume(log).await?;
        let chosen = Selection { only: start.chosen.clone(), ..Selection::default() };
        self.plan(start.verb, &chosen).await
    }

    /// Before a run that was cut off goes on: its requests are over, and no one else has touched what it made.
    ///
    /// # Errors
    /// When somebody has, or a step cannot be read.
    async fn await_in_flight_before_resume(&self, log: &Log) -> Result<()> {
        let looks = self.pending(log)?.into_iter().map(|(place, standing)| async move {
            if let Some(settled_at) = standing.settled_at {
                self.wait_to_settle(place, settled_at).await;
            }
            self.read(place, &Goal::Undo(standing.history)).await
        });
        tokio::select! {
            looked = try_join_all(looks) => looked.map(drop),
            () = self.cancel.cancelled() => Err(interrupted()),
        }
    }

    /// Carries out what [`Engine::plan_remaining`] found, in the journal of the run: what it has made before is taken back
    /// too when this fails.
    ///
    /// # Errors
    /// As [`Engine::run`].
    pub async fn resume_in(&self, journal: &Journal, rest: &RunPlan, program: &str) -> Result<Ended> {
        journal.append(Record::Resumed { program: program.to_owned() }).await?;
        self.run(rest, journal).await
    }

    /// The end of a run that lacks nothing else: all that it announced is settled, its plan has nothing left to do, and its
    /// chain holds; or all is taken back. `None` where that is not so. Nothing is written.
    ///
    /// # Errors
    /// When the servers are not those of the run, or it cannot be planned.
    pub async fn end_due(&self, log: &Log) -> Result<Option<End>, Failures> {
        let start = &log.start;
        refuse_other_target(&start.run, &start.target, &self.handles).await?;
        let due = replay(&log.entries).end_due();
        if due != Some(End::Done) {
            return Ok(due);
        }
        let rest = self.plan_remaining(log).await?;
        if !rest.is_nothing() {
            return Ok(None);
        }
        Ok(match start.verb {
            Verb::Destroy => due,
            Verb::Apply => match self.broken(&settled(self, Verification::by(self).of(&rest.chosen()).await)) {
                None => due,
                Some(_) => start.consent.keep.then_some(End::Kept),
            },
        })
    }

    /// Ends a run whose [`Engine::end_due`] is this.
    ///
    /// # Errors
    /// When it cannot be taken off its lock, or the journal cannot be written: it has no end then.
    pub async fn close(&self, end: End, journal: &Journal) -> Result<()> {
        self.guard.clear().await?;
        journal.append(Record::End { end }).await
    }

    /// Proves the links of the selected steps.
    ///
    /// # Errors
    /// When the selection names an unknown step. A proof that could not be carried out is in the answer.
    pub async fn verify(&self, selection: &Selection) -> Result<Vec<(StepIndex, Result<Evidence>)>> {
        Ok(settled(self, Verification::by(self).of(&selection.places(&self.graph)?).await))
    }

    /// The first link, in the order of the graph, that does not hold or could not be verified.
    pub fn broken(&self, proofs: &[(StepIndex, Result<Evidence>)]) -> Option<Failure> {
        proofs.iter().find_map(|(place, proof)| match proof {
            Err(failure) => Some(failure.clone()),
            Ok(evidence) => failed(evidence).map(|failure| failure.in_step(self.name(*place))),
        })
    }
}

fn left(plan: &RunPlan) -> Vec<(StepIndex, Note)> {
    let notes = plan.steps.iter().flat_map(|(place, planned)| planned.plan.notes.iter().map(|note| (*place, note)));
    notes.filter(|(_, note)| matches!(note, Note::Left(_))).map(|(place, note)| (place, note.clone())).collect()
}

fn still_unknown() -> Problem {
    let message = "some values are still unknown after the steps before it were applied";
    Problem::new(Class::Missing, "trustpath::run::still_unknown", message)
        .help("a controller of the cluster may not have done its part yet; try again")
}

fn carried_out_late() -> Failure {
    let message = "a request that no one answered was carried out late, and changed what was made after it";
    Problem::new(Class::Timeout, "trustpath::run::late", message)
        .help("look at the network between here and the server; everything is taken back, run it again")
        .into()
}
