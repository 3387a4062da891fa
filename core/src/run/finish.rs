//! A whole run: forward, proven, or everything back.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use futures::future::join;

use super::{Engine, RunPlan, ahead::Ahead, forward::direction, settle::Settled};
use crate::{
    contract::{Evidence, Note},
    failure::{Failure, Result},
    graph::Place,
    journal::{Journal, Log, Record, Verb, replay},
};

/// What came of proving each step.
type Proofs = Vec<(Place, Result<Evidence>)>;

/// How a run ended, for the user.
#[derive(Debug)]
pub struct Ended {
    /// How.
    pub outcome: Outcome,
    /// What `verify` saw, where it came that far.
    pub evidence: Vec<(Place, Result<Evidence>)>,
    /// What was left on purpose, by step.
    pub left: Vec<(Place, Note)>,
    /// Why a lock may still name the run, where it does: its journal has no end then, and whoever goes on with it finds
    /// nothing left to do but that.
    pub unclosed: Option<Failure>,
}

/// How a run ended.
#[derive(Debug)]
pub enum Outcome {
    /// Everything was made, and holds.
    Done,
    /// It failed, and what it had made was kept because the user asked for it.
    Kept(Failure),
    /// It failed, and everything is as it was before.
    RolledBack(Failure),
    /// It failed, and these could not be taken back.
    Stuck {
        /// The failure that made it turn back.
        original: Failure,
        /// What could not be taken back.
        undo: Vec<Failure>,
    },
}

impl Engine {
    /// Carries a plan out: every write is journaled first; on a failure or an interruption everything is taken back.
    ///
    /// # Errors
    /// When the journal itself cannot be written to its end; what happened is in it as far as it goes.
    pub async fn run(&self, plan: &RunPlan, journal: &Journal) -> Result<Ended> {
        let (failure, evidence) = match self.make_and_prove(plan, journal).await {
            Ok(evidence) => (self.broken(&evidence), evidence),
            Err(failure) => (Some(failure), Vec::new()),
        };
        let keep = self.permissions.keep && !evidence.is_empty() && failure.is_some();
        let outcome = match failure {
            None => Outcome::Done,
            Some(failure) if keep => Outcome::Kept(failure),
            Some(failure) => self.turn_back(failure, plan.verb, journal).await?,
        };
        let unclosed = self.conclude(&outcome, journal).await?;
        let mut left = left(plan);
        left.extend(self.stayed(journal)?);
        Ok(Ended { outcome, evidence, left, unclosed })
    }

    /// Makes everything and proves it. What does not depend on the last steps is proven while these are made; where that is
    /// of no use any more, it still comes to its end.
    async fn make_and_prove(&self, plan: &RunPlan, journal: &Journal) -> Result<Proofs> {
        let ahead = Arc::new(Ahead::of(&self.graph, plan));
        let early = async {
            let due = if ahead.is_due().await { ahead.places() } else { &BTreeSet::new() };
            self.prove(due).await
        };
        let (rest, early) = join(self.make_and_prove_rest(plan, journal, &ahead), early).await;
        let mut proofs: BTreeMap<_, _> = early.into_iter().collect();
        proofs.extend(rest?);
        Ok(proofs.into_iter().collect())
    }

    /// What was seen before a request was over that nobody answered may be no longer so: all is proven then.
    async fn make_and_prove_rest(&self, plan: &RunPlan, journal: &Journal, ahead: &Arc<Ahead>) -> Result<Proofs> {
        let made = self.forward(plan, journal, ahead).await;
        ahead.end();
        made?;
        let rest = match self.settle(plan.verb, journal).await? {
            _ if plan.verb == Verb::Destroy => return Ok(Proofs::new()),
            Settled::Late => plan.chosen(),
            Settled::InTime => &plan.chosen() - ahead.places(),
        };
        Ok(self.prove(&rest).await)
    }

    /// What a request was to remove and has left.
    fn stayed(&self, journal: &Journal) -> Result<Vec<(Place, Note)>> {
        let stays = replay(&Log::read(journal.path())?.entries).stays.into_iter();
        let notes = stays.filter_map(|(step, why)| Some((self.graph.place(&step)?, why)));
        Ok(notes.flat_map(|(place, why)| why.into_iter().map(move |why| (place, Note::Left(why)))).collect())
    }

    /// Takes back whatever stands in the journal, because of `original`.
    pub(super) async fn turn_back(&self, original: Failure, verb: Verb, journal: &Journal) -> Result<Outcome> {
        let noted = journal.append(Record::TurnedBack { why: original.report() }).await;
        let mut undo = self.back(journal, direction(verb)).await;
        undo.extend(noted.err());
        Ok(if undo.is_empty() { Outcome::RolledBack(original) } else { Outcome::Stuck { original, undo } })
    }
}

fn left(plan: &RunPlan) -> Vec<(Place, Note)> {
    let notes = plan.steps.iter().flat_map(|(place, planned)| planned.plan.notes.iter().map(|note| (*place, note)));
    notes.filter(|(_, note)| matches!(note, Note::Left(_))).map(|(place, note)| (place, note.clone())).collect()
}
