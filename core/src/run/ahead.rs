//! Proofs that do not wait for everything to be made: those that do not depend on the last steps, while these are made.

use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

use tokio::sync::Notify;

use super::RunPlan;
use crate::{
    graph::{Graph, Place},
    journal::Verb,
};

/// Which steps are proven ahead, and when. The last steps are those that change and that none needs which changes.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    places: BTreeSet<Place>,
    /// What changes and is not made yet, but for the last steps.
    waits_for: Mutex<BTreeSet<Place>>,
    made: Notify,
}

impl Ahead {
    /// Of what is removed, nothing is proven. Where only last steps change, all proofs are made together: those that ask for
    /// the same ask once.
    pub(super) fn of(graph: &Graph, plan: &RunPlan) -> Self {
        if plan.verb == Verb::Destroy {
            return Self::default();
        }
        let changing: BTreeSet<_> = plan.changes().map(|(place, _)| place).collect();
        let is_last = |place: &Place| !graph.needing(*place).any(|needing| changing.contains(&needing));
        let (last, waits_for): (BTreeSet<_>, BTreeSet<_>) = changing.iter().partition(|place| is_last(place));
        if waits_for.is_empty() {
            return Self::default();
        }
        let is_ahead =
            |place: &Place| !last.contains(place) && !graph.before(*place).any(|before| last.contains(&before));
        let places = plan.chosen().into_iter().filter(is_ahead).collect();
        Self { places, waits_for: Mutex::new(waits_for), made: Notify::new() }
    }

    pub(super) fn places(&self) -> &BTreeSet<Place> {
        &self.places
    }

    /// A step was made.
    pub(super) fn made(&self, place: Place) {
        let mut waits_for = self.waits_for.lock().unwrap_or_else(PoisonError::into_inner);
        waits_for.remove(&place);
        if waits_for.is_empty() {
            self.made.notify_one();
        }
    }

    /// Waits until only the last steps are to be made.
    pub(super) async fn due(&self) {
        while !self.waits_for.lock().unwrap_or_else(PoisonError::into_inner).is_empty() {
            self.made.notified().await;
        }
    }
}
