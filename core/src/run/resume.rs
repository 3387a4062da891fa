//! Going on with a run that was cut off on its way forward.

use super::{Ended, Engine, RunPlan, failures::Failures, rollback::refuse_other_target};
use crate::{
    failure::Result,
    graph::Selection,
    journal::{Journal, Log, Record},
};

impl Engine {
    /// What a run that was cut off has still to do; this engine's graph is that of [`graph_of`](super::graph_of).
    ///
    /// What it had under way is over when this returns, and what it made is as it made it.
    ///
    /// # Errors
    /// When the servers are not those of the run, somebody else has changed what it made, or it cannot be planned.
    pub async fn plan_rest(&self, log: &Log) -> Result<RunPlan, Failures> {
        let start = &log.start;
        refuse_other_target(&start.run, &start.target, &self.handles).await?;
        self.settle_before_going_on(log).await?;
        let chosen = Selection { only: start.chosen.clone(), ..Selection::default() };
        self.plan(start.verb, &chosen).await
    }

    /// Carries out what [`Engine::plan_rest`] found, in the journal of the run: what it has made before is taken back
    /// too when this fails.
    ///
    /// # Errors
    /// As [`Engine::run`].
    pub async fn resume_in(&self, journal: &Journal, rest: &RunPlan, program: &str) -> Result<Ended> {
        journal.append(Record::Resumed { program: program.to_owned() }).await?;
        self.run(rest, journal).await
    }
}
