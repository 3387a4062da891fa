//! The runs that were made from here.

use serde::{Deserialize, Serialize};
use trustpath_core::{
    Failure,
    failure::Report,
    journal::{End, Log, Verb, replay},
};

use super::{Left, RunStatus};

/// The runs that were made from here, oldest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Runs {
    /// Where their journals lie.
    pub(crate) directory: String,
    pub(crate) runs: Vec<RunEntry>,
}

/// One run. Of one whose journal cannot be read, its id and its state are all that is known.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct RunEntry {
    pub(crate) run: String,
    pub(crate) state: RunStatus,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) verb: Option<Verb>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) graph: Option<String>,
    /// Why it was made, in the words of who made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
    /// In UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) started: Option<String>,
    /// The steps that it has changed and not taken back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) standing: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) stays: Vec<Left>,
    /// The command that goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) next: Option<String>,
    /// What is wrong with its journal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<Report>,
}

impl RunEntry {
    /// The entry of a run whose journal cannot be continued.
    pub(crate) fn damaged(run: String, why: &Failure) -> Self {
        Self { run, state: RunStatus::Damaged, error: Some(why.report()), ..Self::default() }
    }

    /// The entry of a journal; `next` is the command that continues its run.
    pub(crate) fn of(run: String, log: &Log, is_running: bool, next: String) -> Self {
        let (state, progress) = (RunStatus::of(log), replay(&log.entries));
        let is_due = !is_running && (state.is_open() || state == RunStatus::Ended(End::Kept));
        Self {
            run,
            state: if is_running { RunStatus::Running } else { state },
            verb: Some(log.start.verb),
            graph: Some(log.start.graph.clone()),
            reason: log.start.reason.clone(),
            started: log.entries.first().map(|entry| entry.at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()),
            standing: progress.pending().map(|(step, _)| step.to_owned()).collect(),
            stays: Left::of(&progress),
            next: is_due.then_some(next),
            error: None,
        }
    }
}
