//! The running pairs: each is started when a case needs it, and used by one case at a time.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures::future::BoxFuture;
use tokio::{runtime::Runtime, sync::Semaphore};

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

/// All pairs of one run of the tests.
#[derive(Clone)]
pub struct Fleet {
    runtime: Arc<Runtime>,
    of_each: usize,
    limit: Duration,
    lanes: Arc<Mutex<BTreeMap<Which, Arc<Lane>>>>,
}

/// The pairs of one sort.
struct Lane {
    /// How many more may be used at the same time.
    permits: Semaphore,
    /// Those that run, and that no one uses.
    idle: Mutex<Vec<Arc<Pair>>>,
}

impl Fleet {
    /// None runs yet; there will be no more than so many of each sort. A case that takes longer than `limit` has failed.
    pub fn new(of_each: usize, limit: Duration) -> Self {
        Self { runtime: Arc::new(Runtime::new().expect("a runtime")), of_each, limit, lanes: Arc::default() }
    }

    /// Runs a case on a pair that it has for itself, and sees that it leaves nothing behind.
    ///
    /// # Panics
    /// When the case does, takes too long, or leaves something.
    pub fn run(&self, which: Which, case: Case) {
        let lane = self.lane(which);
        self.runtime.block_on(async {
            let _permit = lane.permits.acquire().await.expect("it is never closed");
            let idle = lock(&lane.idle).pop();
            let pair = match idle {
                Some(pair) => pair,
                None => Arc::new(Pair::start(which).await),
            };
            let before = view::snapshot(&pair).await;
            if let Err(failed) = ended(pair.clone(), case, self.limit).await {
                // What a failed case left would fail every one after it: the next one gets servers of its own. No one waits
                // for requests that it has not let go.
                drop(pair);
                std::panic::resume_unwind(failed);
            }
            view::assert_same(&before, &view::snapshot(&pair).await, "the case left something behind");
            lock(&lane.idle).push(pair);
        });
    }

    fn lane(&self, which: Which) -> Arc<Lane> {
        let new = || Arc::new(Lane { permits: Semaphore::new(self.of_each), idle: Mutex::default() });
        lock(&self.lanes).entry(which).or_insert_with(new).clone()
    }

    /// Stops every server.
    pub fn stop(&self) {
        self.runtime.block_on(async { lock(&self.lanes).clear() });
    }
}

/// Runs a case until nothing of it is under way; an error is what it panicked with, or that it does not end.
async fn ended(pair: Arc<Pair>, case: Case, limit: Duration) -> std::thread::Result<()> {
    let mut running = tokio::spawn(async move {
        case(pair.clone()).await;
        pair.quiet().await;
    });
    let Ok(ended) = tokio::time::timeout(limit, &mut running).await else {
        running.abort();
        // What it holds is let go before the next case.
        running.await.ok();
        return Err(Box::new(format!("the case did not end within {} s", limit.as_secs())));
    };
    ended.map_err(tokio::task::JoinError::into_panic)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
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
