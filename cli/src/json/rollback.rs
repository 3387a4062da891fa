//! What a rollback took back.

use serde::{Deserialize, Serialize};
use trustpath_core::{
    Leaf, Op,
    failure::Report,
    journal::{Log, StepHistory, replay},
};

use super::{Left, RunStatus};

/// What `rollback` took back.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct RollbackDocument {
    /// The run's id.
    pub(crate) run: String,
    /// How it ended: `nothing`, `rolled-back` or `stuck`.
    pub(crate) outcome: RunStatus,
    /// What stood in the journal to be taken back.
    pub(crate) steps: Vec<TakenBack>,
    /// The steps that were left as they are, because the user said so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) left: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) stays: Vec<Left>,
    /// What could not be taken back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) stuck: Vec<Report>,
    /// The command that tries again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) next: Option<String>,
}

/// One step that is taken back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct TakenBack {
    pub(crate) step: String,
    /// What taking back does: what a run created is deleted.
    pub(crate) op: Op,
    pub(crate) changes: Vec<Leaf>,
}

impl TakenBack {
    /// All that stands in a journal to be taken back, in the order of its graph, but for what is left as it is.
    pub(crate) fn of(log: &Log, leave: &[String]) -> Vec<Self> {
        let progress = replay(&log.entries);
        let is_left = |step: &str| leave.iter().any(|left| left == step);
        let mut standing: Vec<_> = progress.pending().filter(|(step, _)| !is_left(step)).collect();
        let place = |name: &str| log.start.steps.iter().position(|step| step.name == name);
        standing.sort_by_key(|(step, _)| place(step));
        let back = |(step, touched): (&str, &StepHistory)| {
            let back = touched.history.change().inverse();
            Self { step: step.to_owned(), op: back.op(), changes: back.leaves() }
        };
        standing.into_iter().map(back).collect()
    }
}
