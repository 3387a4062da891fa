//! A step that panics is a step that failed.

use std::panic::{AssertUnwindSafe, catch_unwind};

use futures::FutureExt as _;
use tokio::task::JoinError;

use crate::failure::{Class, Failure, Problem, Result};

/// What a step's work comes to. A step is not called again with what it left half done in memory: all of it is in the servers.
pub(super) async fn caught<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(|_| Err(failed("panicked")))
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
