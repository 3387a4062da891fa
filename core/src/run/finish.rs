//! A whole run: forward, proven, or everything back.

use super::{Engine, RunPlan, forward::direction};
use crate::{
    contract::{Evidence, Note},
    failure::{Failure, Result},
    graph::Place,
    journal::{Journal, Log, Record, Verb, replay},
};

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
        let mut evidence = Vec::new();
        let mut keep = false;
        let made = match self.forward(plan, journal).await {
            Ok(()) => self.settle(plan.verb, journal).await,
            failed => failed,
        };
        let failure = match made {
            Err(failure) => Some(failure),
            Ok(()) if plan.verb == Verb::Destroy => None,
            Ok(()) => {
                evidence = self.prove(&plan.chosen()).await;
                let broken = self.broken(&evidence);
                keep = self.permissions.keep && broken.is_some();
                broken
            }
        };
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
