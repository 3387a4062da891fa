//! Which steps a command looks at, where it is about one system alone: the others are taken as the graph file says.

use std::collections::BTreeSet;

use super::Engine;
use crate::graph::StepIndex;

impl Engine {
    /// Those of these steps whose objects are on systems that are looked at, and the others.
    pub(super) fn looked_at_of(&self, places: BTreeSet<StepIndex>) -> (BTreeSet<StepIndex>, BTreeSet<StepIndex>) {
        places.into_iter().partition(|place| self.looks_at(*place))
    }

    /// Whether the object of a step is on a system that is looked at. One that names no system is on none of them.
    pub(super) fn looks_at(&self, place: StepIndex) -> bool {
        let on = self.graph.node(place).step.systems().first();
        on.map_or(self.handles.alone().is_none(), |system| self.handles.looks_at(system))
    }
}
