//! What a step is given besides its own configuration.

use std::{sync::Arc, time::Duration};

use tokio::task::JoinError;

use super::{Answer, Facts, Handle, Handles, shared_reads::SharedReads};
use crate::{failure::Result, run::Settings};

/// What the user agreed to beforehand, for one step.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StepConsent {
    /// Take over an object that is not marked as this graph's (`--adopt STEP`).
    pub adopt: bool,
    /// Take fields from other field managers (`--force-conflicts`).
    pub force_conflicts: bool,
}

/// The surroundings of one step in one run. Cheap to clone: writes are spawned with their own.
#[derive(Clone)]
pub struct Context {
    step: Arc<str>,
    graph: Arc<str>,
    facts: Arc<Facts>,
    needing: Arc<Facts>,
    handles: Arc<Handles>,
    consent: StepConsent,
    time: Duration,
    readings: Option<Arc<SharedReads>>,
    looked: Option<Result<Answer>>,
}

impl Context {
    /// The surroundings of `step` in the graph `graph`, with the time that a step has by default.
    pub fn new(graph: &str, step: &str, facts: Arc<Facts>, handles: Arc<Handles>, consent: StepConsent) -> Self {
        let (step, graph, needing, time) =
            (step.into(), graph.into(), Arc::default(), Settings::default().step_timeout);
        Self { step, graph, facts, needing, handles, consent, time, readings: None, looked: None }
    }

    /// With another time for a plan, or for a change with all of its requests.
    #[must_use]
    pub fn within(self, time: Duration) -> Self {
        Self { time, ..self }
    }

    /// With reads that are shared with other steps: what one of them has read is not read again.
    #[must_use]
    pub(crate) fn sharing(self, readings: Arc<SharedReads>) -> Self {
        Self { readings: Some(readings), ..self }
    }

    /// With what [`Request::look`](super::Request::look) came to.
    #[must_use]
    pub(crate) fn having_looked(self, looked: Option<Result<Answer>>) -> Self {
        Self { looked, ..self }
    }

    /// With the facts of the steps that need this one.
    #[must_use]
    pub fn with_dependent_facts(self, needing: Facts) -> Self {
        Self { needing: Arc::new(needing), ..self }
    }

    /// The step's name in the graph file.
    pub fn step(&self) -> &str {
        &self.step
    }

    /// The graph's id, with which the objects that it owns are marked.
    pub fn graph(&self) -> &str {
        &self.graph
    }

    /// The facts of the steps that this one needs, and of no other.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// The facts of the steps that need this one, directly or not, to tell their use of its object from that of others.
    pub fn dependent_facts(&self) -> &Facts {
        &self.needing
    }

    /// What the user agreed to.
    pub fn consent(&self) -> StepConsent {
        self.consent
    }

    /// How long a plan may take, or a change with all of its requests: what waits for others gives up before that, and
    /// says for what it has waited.
    pub fn time(&self) -> Duration {
        self.time
    }

    /// What guards the request that is sent, where that was looked at while the one before it was under way.
    pub fn looked(&self) -> Option<Result<Answer>> {
        self.looked.clone()
    }

    /// The same where reads are shared; else with some of its own.
    #[must_use]
    pub(super) fn sharing_with_itself(self) -> Self {
        Self { readings: Some(self.readings.unwrap_or_default()), ..self }
    }

    /// What comes of something that the steps of one plan or proof may ask for together: whoever is first asks, and all get
    /// that answer. What is asked is told by its words and the answer's type.
    pub async fn once<T>(&self, what: String, ask: impl Future<Output = T>) -> T
    where
        T: Clone + Send + Sync + 'static,
    {
        match &self.readings {
            Some(readings) => readings.shared(what, ask).await,
            None => ask.await,
        }
    }

    /// Carries work to its end in a task of its own, though the probe that asks for it is given up: an interrupted run waits
    /// for it. For what gives back what it makes.
    ///
    /// # Errors
    /// When it panics.
    pub async fn to_its_end<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, JoinError> {
        self.handles.in_flight().spawn(work).await
    }

    /// Whether a command is about this system, or about every one.
    pub fn looks_at<H: Handle>(&self) -> bool {
        self.handles.looks_at(H::NAME)
    }

    /// What the user says of the identity of a system that is not looked at.
    pub fn stated<H: Handle>(&self, what: &str) -> Option<&str> {
        self.handles.stated(H::NAME)?.get(what).map(String::as_str)
    }

    /// The connection to `H`, opened on first use.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub async fn handle<H: Handle>(&self) -> Result<Arc<H>> {
        self.handles.get().await
    }
}
