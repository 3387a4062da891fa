//! The end of a run: first the lock says nothing of it any more, then its journal says that it has ended.
//!
//! A crash between the two leaves a run that lacks nothing but its end. The other way round it would leave a lock that keeps
//! everyone out for a run that is over.

use super::{Engine, Outcome, failures::Failures, rollback::refuse_other_target};
use crate::{
    failure::{Failure, Result},
    journal::{End, Journal, Log, Record, Verb, replay},
};

impl Engine {
    /// Ends a run that came to this; answers with why it could not be taken off its lock, where it could not.
    ///
    /// # Errors
    /// When the journal cannot be written.
    pub(super) async fn conclude(&self, outcome: &Outcome, journal: &Journal) -> Result<Option<Failure>> {
        let end = end(outcome);
        // A stuck run has still to be taken back, and others have to know of it.
        if end != End::Stuck
            && let Err(failure) = self.guard.clear().await
        {
            return Ok(Some(failure));
        }
        journal.append(Record::End { end }).await?;
        Ok(None)
    }

    /// The end of a run that lacks nothing else: all that it announced is settled, its plan has nothing left to do, and its
    /// chain holds; or all is taken back. `None` where that is not so. Nothing is written.
    ///
    /// # Errors
    /// When the servers are not those of the run, or it cannot be planned.
    pub async fn end_due(&self, log: &Log) -> Result<Option<End>, Failures> {
        let start = &log.start;
        refuse_other_target(&start.run, &start.target, &self.handles).await?;
        let due = replay(&log.entries).end_due();
        if due != Some(End::Done) {
            return Ok(due);
        }
        let rest = self.plan_rest(log).await?;
        if !rest.is_nothing() {
            return Ok(None);
        }
        Ok(match start.verb {
            Verb::Destroy => due,
            Verb::Apply => match self.broken(&self.prove(&rest.chosen()).await) {
                None => due,
                Some(_) => start.permissions.keep.then_some(End::Kept),
            },
        })
    }

    /// Ends a run whose [`Engine::end_due`] is this.
    ///
    /// # Errors
    /// When it cannot be taken off its lock, or the journal cannot be written: it has no end then.
    pub async fn close(&self, end: End, journal: &Journal) -> Result<()> {
        self.guard.clear().await?;
        journal.append(Record::End { end }).await
    }
}

fn end(outcome: &Outcome) -> End {
    match outcome {
        Outcome::Done => End::Done,
        Outcome::Kept(_) => End::Kept,
        Outcome::RolledBack(_) => End::RolledBack,
        Outcome::Stuck { .. } => End::Stuck,
    }
}
