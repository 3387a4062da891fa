//! Where a run stands.

use serde::{Deserialize, Serialize};
use trustpath_core::journal::{End, Log, replay};

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
