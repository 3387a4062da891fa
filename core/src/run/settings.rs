//! The limits of a run, and what the user agreed to beforehand.

use std::{collections::BTreeSet, time::Duration};

/// The limits of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// How many steps may be at work at the same time; at least one is.
    pub parallelism: usize,
    /// How long one step may take to be planned, applied, or taken back.
    pub step_timeout: Duration,
    /// How long the proof of one step may take: it may wait for a controller.
    pub verify_timeout: Duration,
    /// How long the lock of a run is held without being renewed. A request begins only while it outlasts the step's
    /// time, so it is longer than `step_timeout`.
    pub lease: Duration,
    /// How long after it was sent a request that nobody answered may still be carried out by a server. Vault gives one
    /// 90 s by default (`default_max_request_duration`), a Kubernetes API server 60 s (`--request-timeout`).
    pub horizon: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            parallelism: 8,
            step_timeout: Duration::from_secs(60),
            verify_timeout: Duration::from_secs(120),
            lease: Duration::from_secs(120),
            horizon: Duration::from_secs(90),
        }
    }
}

/// What the user agreed to beforehand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Permissions {
    /// The steps that may take over what is not marked as theirs.
    pub adopt: BTreeSet<String>,
    /// Fields of other field managers may be taken.
    pub force_conflicts: bool,
    /// Changes that cannot be taken back may be made.
    pub allow_irreversible: bool,
    /// What was made stays when the final verify fails.
    pub keep: bool,
}
