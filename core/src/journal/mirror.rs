//! A second place for a journal, for a machine whose disk dies with it.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use tokio::sync::Mutex as AsyncMutex;

use crate::failure::{Failure, Result};

/// Another place for the journals of runs, which outlasts this machine.
#[async_trait]
pub trait Mirror: fmt::Debug + Send + Sync {
    /// Returns once the other place has these lines of a run: all that its journal has, from its first record on.
    /// Giving it the same lines again is harmless.
    ///
    /// # Errors
    /// When it is not certain that they are there, or another client has continued the journal of this run there.
    async fn keep(&self, run: &str, lines: &[u8]) -> Result<()>;
}

/// What a journal knows of its mirror. One write at a time: each brings all that there is by then.
#[derive(Debug)]
pub(super) struct Replica {
    mirror: Arc<dyn Mirror>,
    run: String,
    /// How many bytes of the journal the mirror has for certain.
    kept: AsyncMutex<u64>,
    /// Why it lacks the last of them, where it does.
    owed: Mutex<Option<Failure>>,
}

impl Replica {
    pub(super) fn new(mirror: Arc<dyn Mirror>, run: &str) -> Self {
        Self { mirror, run: run.to_owned(), kept: AsyncMutex::new(0), owed: Mutex::default() }
    }

    /// Returns once the mirror has the first `end` bytes; `whole` reads all that is sound by now.
    pub(super) async fn up_to<F>(&self, end: u64, whole: impl FnOnce() -> F) -> Result<()>
    where
        F: Future<Output = Result<Vec<u8>>>,
    {
        let mut kept = self.kept.lock().await;
        if *kept >= end {
            return Ok(());
        }
        let answer = match whole().await {
            Ok(lines) => self.mirror.keep(&self.run, &lines).await.map(|()| lines.len() as u64),
            Err(failure) => Err(failure),
        };
        *self.last_error() = answer.as_ref().err().cloned();
        *kept = answer?;
        Ok(())
    }

    pub(super) fn last_error(&self) -> MutexGuard<'_, Option<Failure>> {
        self.owed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
