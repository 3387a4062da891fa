//! From steps with names to a graph: needs resolved, ordered, facts handed on. All mistakes at once.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use petgraph::{
    Direction,
    algo::kosaraju_scc,
    graph::{DiGraph, NodeIndex},
};
use serde_json::Value;

use super::{Graph, Node, Place};
use crate::{
    contract::{Count, Facts, Step},
    failure::Failure,
};

/// A step before it has a place in a graph.
pub struct Spec {
    /// Its name.
    pub name: String,
    /// The name of its kind.
    pub uses: String,
    /// Its configuration as plain data.
    pub with: Value,
    /// The names of the steps that it needs.
    pub needs: Vec<String>,
    /// What it does.
    pub step: Arc<dyn Step>,
}

/// What is wrong with a set of steps.
#[derive(Debug)]
pub enum Mistake {
    /// A step needs one that is not there.
    UnknownNeed {
        /// The step.
        step: String,
        /// The position in its `needs`.
        position: usize,
    },
    /// Steps need each other in a circle.
    Cycle {
        /// Its members; each needs the next one, the last needs the first.
        members: Vec<String>,
    },
    /// A step wants a fact that none of its needs gives.
    FactMissing {
        /// The step.
        step: String,
        /// What the fact is called.
        fact: &'static str,
        /// The steps that would give it.
        givers: Vec<String>,
    },
    /// Several of a step's needs give a fact of which it takes one.
    FactAmbiguous {
        /// The step.
        step: String,
        /// What the fact is called.
        fact: &'static str,
        /// Those that give it.
        givers: Vec<String>,
    },
    /// A step cannot say what it hands on.
    Gives {
        /// The step.
        step: String,
        /// Why.
        why: Failure,
    },
}

/// Checks and orders steps. `ambient` facts are seen by every step.
///
/// # Errors
/// All mistakes that can be told apart: cycles and unknown needs first, and facts only where the needs are right.
pub fn assemble(id: &str, ambient: &Facts, specs: Vec<Spec>) -> Result<Graph, Vec<Mistake>> {
    let (edges, mut mistakes) = connect(&specs);
    mistakes.extend(cycles(&edges, &specs));
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    let order = in_order_of_the_file(&edges);
    let nodes = hand_on(ambient, in_order(specs, &order))?;
    let named = nodes.iter().enumerate().map(|(at, node)| (node.name.clone(), Place(at))).collect();
    Ok(Graph { id: id.into(), edges: edges_of(&nodes), named, nodes })
}

/// An edge from each need to the step that needs it. Named needs come in the order of the file, so that the order of
/// a graph does not depend on the order of its hash tables.
fn connect(specs: &[Spec]) -> (DiGraph<(), ()>, Vec<Mistake>) {
    let places: BTreeMap<_, _> =
        specs.iter().enumerate().map(|(at, spec)| (spec.name.as_str(), NodeIndex::new(at))).collect();
    let mut edges = DiGraph::with_capacity(specs.len(), specs.len());
    let mut mistakes = Vec::new();
    for _ in specs {
        edges.add_node(());
    }
    for (at, spec) in specs.iter().enumerate() {
        for (position, need) in spec.needs.iter().enumerate() {
            match places.get(need.as_str()) {
                Some(needed) => drop(edges.update_edge(*needed, NodeIndex::new(at), ())),
                None => mistakes.push(Mistake::UnknownNeed { step: spec.name.clone(), position }),
            }
        }
    }
    (edges, mistakes)
}

fn cycles(edges: &DiGraph<(), ()>, specs: &[Spec]) -> Vec<Mistake> {
    let circular = |group: &Vec<NodeIndex>| group.len() > 1 || edges.contains_edge(group[0], group[0]);
    let groups = kosaraju_scc(edges).into_iter().filter(circular);
    groups.map(|group| Mistake::Cycle { members: circle(edges, &group, specs) }).collect()
}

