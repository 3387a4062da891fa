//! Removing an object, and seeing it gone.

use std::time::Duration;

use kube::core::{
    Request,
    params::{DeleteParams, Preconditions},
};
use serde_json::Value;
use tokio::time::{Instant, sleep};
use trustpath_core::{Class, Problem, Result};

use super::{Owned, write::bears_mark_of};
use crate::{
    error::{Error, Kind},
    kubernetes::{Address, Cluster, request::Call},
    text::{clean, listed},
};

/// How long an object may take to be gone: a namespace is emptied first, a finalizer may have work to do.
const GONE: Duration = Duration::from_secs(45);
/// The first pause between two looks; each is twice as long as the one before it.
const PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

impl Cluster {
    /// Removes an object that bears the mark of `now`, and returns when it is gone. Nothing there is success.
    pub(super) async fn remove_owned<K>(&self, at: &Address<K>, now: Option<&Owned>) -> Result<()> {
        let Some(live) = self.live(at).await? else { return Ok(()) };
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
    pub async fn remove<K>(&self, at: &Address<K>, live: &Value) -> Result<()> {
        let uid = live["metadata"]["uid"].as_str().map(str::to_owned);
        if is_going(live) {
            return self.wait_until_gone(at, uid.as_deref()).await;
        }
        let preconditions = Some(Preconditions { uid: uid.clone(), resource_version: None });
        let params = DeleteParams { preconditions, ..DeleteParams::default() };
        let call = Call::new(Request::new(at.collection()?).delete(at.name(), &params))?;
        match self.call(&call).await {
            // An object that has to wait for something comes back with the time at which it was deleted.
            Ok(answer) if !is_going(&answer.parse::<Value>(&call)?) => Ok(()),
            Ok(_) => self.wait_until_gone(at, uid.as_deref()).await,
            Err(error) if error.kind() == Kind::NotFound => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    async fn wait_until_gone<K>(&self, at: &Address<K>, uid: Option<&str>) -> Result<()> {
        let deadline = Instant::now() + GONE;
        let mut pause = PAUSE;
        while let Some(live) = self.still(at, uid).await? {
            if Instant::now() + pause > deadline {
                return Err(lingers(at, &live).into());
            }
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        Ok(())
    }

    async fn still<K>(&self, at: &Address<K>, uid: Option<&str>) -> Result<Option<Value>, Error> {
        let live = self.live(at).await?;
        Ok(live.filter(|live| live["metadata"]["uid"].as_str() == uid))
    }
}

fn is_going(live: &Value) -> bool {
    live["metadata"].get("deletionTimestamp").is_some()
}

fn not_ours<K>(at: &Address<K>) -> Problem {
    let message = format!("{at} no longer bears the mark with which it was to be removed");
    Problem::new(Class::Conflict, "trustpath::kubernetes::not_ours", message)
        .help("somebody else has taken it over or made it anew: look at the plan again")
}

fn lingers<K>(at: &Address<K>, live: &Value) -> Problem {
    let texts = |value: &Value| value.as_str().map(clean);
    let finalizers = [&live["metadata"]["finalizers"], &live["spec"]["finalizers"]];
    let finalizers = finalizers.into_iter().filter_map(Value::as_array).flatten().filter_map(texts);
    let finalizers: Vec<_> = finalizers.collect();
    let conditions = live["status"]["conditions"].as_array().into_iter().flatten();
    let conditions = conditions.filter(|condition| condition["status"] == "True");
    let said: Vec<_> = conditions.filter_map(|condition| texts(&condition["message"])).collect();
    let why = if said.is_empty() { listed(&finalizers) } else { listed(&said) };
    let message = format!("{at} is being removed, and is not gone after {} s: {why}", GONE.as_secs());
    Problem::new(Class::Timeout, "trustpath::kubernetes::lingers", message)
        .help("a controller that removes what is left, or a finalizer, may not be running; try again when it is gone")
}
