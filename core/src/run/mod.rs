//! Runs: plan, apply along the graph, undo in reverse, verify.

mod earlier;
mod forward;
mod import;
mod needs;
mod orphans;
mod outcome;
mod plan;
mod requests;
mod rights;
mod run_plan;
mod schedule;
mod settings;
mod undo;
mod verification;

pub use earlier::{graph_of, leaving, refuse_other_target};
pub use import::{NamedImport, import_chain};
pub use needs::{RequestedBy, Requester, RequiredRight, RequiredRights};
pub use orphans::{Orphan, Orphans};
pub use outcome::{Ended, Failures, Outcome};
pub use rights::RightsOfVerbs;
pub use run_plan::{Planned, Relation, RunPlan};
pub use settings::{Cancel, Canceller, Consent, Event, Guard, LONGEST, Observer, Settings};

use std::sync::Arc;

use futures::try_join;

use crate::{
    contract::{Context, Handles, Kind, Right, StepConsent},
    graph::{Graph, Selection, StepIndex},
    journal::Verb,
};

/// Runs one graph against the systems behind its handles.
#[derive(Clone)]
pub struct Engine {
    graph: Arc<Graph>,
    handles: Arc<Handles>,
    settings: Settings,
    consent: Consent,
    observer: Arc<dyn Observer>,
    cancel: Cancel,
    guard: Arc<dyn Guard>,
    own_rights: Arc<[Right]>,
}

impl Engine {
    /// An engine that asks no one, tells no one, is never interrupted, and holds no lock.
    pub fn new(graph: Arc<Graph>, handles: Arc<Handles>) -> Self {
        Self {
            graph,
            handles,
            settings: Settings::default(),
            consent: Consent::default(),
            observer: Arc::new(()),
            cancel: Cancel::never(),
            guard: Arc::new(Vec::<Arc<dyn Guard>>::new()),
            own_rights: Arc::new([]),
        }
    }

    /// With limits on time and parallelism.
    #[must_use]
    pub fn with_settings(self, settings: Settings) -> Self {
        Self { settings, ..self }
    }

    /// With what the user agreed to beforehand.
    #[must_use]
    pub fn with_consent(self, consent: Consent) -> Self {
        Self { consent, ..self }
    }

    /// With somebody who is told what happens as it happens.
    #[must_use]
    pub fn with_observer(self, observer: Arc<dyn Observer>) -> Self {
        Self { observer, ..self }
    }

    /// With somebody who can interrupt it.
    #[must_use]
    pub fn with_cancel(self, cancel: Cancel) -> Self {
        Self { cancel, ..self }
    }

    /// With the lock under which it writes.
    #[must_use]
    pub fn with_guard(self, guard: Arc<dyn Guard>) -> Self {
        Self { guard, ..self }
    }

    /// With the rights that every run needs, whatever its steps are.
    #[must_use]
    pub fn with_own_rights(self, rights: Vec<Right>) -> Self {
        Self { own_rights: rights.into(), ..self }
    }

    /// The limits on time and parallelism.
    pub fn settings(&self) -> Settings {
        self.settings
    }

    /// What the user agreed to beforehand.
    pub fn consent(&self) -> &Consent {
        &self.consent
    }

    /// The graph that it runs.
    pub fn graph(&self) -> &Arc<Graph> {
        &self.graph
    }

    /// The systems that it talks to.
    pub fn handles(&self) -> &Arc<Handles> {
        &self.handles
    }

    /// Plans, and looks at the same time for what the graph has left.
    ///
    /// # Errors
    /// When it cannot be planned. What the graph has left is of no harm to that, whatever becomes of looking for it.
    pub async fn plan_and_search(
        &self,
        verb: Verb,
        selection: &Selection,
        kinds: &[&'static Kind],
    ) -> Result<(RunPlan, Orphans), Failures> {
        let readings = Arc::default();
        let search = async { Ok(Orphans::of(self, kinds, &readings).await) };
        try_join!(self.plan_in(verb, selection, &readings), search)
    }

    /// The same engine for its graph and, behind that, what it has left: that is removed as any other step.
    ///
    /// # Errors
    /// When these do not fit together.
    pub fn with_orphans(&self, orphans: &Orphans) -> crate::Result<Self> {
        Ok(Self { graph: Arc::new(orphans.behind(&self.graph)?), ..self.clone() })
    }

    fn context(&self, place: StepIndex) -> Context {
        let consent = StepConsent {
            adopt: self.consent.adopt.contains(self.name(place)),
            force_conflicts: self.consent.force_conflicts,
        };
        self.graph.context(place, &self.handles, consent).within(self.settings.step_timeout)
    }

    fn name(&self, place: StepIndex) -> &str {
        &self.graph.node(place).name
    }
}
