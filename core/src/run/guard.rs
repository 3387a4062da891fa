//! The lock under which a run writes: nothing is sent that could still be under way when the lock is no longer ours.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;

use crate::failure::{Class, Failure, Problem, Result};

/// A lock that others respect, held for the length of a run.
#[async_trait]
pub trait Guard: Send + Sync {
    /// For how long from now on it is ours for certain, by this process's own monotonic clock; zero when it is lost.
    fn remaining(&self) -> Duration;

    /// Takes the run off the lock, which says to others that it has begun and not ended: called when all of it is done or
    /// taken back, and before its journal says that it has ended. A lock that says nothing of a run has nothing to do.
    ///
    /// # Errors
    /// When the lock may still name the run: it is not over for others then.
    async fn clear(&self) -> Result<()> {
        Ok(())
    }
}

/// Several locks are held as long as each of them is; none at all is never lost.
#[async_trait]
impl Guard for Vec<Arc<dyn Guard>> {
    fn remaining(&self) -> Duration {
        self.iter().map(|guard| guard.remaining()).min().unwrap_or(Duration::MAX)
    }

    /// Takes it off all of them that can be reached; the first failure is told.
    async fn clear(&self) -> Result<()> {
        let mut cleared = Ok(());
        for guard in self {
            cleared = cleared.and(guard.clear().await);
        }
        cleared
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
