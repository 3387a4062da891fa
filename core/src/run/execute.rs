//! Runs work for a set of steps along the graph, several at a time.

use std::collections::BTreeSet;

use tokio::task::JoinSet;

use super::{
    caught::panicked,
    schedule::{Direction, Schedule},
};
use crate::{
    failure::Result,
    graph::{Graph, Place},
};

/// What happens to the others once a step has failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OnFailure {
    /// Nothing new begins; what is under way settles.
    Stop,
    /// Only those that wait for it are held back.
    HoldBack,
}

/// Calls `work` for each chosen step in order, at most `limit` at a time, until done or `stop` says so.
///
/// Work is spawned: what has begun goes on to its end, whatever happens around it. Answers come in the order in which
/// they were ready.
pub(super) async fn execute<F, Fut>(
    graph: &Graph,
    chosen: &BTreeSet<Place>,
    direction: Direction,
    limit: usize,
    on_failure: OnFailure,
    stop: impl Fn() -> bool,
    work: F,
) -> Vec<(Place, Result<()>)>
where
    F: Fn(Place) -> Fut,
    Fut: Future<Output = Result<()>> + Send + 'static,
{
    let mut schedule = Schedule::new(graph, chosen, direction);
    let mut tasks = Tasks::default();
    let mut answers = Vec::new();
    let mut stopped = false;
    loop {
        while !stopped && !stop() && tasks.len() < limit.max(1) {
            let Some(place) = schedule.next() else { break };
            tasks.spawn(place, work(place));
        }
        let Some((place, answer)) = tasks.join_next().await else {
            return answers;
        };
        match &answer {
            Ok(()) => schedule.finished(place),
            Err(_) => stopped |= on_failure == OnFailure::Stop,
        }
        answers.push((place, answer));
    }
}

/// Tasks that know which step they belong to, even when they panic.
#[derive(Default)]
struct Tasks {
    running: JoinSet<Result<()>>,
    places: std::collections::HashMap<tokio::task::Id, Place>,
}

impl Tasks {
    fn len(&self) -> usize {
        self.running.len()
    }

    fn spawn(&mut self, place: Place, work: impl Future<Output = Result<()>> + Send + 'static) {
        let handle = self.running.spawn(work);
        self.places.insert(handle.id(), place);
    }

    async fn join_next(&mut self) -> Option<(Place, Result<()>)> {
        let (id, answer) = match self.running.join_next_with_id().await? {
            Ok((id, answer)) => (id, answer),
            Err(error) => (error.id(), Err(panicked(&error))),
        };
        self.places.remove(&id).map(|place| (place, answer))
    }
}
