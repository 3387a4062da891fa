//! What a run did.

use serde::{Deserialize, Serialize};
use trustpath_core::{
    Failure,
    failure::Report,
    graph::Graph,
    journal::Progress,
    run::{Ended, Outcome},
};

use super::{Link, Plan, links};

/// What `apply` or `destroy` did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Run {
    /// The run's id; none was made when there was nothing to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) run: Option<String>,
    /// How it ended.
    pub(crate) outcome: RunOutcome,
    /// What it set out to do.
    pub(crate) plan: Plan,
    /// What the final proof saw, where it came that far.
    #[serde(default)]
    pub(crate) links: Vec<Link>,
    /// What was left on purpose.
    #[serde(default)]
    pub(crate) left: Vec<Left>,
    /// Why it turned back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) failure: Option<Report>,
    /// What could not be taken back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) stuck: Vec<Report>,
    /// What became of what the graph had left, where it was removed after this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) pruned: Option<Box<Run>>,
    /// The command that goes on, or takes the run back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) next: Option<String>,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RunOutcome {
    /// There was nothing to do.
    #[default]
    Nothing,
    /// Everything was made, and holds.
    Done,
    /// It failed, and what it made was kept because the user asked for it.
    Kept,
    /// It failed, and everything is as it was before.
    RolledBack,
    /// It failed, and not everything could be taken back.
    Stuck,
}

/// Something that was left on purpose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Left {
    /// The step.
    pub(crate) step: String,
    /// Why.
    pub(crate) why: String,
}

impl Left {
    /// What a run was to remove and has left, as its journal says.
    pub(crate) fn of(progress: &Progress) -> Vec<Self> {
        let each = |(step, why): (&String, &Vec<String>)| {
            why.iter().map(|why| Self { step: step.clone(), why: why.clone() }).collect::<Vec<_>>()
        };
        progress.stays.iter().flat_map(each).collect()
    }
}

impl Run {
    /// There was nothing to do.
    pub(crate) fn nothing(plan: Plan) -> Self {
        let (links, left, stuck) = (Vec::new(), Vec::new(), Vec::new());
        Self {
            run: None,
            outcome: RunOutcome::Nothing,
            plan,
            links,
            left,
            failure: None,
            stuck,
            pruned: None,
            next: None,
        }
    }

    /// The same, where that has a reason.
    pub(crate) fn because(self, why: Report) -> Self {
        Self { failure: Some(why), ..self }
    }

    /// The document of a run that ended; `next` takes it back.
    pub(crate) fn of(run: String, graph: &Graph, plan: Plan, ended: &Ended, next: String) -> Self {
        let left = ended
            .left
            .iter()
            .map(|(place, note)| Left { step: graph.node(*place).name.to_string(), why: note.text().to_owned() });
        let (outcome, failure, stuck): (_, Option<&Failure>, &[Failure]) = match &ended.outcome {
            Outcome::Done => (RunOutcome::Done, None, &[]),
            Outcome::Kept(failure) => (RunOutcome::Kept, Some(failure), &[]),
            Outcome::RolledBack(failure) => (RunOutcome::RolledBack, Some(failure), &[]),
            Outcome::Stuck { original, undo } => (RunOutcome::Stuck, Some(original), undo),
        };
        Self {
            run: Some(run),
            outcome,
            plan,
            links: links(graph, &ended.evidence),
            left: left.collect(),
            failure: failure.map(Failure::report),
            stuck: stuck.iter().map(Failure::report).collect(),
            pruned: None,
            next: (outcome != RunOutcome::RolledBack).then_some(next),
        }
    }
}
