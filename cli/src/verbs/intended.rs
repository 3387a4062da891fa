//! What a command is about to do: its plan, and what becomes of what the graph has left.

use trustpath_core::{
    Failure, Note, Result,
    graph::Selection,
    journal::Verb,
    run::{Engine, Failures, Orphans, RequiredRights, RunPlan},
};

use crate::{command::Command, json};

/// What a command is about to do.
pub(super) struct Intended {
    /// Of a removal, the graph behind it has what the graph has left as well.
    pub(super) engine: Engine,
    pub(super) plan: RunPlan,
    pub(super) orphans: Orphans,
    /// What removes these once the plan is carried out; none where there is nothing of the sort, or the plan does.
    pub(super) prune: Option<Prune>,
}

/// The removal of what the graph has left.
pub(super) struct Prune {
    pub(super) engine: Engine,
    pub(super) plan: RunPlan,
}

impl Intended {
    /// Plans, and leaves alone what the graph has left.
    pub(super) async fn plain(engine: &Engine, verb: Verb, select: &Selection) -> Result<Self, Failures> {
        let plan = engine.plan(verb, select).await?;
        Ok(Self { engine: engine.clone(), plan, orphans: Orphans::default(), prune: None })
    }

    /// Plans for the whole graph, with what it has left.
    pub(super) async fn whole(command: &Command, engine: &Engine, verb: Verb) -> Result<Self, Failures> {
        let all = Selection::default();
        let (plan, orphans) = engine.plan_and_search(verb, &all, &command.kinds).await?;
        let mut intended = Self { engine: engine.clone(), plan, orphans, prune: None };
        if verb == Verb::Apply {
            intended.prune = intended.removal().await?;
        } else if intended.orphans.certain().is_some() {
            intended.engine = engine.with_orphans(&intended.orphans)?;
            intended.plan = intended.engine.plan(verb, &all).await?;
        }
        Ok(intended)
    }

    /// The same where nothing is going to be removed: that it could not be is only good to know.
    pub(super) async fn shown(command: &Command, engine: &Engine) -> Result<Self, Failures> {
        let (plan, orphans) = engine.plan_and_search(Verb::Apply, &Selection::default(), &command.kinds).await?;
        let mut intended = Self { engine: engine.clone(), plan, orphans, prune: None };
        match intended.removal().await {
            Ok(prune) => intended.prune = prune,
            Err(Failures(failures)) => {
                let why = |failure: &Failure| format!("what the graph has left could not be looked at: {failure}");
                intended.orphans.notes.extend(failures.iter().map(why));
            }
        }
        Ok(intended)
    }

    async fn removal(&self) -> Result<Option<Prune>, Failures> {
        let Some(select) = self.orphans.certain() else { return Ok(None) };
        let engine = self.engine.with_orphans(&self.orphans)?;
        let plan = engine.plan(Verb::Destroy, &select).await?;
        Ok(Some(Prune { engine, plan }))
    }

    /// What is to be removed after the plan.
    pub(super) fn due(&self) -> Option<&Prune> {
        self.prune.as_ref().filter(|prune| !prune.plan.is_nothing())
    }

    /// All that is to be done, in their order.
    fn parts(&self) -> impl Iterator<Item = (&Engine, &RunPlan)> {
        [(&self.engine, &self.plan)].into_iter().chain(self.due().map(|prune| (&prune.engine, &prune.plan)))
    }

    /// Everything in it that the user has not agreed to.
    pub(super) fn consented(&self) -> Result<(), Failures> {
        let objections = self.parts().filter_map(|(engine, plan)| engine.consented(plan).err());
        let objections: Vec<_> = objections.flat_map(|Failures(failures)| failures).collect();
        if objections.is_empty() { Ok(()) } else { Err(Failures(objections)) }
    }

    /// What carrying it out needs.
    pub(super) fn needs(&self) -> Result<RequiredRights> {
        self.parts()
            .try_fold(RequiredRights::default(), |needs, (engine, plan)| Ok(needs.and(engine.required_rights(plan)?)))
    }

    /// A removal that has nothing to do may have nothing to do because something could not be seen.
    pub(super) fn is_for_rights(&self) -> bool {
        self.plan.verb == Verb::Destroy || !self.is_nothing()
    }

    pub(super) fn is_nothing(&self) -> bool {
        self.plan.is_nothing() && self.due().is_none()
    }

    /// As it is shown.
    pub(super) fn document(&self, notes: Vec<Note>) -> json::PlanDocument {
        let removal = self.prune.as_ref().map(|prune| (&**prune.engine.graph(), &prune.plan));
        json::PlanDocument::of(self.engine.graph(), &self.plan, notes).with_leftovers(&self.orphans, removal)
    }
}

impl Prune {
    /// The same as it is now, when the plan before it was carried out: what was shown to go, and nothing else.
    pub(super) async fn again(&self) -> Result<RunPlan, Failures> {
        let (engine, shown) = (&self.engine, self.plan.without_rest());
        let only = shown.steps.keys().map(|place| engine.graph().node(*place).name.to_string()).collect();
        let now = engine.plan(Verb::Destroy, &Selection { only, ..Selection::default() }).await?;
        engine.ensure_unchanged(&shown, &now)?;
        Ok(now)
    }
}
