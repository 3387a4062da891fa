//! Removing an object, and seeing it gone.

use std::time::Duration;

use kube::core::params::Preconditions;
use serde_json::Value;
use tokio::time::{Instant, sleep};
use trustpath_core::{Class, Problem, Result};

use super::{Owned, write::bears_mark_of};
use crate::{
    error::{Error, Kind},
    kubernetes::{Address, Cluster, call::Call},
    text::{clean, listed},
};

/// How long an object may take to be gone: a finalizer may have work to do.
const GONE: Duration = Duration::from_secs(45);
/// The first pause between two looks; each is twice as long as the one before it.
const PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// What came of a removal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Removal {
    /// It is gone.
    Gone,
    /// The server has begun it, and others have to end it. What keeps them, in the server's words, cleaned.
    Lingers(String),
}

impl Cluster {
    /// Removes an object that bears the mark of `now`, and returns when it is gone. Nothing there is success.
    pub(super) async fn remove_owned(&self, at: &Address, live: Option<Value>, now: Option<&Owned>) -> Result<()> {
        let Some(live) = live else { return Ok(()) };
        if !now.is_none_or(|now| bears_mark_of(&live, now)) {
            return Err(not_ours(at).into());
        }
        self.remove(at, &live).await
    }

    /// Removes this very object, told by its uid, and returns when it is gone. Nothing there is success.
    ///
    /// # Errors
    /// When another object has its name now, when it is not gone in time, or when the server refuses or cannot be
    /// reached.
    pub async fn remove(&self, at: &Address, live: &Value) -> Result<()> {
        match self.remove_within(at, live, GONE).await? {
            Removal::Gone => Ok(()),
            Removal::Lingers(why) => Err(lingers(at, &why).into()),
        }
    }

    /// Removes this very object, told by its uid, and returns when it is gone, or after this time. Nothing there is success.
    ///
    /// # Errors
    /// When another object has its name now, or when the server refuses or cannot be reached.
    pub async fn remove_within(&self, at: &Address, live: &Value, time: Duration) -> Result<Removal, Error> {
        let deadline = Instant::now() + time;
        let uid = live["metadata"]["uid"].as_str();
        if is_going(live) {
            return self.gone_by(at, uid, deadline).await;
        }
        let call = Call::delete(at, Preconditions { uid: uid.map(str::to_owned), resource_version: None })?;
        match self.call(&call).await {
            // An object that has to wait for something comes back with the time at which it was deleted.
            Ok(answer) if !is_going(&answer.parse::<Value>(&call)?) => Ok(Removal::Gone),
            Ok(_) => self.gone_by(at, uid, deadline).await,
            Err(error) if error.kind() == Kind::NotFound => Ok(Removal::Gone),
            Err(error) => Err(error),
        }
    }

    async fn gone_by(&self, at: &Address, uid: Option<&str>, deadline: Instant) -> Result<Removal, Error> {
        let mut pause = PAUSE;
        while let Some(live) = self.still(at, uid).await? {
            if Instant::now() + pause > deadline {
                return Ok(Removal::Lingers(what_keeps(&live)));
            }
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        Ok(Removal::Gone)
    }

    async fn still(&self, at: &Address, uid: Option<&str>) -> Result<Option<Value>, Error> {
        let live = self.live(at).await?;
        Ok(live.filter(|live| live["metadata"]["uid"].as_str() == uid))
    }
}

fn is_going(live: &Value) -> bool {
    live["metadata"].get("deletionTimestamp").is_some()
}

fn not_ours(at: &Address) -> Problem {
    let message = format!("{at} no longer bears the mark with which it was to be removed");
    Problem::new(Class::Conflict, "trustpath::kubernetes::not_ours", message)
        .help("somebody else has taken it over or made it anew: look at the plan again")
}

/// The conditions of an object that is going, or its finalizers.
fn what_keeps(live: &Value) -> String {
    let texts = |value: &Value| value.as_str().map(clean);
    let finalizers = [&live["metadata"]["finalizers"], &live["spec"]["finalizers"]];
    let finalizers = finalizers.into_iter().filter_map(Value::as_array).flatten().filter_map(texts);
    let finalizers: Vec<_> = finalizers.collect();
    let conditions = live["status"]["conditions"].as_array().into_iter().flatten();
    let conditions = conditions.filter(|condition| condition["status"] == "True");
    let said: Vec<_> = conditions.filter_map(|condition| texts(&condition["message"])).collect();
    if said.is_empty() { listed(&finalizers) } else { listed(&said) }
}

fn lingers(at: &Address, why: &str) -> Problem {
    let message = format!("{at} is being removed, and is not gone after {} s: {why}", GONE.as_secs());
    Problem::new(Class::Timeout, "trustpath::kubernetes::lingers", message)
        .help("a controller that removes what is left, or a finalizer, may not be running; try again when it is gone")
}
