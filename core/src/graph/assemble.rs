//! From steps with names to a graph: needs resolved, ordered, facts handed on. All mistakes at once.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use petgraph::graph::NodeIndex;

use super::{
    Graph, Node, StepIndex,
    mistake::{self, GraphMistake},
    order::{break_circles, connect, in_order_of_the_file},
    spec::Spec,
};
use crate::contract::{Count, Facts};

/// Checks and orders steps. `ambient` facts are seen by every step.
///
/// # Errors
/// All mistakes that can be told apart: nothing is said about the facts of steps whose needs are wrong, or that need
/// one that has a mistake. None, where the only mistakes are those of steps themselves.
pub fn assemble(id: &str, ambient: &Facts, specs: Vec<Spec>) -> Result<Graph, Vec<GraphMistake>> {
    let (mut edges, unknown) = connect(&specs);
    let name = |step: &NodeIndex| specs[step.index()].name.clone();
    let circles =
        break_circles(&mut edges).iter().map(|circle| circle.iter().map(name).collect()).collect::<Vec<Vec<_>>>();
    let mut mistakes: Vec<_> =
        unknown.iter().map(|(step, need)| mistake::unknown_need(&step.name, need, &specs)).collect();
    mistakes.extend(circles.iter().map(|members| mistake::cycle(members)));
    let unsound = specs.iter().filter(|spec| spec.step.is_none()).chain(unknown.iter().map(|(step, _)| *step));
    let doubtful = unsound.map(|spec| spec.name.clone()).chain(circles.into_iter().flatten()).collect();
    let specs = in_order(specs, &in_order_of_the_file(&edges));
    let handed = propagate_facts(ambient, &specs, &doubtful, &mut mistakes);
    if !mistakes.is_empty() || !doubtful.is_empty() {
        return Err(mistakes);
    }
    let (edges, _) = connect(&specs);
    let nodes: Vec<_> = specs.into_iter().zip(handed).filter_map(|(spec, handed)| node(spec, handed)).collect();
    let named = nodes.iter().enumerate().map(|(at, node)| (node.name.clone(), StepIndex::new(at))).collect();
    Ok(Graph { id: id.into(), edges, named, nodes })
}

impl Graph {
    /// The graph with more steps, which may need those that it has, and each other.
    ///
    /// # Errors
    /// What does not fit together.
    pub fn and(&self, more: Vec<Spec>) -> Result<Self, Vec<GraphMistake>> {
        // The first step needs none: it sees what every step sees.
        let ambient = self.nodes.first().map(|first| Facts::clone(&first.facts)).unwrap_or_default();
        assemble(&self.id, &ambient, self.nodes.iter().map(Spec::from).chain(more).collect())
    }
}

fn in_order(specs: Vec<Spec>, order: &[NodeIndex]) -> Vec<Spec> {
    let mut specs: Vec<_> = specs.into_iter().map(Some).collect();
    order.iter().filter_map(|index| specs[index.index()].take()).collect()
}

/// The facts that a step sees, and those that it gives.
struct PropagatedFacts {
    seen: Facts,
    given: Facts,
}

/// Hands the facts on along the order of the steps. `doubtful` steps may not give, or see, what they would without
/// their mistakes: a fact that is missing is nobody's mistake as long as it might come from one of these.
fn propagate_facts(
    ambient: &Facts,
    specs: &[Spec],
    doubtful: &HashSet<String>,
    mistakes: &mut Vec<GraphMistake>,
) -> Vec<PropagatedFacts> {
    let mut handed: Vec<PropagatedFacts> = Vec::with_capacity(specs.len());
    let mut places: HashMap<&str, usize> = HashMap::new();
    // A step whose facts are wrong gives nothing: complaints about those that need it would only repeat its own.
    let mut broken = HashSet::new();
    let mut wrong = Vec::new();
    for spec in specs {
        let mut facts = PropagatedFacts { seen: ambient.clone(), given: Facts::default() };
        let needs = || spec.needs.iter().map(String::as_str);
        for need in needs().filter_map(|need| places.get(need)) {
            facts.seen.extend(&handed[*need].given);
        }
        let is_spared = needs().any(|need| broken.contains(need));
        let found = if is_spared { Vec::new() } else { ask(spec, &mut facts) };
        if is_spared || !found.is_empty() {
            broken.insert(spec.name.as_str());
        }
        if !needs().chain([spec.name.as_str()]).any(|step| doubtful.contains(step)) {
            wrong.extend(found);
        }
        places.insert(spec.name.as_str(), handed.len());
        handed.push(facts);
    }
    mistakes.extend(wrong.into_iter().map(|wrong| wrong.told(specs, &handed, !doubtful.is_empty())));
    handed
}

/// What is wrong with the facts of a step.
enum FactMistake<'s> {
    Missing(&'s Spec, &'static str),
    Other(GraphMistake),
}

impl FactMistake<'_> {
    /// Which steps would give what is missing is known only when all have been asked.
    fn told(self, specs: &[Spec], handed: &[PropagatedFacts], doubtful: bool) -> GraphMistake {
        let (step, fact) = match self {
            Self::Missing(step, fact) => (&step.name, fact),
            Self::Other(mistake) => return mistake,
        };
        let gives = |facts: &PropagatedFacts| facts.given.shown().any(|(_, name, _)| name == fact);
        let givers = specs.iter().zip(handed).filter(|(spec, facts)| spec.name != *step && gives(facts));
        let givers: Vec<_> = givers.map(|(spec, _)| spec.name.clone()).collect();
        mistake::fact_missing(step, fact, &givers, doubtful)
    }
}

/// Lets a step look at its facts, and add its own.
fn ask<'s>(spec: &'s Spec, facts: &mut PropagatedFacts) -> Vec<FactMistake<'s>> {
    let Some(step) = &spec.step else { return Vec::new() };
    let mut wrong = Vec::new();
    for want in step.wants() {
        let givers: Vec<_> = facts.seen.givers(&want).into_iter().map(str::to_owned).collect();
        if givers.is_empty() && want.count == Count::One {
            wrong.push(FactMistake::Missing(spec, want.name));
        } else if !want.answered_by(givers.len()) {
            wrong.push(FactMistake::Other(mistake::fact_ambiguous(spec, want.name, &givers)));
        }
    }
    if wrong.is_empty()
        && let Err(why) = step.give(&spec.name, &facts.seen, &mut facts.given)
    {
        wrong.push(FactMistake::Other(mistake::gives(&spec.name, why)));
    }
    wrong
}

fn node(spec: Spec, PropagatedFacts { seen, given }: PropagatedFacts) -> Option<Node> {
    let Spec { name, uses, with, needs, step } = spec;
    Some(Node { name: name.into(), uses, with, needs, step: step?, facts: Arc::new(seen), given })
}
