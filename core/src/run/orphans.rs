//! What the graph has left on its systems: found beside a plan, and removed as steps of a larger graph.

use std::{
    collections::{BTreeSet, HashSet},
    sync::Arc,
};

use futures::future::join_all;

use super::{
    Engine,
    outcome::{in_time, interrupted},
};
use crate::{
    contract::{
        About, Context, Facts, Kind, KnownStep, Leftover, LeftoverSearch, Leftovers, SharedReads, StepConsent, search,
    },
    failure::{Class, Problem, Result},
    graph::{Graph, GraphMistake, Selection, Spec},
};

/// What a graph has left, as far as it could be seen.
#[derive(Debug, Clone, Default)]
pub struct Orphans {
    /// What is left, in the order of the kinds.
    pub found: Vec<Orphan>,
    /// What was not looked at, and why.
    pub notes: Vec<String>,
}

/// One of them.
#[derive(Debug, Clone)]
pub struct Orphan {
    /// Its kind.
    pub kind: &'static Kind,
    /// What it is.
    pub leftover: Leftover,
}

impl Orphan {
    /// Leaves it alone after all, for this reason.
    fn leave(&mut self, why: &str) {
        self.leftover.with = None;
        self.leftover.does = format!("{}; {why}", self.leftover.does);
    }
}

impl Orphans {
    /// Leaves what no step of its kind could remove, and what stands on something that is left, or not there.
    fn settled(mut self, graph: &Graph) -> Self {
        for orphan in &mut self.found {
            let is_step = orphan.leftover.with.clone().is_none_or(|with| orphan.kind.from_json(with).is_ok());
            if !is_step || graph.place(&orphan.leftover.object).is_some() {
                orphan.leave("no step of a graph file could be this");
            }
        }
        loop {
            let known = self.names(graph);
            let lacks = |orphan: &&mut Orphan| orphan.leftover.with.is_some() && !orphan.leftover.stands(&known);
            let Some(lacking) = self.found.iter_mut().find(lacks) else { return self };
            lacking.leave("what it stands on is left, or not there");
        }
    }

    fn certain_ones(&self) -> impl Iterator<Item = &Orphan> {
        self.found.iter().filter(|orphan| orphan.leftover.with.is_some())
    }

    /// The names of all steps of the larger graph.
    fn names(&self, graph: &Graph) -> HashSet<String> {
        let steps = graph.nodes().iter().map(|node| node.name.to_string());
        steps.chain(self.certain_ones().map(|orphan| orphan.leftover.object.clone())).collect()
    }

    /// Those of which it is certain that they are this graph's, as the steps of its larger graph that a command is about;
    /// `None` where there is none.
    pub fn certain(&self) -> Option<Selection> {
        let only: Vec<_> = self.certain_ones().map(|orphan| orphan.leftover.object.clone()).collect();
        (!only.is_empty()).then(|| Selection { only, ..Selection::default() })
    }

    fn specs(&self, graph: &Graph) -> Vec<Spec> {
        let known = self.names(graph);
        let spec = |Orphan { kind, leftover }: &Orphan| {
            let with = leftover.with.clone().unwrap_or_default();
            let (name, uses, step) =
                (leftover.object.clone(), kind.name().to_owned(), kind.from_json(with.clone()).ok());
            Spec { name, uses, needs: leftover.all_needs(&known), step, with }
        };
        self.certain_ones().map(spec).collect()
    }
}

impl Orphans {
    /// Looks for them; whatever becomes of that is told in the notes, and is of no harm to a plan.
    pub(super) async fn of(engine: &Engine, kinds: &[&'static Kind], readings: &Arc<SharedReads>) -> Self {
        let about = about(&engine.graph);
        let is_seen = |systems: &[&str]| systems.first().is_none_or(|system| engine.handles.looks_at(system));
        let is_used = |systems: &[&str]| is_seen(systems) && systems.iter().all(|system| engine.graph.uses(system));
        let finding = kinds.iter().filter_map(|kind| Some((*kind, kind.leftovers()?)));
        let finding = finding.filter(|(_, (_, systems))| is_used(systems));
        let each = finding.map(|(kind, (leftovers, _))| {
            let found = search_one(engine, leftovers, &about, readings);
            async move { (kind, found.await) }
        });
        let mut orphans = Self::default();
        for (kind, found) in join_all(each).await {
            match found {
                Ok(LeftoverSearch { leftovers, notes }) => {
                    orphans.found.extend(leftovers.into_iter().map(|leftover| Orphan { kind, leftover }));
                    orphans.notes.extend(notes);
                }
                Err(failure) => orphans.notes.push(format!("{}: {failure}", kind.name())),
            }
        }
        orphans.notes.sort();
        orphans.notes.dedup();
        orphans.settled(&engine.graph)
    }

    /// The graph and, behind it, what it has left: that is removed as any other step.
    pub(super) fn behind(&self, graph: &Graph) -> Result<Graph> {
        graph.and(self.specs(graph)).map_err(|mistakes| no_graph(&mistakes).into())
    }
}

async fn search_one(
    engine: &Engine,
    leftovers: &dyn Leftovers,
    about: &About<'_>,
    readings: &Arc<SharedReads>,
) -> Result<LeftoverSearch> {
    let (facts, limit) = (Arc::new(Facts::default()), engine.settings.step_timeout);
    let cx = Context::new(engine.graph.id(), "", facts, engine.handles.clone(), StepConsent::default());
    let cx = cx.within(limit).sharing(readings.clone());
    tokio::select! {
        found = in_time("searched", limit, search(leftovers, about, &cx)) => found,
        () = engine.cancel.cancelled() => Err(interrupted()),
    }
}

fn about(graph: &Graph) -> About<'_> {
    let steps = graph.nodes().iter().map(|node| KnownStep {
        name: &node.name,
        uses: &node.uses,
        with: &node.with,
        needs: &node.needs,
        facts: &node.facts,
        given: &node.given,
    });
    About { graph: graph.id(), steps: steps.collect() }
}

impl Leftover {
    /// The first of the names that it cannot be without.
    fn stands_on(&self, known: &HashSet<String>) -> Option<&String> {
        self.needs_one_of.iter().find(|name| known.contains(*name))
    }

    fn stands(&self, known: &HashSet<String>) -> bool {
        self.needs_one_of.is_empty() || self.stands_on(known).is_some()
    }

    fn all_needs(&self, known: &HashSet<String>) -> Vec<String> {
        let others = self.needs.iter().filter(|need| known.contains(*need));
        let all: BTreeSet<_> = self.stands_on(known).into_iter().chain(others).cloned().collect();
        all.into_iter().collect()
    }
}

fn no_graph(mistakes: &[GraphMistake]) -> Problem {
    let mistakes: Vec<_> = mistakes.iter().map(ToString::to_string).collect();
    let message = format!("what the graph has left does not fit together: {}", mistakes.join("; "));
    Problem::new(Class::Internal, "trustpath::orphans::graph", message).help("this is a defect of a kind")
}
