//! Steps as points that need each other: what there is of it, circles, and the order.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use petgraph::{
    Direction,
    algo::kosaraju_scc,
    graph::{DiGraph, NodeIndex},
};

use super::spec::Spec;

/// Edges run from a step to those that need it; indices are positions of steps.
pub(super) type Edges = DiGraph<(), ()>;

/// An edge from each need to the step that needs it, and the needs that are no steps. Edges come in the order of the
/// file, so that the order of a graph does not depend on the order of its hash tables.
pub(super) fn connect(specs: &[Spec]) -> (Edges, Vec<(&Spec, &str)>) {
    let places: BTreeMap<_, _> =
        specs.iter().enumerate().map(|(at, spec)| (spec.name.as_str(), NodeIndex::new(at))).collect();
    let mut edges = DiGraph::with_capacity(specs.len(), specs.len());
    let mut unknown = Vec::new();
    for _ in specs {
        edges.add_node(());
    }
    for (at, spec) in specs.iter().enumerate() {
        for need in &spec.needs {
            match places.get(need.as_str()) {
                Some(needed) => drop(edges.update_edge(*needed, NodeIndex::new(at), ())),
                None => unknown.push((spec, need.as_str())),
            }
        }
    }
    (edges, unknown)
}

/// Takes out what the members of circles need, until there are no circles, and gives these back. Each member needs the
/// next one, the last needs the first.
pub(super) fn break_circles(edges: &mut Edges) -> Vec<Vec<NodeIndex>> {
    let mut broken = Vec::new();
    loop {
        let is_circular = |group: &Vec<NodeIndex>| group.len() > 1 || edges.contains_edge(group[0], group[0]);
        let groups = kosaraju_scc(&*edges).into_iter().filter(is_circular);
        let circles: Vec<_> = groups.map(|group| circle(edges, &group)).collect();
        if circles.is_empty() {
            return broken;
        }
        let members: HashSet<_> = circles.iter().flatten().copied().collect();
        edges.retain_edges(|edges, edge| edges.edge_endpoints(edge).is_none_or(|(_, step)| !members.contains(&step)));
        broken.extend(circles);
    }
}

/// One circle inside a strongly connected group: follow needs until a step comes up again.
fn circle(edges: &Edges, group: &[NodeIndex]) -> Vec<NodeIndex> {
    let inside: BTreeSet<_> = group.iter().copied().collect();
    let mut walked = Vec::new();
    let mut seen = BTreeMap::new();
    let mut at = *inside.first().expect("a group has members");
    while !seen.contains_key(&at) {
        seen.insert(at, walked.len());
        walked.push(at);
        let mut needs = edges.neighbors_directed(at, Direction::Incoming);
        at = needs.find(|need| inside.contains(need)).expect("each member of a group needs another one of it");
    }
    walked.split_off(seen[&at])
}

/// Needed steps first, and otherwise as they were given: petgraph's own sort keeps no such order.
pub(super) fn in_order_of_the_file(edges: &Edges) -> Vec<NodeIndex> {
    let mut waiting: Vec<_> =
        edges.node_indices().map(|node| edges.neighbors_directed(node, Direction::Incoming).count()).collect();
    let mut ready: BTreeSet<_> = edges.node_indices().filter(|node| waiting[node.index()] == 0).collect();
    let mut order = Vec::with_capacity(waiting.len());
    while let Some(node) = ready.pop_first() {
        order.push(node);
        for next in edges.neighbors(node) {
            waiting[next.index()] -= 1;
            if waiting[next.index()] == 0 {
                ready.insert(next);
            }
        }
    }
    order
}
