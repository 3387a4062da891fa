//! Work that is done at the same time, a few requests at most.

use tokio::sync::Semaphore;

/// How many requests are under way at the same time.
const AT_ONCE: usize = 16;

/// Who may ask now.
pub(crate) struct Turns(Semaphore);

impl Default for Turns {
    fn default() -> Self {
        Self(Semaphore::new(AT_ONCE))
    }
}

impl Turns {
    /// Does the work when it is its turn. No one closes the semaphore.
    pub(crate) async fn take<T>(&self, work: impl Future<Output = T>) -> T {
        let turn = self.0.acquire().await;
        let done = work.await;
        drop(turn);
        done
    }
}
