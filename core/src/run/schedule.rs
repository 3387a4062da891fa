//! Work for a set of steps, several at a time: along the graph, or all side by side.

use std::collections::BTreeSet;

use futures::{StreamExt as _, stream};
use tokio::task::JoinSet;

use super::outcome::caught;
use crate::{
    failure::Result,
    graph::{Graph, StepIndex},
    journal::Verb,
};

/// Along the edges, or against them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    /// A step comes after those that it needs.
    Forward,
    /// A step comes before those that it needs.
    Backward,
}

impl Direction {
    /// The way on which this verb makes its changes.
    pub(super) fn of(verb: Verb) -> Self {
        match verb {
            Verb::Apply => Self::Forward,
            Verb::Destroy => Self::Backward,
        }
    }

    pub(super) fn reverse(self) -> Self {
        match self {
            Self::Forward => Self::Backward,
            Self::Backward => Self::Forward,
        }
    }
}

/// The order of a set of steps, as they finish: no tasks, no time. Steps outside of the set are passed over, and still keep the order
/// between those on both sides of them.
pub(super) struct Schedule<'a> {
    graph: &'a Graph,
    direction: Direction,
    chosen: &'a BTreeSet<StepIndex>,
    waiting_for: Vec<usize>,
    ready: BTreeSet<StepIndex>,
}

impl<'a> Schedule<'a> {
    pub(super) fn new(graph: &'a Graph, chosen: &'a BTreeSet<StepIndex>, direction: Direction) -> Self {
        let waiting_for = graph.places().map(|place| match direction {
            Direction::Forward => graph.dependencies(place).count(),
            Direction::Backward => graph.dependents(place).count(),
        });
        let waiting_for: Vec<_> = waiting_for.collect();
        let first: Vec<_> =
            graph.places().zip(&waiting_for).filter(|(_, n)| **n == 0).map(|(place, _)| place).collect();
        let mut schedule = Self { graph, direction, chosen, waiting_for, ready: BTreeSet::new() };
        schedule.admit(first);
        schedule
    }

    /// A step that may go now; each is given out once.
    pub(super) fn next(&mut self) -> Option<StepIndex> {
        match self.direction {
            Direction::Forward => self.ready.pop_first(),
            Direction::Backward => self.ready.pop_last(),
        }
    }

    /// The step is done: those that waited for it may become ready. A step that never finishes holds back all that
    /// wait for it.
    pub(super) fn finished(&mut self, place: StepIndex) {
        let mut ready = Vec::new();
        self.release(place, &mut ready);
        self.admit(ready);
    }

    fn admit(&mut self, mut open: Vec<StepIndex>) {
        while let Some(place) = open.pop() {
            if self.chosen.contains(&place) {
                self.ready.insert(place);
            } else {
                self.release(place, &mut open);
            }
        }
    }

    fn release(&mut self, place: StepIndex, ready: &mut Vec<StepIndex>) {
        let graph = self.graph;
        let next: Vec<_> = match self.direction {
            Direction::Forward => graph.dependents(place).collect(),
            Direction::Backward => graph.dependencies(place).collect(),
        };
        for place in next {
            let waiting = &mut self.waiting_for[place.index()];
            *waiting -= 1;
            if *waiting == 0 {
                ready.push(place);
            }
        }
    }
}

/// What happens to the others once a step has failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OnFailure {
    /// Nothing new begins; what is under way settles.
    Stop,
    /// Only those that wait for it are held back.
    HoldBack,
}

/// Calls `work` for each step of the schedule in order, at most `limit` at a time, until done or `stop` says so.
///
/// Work is spawned: what has begun goes on to its end, whatever happens around it. Answers come in the order in which
/// they were ready.
pub(super) async fn execute<F, Fut>(
    mut schedule: Schedule<'_>,
    limit: usize,
    on_failure: OnFailure,
    stop: impl Fn() -> bool,
    work: F,
) -> Vec<(StepIndex, Result<()>)>
where
    F: Fn(StepIndex) -> Fut,
    Fut: Future<Output = Result<()>> + Send + 'static,
{
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
        let (place, answer) = joined.expect("panics are caught in the task, and no one aborts it");
        match &answer {
            Ok(()) => schedule.finished(place),
            Err(_) => stopped |= on_failure == OnFailure::Stop,
        }
        answers.push((place, answer));
    }
}

/// All at the same time, at most `limit` at once. Answers come in the order of the graph.
pub(super) async fn side_by_side<T>(
    limit: usize,
    work: impl Iterator<Item: Future<Output = (StepIndex, T)>>,
) -> Vec<(StepIndex, T)> {
    let mut answers: Vec<_> = stream::iter(work).buffer_unordered(limit.max(1)).collect().await;
    answers.sort_by_key(|(place, _)| *place);
    answers
}
