//! The runs that were made from here.

use serde::{Deserialize, Serialize};
use trustpath_core::{
    Failure,
    failure::Report,
    journal::{Corrupt, End, Log, Verb, replay},
};

use super::Left;

/// The runs that were made from here, oldest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Runs {
    /// The directory of their journals.
    pub(crate) directory: String,
    /// The runs.
    pub(crate) runs: Vec<RunEntry>,
}

/// One run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct RunEntry {
    /// Its id.
    pub(crate) run: String,
    /// Where it stands.
    pub(crate) state: RunState,
    /// Which way it went.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) verb: Option<Verb>,
    /// The graph's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) graph: Option<String>,
    /// When it began, in UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) started: Option<String>,
    /// The steps that it has changed and not taken back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) standing: Vec<String>,
    /// What it was to remove and has left on purpose.
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
pub(crate) enum RunState {
    /// Everything was made, and held.
    Done,
    /// It failed, and what it made was kept.
    Kept,
    /// Everything that it had changed is back.
    RolledBack,
    /// Something could not be taken back.
    Stuck,
    /// A process is at work on it.
    Running,
    /// It was cut off.
    Unfinished,
    /// Its journal cannot be read.
    #[default]
    Damaged,
}

impl RunState {
    /// Where the run of this journal stands.
    pub(crate) fn of(log: &Log) -> Self {
        match replay(&log.entries).end {
            Some(End::Done) => Self::Done,
            Some(End::Kept) => Self::Kept,
            Some(End::RolledBack) => Self::RolledBack,
            Some(End::Stuck) => Self::Stuck,
            None => Self::Unfinished,
        }
    }

    /// In words, as in a table.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Kept => "kept",
            Self::RolledBack => "rolled back",
            Self::Stuck => "stuck",
            Self::Running => "running",
            Self::Unfinished => "unfinished",
            Self::Damaged => "damaged",
        }
    }

    /// Whether nothing more is done by this run, nor has to be taken back.
    pub(crate) fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Kept | Self::RolledBack)
    }

    /// Whether somebody still has to do something about it.
    pub(crate) fn is_open(self) -> bool {
        matches!(self, Self::Kept | Self::Stuck | Self::Unfinished)
    }
}

impl RunEntry {
    /// The entry of a run whose journal cannot be gone on with.
    pub(crate) fn damaged(run: String, why: &Failure) -> Self {
        Self { run, error: Some(why.report()), ..Self::default() }
    }

    /// The entry of a journal; `running` where a process is at work on it, and `next` is the command that goes on with
    /// its run.
    pub(crate) fn of(run: String, log: Result<Log, Corrupt>, running: bool, next: impl FnOnce(&Log) -> String) -> Self {
        match log {
            Err(corrupt) => Self::damaged(run, &corrupt.into()),
            Ok(log) => {
                let state = if running { RunState::Running } else { RunState::of(&log) };
                let progress = replay(&log.entries);
                let started = log.entries.first().map(|entry| entry.at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
                Self {
                    run,
                    state,
                    verb: Some(log.start.verb),
                    graph: Some(log.start.graph.clone()),
                    started,
                    standing: progress.standing().map(|(step, _)| step.to_owned()).collect(),
                    stays: Left::of(&progress),
                    next: state.is_open().then(|| next(&log)),
                    error: None,
                }
            }
        }
    }
}
