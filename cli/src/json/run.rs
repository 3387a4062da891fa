//! What a run did.

use serde::{Deserialize, Serialize};
use trustpath_core::{
    Failure,
    failure::Report,
    graph::Graph,
    journal::{End, JournalState},
    run::{Ended, Outcome},
};

use super::{Link, PlanDocument, RunStatus, links};

/// What `apply` or `destroy` did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct RunDocument {
    /// The run's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) run: Option<String>,
    /// How it ended.
    pub(crate) outcome: RunStatus,
    /// What it set out to do.
    pub(crate) plan: PlanDocument,
    /// What the final proof saw, where it came that far.
    #[serde(default)]
    pub(crate) links: Vec<Link>,
    #[serde(default)]
    pub(crate) left: Vec<Left>,
    /// Why it turned back, or was never begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) failure: Option<Report>,
    /// What could not be taken back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) stuck: Vec<Report>,
    /// What became of what the graph had left, where it was removed after this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) pruned: Option<Box<RunDocument>>,
    /// The command that goes on, or takes the run back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) next: Option<String>,
}

/// What was to be removed and was left on purpose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Left {
    pub(crate) step: String,
    pub(crate) why: String,
}

impl Left {
    /// What a run has left, as its journal says.
    pub(crate) fn of(progress: &JournalState) -> Vec<Self> {
        let all = progress.stays.iter().flat_map(|(step, why)| why.iter().map(move |why| (step, why)));
        all.map(|(step, why)| Self { step: step.clone(), why: why.clone() }).collect()
    }
}

impl RunDocument {
    /// There was nothing to do.
    pub(crate) fn nothing(plan: PlanDocument) -> Self {
        Self {
            run: None,
            outcome: RunStatus::Nothing,
            plan,
            links: Vec::new(),
            left: Vec::new(),
            failure: None,
            stuck: Vec::new(),
            pruned: None,
            next: None,
        }
    }

    /// The document of a run that ended; `next` takes it back.
    pub(crate) fn of(run: String, graph: &Graph, plan: PlanDocument, ended: &Ended, next: String) -> Self {
        let (end, failure, stuck): (_, Option<&Failure>, &[Failure]) = match &ended.outcome {
            Outcome::Done => (End::Done, None, &[]),
            Outcome::Kept(failure) => (End::Kept, Some(failure), &[]),
            Outcome::RolledBack(failure) => (End::RolledBack, Some(failure), &[]),
            Outcome::Stuck { original, undo } => (End::Stuck, Some(original), undo),
        };
        let left = ended.left.iter().map(|(place, note)| (graph.node(*place).name.to_string(), note.text().to_owned()));
        Self {
            run: Some(run),
            outcome: RunStatus::Ended(end),
            links: links(graph, &ended.evidence),
            left: left.map(|(step, why)| Left { step, why }).collect(),
            failure: failure.map(Failure::report),
            stuck: stuck.iter().map(Failure::report).collect(),
            next: (end != End::RolledBack).then_some(next),
            ..Self::nothing(plan)
        }
    }
}
