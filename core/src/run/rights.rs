//! Which rights the verbs of the program need: of each step, for exactly what is to be done. Pure.

use std::{collections::BTreeSet, time::Duration};

use super::{Engine, Needs, Role, RunPlan, caught::caught_at_once, needs::Needing};
use crate::{
    contract::{Change, Goal, Plan, Purpose, Right, Stage},
    failure::Result,
    graph::Place,
    journal::{Log, Verb},
};

impl Engine {
    /// What carrying out this plan needs, the way back and the proof at the end included. What was needed to plan it is
    /// left out, as it was planned; but for a removal: what could not be seen is left there without an error.
    ///
    /// # Errors
    /// When a step does not know one of its own changes.
    pub fn needs(&self, plan: &RunPlan) -> Result<Needs> {
        let mut needs = Needs::default();
        for (place, planned) in plan.steps.iter().filter(|(_, planned)| planned.role == Role::Chosen) {
            match plan.verb {
                Verb::Apply => self.to_apply(&mut needs, *place, &planned.plan)?,
                Verb::Destroy => self.to_destroy(&mut needs, *place, &planned.plan.change)?,
            }
        }
        let purpose = match plan.verb {
            Verb::Apply => Purpose::Apply,
            Verb::Destroy => Purpose::Destroy,
        };
        self.of_the_run(&mut needs, &[purpose]);
        Ok(self.within(needs, self.longest(plan)))
    }

    /// What going on with a run needs: what is left to do, and the way back of all that it has made before.
    ///
    /// # Errors
    /// As [`Engine::needs`] and [`Engine::needs_of_rollback`].
    pub fn needs_of_rest(&self, rest: &RunPlan, log: &Log) -> Result<Needs> {
        Ok(self.needs(rest)?.and(self.needs_of_rollback(log, &[])?))
    }

    /// What taking back all that stands in a run's journal needs, but for the steps that are left as they are.
    ///
    /// # Errors
    /// When the journal names a step that its own graph does not have, or a change that is not one of the step's.
    pub fn needs_of_rollback(&self, log: &Log, left: &[String]) -> Result<Needs> {
        let mut needs = Needs::default();
        let is_left = |place| left.iter().any(|left| left == self.name(place));
        let mut standing = self.standing(log)?;
        standing.retain(|(place, _)| !is_left(*place));
        for (place, standing) in &standing {
            self.stage(&mut needs, *place, Purpose::Rollback, Stage::Undo(&standing.trail.change()))?;
        }
        self.of_the_run(&mut needs, &[Purpose::Rollback]);
        let places = standing.into_iter().map(|(place, _)| place).collect();
        Ok(self.within(needs, self.in_turn(&places)))
    }

    /// The same for a run that may take so long: where a lock lies on one of its systems, that is renewed until then.
    fn within(&self, mut needs: Needs, time: Duration) -> Needs {
        let locked: BTreeSet<_> = self.own_rights.iter().map(|right| right.system).collect();
        let renewals = time.as_millis() / self.settings.renewed_every().as_millis().max(1);
        for system in needs.systems().intersection(&locked) {
            needs.count_more(system, usize::try_from(renewals).unwrap_or(usize::MAX));
        }
        needs.taking(time)
    }

    /// How long a run may take by its limits: there, proven, and all the way back.
    fn longest(&self, plan: &RunPlan) -> Duration {
        let changing = plan.changes().map(|(place, _)| place).collect();
        let proof = if plan.verb == Verb::Apply { self.settings.verify_timeout } else { Duration::ZERO };
        2 * self.in_turn(&changing) + proof
    }

    /// How long these steps may take, those that wait for each other one after the other.
    fn in_turn(&self, places: &BTreeSet<Place>) -> Duration {
        let steps = u32::try_from(self.graph.longest_chain(places)).unwrap_or(u32::MAX);
        self.settings.step_timeout.saturating_mul(steps)
    }

    fn to_apply(&self, needs: &mut Needs, place: Place, plan: &Plan) -> Result<()> {
        self.to_change(needs, place, Purpose::Apply, &plan.change)?;
        if plan.provisional {
            // It is planned again by the run itself, with the rights by which it was planned.
            let rights = self.rights(place, Stage::Plan(&Goal::Present, &plan.change))?;
            needs.count(self.graph.node(place).step.systems(), &rights);
        }
        self.stage(needs, place, Purpose::Verify, Stage::Prove(plan.change.after.as_ref()))
    }

    /// Where there is nothing, nothing has to be seen that would keep it from going.
    fn to_destroy(&self, needs: &mut Needs, place: Place, change: &Change) -> Result<()> {
        if change.before.is_none() {
            return Ok(());
        }
        self.stage(needs, place, Purpose::Destroy, Stage::Plan(&Goal::Absent, change))?;
        self.to_change(needs, place, Purpose::Destroy, change)
    }

    fn to_change(&self, needs: &mut Needs, place: Place, purpose: Purpose, change: &Change) -> Result<()> {
        if change.before == change.after {
            return Ok(());
        }
        self.stage(needs, place, purpose, Stage::Change(change))?;
        self.stage(needs, place, Purpose::Rollback, Stage::Undo(change))
    }

    /// Everything that the verbs need for a step that is planned like this: plan, apply, prove, take back, destroy.
    pub(super) fn for_all_verbs(&self, needs: &mut Needs, place: Place, plan: &Plan) -> Result<()> {
        self.stage(needs, place, Purpose::Plan, Stage::Plan(&Goal::Present, &plan.change))?;
        self.to_apply(needs, place, plan)?;
        self.to_destroy(needs, place, &Change::removal(plan.change.after.as_ref()))
    }

    /// The same for a step that could not be planned.
    pub(super) fn for_all_verbs_unseen(&self, needs: &mut Needs, place: Place) -> Result<()> {
        let unknown = Change::default();
        self.stage(needs, place, Purpose::Plan, Stage::Plan(&Goal::Present, &unknown))?;
        self.stage(needs, place, Purpose::Destroy, Stage::Plan(&Goal::Absent, &unknown))?;
        for purpose in [Purpose::Apply, Purpose::Rollback, Purpose::Destroy] {
            self.stage(needs, place, purpose, Stage::Unseen)?;
        }
        self.stage(needs, place, Purpose::Verify, Stage::Prove(None))
    }

    pub(super) fn stage(&self, needs: &mut Needs, place: Place, purpose: Purpose, stage: Stage<'_>) -> Result<()> {
        let rights = self.rights(place, stage)?;
        needs.count(self.graph.node(place).step.systems(), &rights);
        needs.add(&Needing::Some(self.name(place).into()), purpose, rights);
        Ok(())
    }

    fn rights(&self, place: Place, stage: Stage<'_>) -> Result<Vec<Right>> {
        let rights = caught_at_once(|| self.graph.node(place).step.rights(&self.context(place), stage));
        rights.map_err(|failure| failure.in_step(self.name(place)))
    }

    /// What the run itself needs, of the systems that its steps talk to.
    pub(super) fn of_the_run(&self, needs: &mut Needs, purposes: &[Purpose]) {
        let systems = needs.systems();
        let own: Vec<_> = self.own_rights.iter().filter(|right| systems.contains(right.system)).cloned().collect();
        own.iter().for_each(|right| needs.count(&[right.system], &[]));
        for purpose in purposes {
            needs.add(&None, *purpose, own.clone());
        }
    }
}