/// One circle inside a strongly connected group: follow needs until a step comes up again.
fn circle(edges: &DiGraph<(), ()>, group: &[NodeIndex], specs: &[Spec]) -> Vec<String> {
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
    walked[seen[&at]..].iter().map(|member| specs[member.index()].name.clone()).collect()
}

/// Needed steps first, and otherwise as they were given: petgraph's own sort keeps no such order.
fn in_order_of_the_file(edges: &DiGraph<(), ()>) -> Vec<NodeIndex> {
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

fn in_order(specs: Vec<Spec>, order: &[NodeIndex]) -> Vec<Spec> {
    let mut specs: Vec<_> = specs.into_iter().map(Some).collect();
    order.iter().filter_map(|index| specs[index.index()].take()).collect()
}

fn hand_on(ambient: &Facts, specs: Vec<Spec>) -> Result<Vec<Node>, Vec<Mistake>> {
    let mut nodes: Vec<Node> = Vec::with_capacity(specs.len());
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    let mut mistakes = Vec::new();
    // A step whose facts are wrong gives nothing: complaints about those that need it would only repeat its own.
    let mut broken = BTreeSet::new();
    for spec in specs {
        let mut facts = ambient.clone();
        for need in &spec.needs {
            facts.extend(&nodes[places[need]].given);
        }
        let mut given = Facts::default();
        let mut wrong = Vec::new();
        if !spec.needs.iter().any(|need| broken.contains(need)) {
            wrong = unanswered(&spec, &facts);
            if wrong.is_empty()
                && let Err(why) = spec.step.give(&spec.name, &facts, &mut given)
            {
                wrong.push(Mistake::Gives { step: spec.name.clone(), why: why.in_step(&spec.name) });
            }
        }
        if !wrong.is_empty() || spec.needs.iter().any(|need| broken.contains(need)) {
            broken.insert(spec.name.clone());
        }
        mistakes.append(&mut wrong);
        places.insert(spec.name.clone(), nodes.len());
        nodes.push(node(spec, facts, given));
    }
    name_givers(&mut mistakes, &nodes);
    if mistakes.is_empty() { Ok(nodes) } else { Err(mistakes) }
}

fn node(spec: Spec, facts: Facts, given: Facts) -> Node {
    let Spec { name, uses, with, needs, step } = spec;
    Node { name: name.into(), uses, with, needs, step, facts: Arc::new(facts), given }
}

fn unanswered(spec: &Spec, facts: &Facts) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    for want in spec.step.wants() {
        let givers = facts.givers(&want);
        if want.answered_by(givers.len()) {
            continue;
        }
        let (step, fact) = (spec.name.clone(), want.name);
        mistakes.push(if givers.is_empty() && want.count == Count::One {
            Mistake::FactMissing { step, fact, givers: Vec::new() }
        } else {
            Mistake::FactAmbiguous { step, fact, givers: givers.into_iter().map(str::to_owned).collect() }
        });
    }
    mistakes
}

/// Which steps would give what is missing: known only when all have been asked.
fn name_givers(mistakes: &mut [Mistake], nodes: &[Node]) {
    for mistake in mistakes {
        if let Mistake::FactMissing { fact, givers, .. } = mistake {
            let gives = |node: &&Node| node.given.shown().any(|(_, name, _)| name == *fact);
            *givers = nodes.iter().filter(gives).map(|node| node.name.to_string()).collect();
        }
    }
}

fn edges_of(nodes: &[Node]) -> DiGraph<(), ()> {
    let places: BTreeMap<_, _> = nodes.iter().enumerate().map(|(at, node)| (&*node.name, at)).collect();
    let mut edges = DiGraph::with_capacity(nodes.len(), nodes.len());
    for _ in nodes {
        edges.add_node(());
    }
    for (at, node) in nodes.iter().enumerate() {
        for need in &node.needs {
            edges.update_edge(NodeIndex::new(places[need.as_str()]), NodeIndex::new(at), ());
        }
    }
    edges
}
