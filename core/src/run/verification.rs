//! Proving: every link at the same time, under the limit; what several of them read is read once. What does not depend on the
//! last steps is proven while these are made.

use std::{collections::BTreeSet, sync::Arc};

use tokio::{sync::watch, time::timeout};

use super::{
    Engine,
    outcome::{in_time, interrupted},
    run_plan::RunPlan,
    schedule::side_by_side,
    settings::Event,
};
use crate::{
    contract::{CheckOutcome, Evidence, SharedReads},
    failure::{Class, Failure, Problem, Result},
    graph::{Graph, StepIndex},
    journal::Verb,
};

/// What came of proving each step, in the order of the graph.
pub(super) type Verifications = Vec<(StepIndex, Result<Evidence>)>;

/// Proofs that share what they read.
pub(super) struct Verification<'a> {
    engine: &'a Engine,
    readings: Arc<SharedReads>,
}

impl<'a> Verification<'a> {
    pub(super) fn by(engine: &'a Engine) -> Self {
        Self { engine, readings: Arc::default() }
    }

    /// The way of those that need most is the longest: theirs go first.
    pub(super) async fn of(&self, places: &BTreeSet<StepIndex>) -> Verifications {
        let proofs = places.iter().rev().map(|place| async { (*place, self.one(*place).await) });
        let proofs = side_by_side(self.engine.settings.parallelism, proofs).await;
        self.given_up_settle().await;
        proofs
    }

    /// A proof that was given up still gives back what it has made: a token, a secret ID.
    async fn given_up_settle(&self) {
        let settled = timeout(self.engine.settings.verify_timeout, self.engine.handles.in_flight().idle());
        tokio::select! {
            in_time = settled => in_time.unwrap_or_default(),
            () = self.engine.cancel.halted() => {}
        }
    }

    async fn one(&self, place: StepIndex) -> Result<Evidence> {
        let (engine, name) = (self.engine, self.engine.name(place));
        if !engine.looks_at(place) {
            let why = "its system is not looked at, and it is taken to be as the graph file says";
            return Ok(Evidence::new().unchecked(format!("`{name}`"), why));
        }
        engine.observer.event(name, Event::Verifying);
        let context = engine.context(place).sharing(self.readings.clone());
        let proving = engine.graph.node(place).step.verify(&context);
        let answer = tokio::select! {
            answer = in_time("proven", engine.settings.verify_timeout, proving) => answer,
            () = engine.cancel.cancelled() => Err(interrupted()),
        };
        let answer = answer.map_err(|failure| failure.in_step(name));
        match &answer {
            Ok(evidence) => engine.observer.event(name, Event::Verified(evidence)),
            Err(failure) => engine.observer.event(name, Event::Failed(failure)),
        }
        answer
    }
}

/// Proofs that were all made, with what depends on another step's checks decided.
pub(super) fn settled(engine: &Engine, mut proofs: Verifications) -> Verifications {
    let is_whole = |proof: &Result<Evidence>| proof.as_ref().is_ok_and(Evidence::is_whole);
    let whole: Vec<_> =
        proofs.iter().filter(|(_, proof)| is_whole(proof)).map(|(place, _)| engine.name(*place)).collect();
    proofs.iter_mut().filter_map(|(_, proof)| proof.as_mut().ok()).for_each(|evidence| evidence.settle(&whole));
    proofs
}

/// Why a link does not hold, where it does not.
pub(super) fn failed(evidence: &Evidence) -> Option<Failure> {
    evidence.checks.iter().find_map(|check| match &check.outcome {
        CheckOutcome::Failed { why, next } => {
            let message = format!("{}: {why}", check.what);
            Some(Problem::new(Class::Unverified, "trustpath::verify::failed", message).help(next).into())
        }
        CheckOutcome::Passed { .. } | CheckOutcome::Unchecked { .. } => None,
    })
}

/// Which steps are proven ahead, and when. The last steps are those that change and that none needs which changes.
#[derive(Debug, Default)]
pub(super) struct EarlyVerification {
    places: BTreeSet<StepIndex>,
    state: watch::Sender<AheadState>,
}

#[derive(Debug, Default)]
struct AheadState {
    /// What changes and is not made yet, but for the last steps.
    waits_for: BTreeSet<StepIndex>,
    /// Nothing more is made.
    is_over: bool,
}

impl EarlyVerification {
    /// Of what is removed, nothing is proven. Where only last steps change, all proofs are made together: those that ask for
    /// the same ask once.
    pub(super) fn of(graph: &Graph, plan: &RunPlan) -> Self {
        if plan.verb == Verb::Destroy {
            return Self::default();
        }
        let changing: BTreeSet<_> = plan.changes().map(|(place, _)| place).collect();
        let is_last = |place: &StepIndex| !graph.dependents(*place).any(|needing| changing.contains(&needing));
        let (last, waits_for): (BTreeSet<_>, BTreeSet<_>) = changing.iter().partition(|place| is_last(place));
        if waits_for.is_empty() {
            return Self::default();
        }
        let is_ahead =
            |place: &StepIndex| !last.contains(place) && !graph.ancestors(*place).any(|before| last.contains(&before));
        let places = plan.chosen().into_iter().filter(is_ahead).collect();
        Self { places, state: watch::Sender::new(AheadState { waits_for, is_over: false }) }
    }

    pub(super) fn places(&self) -> &BTreeSet<StepIndex> {
        &self.places
    }

    /// A step was made.
    pub(super) fn made(&self, place: StepIndex) {
        self.state.send_if_modified(|state| state.waits_for.remove(&place));
    }

    /// Nothing more is made.
    pub(super) fn end(&self) {
        self.state.send_modify(|state| state.is_over = true);
    }

    /// Waits until only the last steps are to be made, or nothing more is, and tells whether it came to the first.
    pub(super) async fn is_due(&self) -> bool {
        let mut seen = self.state.subscribe();
        let reached = seen.wait_for(|state| state.is_over || state.waits_for.is_empty()).await;
        reached.is_ok_and(|state| state.waits_for.is_empty())
    }
}
