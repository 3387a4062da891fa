//! The last look at the lock, right before a request leaves: a process that was stopped in the middle of a retry must not
//! send it once it is woken.

use std::{
    fmt,
    sync::{Arc, OnceLock},
    time::Duration,
};

use trustpath_core::run::Guard;

/// Lets writes pass while a lock is held. Cheap to clone: all clones are one fence, and without a lock it is open.
#[derive(Clone, Default)]
pub struct Fence(Arc<OnceLock<Arc<dyn Guard>>>);

impl Fence {
    /// From now on writes pass only under this lock. A fence is put up once: a process takes its locks once.
    pub fn put_up(&self, guard: Arc<dyn Guard>) {
        let first = self.0.set(guard).is_ok();
        debug_assert!(first, "a fence is put up once");
    }

    /// Whether a write may leave now.
    pub(crate) fn is_open(&self) -> bool {
        self.0.get().is_none_or(|guard| guard.remaining() > Duration::ZERO)
    }
}

impl fmt::Debug for Fence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fence").field("open", &self.is_open()).finish()
    }
}
