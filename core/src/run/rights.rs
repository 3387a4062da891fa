//! Which rights the verbs of the program need, of each step and for exactly what is to be done; and whether the systems
//! give them.

use std::{collections::BTreeSet, time::Duration};

use futures::future;

use super::{
    Engine,
    needs::{RequestedBy, Requester, RequiredRights},
    outcome::caught_at_once,
    plan::neighbors,
    run_plan::{Relation, RunPlan},
    schedule::side_by_side,
};
use crate::{
    contract::{Change, Goal, MissingRights, Plan, Purpose, Right, Stage},
    failure::{Class, Failure, Problem, Result},
    graph::{Selection, StepIndex},
    journal::{Log, Verb},
};

/// What the verbs need for a selection of steps.
#[derive(Debug, Clone)]
pub struct RightsOfVerbs {
    /// The rights.
    pub needs: RequiredRights,
    /// The steps that could not be planned, and why: what they write is not known.
    pub unseen: Vec<(StepIndex, Failure)>,
}

impl Engine {
    /// What carrying out this plan needs, the undo and the proof at the end included. What was needed to plan it is
    /// left out, as it was planned; but for a removal: what could not be seen is left there without an error.
    ///
    /// # Errors
    /// When a step does not know one of its own changes.
    pub fn required_rights(&self, plan: &RunPlan) -> Result<RequiredRights> {
        let mut needs = RequiredRights::default();
        for (place, planned) in plan.steps.iter().filter(|(_, planned)| planned.relation == Relation::Chosen) {
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

    /// What continuing a run needs: what is left to do, and the undo of all that it has made before.
    ///
    /// # Errors
    /// As [`Engine::required_rights`] and [`Engine::required_rights_of_rollback`].
    pub fn required_rights_of_rest(&self, rest: &RunPlan, log: &Log) -> Result<RequiredRights> {
        Ok(self.required_rights(rest)?.and(self.required_rights_of_rollback(log, &[])?))
    }

    /// What taking back all that stands in a run's journal needs, but for the steps that are left as they are.
    ///
    /// # Errors
    /// When the journal names a step that its own graph does not have, or a change that is not one of the step's.
    pub fn required_rights_of_rollback(&self, log: &Log, left: &[String]) -> Result<RequiredRights> {
        let mut needs = RequiredRights::default();
        let is_left = |place| left.iter().any(|left| left == self.name(place));
        let mut standing = self.pending(log)?;
        standing.retain(|(place, _)| !is_left(*place));
        for (place, standing) in &standing {
            self.stage(&mut needs, *place, Purpose::Rollback, Stage::Undo(&standing.history.change()))?;
        }
        self.of_the_run(&mut needs, &[Purpose::Rollback]);
        let places = standing.into_iter().map(|(place, _)| place).collect();
        Ok(self.within(needs, self.in_turn(&places)))
    }

    /// What plan, apply, verify, rollback and destroy need for these steps. Plans them first: what an undo writes is
    /// what is there now.
    ///
    /// # Errors
    /// When the selection names an unknown step.
    pub async fn needed(&self, selection: &Selection) -> Result<RightsOfVerbs> {
        let (chosen, _) = self.looked_at_of(selection.places(&self.graph)?);
        let (before, _) = self.looked_at_of(neighbors(&self.graph, Verb::Apply, &chosen));
        let mut needed = RightsOfVerbs { needs: RequiredRights::default(), unseen: Vec::new() };
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

    async fn looked_at(&self, places: impl Iterator<Item = StepIndex>) -> Vec<(StepIndex, Result<Plan>)> {
        let reads = places.map(|place| async move { (place, self.read(place, &Goal::Present).await) });
        side_by_side(self.settings.parallelism, reads).await
    }

    /// Before a step is destroyed, those that need it are looked at: they have to be gone.
    fn to_destroy_these(&self, needs: &mut RequiredRights, chosen: &BTreeSet<StepIndex>) -> Result<()> {
        let gone = Change::removal(None);
        for place in self.looked_at_of(neighbors(&self.graph, Verb::Destroy, chosen)).0 {
            self.stage(needs, place, Purpose::Destroy, Stage::Plan(&Goal::Absent, &gone))?;
        }
        Ok(())
    }

    /// Asks every system whether the credentials last for this, and then for these rights; answers with what could not be
    /// asked.
    ///
    /// # Errors
    /// When credentials end before it; when rights are missing, with all of them; or a system does not answer.
    pub async fn preflight(&self, needs: &RequiredRights) -> Result<Vec<String>> {
        let asked = needs.systems().into_iter().map(|system| async move {
            let (demand, of) = (&needs.demand(system), needs.of(system).collect::<Vec<_>>());
            let rights: Vec<_> = of.iter().map(|need| need.right.clone()).collect();
            let handle = self.handles.named(system).await?;
            let unknown = handle.lasts(demand).await?;
            Ok::<_, Failure>((handle.missing_rights(&rights).await?, unknown, of))
        });
        let (mut missing, mut unasked) = (Vec::new(), Vec::new());
        for (lacking, unknown, needs) in future::try_join_all(asked).await? {
            let MissingRights { missing: rights, unasked: more } = lacking;
            unasked.extend(unknown);
            missing.extend(rights.into_iter().filter_map(|(asked, right)| Some((right, needs.get(asked)?.by.clone()))));
            unasked.extend(more);
        }
        if missing.is_empty() { Ok(unasked) } else { Err(denied(&missing).into()) }
    }

    /// The same for a run that may take so long: where a lock lies on one of its systems, that is renewed until then.
    fn within(&self, mut needs: RequiredRights, time: Duration) -> RequiredRights {
        let locked: BTreeSet<_> = self.own_rights.iter().map(|right| right.system).collect();
        let renewals = time.as_millis() / self.settings.renewed_every().as_millis().max(1);
        for system in needs.systems().intersection(&locked) {
            needs.count_more(system, usize::try_from(renewals).unwrap_or(usize::MAX));
        }
        needs.taking(time)
    }

    /// How long a run may take by its limits: there, proven, and all the undo.
    fn longest(&self, plan: &RunPlan) -> Duration {
        let changing = plan.changes().map(|(place, _)| place).collect();
        let proof = if plan.verb == Verb::Apply { self.settings.verify_timeout } else { Duration::ZERO };
        2 * self.in_turn(&changing) + proof
    }

    /// How long these steps may take, those that wait for each other one after the other.
    fn in_turn(&self, places: &BTreeSet<StepIndex>) -> Duration {
        let steps = u32::try_from(self.graph.longest_chain(places)).unwrap_or(u32::MAX);
        self.settings.step_timeout.saturating_mul(steps)
    }

    fn to_apply(&self, needs: &mut RequiredRights, place: StepIndex, plan: &Plan) -> Result<()> {
        self.to_change(needs, place, Purpose::Apply, &plan.change)?;
        if plan.provisional {
            // It is planned again by the run itself, with the rights by which it was planned.
            let rights = self.rights(place, Stage::Plan(&Goal::Present, &plan.change))?;
            needs.count(self.graph.node(place).step.systems(), &rights);
        }
        self.stage(needs, place, Purpose::Verify, Stage::Verify(plan.change.after.as_ref()))
    }

    /// Where there is nothing, nothing has to be seen that would keep it from going.
    fn to_destroy(&self, needs: &mut RequiredRights, place: StepIndex, change: &Change) -> Result<()> {
        if change.before.is_none() {
            return Ok(());
        }
        self.stage(needs, place, Purpose::Destroy, Stage::Plan(&Goal::Absent, change))?;
        self.to_change(needs, place, Purpose::Destroy, change)
    }

    fn to_change(&self, needs: &mut RequiredRights, place: StepIndex, purpose: Purpose, change: &Change) -> Result<()> {
        if change.before == change.after {
            return Ok(());
        }
        self.stage(needs, place, purpose, Stage::Change(change))?;
        self.stage(needs, place, Purpose::Rollback, Stage::Undo(change))
    }

    /// Everything that the verbs need for a step that is planned like this: plan, apply, prove, take back, destroy.
    fn for_all_verbs(&self, needs: &mut RequiredRights, place: StepIndex, plan: &Plan) -> Result<()> {
        self.stage(needs, place, Purpose::Plan, Stage::Plan(&Goal::Present, &plan.change))?;
        self.to_apply(needs, place, plan)?;
        self.to_destroy(needs, place, &Change::removal(plan.change.after.as_ref()))
    }

    /// The same for a step that could not be planned.
    fn for_all_verbs_unseen(&self, needs: &mut RequiredRights, place: StepIndex) -> Result<()> {
        let unknown = Change::default();
        self.stage(needs, place, Purpose::Plan, Stage::Plan(&Goal::Present, &unknown))?;
        self.stage(needs, place, Purpose::Destroy, Stage::Plan(&Goal::Absent, &unknown))?;
        for purpose in [Purpose::Apply, Purpose::Rollback, Purpose::Destroy] {
            self.stage(needs, place, purpose, Stage::Unseen)?;
        }
        self.stage(needs, place, Purpose::Verify, Stage::Verify(None))
    }

    fn stage(&self, needs: &mut RequiredRights, place: StepIndex, purpose: Purpose, stage: Stage<'_>) -> Result<()> {
        let rights = self.rights(place, stage)?;
        needs.count(self.graph.node(place).step.systems(), &rights);
        needs.add(&Requester::Some(self.name(place).into()), purpose, rights);
        Ok(())
    }

    fn rights(&self, place: StepIndex, stage: Stage<'_>) -> Result<Vec<Right>> {
        let rights = caught_at_once(|| self.graph.node(place).step.rights(&self.context(place), stage));
        let mut rights = rights.map_err(|failure| failure.in_step(self.name(place)))?;
        rights.retain(|right| self.handles.looks_at(right.system));
        Ok(rights)
    }

    /// What the run itself needs, of the systems that its steps talk to.
    fn of_the_run(&self, needs: &mut RequiredRights, purposes: &[Purpose]) {
        let systems = needs.systems();
        let own: Vec<_> = self.own_rights.iter().filter(|right| systems.contains(right.system)).cloned().collect();
        own.iter().for_each(|right| needs.count(&[right.system], &[]));
        for purpose in purposes {
            needs.add(&None, *purpose, own.clone());
        }
    }
}

/// Rights that are missing, all of them at once, with who needs each for what.
fn denied(missing: &[(Right, RequestedBy)]) -> Problem {
    let counted = match missing.len() {
        1 => "a right is".to_owned(),
        many => format!("{many} rights are"),
    };
    let line = |(right, by): &(Right, RequestedBy)| format!("\n  {}: {} ({by})", right.system, right.what);
    let lines: String = missing.iter().map(line).collect();
    let message = format!("{counted} missing, and nothing was written:{lines}");
    Problem::new(Class::Denied, "trustpath::preflight::denied", message).help(
        "`trustpath permissions` prints all that is needed, ready to be given; to try all the same: --no-preflight",
    )
}
