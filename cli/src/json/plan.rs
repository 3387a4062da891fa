//! What a run would do.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use trustpath_core::{
    Leaf, Note, Op, RequestList, Reversibility,
    failure::Report,
    file::Origin,
    graph::{Graph, Node, StepIndex},
    journal::Verb,
    run::{Orphan, Orphans, Planned, Relation, RunPlan},
};

/// What a run would do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct PlanDocument {
    pub(crate) graph: String,
    pub(crate) goal: Verb,
    /// The steps that were read, needed ones first.
    pub(crate) steps: Vec<StepPlan>,
    /// What the graph has left on its systems.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) leftovers: Vec<LeftoverPlan>,
    pub(crate) summary: Summary,
    /// What was not looked at to find what the graph has left.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) unsearched: Vec<String>,
    /// What the user should know about the run as a whole.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) notes: Vec<Note>,
    /// What `apply` or `destroy` would ask for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) objections: Vec<Report>,
    /// From where each value of the graph file comes, where that was asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) sources: Vec<Origin>,
}

/// What would happen to one step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct StepPlan {
    pub(crate) step: String,
    pub(crate) kind: String,
    /// Whether the command is about it; otherwise it was read because one of those depends on it.
    pub(crate) chosen: bool,
    /// It is on a system that is not looked at, and is taken as the graph file says.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) unread: bool,
    pub(crate) op: Op,
    /// It would take over an object that is not marked as this graph's.
    #[serde(default)]
    pub(crate) adopt: bool,
    /// Some values are known only once the steps before it are applied.
    #[serde(default)]
    pub(crate) provisional: bool,
    /// Whether it can be taken back.
    pub(crate) undo: Reversibility,
    #[serde(default)]
    pub(crate) changes: Vec<Leaf>,
    /// What would be sent, where that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) requests: Option<RequestList>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) notes: Vec<Note>,
}

/// An object that the graph has left: it is in no step any more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct LeftoverPlan {
    pub(crate) object: String,
    pub(crate) kind: String,
    /// What it does, or why it is left alone.
    pub(crate) does: String,
    /// Whether it is certain that it is this graph's: others are named, and left alone.
    pub(crate) certain: bool,
    /// What `apply --prune` would do to it. Of a removal it is among the steps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) removal: Option<StepPlan>,
}

/// How many of the chosen steps would be what. A step that is taken over is counted as that, and not as an update.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Summary {
    pub(crate) create: usize,
    pub(crate) update: usize,
    pub(crate) delete: usize,
    pub(crate) adopt: usize,
    pub(crate) nothing: usize,
}

impl Summary {
    /// How many have something to do.
    pub(crate) fn changes(self) -> usize {
        let Self { create, update, delete, adopt, nothing: _ } = self;
        create + update + delete + adopt
    }
}

impl PlanDocument {
    /// The document of a plan; `notes` are about the run as a whole.
    pub(crate) fn of(graph: &Graph, plan: &RunPlan, notes: Vec<Note>) -> Self {
        let step = |(place, planned): (&StepIndex, &Planned)| step(graph.node(*place), planned);
        let steps: Vec<_> = plan.steps.iter().map(step).collect();
        Self {
            graph: graph.id().to_owned(),
            goal: plan.verb,
            summary: summary(&steps),
            notes,
            objections: Vec::new(),
            sources: Vec::new(),
            leftovers: Vec::new(),
            unsearched: Vec::new(),
            steps,
        }
    }

    /// With what the graph has left, and what removes that.
    pub(crate) fn with_leftovers(self, orphans: &Orphans, removal: Option<(&Graph, &RunPlan)>) -> Self {
        let removal_of = |object: &str| {
            let (graph, plan) = removal?;
            let place = graph.place(object)?;
            Some(step(graph.node(place), plan.steps.get(&place)?))
        };
        let leftover = |Orphan { kind, leftover }: &Orphan| LeftoverPlan {
            object: leftover.object.clone(),
            kind: kind.name().to_owned(),
            does: leftover.does.clone(),
            certain: leftover.with.is_some(),
            removal: removal_of(&leftover.object),
        };
        let leftovers = orphans.found.iter().map(leftover).collect();
        Self { leftovers, unsearched: orphans.notes.clone(), ..self }
    }

    /// With what would be sent.
    pub(crate) fn set_requests(&mut self, graph: &Graph, mut requests: BTreeMap<StepIndex, RequestList>) {
        for step in &mut self.steps {
            step.requests = graph.place(&step.step).and_then(|place| requests.remove(&place));
        }
    }
}

fn step(node: &Node, planned: &Planned) -> StepPlan {
    let Planned { relation: role, plan } = planned;
    StepPlan {
        step: node.name.to_string(),
        kind: node.uses.clone(),
        chosen: *role == Relation::Chosen,
        unread: *role == Relation::Unread,
        op: plan.change.op(),
        adopt: plan.adopt,
        provisional: plan.provisional,
        undo: plan.reversibility.clone(),
        changes: plan.change.leaves(),
        requests: None,
        notes: plan.notes.clone(),
    }
}

fn summary(steps: &[StepPlan]) -> Summary {
    let mut summary = Summary::default();
    for step in steps.iter().filter(|step| step.chosen) {
        *match step.op {
            _ if step.adopt => &mut summary.adopt,
            Op::Create => &mut summary.create,
            Op::Update => &mut summary.update,
            Op::Delete => &mut summary.delete,
            Op::Nothing => &mut summary.nothing,
        } += 1;
    }
    summary
}
