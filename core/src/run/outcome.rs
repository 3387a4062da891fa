//! What a run comes to: how it ends, and why one fails.
//!
//! First the lock says nothing of it any more, then its journal says that it has ended. A crash between the two leaves a run
//! that lacks nothing but its end. The other way round it would leave a lock that keeps everyone out for a finished run.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};

use futures::FutureExt as _;
use tokio::{task::JoinError, time::timeout};

use super::settings::Guard;
use crate::{
    contract::{Evidence, Note},
    failure::{Class, Failure, Problem, Result},
    graph::StepIndex,
    journal::{End, Journal, Record},
};

/// How a run ended, for the user.
#[derive(Debug)]
pub struct Ended {
    /// How.
    pub outcome: Outcome,
    /// What `verify` saw, where it came that far.
    pub evidence: Vec<(StepIndex, Result<Evidence>)>,
    /// What was left on purpose, by step.
    pub left: Vec<(StepIndex, Note)>,
    /// Why a lock may still name the run, where it does: its journal has no end then, and whoever continues it finds
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

impl Outcome {
    /// Ends a run that came to this; answers with why it could not be taken off its lock, where it could not.
    ///
    /// # Errors
    /// When the journal cannot be written.
    pub(super) async fn conclude(&self, guard: &dyn Guard, journal: &Journal) -> Result<Option<Failure>> {
        let end = self.end();
        // A stuck run has still to be taken back, and others have to know of it.
        if end != End::Stuck
            && let Err(failure) = guard.clear().await
        {
            return Ok(Some(failure));
        }
        journal.append(Record::End { end }).await?;
        Ok(None)
    }

    fn end(&self) -> End {
        match self {
            Self::Done => End::Done,
            Self::Kept(_) => End::Kept,
            Self::RolledBack(_) => End::RolledBack,
            Self::Stuck { .. } => End::Stuck,
        }
    }
}

/// Failures that came up side by side, the one to look at first in front.
#[derive(Debug, Clone)]
pub struct Failures(pub Vec<Failure>);

impl Failures {
    /// One event that several steps ran into is told once.
    pub fn of(failures: impl IntoIterator<Item = Failure>) -> Self {
        let mut told: Vec<Failure> = Vec::new();
        for failure in failures {
            if !told.iter().any(|other| other.same_cause(&failure)) {
                told.push(failure);
            }
        }
        Self(told)
    }
}

impl From<Failure> for Failures {
    fn from(failure: Failure) -> Self {
        Self(vec![failure])
    }
}

pub(super) fn interrupted() -> Failure {
    Problem::new(Class::Interrupted, "trustpath::run::interrupted", "the run was interrupted")
        .help("everything that it had changed is taken back; run it again when you are ready")
        .into()
}

pub(super) fn too_long(what: &str, limit: Duration) -> Failure {
    let message = format!("the step could not be {what} within {limit:?}");
    Problem::new(Class::Timeout, "trustpath::run::timeout", message)
        .help("look at the server; a longer time is set with `[run] step_timeout` (`verify_timeout` for proofs)")
        .into()
}

/// What a step's work comes to. A step is not called again with what it left half done in memory: all of it is in the servers.
pub(super) async fn caught<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(|_| Err(failed("panicked")))
}

/// The same, within its time.
pub(super) async fn in_time<T>(what: &str, limit: Duration, work: impl Future<Output = Result<T>>) -> Result<T> {
    timeout(limit, caught(work)).await.unwrap_or_else(|_| Err(too_long(what, limit)))
}

/// The same, of work that waits for nothing.
pub(super) fn caught_at_once<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(failed("panicked")))
}

/// Why a task came to nothing.
pub(super) fn panicked(error: &JoinError) -> Failure {
    failed(if error.is_panic() { "panicked" } else { "was aborted" })
}

/// The panic's own words stay out of it: they may hold anything.
fn failed(what: &str) -> Failure {
    Problem::new(Class::Internal, "trustpath::step::panicked", format!("the step {what}"))
        .help("this is a defect of the step; what it had changed is treated as changed")
        .into()
}
