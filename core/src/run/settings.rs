//! What a run is given: its limits, what the user agreed to, who is told, who can interrupt it, and the lock that it holds.

use std::{collections::BTreeSet, num::NonZeroUsize, sync::Arc, time::Duration};

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use tokio::sync::watch;

use crate::{
    contract::{Change, Evidence, Plan},
    failure::{Class, Failure, Problem, Result},
};

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
    /// How long a request that no one answered may still be carried out by a server, such as `90s` (the default, and
    /// Vault's own limit). Longer than the servers' limits is safe, shorter is not.
    ///
    /// Vault's is `default_max_request_duration`; a Kubernetes API server has 60 s (`--request-timeout`).
    #[serde(with = "length")]
    #[schemars(with = "String")]
    pub in_flight_timeout: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            parallelism: 8,
            step_timeout: Duration::from_secs(60),
            verify_timeout: Duration::from_secs(120),
            lease: Duration::from_secs(120),
            in_flight_timeout: Duration::from_secs(90),
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
pub struct Consent {
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

/// Something that happened to a step.
#[derive(Debug, Clone, Copy)]
pub enum Event<'a> {
    /// It is being read.
    Planning,
    /// It was read.
    Planned(&'a Plan),
    /// It starts to change.
    Applying(&'a Change),
    /// It has changed.
    Applied,
    /// It could not be planned, changed or proven.
    Failed(&'a Failure),
    /// It is being taken back.
    Undoing,
    /// A request of it was answered by nobody: it is looked at again when that cannot be carried out any more, after
    /// this time.
    Settling(Duration),
    /// It is as it was before, but for what is left on purpose.
    Undone {
        /// What that is, each with the reason.
        left: &'a [String],
    },
    /// It could not be taken back.
    UndoFailed(&'a Failure),
    /// It is being proven.
    Verifying,
    /// It was proven, or was found not to hold.
    Verified(&'a Evidence),
}

/// Is told what happens. Called from the engine's own task: it must not block.
pub trait Observer: Send + Sync {
    /// Something happened to `step`.
    fn event(&self, step: &str, event: Event<'_>);
}

/// Tells no one.
impl Observer for () {
    fn event(&self, _: &str, _: Event<'_>) {}
}

/// How far a run is interrupted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Going,
    Cancelled,
    Halted,
}

/// Interrupts a run: a signal, never an abort. What is under way settles; nothing new begins.
#[derive(Debug, Clone)]
pub struct Canceller(watch::Sender<Level>);

/// Sees whether a run was interrupted.
#[derive(Debug, Clone)]
pub struct Cancel(watch::Receiver<Level>);

impl Canceller {
    /// A canceller and what it cancels.
    pub fn new() -> (Self, Cancel) {
        let (sender, receiver) = watch::channel(Level::Going);
        (Self(sender), Cancel(receiver))
    }

    /// Interrupts: what the run has changed is taken back. Once is enough, and more often does no more.
    pub fn cancel(&self) {
        self.raise(Level::Cancelled);
    }

    /// Interrupts, and does not wait for anything to be taken back: whoever runs the engine drops it where it is.
    pub fn halt(&self) {
        self.raise(Level::Halted);
    }

    fn raise(&self, to: Level) {
        self.0.send_modify(|level| *level = (*level).max(to));
    }
}

impl Cancel {
    /// Is never interrupted.
    pub fn never() -> Self {
        Canceller::new().1
    }

    /// Whether it was interrupted.
    pub fn is_cancelled(&self) -> bool {
        *self.0.borrow() >= Level::Cancelled
    }

    /// Returns when it is interrupted, which may be never.
    pub async fn cancelled(&self) {
        self.reached(Level::Cancelled).await;
    }

    /// Returns when it has to stop where it is, which may be never.
    pub async fn halted(&self) {
        self.reached(Level::Halted).await;
    }

    async fn reached(&self, level: Level) {
        // Without a canceller there is no one left to interrupt it.
        if self.0.clone().wait_for(|now| *now >= level).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// A lock that others respect, held for the length of a run: nothing is sent that could still be under way when it is no
/// longer ours.
#[async_trait]
pub trait Guard: Send + Sync {
    /// For how long from now on it is ours for certain, by this process's own monotonic clock; zero when it is lost.
    fn remaining(&self) -> Duration;

    /// Takes the run off the lock, which says to others that it has begun and not ended: called when all of it is done or
    /// taken back, and before its journal says that it has ended. A lock that says nothing of a run has nothing to do.
    ///
    /// # Errors
    /// When the lock may still name the run: it is not over for others then.
    async fn clear(&self) -> Result<()> {
        Ok(())
    }
}

/// Several locks are held as long as each of them is; none at all is never lost.
#[async_trait]
impl Guard for Vec<Arc<dyn Guard>> {
    fn remaining(&self) -> Duration {
        self.iter().map(|guard| guard.remaining()).min().unwrap_or(Duration::MAX)
    }

    /// Takes it off all of them that can be reached; the first failure is told.
    async fn clear(&self) -> Result<()> {
        let mut cleared = Ok(());
        for guard in self {
            cleared = cleared.and(guard.clear().await);
        }
        cleared
    }
}

/// Whether a request that may take this long may begin.
///
/// # Errors
/// When the lock could end before the request does.
pub(super) fn covers(guard: &dyn Guard, request: Duration) -> Result<()> {
    if guard.remaining() > request { Ok(()) } else { Err(lost()) }
}

fn lost() -> Failure {
    let message = "the lock under which this run writes could not be renewed in time, and nothing more is sent";
    Problem::new(Class::Conflict, "trustpath::lock::lost", message)
        .help("see whether the API server is reachable; then continue the run as `trustpath runs` says")
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_survive_being_journaled() {
        let limits = Settings { in_flight_timeout: Duration::from_millis(1500), ..Settings::default() };
        let json = serde_json::to_value(limits).unwrap();
        assert_eq!(json["lease"], "2m");
        assert_eq!(serde_json::from_value::<Settings>(json.clone()).unwrap(), limits);
        let mut endless = json;
        endless["in_flight_timeout"] = "999999h".into();
        assert!(serde_json::from_value::<Settings>(endless).is_err());
    }

    #[test]
    fn times_are_written_as_people_write_them() {
        let in_flight_timeout =
            |text: &str| serde_json::from_value::<Settings>(serde_json::json!({ "in_flight_timeout": text }));
        let seconds = |text: &str| in_flight_timeout(text).ok().map(|limits| limits.in_flight_timeout.as_secs_f64());
        assert_eq!(seconds("90s"), Some(90.0));
        assert_eq!(seconds("1h 30m"), Some(5400.0));
        assert_eq!(seconds("250ms"), Some(0.25));
        assert_eq!([seconds("24h"), seconds("24h 1s"), seconds("9999999999h")], [Some(86400.0), None, None]);
        assert_eq!([seconds("0s"), seconds("-1s"), seconds("60"), seconds(""), seconds("soon")], [None; 5]);
    }
}
