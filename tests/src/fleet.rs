//! The running pairs: each is started by the first case that needs it, and used by one case at a time.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use futures::future::BoxFuture;
use tokio::{runtime::Runtime, sync::Mutex as AsyncMutex};

use crate::{
    pair::{Pair, Which},
    view,
};

/// One case: it panics when what it looks at is not so, and leaves nothing behind.
pub type Case = fn(Arc<Pair>) -> BoxFuture<'static, ()>;

/// A list of cases, by module and name.
#[macro_export]
macro_rules! cases {
    ($($module:ident::$case:ident),+ $(,)?) => {
        &[$((concat!(stringify!($module), "::", stringify!($case)), |pair| Box::pin($module::$case(pair)))),+]
    };
}

/// A pair, once it is started.
type Slot = Arc<AsyncMutex<Option<Arc<Pair>>>>;

/// All pairs of one run of the tests.
#[derive(Clone)]
pub struct Fleet {
    runtime: Arc<Runtime>,
    pairs: Arc<Mutex<BTreeMap<Which, Slot>>>,
}

impl Default for Fleet {
    fn default() -> Self {
        Self::new()
    }
}

impl Fleet {
    /// None runs yet.
    pub fn new() -> Self {
        Self { runtime: Arc::new(Runtime::new().expect("a runtime")), pairs: Arc::default() }
    }

    /// Runs a case on a pair, and sees that it leaves nothing behind.
    pub fn run(&self, which: Which, case: Case) {
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
    pub fn stop(&self) {
        self.runtime.block_on(async { self.pairs.lock().unwrap_or_else(PoisonError::into_inner).clear() });
    }
}

/// The pairs that `TRUSTPATH_TEST_PAIRS` names, separated by commas; without it all of them.
///
/// # Panics
/// When it names one that there is not.
pub fn chosen() -> Vec<Which> {
    let Ok(names) = std::env::var("TRUSTPATH_TEST_PAIRS") else { return Which::ALL.to_vec() };
    let named = |name: &str| Which::ALL.into_iter().find(|which| which.name() == name);
    names.split(',').map(|name| named(name).unwrap_or_else(|| panic!("there is no pair `{name}`"))).collect()
}
