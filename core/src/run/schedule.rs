//! Which step may go next. Pure: no tasks, no time.

use std::collections::BTreeSet;

use crate::graph::{Graph, Place};

/// Along the edges, or against them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    /// A step comes after those that it needs.
    Forward,
    /// A step comes before those that it needs.
    Backward,
}

impl Direction {
    pub(super) fn reverse(self) -> Self {
        match self {
            Self::Forward => Self::Backward,
            Self::Backward => Self::Forward,
        }
    }
}

/// The order of a set of steps, as they finish. Steps outside of the set are passed over, and still keep the order
/// between those on both sides of them.
pub(super) struct Schedule<'a> {
    graph: &'a Graph,
    direction: Direction,
    chosen: &'a BTreeSet<Place>,
    waiting_for: Vec<usize>,
    ready: BTreeSet<Place>,
}

impl<'a> Schedule<'a> {
    pub(super) fn new(graph: &'a Graph, chosen: &'a BTreeSet<Place>, direction: Direction) -> Self {
        let waiting_for = graph.places().map(|place| match direction {
            Direction::Forward => graph.needed_by(place).count(),
            Direction::Backward => graph.needing(place).count(),
        });
        let waiting_for: Vec<_> = waiting_for.collect();
        let first: Vec<_> =
            graph.places().zip(&waiting_for).filter(|(_, n)| **n == 0).map(|(place, _)| place).collect();
        let mut schedule = Self { graph, direction, chosen, waiting_for, ready: BTreeSet::new() };
        schedule.admit(first);
        schedule
    }

    /// A step that may go now; each is given out once.
    pub(super) fn next(&mut self) -> Option<Place> {
        match self.direction {
            Direction::Forward => self.ready.pop_first(),
            Direction::Backward => self.ready.pop_last(),
        }
    }

    /// The step is done: those that waited for it may become ready. A step that never finishes holds back all that
    /// wait for it.
    pub(super) fn finished(&mut self, place: Place) {
        let mut ready = Vec::new();
        self.release(place, &mut ready);
        self.admit(ready);
    }

    fn admit(&mut self, mut open: Vec<Place>) {
        while let Some(place) = open.pop() {
            if self.chosen.contains(&place) {
                self.ready.insert(place);
            } else {
                self.release(place, &mut open);
            }
        }
    }

    fn release(&mut self, place: Place, ready: &mut Vec<Place>) {
        let graph = self.graph;
        let next: Vec<_> = match self.direction {
            Direction::Forward => graph.needing(place).collect(),
            Direction::Backward => graph.needed_by(place).collect(),
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
