//! Runs work for a set of steps along the graph, several at a time.

use std::collections::BTreeSet;

use tokio::task::JoinSet;

use super::{
    caught::caught,
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
    let mut tasks = JoinSet::new();
    let mut answers = Vec::new();
    let mut stopped = false;
    loop {
        while !stopped && !stop() && tasks.len() < limit.max(1) {
            let Some(place) = schedule.next() else { break };
            let work = caught(work(place));
            tasks.spawn(async move { (place, work.await) });
        }
        let Some(joined) = tasks.join_next().await else {
            return answers;
        };
        let (place, answer) = joined.expect("panics are caught in the task, and nobody aborts it");
        match &answer {
            Ok(()) => schedule.finished(place),
            Err(_) => stopped |= on_failure == OnFailure::Stop,
        }
        answers.push((place, answer));
    }
}
