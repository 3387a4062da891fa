//! Proofs that do not wait for everything to be made: those that do not depend on the last steps, while these are made.

use std::collections::BTreeSet;

use tokio::sync::watch;

use super::RunPlan;
use crate::{
    graph::{Graph, Place},
    journal::Verb,
};

/// Which steps are proven ahead, and when. The last steps are those that change and that none needs which changes.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    places: BTreeSet<Place>,
    state: watch::Sender<State>,
}

#[derive(Debug, Default)]
struct State {
    /// What changes and is not made yet, but for the last steps.
    waits_for: BTreeSet<Place>,
    /// Nothing more is made.
    is_over: bool,
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
        Self { places, state: watch::Sender::new(State { waits_for, is_over: false }) }
    }

    pub(super) fn places(&self) -> &BTreeSet<Place> {
        &self.places
    }

    /// A step was made.
    pub(super) fn made(&self, place: Place) {
        self.state.send_if_modified(|state| state.waits_for.remove(&place));
    }

    /// Nothing more is made.
    pub(super) fn end(&self) {
        self.state.send_modify(|state| state.is_over = true);
    }

    /// Waits until only the last steps are to be made, or nothing more is, and tells whether it came to the first.
    pub(super) async fn is_due(&self) -> bool {
        let mut seen = self.state.subscribe();
        let reached = seen.wait_for(|state| state.is_over || state.waits_for.is_empty()).await;
        reached.is_ok_and(|state| state.waits_for.is_empty())
    }
}
