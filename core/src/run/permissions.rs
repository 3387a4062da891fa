//! What all verbs together need for a graph, given what is there now.

use std::collections::BTreeSet;

use futures::{StreamExt, stream};

use super::{Engine, Needs, partial};
use crate::{
    contract::{Change, Goal, Plan, Purpose, Stage},
    failure::{Failure, Result},
    graph::{Place, Selection},
    journal::Verb,
};

/// What the verbs need for a selection of steps.
#[derive(Debug, Clone)]
pub struct Needed {
    /// The rights.
    pub needs: Needs,
    /// The steps that could not be planned, and why: what they write is not known.
    pub unseen: Vec<(Place, Failure)>,
}

impl Engine {
    /// What plan, apply, verify, rollback and destroy need for these steps. Plans them first: what an undo writes is
    /// what is there now.
    ///
    /// # Errors
    /// When the selection names an unknown step.
    pub async fn needed(&self, selection: &Selection) -> Result<Needed> {
        let chosen = selection.places(&self.graph)?;
        let before = partial::neighbors(&self.graph, Verb::Apply, &chosen);
        let mut needed = Needed { needs: Needs::default(), unseen: Vec::new() };
        for (place, plan) in self.looked_at(chosen.union(&before).copied()).await {
            match plan {
                Ok(plan) if chosen.contains(&place) => self.for_all_verbs(&mut needed.needs, place, &plan)?,
                Ok(plan) => {
                    let stage = Stage::Plan(&Goal::Present, &plan.change);
                    self.stage(&mut needed.needs, place, Purpose::Plan, stage)?;
                }
                Err(failure) => {
                    self.for_all_verbs_unseen(&mut needed.needs, place)?;
                    needed.unseen.push((place, failure));
                }
            }
        }
        self.to_destroy_these(&mut needed.needs, &chosen)?;
        self.of_the_run(&mut needed.needs, &[Purpose::Apply, Purpose::Rollback, Purpose::Destroy]);
        Ok(needed)
    }

    async fn looked_at(&self, places: impl Iterator<Item = Place>) -> Vec<(Place, Result<Plan>)> {
        let reads = places.map(|place| async move { (place, self.read(place, &Goal::Present).await) });
        let mut plans: Vec<_> = stream::iter(reads).buffer_unordered(self.settings.parallelism.max(1)).collect().await;
        plans.sort_by_key(|(place, _)| *place);
        plans
    }

    /// Before a step is destroyed, those that need it are looked at: they have to be gone.
    fn to_destroy_these(&self, needs: &mut Needs, chosen: &BTreeSet<Place>) -> Result<()> {
        let gone = Change::removal(None);
        for place in partial::neighbors(&self.graph, Verb::Destroy, chosen) {
            self.stage(needs, place, Purpose::Destroy, Stage::Plan(&Goal::Absent, &gone))?;
        }
        Ok(())
    }
}
