//! The host of steps that decide: reads, sends and tries what they name.

use std::sync::Arc;

use async_trait::async_trait;
use futures::future::join_all;
use serde::Serialize;

use super::{
    Answers, At, Change, ChangeHistory, Context, Decision, Drift, Evidence, Facts, Gives, Goal, Intent, Managed, Note,
    Op, Part, Plan, Proof, Request, RequestList, Reversibility, Right, Seen, Stage, Step, Takes, Want,
    handle::was_not_looked_at,
    state::{absent, defect, edited, json, state},
};
use crate::failure::Result;

/// How often answers may lead to more reads.
const ROUNDS: usize = 3;

/// Makes a [`Managed`] configuration a [`Step`].
pub(super) struct ManagedStep<M>(pub(super) M);

#[async_trait]
impl<M: Managed> Step for ManagedStep<M> {
    fn wants(&self) -> Vec<Want> {
        M::Takes::wants()
    }

    fn give(&self, name: &str, taken: &Facts, out: &mut Facts) -> Result<()> {
        self.0.gives(&M::Takes::take(taken)?).give(name, out);
        Ok(())
    }

    fn systems(&self) -> &'static [&'static str] {
        M::SYSTEMS
    }

    async fn plan(&self, cx: &Context, goal: &Goal) -> Result<Plan> {
        let facts = M::Takes::take(cx.facts())?;
        let at = At { cx, facts: &facts };
        match goal {
            Goal::Present => self.make(at).await,
            Goal::Absent => self.remove(at).await,
            Goal::Undo(history) => self.back(at, history).await,
        }
    }

    fn parts(&self, cx: &Context, change: &Change) -> Result<Vec<Part>> {
        let facts = M::Takes::take(cx.facts())?;
        self.legs(At { cx, facts: &facts }, change)
    }

    fn requests(&self, cx: &Context, goal: &Goal, change: &Change) -> Result<RequestList> {
        let facts = M::Takes::take(cx.facts())?;
        self.listed(At { cx, facts: &facts }, goal, change)
    }

    async fn apply(&self, cx: &Context, part: &Part) -> Result<()> {
        match &part.request {
            Some(request) => request.send(cx).await,
            None => Err(defect("a change has no request").into()),
        }
    }

    async fn verify(&self, cx: &Context) -> Result<Evidence> {
        let facts = M::Takes::take(cx.facts())?;
        let cx = &cx.clone().sharing_with_itself();
        let at = At { cx, facts: &facts };
        let seen = self.look(at, Intent::Verify).await?;
        if seen.state.is_none() {
            return Ok(absent(cx.step()));
        }
        let Proof { seen: evidence, probes } = self.0.proof(at, &seen)?;
        // All of them come to their end, whatever becomes of the others: each gives back what it has made.
        let tried = join_all(probes.iter().map(|probe| probe.run(cx))).await;
        tried.into_iter().try_fold(evidence, |evidence, more| match more {
            Err(failure) if was_not_looked_at(&failure) => {
                Ok(evidence.unchecked("what another system has to show", failure.to_string()))
            }
            more => Ok(evidence.and(more?)),
        })
    }

    fn rights(&self, cx: &Context, stage: Stage<'_>) -> Result<Vec<Right>> {
        let facts = M::Takes::take(cx.facts())?;
        self.rights_for(At { cx, facts: &facts }, stage)
    }
}

impl<M: Managed> ManagedStep<M> {
    /// Reads, and reads what the answers lead to.
    async fn look(&self, at: At<'_, M::Takes>, intent: Intent) -> Result<Seen<M::State>> {
        let answers = self.0.reads(at, intent, None).perform(at.cx).await?;
        let mut seen = Seen { state: self.0.state(at, &answers)?, answers };
        for _ in 0..ROUNDS {
            let more = self.0.reads(at, intent, Some(&seen)).besides(|name| seen.answers.has(name));
            if more.is_empty() {
                return Ok(seen);
            }
            seen.answers.extend(more.perform(at.cx).await?);
            seen.state = self.0.state(at, &seen.answers)?;
        }
        Err(defect("its reads have no end").into())
    }

