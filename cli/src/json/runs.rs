//! The runs that were made from here.

use serde::{Deserialize, Serialize};
use trustpath_core::{
    Failure,
    failure::Report,
    journal::{End, Log, Verb, replay},
};

use super::Left;

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

/// Where a run stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RunStatus {
    /// There was nothing to do, and no run was made.
    #[default]
    Nothing,
    /// A process is at work on it.
    Running,
    /// It was cut off.
    Unfinished,
    /// Its journal cannot be read.
    Damaged,
    #[serde(untagged)]
    Ended(End),
}

impl RunStatus {
    /// Where the run of this journal stands.
    pub(crate) fn of(log: &Log) -> Self {
        replay(&log.entries).end.map_or(Self::Unfinished, Self::Ended)
    }

    /// As in a table.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Nothing => "nothing to do",
            Self::Running => "running",
            Self::Unfinished => "unfinished",
            Self::Damaged => "damaged",
            Self::Ended(End::Done) => "done",
            Self::Ended(End::Kept) => "kept",
            Self::Ended(End::RolledBack) => "rolled back",
            Self::Ended(End::Stuck) => "stuck",
        }
    }

    /// Whether nothing more is done by this run, nor has to be taken back.
    pub(crate) fn is_over(self) -> bool {
        matches!(self, Self::Ended(end) if end != End::Stuck)
    }

    /// Whether all of it is back.
    pub(crate) fn is_rolled_back(self) -> bool {
        self == Self::Ended(End::RolledBack)
    }

    /// Whether it has not come to its end.
    pub(crate) fn is_open(self) -> bool {
        matches!(self, Self::Unfinished | Self::Ended(End::Stuck))
    }
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
            started: log.entries.first().map(|entry| entry.at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()),
            standing: progress.pending().map(|(step, _)| step.to_owned()).collect(),
            stays: Left::of(&progress),
            next: is_due.then_some(next),
            error: None,
        }
    }
}
