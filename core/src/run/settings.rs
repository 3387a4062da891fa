//! The limits of a run, and what the user agreed to beforehand.

use std::{collections::BTreeSet, num::NonZeroUsize, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

/// The longest limit on time that there may be: 24 hours. What is longer is a mistake, and no clock counts without end.
pub const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// The limits of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// How many steps may be at work at the same time. Default: 8.
    #[serde(deserialize_with = "above_zero")]
    #[schemars(with = "NonZeroUsize")]
    pub parallelism: usize,
    /// How long one step may take to be planned, applied, or taken back, such as `60s` (the default) or `5m`.
    #[serde(with = "length")]
    #[schemars(with = "String")]
    pub step_timeout: Duration,
    /// How long the proof of one step may take, such as `120s` (the default): it may wait for a controller.
    #[serde(with = "length")]
    #[schemars(with = "String")]
    pub verify_timeout: Duration,
    /// How long the lock of a run outlives the last time that it was renewed, such as `120s` (the default, or twice
    /// `step_timeout` where that is longer). It has to be longer than `step_timeout`.
    ///
    /// A request begins only while the lock outlasts the step's time: under one that is too short none ever would.
    #[serde(with = "length")]
    #[schemars(with = "String")]
    pub lease: Duration,
    /// How long a request that nobody answered may still be carried out by a server, such as `90s` (the default, and
    /// Vault's own limit). Longer than the servers' limits is safe, shorter is not.
    ///
    /// Vault's is `default_max_request_duration`; a Kubernetes API server has 60 s (`--request-timeout`).
    #[serde(with = "length")]
    #[schemars(with = "String")]
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

fn above_zero<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    NonZeroUsize::deserialize(deserializer).map(NonZeroUsize::get)
}

/// A length of time as graph files and journals hold it, such as `1m 30s`: above zero, and of 24 hours at most.
mod length {
    use std::time::Duration;

    use jiff::SignedDuration;
    pub(super) use jiff::fmt::serde::unsigned_duration::friendly::compact::required::serialize;
    use serde::{Deserialize, Deserializer, de};

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        let text = String::deserialize(deserializer)?;
        let parsed = text.parse::<SignedDuration>().ok().and_then(|time| Duration::try_from(time).ok());
        let fits = parsed.filter(|time| !time.is_zero() && *time <= super::LONGEST);
        let why = || format!("{text:?} is no length of time such as `90s` or `5m`, up to `24h`");
        fits.ok_or_else(|| de::Error::custom(why()))
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

    #[test]
    fn times_are_written_as_people_write_them() {
        let horizon = |text: &str| serde_json::from_value::<Settings>(serde_json::json!({ "horizon": text }));
        let seconds = |text: &str| horizon(text).ok().map(|limits| limits.horizon.as_secs_f64());
        assert_eq!(seconds("90s"), Some(90.0));
        assert_eq!(seconds("1h 30m"), Some(5400.0));
        assert_eq!(seconds("250ms"), Some(0.25));
        assert_eq!([seconds("24h"), seconds("24h 1s"), seconds("9999999999h")], [Some(86400.0), None, None]);
        assert_eq!([seconds("0s"), seconds("-1s"), seconds("60"), seconds(""), seconds("soon")], [None; 5]);
    }
}
