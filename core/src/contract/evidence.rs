//! What `verify` saw.

use serde::{Deserialize, Serialize};

/// The checks of one link, in the order in which they were made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// The checks.
    pub checks: Vec<Check>,
}

impl Evidence {
    /// No check yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a check that passed, with what was seen.
    #[must_use]
    pub fn passed(self, what: impl Into<String>, seen: impl Into<String>) -> Self {
        self.with(what, CheckOutcome::Passed { seen: seen.into() })
    }

    /// Adds a check that failed, why, and what to do next.
    #[must_use]
    pub fn failed(self, what: impl Into<String>, why: impl Into<String>, next: impl Into<String>) -> Self {
        self.with(what, CheckOutcome::Failed { why: why.into(), next: next.into() })
    }

    /// Adds a check that could not be made from here, and why.
    #[must_use]
    pub fn unchecked(self, what: impl Into<String>, why: impl Into<String>) -> Self {
        self.with(what, CheckOutcome::Unchecked { why: why.into() })
    }

    /// Adds a check.
    #[must_use]
    pub fn with(mut self, what: impl Into<String>, outcome: CheckOutcome) -> Self {
        self.checks.push(Check { what: what.into(), outcome });
        self
    }

    /// Appends the checks of another piece of evidence.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.checks.extend(other.checks);
        self
    }

    /// Whether no check failed.
    pub fn holds(&self) -> bool {
        !self.checks.iter().any(|check| matches!(check.outcome, CheckOutcome::Failed { .. }))
    }
}

/// One check and how it ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// What was checked, such as `ServiceAccount exists`.
    pub what: String,
    /// How it ended.
    #[serde(flatten)]
    pub outcome: CheckOutcome,
}

/// How a check ended. A link that could not be checked is never a pass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "outcome")]
pub enum CheckOutcome {
    /// It holds.
    Passed {
        /// What was seen.
        seen: String,
    },
    /// It does not hold.
    Failed {
        /// Why.
        why: String,
        /// What to do next.
        next: String,
    },
    /// It could not be checked from here.
    Unchecked {
        /// Why.
        why: String,
    },
}
