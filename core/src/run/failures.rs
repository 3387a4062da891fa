//! Why a run fails: what came up side by side, and what may come up at any step.

use std::time::Duration;

use crate::failure::{Class, Failure, Problem};

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
