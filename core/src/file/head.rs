//! What stands in a graph file besides its steps.

use std::{num::NonZeroUsize, time::Duration};

use jiff::SignedDuration;
use schemars::JsonSchema;
use serde::{Deserialize, de::DeserializeOwned};

use crate::run::{LONGEST, Settings};

/// The id of a graph that has none of its own.
pub const DEFAULT_GRAPH: &str = "trustpath";

/// The shape of the `[connections]` table, which belongs to the platform.
pub trait Section: DeserializeOwned + JsonSchema + Default {}

impl<T: DeserializeOwned + JsonSchema + Default> Section for T {}

/// All that stands beside `[connections]` and `[steps]`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Head {
    /// The id that marks what this graph owns on the servers. Graphs that share servers need different ids.
    pub(super) graph: GraphId,
    /// The limits of a run.
    pub(super) run: Run,
}

/// An id of lower-case letters, digits and `-`, such as `trustpath` or `payments-prod`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(extend("pattern" = "^[a-z0-9-]{1,40}$"))]
pub(super) struct GraphId(pub(super) String);

impl Default for GraphId {
    fn default() -> Self {
        Self(DEFAULT_GRAPH.to_owned())
    }
}

impl TryFrom<String> for GraphId {
    type Error = String;

    fn try_from(id: String) -> Result<Self, Self::Error> {
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if (1..=40).contains(&id.len()) && id.chars().all(fits) {
            return Ok(Self(id));
        }
        Err("an id has 1 to 40 lower-case letters, digits and `-`".into())
    }
}

/// The limits of a run.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Run {
    /// How many steps may be at work at the same time. Default: 8.
    parallelism: Option<NonZeroUsize>,
    /// How long one step may take to be planned, applied, or taken back, such as `60s` (the default) or `5m`.
    step_timeout: Option<Limit>,
    /// How long the proof of one step may take, such as `120s` (the default): it may wait for a controller.
    verify_timeout: Option<Limit>,
    /// How long the lock of a run outlives the last time that it was renewed, such as `120s` (the default, or twice
    /// `step_timeout` where that is longer). It has to be longer than `step_timeout`.
    lease: Option<Limit>,
    /// How long a request that nobody answered may still be carried out by a server, such as `90s` (the default, and
    /// Vault's own limit). Longer than the servers' limits is safe, shorter is not.
    horizon: Option<Limit>,
}

impl From<&Run> for Settings {
    fn from(run: &Run) -> Self {
        let default = Self::default();
        let step_timeout = run.step_timeout.as_ref().map_or(default.step_timeout, |limit| limit.0);
        Self {
            parallelism: run.parallelism.map_or(default.parallelism, NonZeroUsize::get),
            step_timeout,
            verify_timeout: run.verify_timeout.as_ref().map_or(default.verify_timeout, |limit| limit.0),
            lease: run.lease.as_ref().map_or(default.lease.max(step_timeout * 2), |limit| limit.0),
            horizon: run.horizon.as_ref().map_or(default.horizon, |limit| limit.0),
        }
    }
}

/// A length of time above zero, and of 24 hours at most.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
struct Limit(Duration);

impl TryFrom<String> for Limit {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let parsed = text.parse::<SignedDuration>().ok().and_then(|time| Duration::try_from(time).ok());
        let fits = parsed.filter(|time| !time.is_zero() && *time <= LONGEST);
        fits.map(Self).ok_or_else(|| format!("{text:?} is no length of time such as `90s` or `5m`, up to `24h`"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_people_write_them() {
        let seconds = |text: &str| Limit::try_from(text.to_owned()).ok().map(|limit| limit.0.as_secs_f64());
        assert_eq!(seconds("90s"), Some(90.0));
        assert_eq!(seconds("1h 30m"), Some(5400.0));
        assert_eq!(seconds("250ms"), Some(0.25));
        assert_eq!([seconds("24h"), seconds("24h 1s"), seconds("9999999999h")], [Some(86400.0), None, None]);
        assert_eq!([seconds("0s"), seconds("-1s"), seconds("60"), seconds(""), seconds("soon")], [None; 5]);
    }

    #[test]
    fn ids_are_short_and_plain() {
        let fits = |id: &str| GraphId::try_from(id.to_owned()).is_ok();
        assert!(fits("external-secrets") && fits(&"a".repeat(40)) && fits(DEFAULT_GRAPH));
        assert!(!fits("") && !fits("Prod") && !fits("a b") && !fits("a/b") && !fits(&"a".repeat(41)));
    }
}
