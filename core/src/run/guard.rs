//! The lock under which a run writes: nothing is sent that could still be under way when the lock is no longer ours.

use std::time::Duration;

use crate::failure::{Class, Failure, Problem, Result};

/// A lock that others respect, held for the length of a run.
pub trait Guard: Send + Sync {
    /// For how long from now on it is ours for certain, by this process's own monotonic clock; zero when it is lost.
    fn remaining(&self) -> Duration;
}

/// No lock at all.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unguarded;

impl Guard for Unguarded {
    fn remaining(&self) -> Duration {
        Duration::MAX
    }
}

/// Whether a request that may take this long may begin.
///
/// # Errors
/// When the lock could end before the request does.
pub(super) fn covers(guard: &dyn Guard, request: Duration) -> Result<()> {
    if guard.remaining() > request { Ok(()) } else { Err(lost()) }
}

fn lost() -> Failure {
    let message = "the lock under which this run writes could not be renewed in time, and nothing more is sent";
    Problem::new(Class::Conflict, "trustpath::lock::lost", message)
        .help("see whether the API server is reachable; then go on with the run as `trustpath runs` says")
        .into()
}
