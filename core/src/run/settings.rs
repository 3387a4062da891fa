//! The limits of a run, and what the user agreed to beforehand.

use std::{collections::BTreeSet, time::Duration};

use serde::{Deserialize, Serialize};

/// The longest limit on time that there may be: 24 hours. What is longer is a mistake, and no clock counts without end.
pub const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// The limits of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// How many steps may be at work at the same time; at least one is.
    pub parallelism: usize,
    /// How long one step may take to be planned, applied, or taken back.
    #[serde(with = "length")]
    pub step_timeout: Duration,
    /// How long the proof of one step may take: it may wait for a controller.
    #[serde(with = "length")]
    pub verify_timeout: Duration,
    /// How long the lock of a run is held without being renewed. A request begins only while it outlasts the step's
    /// time, so it is longer than `step_timeout`.
    #[serde(with = "length")]
    pub lease: Duration,
    /// How long after it was sent a request that nobody answered may still be carried out by a server. Vault gives one
    /// 90 s by default (`default_max_request_duration`), a Kubernetes API server 60 s (`--request-timeout`).
    #[serde(with = "length")]
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

impl Settings {
    /// How often the lock of a run is renewed: every quarter of the lease, and more often where a request that may take as
    /// long as a step would not fit into what is left of it then.
    pub(crate) fn renewed_every(&self) -> Duration {
        let spare = self.lease.saturating_sub(self.step_timeout) / 2;
        (self.lease / 4).min(spare)
    }
}

/// What the user agreed to beforehand.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
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

/// A length of time as a journal holds it: written as in the graph file, such as `1m 30s`.
mod length {
    use std::time::Duration;

    use jiff::fmt::serde::unsigned_duration::friendly::compact::required;
    pub(super) use required::serialize;
    use serde::{Deserializer, de};

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        let length = required::deserialize(deserializer)?;
        if length > super::LONGEST {
            return Err(de::Error::custom("a limit is longer than 24 hours"));
        }
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_survive_being_journaled() {
        let limits = Settings { horizon: Duration::from_millis(1500), ..Settings::default() };
        let json = serde_json::to_value(limits).unwrap();
        assert_eq!(json["lease"], "2m");
        assert_eq!(serde_json::from_value::<Settings>(json.clone()).unwrap(), limits);
        let mut endless = json;
        endless["horizon"] = "999999h".into();
        assert!(serde_json::from_value::<Settings>(endless).is_err());
    }
}
