//! The lock under which a run writes: a request begins only while the lock outlasts it.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::json;
use tokio::time::Instant;
use trustpath_core::{
    Class,
    journal::Verb,
    run::{Guard, Outcome},
};

use crate::shelf::{Shelf, chain, engine, engine_of, log_in, run};

/// A lock that no one renews, until it is given more time.
struct Lease(Mutex<Instant>);

impl Lease {
    fn of(length: Duration) -> Arc<Self> {
        Arc::new(Self(Mutex::new(Instant::now() + length)))
    }

    fn renew(&self, length: Duration) {
        *self.0.lock().unwrap() = Instant::now() + length;
    }
}

impl Guard for Lease {
    fn remaining(&self) -> Duration {
        self.0.lock().unwrap().saturating_duration_since(Instant::now())
    }
}

/// As long as a step may take here.
const STEP: Duration = Duration::from_secs(20);

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_that_the_lock_does_not_outlast() {
    for (lease, sent) in [(STEP, 0), (STEP + Duration::from_millis(1), 6)] {
        let (shelf, directory) = (Shelf::default(), tempfile::tempdir().unwrap());
        let guarded = engine(&chain(), &shelf).with_guard(Lease::of(lease));
        let ended = run(&guarded, Verb::Apply, directory.path()).await;
        assert_eq!(shelf.writes().len(), sent, "{:?}", ended.outcome);
    }
}

#[tokio::test(start_paused = true)]
async fn a_lock_that_is_lost_stops_the_way_back_too_until_it_is_there_again() {
    let (shelf, directory) = (Shelf::default(), tempfile::tempdir().unwrap());
    let lease = Lease::of(2 * STEP);
    let lost = lease.clone();
    *shelf.hook.lock().unwrap() = Some(Box::new(move |item| {
        if item == "b" {
            lost.renew(Duration::ZERO);
        }
    }));
    let guarded = engine(&chain(), &shelf).with_guard(lease.clone());
    let ended = run(&guarded, Verb::Apply, directory.path()).await;
    let Outcome::Stuck { original, .. } = ended.outcome else { panic!("{:?}", ended.outcome) };
    assert_eq!((original.class(), original.step()), (Class::Conflict, Some("b")));
    assert_eq!(original.report().code.as_deref(), Some("trustpath::lock::lost"));
    assert_eq!(shelf.writes(), ["put a", "put a", "put b"], "a request was sent after the lock was lost");

    *shelf.hook.lock().unwrap() = None;
    let log = log_in(&directory, "Apply");
    engine_of(&log, &shelf).rollback(&log).await.unwrap();
    assert_eq!(shelf.snapshot(), json!({}));
}
