//! Why a command failed.

use serde::{Deserialize, Serialize};
use trustpath_core::{Failure, failure::Report};

/// Why a command failed before it had a result of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ErrorDocument {
    /// The first to look at; its class decides the exit code.
    pub(crate) error: Report,
    /// What else went wrong.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) others: Vec<Report>,
}

impl ErrorDocument {
    /// The document of these failures, the first to look at in front.
    pub(crate) fn of(first: &Failure, others: &[Failure]) -> Self {
        Self { error: first.report(), others: others.iter().map(Failure::report).collect() }
    }
}
