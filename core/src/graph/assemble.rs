//! From steps with names to a graph: needs resolved, ordered, facts handed on. All mistakes at once.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
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
    /// What it does; missing, where it has a mistake of its own: the others can be looked at all the same.
    pub step: Option<Arc<dyn Step>>,
}

/// What is wrong with a set of steps.
#[derive(Debug)]
pub enum Mistake {
    /// A step needs one that is not there.
    UnknownNeed {
        /// The step.
        step: String,
        /// The name that no step has.
        need: String,
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
/// All mistakes that can be told apart: nothing is said about the facts of steps whose needs are wrong, or that need
/// one that has a mistake. None, where the only mistakes are those of steps themselves.
pub fn assemble(id: &str, ambient: &Facts, specs: Vec<Spec>) -> Result<Graph, Vec<Mistake>> {
    let (mut edges, mut mistakes) = connect(&specs);
    mistakes.extend(break_circles(&mut edges, &specs));
    let specs = in_order(specs, &in_order_of_the_file(&edges));
    let handed = hand_on(ambient, &specs, &mut mistakes);
    if !mistakes.is_empty() || specs.iter().any(|spec| spec.step.is_none()) {
        return Err(mistakes);
    }
    let (edges, _) = connect(&specs);
    let nodes: Vec<_> = specs.into_iter().zip(handed).filter_map(|(spec, handed)| node(spec, handed)).collect();
    let named = nodes.iter().enumerate().map(|(at, node)| (node.name.clone(), Place(at))).collect();
    Ok(Graph { id: id.into(), edges, named, nodes })
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
        for need in &spec.needs {
            match places.get(need.as_str()) {
                Some(needed) => drop(edges.update_edge(*needed, NodeIndex::new(at), ())),
                None => mistakes.push(Mistake::UnknownNeed { step: spec.name.clone(), need: need.clone() }),
            }
        }
    }
    (edges, mistakes)
}

/// Takes out what the members of circles need, until there are no circles. Each was one.
fn break_circles(edges: &mut DiGraph<(), ()>, specs: &[Spec]) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    loop {
        let is_circular = |group: &Vec<NodeIndex>| group.len() > 1 || edges.contains_edge(group[0], group[0]);
        let groups = kosaraju_scc(&*edges).into_iter().filter(is_circular);
        let circles: Vec<_> = groups.map(|group| circle(edges, &group)).collect();
        if circles.is_empty() {
            return mistakes;
        }
        let members: HashSet<_> = circles.iter().flatten().copied().collect();
        edges.retain_edges(|edges, edge| edges.edge_endpoints(edge).is_none_or(|(_, step)| !members.contains(&step)));
        let name = |member: &NodeIndex| specs[member.index()].name.clone();
        mistakes.extend(circles.iter().map(|circle| Mistake::Cycle { members: circle.iter().map(name).collect() }));
    }
}

/// One circle inside a strongly connected group: follow needs until a step comes up again.
fn circle(edges: &DiGraph<(), ()>, group: &[NodeIndex]) -> Vec<NodeIndex> {
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

/// The facts that a step sees, and those that it gives.
struct Handed {
    seen: Facts,
    given: Facts,
}

/// Hands the facts on along the order of the steps.
fn hand_on(ambient: &Facts, specs: &[Spec], mistakes: &mut Vec<Mistake>) -> Vec<Handed> {
    let doubtful = doubtful(specs, mistakes);
    let mut handed: Vec<Handed> = Vec::with_capacity(specs.len());
    let mut places: HashMap<&str, usize> = HashMap::new();
    // A step whose facts are wrong gives nothing: complaints about those that need it would only repeat its own.
    let mut broken = HashSet::new();
    let mut found = Vec::new();
    for spec in specs {
        let mut facts = Handed { seen: ambient.clone(), given: Facts::default() };
        let needs = || spec.needs.iter().map(String::as_str);
        for need in needs().filter_map(|need| places.get(need)) {
            facts.seen.extend(&handed[*need].given);
        }
        let is_spared = needs().any(|need| broken.contains(need));
        let wrong = if is_spared { Vec::new() } else { ask(spec, &mut facts) };
        if is_spared || !wrong.is_empty() {
            broken.insert(spec.name.as_str());
        }
        if !needs().chain([spec.name.as_str()]).any(|step| doubtful.contains(step)) {
            found.extend(wrong);
        }
        places.insert(spec.name.as_str(), handed.len());
        handed.push(facts);
    }
    name_givers(&mut found, specs, &handed);
    mistakes.append(&mut found);
    handed
}

/// The steps that may not give, or see, what they would without their mistakes: a fact that is missing is nobody's
/// mistake as long as it might come from one of these.
fn doubtful(specs: &[Spec], mistakes: &[Mistake]) -> HashSet<String> {
    let unsound = specs.iter().filter(|spec| spec.step.is_none()).map(|spec| spec.name.clone());
    let wrong = mistakes.iter().flat_map(|mistake| match mistake {
        Mistake::UnknownNeed { step, .. } => vec![step.clone()],
        Mistake::Cycle { members } => members.clone(),
        _ => Vec::new(),
    });
    unsound.chain(wrong).collect()
}

/// Lets a step look at its facts, and add its own.
fn ask(spec: &Spec, facts: &mut Handed) -> Vec<Mistake> {
    let Some(step) = &spec.step else { return Vec::new() };
    let mut mistakes = unanswered(&spec.name, &**step, &facts.seen);
    if mistakes.is_empty()
        && let Err(why) = step.give(&spec.name, &facts.seen, &mut facts.given)
    {
        mistakes.push(Mistake::Gives { step: spec.name.clone(), why: why.in_step(&spec.name) });
    }
    mistakes
}

fn unanswered(step: &str, asks: &dyn Step, facts: &Facts) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    for want in asks.wants() {
        let givers = facts.givers(&want);
        if want.answered_by(givers.len()) {
            continue;
        }
        let (step, fact) = (step.to_owned(), want.name);
        mistakes.push(if givers.is_empty() && want.count == Count::One {
            Mistake::FactMissing { step, fact, givers: Vec::new() }
        } else {
            Mistake::FactAmbiguous { step, fact, givers: givers.into_iter().map(str::to_owned).collect() }
        });
    }
    mistakes
}

/// Which steps would give what is missing: known only when all have been asked.
fn name_givers(mistakes: &mut [Mistake], specs: &[Spec], handed: &[Handed]) {
    for mistake in mistakes {
        if let Mistake::FactMissing { fact, givers, .. } = mistake {
            let gives = |facts: &Handed| facts.given.shown().any(|(_, name, _)| name == *fact);
            let all = specs.iter().zip(handed).filter(|(_, facts)| gives(facts));
            *givers = all.map(|(spec, _)| spec.name.clone()).collect();
        }
    }
}

fn node(spec: Spec, Handed { seen, given }: Handed) -> Option<Node> {
    let Spec { name, uses, with, needs, step } = spec;
    Some(Node { name: name.into(), uses, with, needs, step: step?, facts: Arc::new(seen), given })
}
