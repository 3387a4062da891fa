//! The running pairs: each is started by the first case that needs it, and used by one case at a time.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::{runtime::Runtime, sync::Mutex as AsyncMutex};
use trustpath_tests::{
    pair::{Pair, Which},
    view,
};

use crate::cases::Case;

/// A pair, once it is started.
type Slot = Arc<AsyncMutex<Option<Arc<Pair>>>>;

/// All pairs of one run of the tests.
#[derive(Clone)]
pub(crate) struct Fleet {
    runtime: Arc<Runtime>,
    pairs: Arc<Mutex<BTreeMap<Which, Slot>>>,
}

impl Fleet {
    pub(crate) fn new() -> Self {
        Self { runtime: Arc::new(Runtime::new().expect("a runtime")), pairs: Arc::default() }
    }

    /// Runs a case on a pair, and sees that it leaves nothing behind.
    pub(crate) fn run(&self, which: Which, case: Case) {
        let slot = self.pairs.lock().unwrap_or_else(PoisonError::into_inner).entry(which).or_default().clone();
        self.runtime.block_on(async {
            let mut slot = slot.lock().await;
            if slot.is_none() {
                *slot = Some(Arc::new(Pair::start(which).await));
            }
            let pair = slot.clone().expect("it was just started");
            let before = view::snapshot(&pair).await;
            let ran = tokio::spawn(case(pair.clone())).await;
            pair.quiet().await;
            if let Err(failed) = ran {
                // What a failed case left would fail every one after it: the next one gets servers of its own.
                *slot = None;
                drop(pair);
                std::panic::resume_unwind(failed.into_panic());
            }
            view::assert_same(&before, &view::snapshot(&pair).await, "the case left something behind");
        });
    }

    /// Stops every server.
    pub(crate) fn stop(&self) {
        self.runtime.block_on(async { self.pairs.lock().unwrap_or_else(PoisonError::into_inner).clear() });
    }
}