    async fn make(&self, at: At<'_, M::Takes>) -> Result<Plan> {
        let seen = self.look(at, Intent::Make).await?;
        let decision = self.0.decide(at, Intent::Make, &seen)?;
        let adopt = seen.state.is_some() && !decision.ours;
        let plan = plan(seen.state.as_ref(), decision)?;
        if plan.is_nothing() {
            return Ok(plan);
        }
        if !plan.provisional {
            self.dry_run(at, &plan.change).await?;
        }
        Ok(Plan { adopt, retains: false, goes_with: Vec::new(), ..plan })
    }

    async fn dry_run(&self, at: At<'_, M::Takes>, change: &Change) -> Result<()> {
        for request in self.requests_of(at, change)? {
            request.dry_run(at.cx).await?;
        }
        Ok(())
    }

    async fn remove(&self, at: At<'_, M::Takes>) -> Result<Plan> {
        let seen = self.look(at, Intent::Remove).await?;
        let Some(now) = &seen.state else { return Ok(Plan::nothing(None)) };
        let decision = self.0.decide(at, Intent::Remove, &seen)?;
        if !decision.ours {
            let left = Note::Left(format!("it does not bear the mark of the graph `{}`", at.cx.graph()));
            let retains = decision.retains;
            return Ok(Plan { notes: vec![left], retains, ..Plan::nothing(Some(json(now)?)) });
        }
        plan(Some(now), decision)
    }

    async fn back(&self, at: At<'_, M::Takes>, history: &ChangeHistory) -> Result<Plan> {
        let now = self.look(at, Intent::Undo).await?.state.as_ref().map(json).transpose()?;
        match history.drift(now.as_ref()) {
            Drift::None => Ok(Plan::nothing(now)),
            Drift::Ours => Ok(Plan::of(Change { before: now, after: history.before().cloned() }, Reversibility::Full)),
            Drift::Foreign(leaves) => Err(edited(&leaves).into()),
        }
    }

    pub(super) fn legs(&self, at: At<'_, M::Takes>, change: &Change) -> Result<Vec<Part>> {
        if change.op() == Op::Nothing {
            return Ok(Vec::new());
        }
        let (from, to) = (state(change.before.as_ref())?, state(change.after.as_ref())?);
        let mut before = change.before.clone();
        let mut parts = Vec::new();
        for leg in self.0.route(at, from.as_ref(), to.as_ref())? {
            let after = leg.to.as_ref().map(json).transpose()?;
            let change = Change { before: std::mem::replace(&mut before, after.clone()), after };
            parts.push(Part { change, request: Some(leg.request.into()) });
        }
        if before == change.after { Ok(parts) } else { Err(defect("a route does not lead where it should").into()) }
    }

    /// The requests of a change, in order.
    pub(super) fn requests_of(&self, at: At<'_, M::Takes>, change: &Change) -> Result<Vec<Arc<dyn Request>>> {
        Ok(self.legs(at, change)?.into_iter().filter_map(|part| part.request).collect())
    }

    /// What it would make where nothing is.
    pub(super) fn made_from_nothing(&self, at: At<'_, M::Takes>) -> Option<M::State> {
        let nothing = Seen { state: None, answers: Answers::default() };
        self.0.decide(at, Intent::Make, &nothing).ok()?.to
    }
}

fn plan<S: Serialize>(now: Option<&S>, decision: Decision<S>) -> Result<Plan> {
    let change = Change { before: now.map(json).transpose()?, after: decision.to.as_ref().map(json).transpose()? };
    let Decision { to, provisional, reversibility: undo, retains, goes_with, notes, .. } = decision;
    let retains = retains && to.is_some();
    if change.before == change.after {
        return Ok(Plan { notes, retains, ..Plan::nothing(change.after) });
    }
    Ok(Plan { provisional, retains, goes_with, notes, ..Plan::of(change, undo) })
}
