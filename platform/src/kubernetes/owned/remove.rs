//! Removing an object, and seeing it gone.

use std::time::Duration;

use kube::core::params::Preconditions;
use serde_json::Value;
use tokio::time::{Instant, sleep};
use trustpath_core::{Class, Problem, Result};

use crate::{
    error::{Error, ErrorKind},
    kubernetes::{Address, Cluster, call::KubernetesCall},
    text::{clean, listed},
};

/// How long an object may take to be gone: a finalizer may have work to do.
const GONE: Duration = Duration::from_secs(45);
/// The first pause between two looks; each is twice as long as the one before it.
const PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

impl Cluster {
    /// Removes this very object, told by its uid, and returns when it is gone. Nothing there is success.
    ///
    /// # Errors
    /// When another object has its name now, when it is not gone in time, or when the server refuses or cannot be
    /// reached.
    pub async fn remove(&self, at: &Address, live: &Value) -> Result<()> {
        match self.remove_within(at, live, GONE).await? {
            None => Ok(()),
            Some(why) => Err(lingers(at, &why).into()),
        }
    }

    /// The same within this time. Where it is not gone then, what keeps it, in the server's words, cleaned: the server has
    /// begun to remove it, and others have to end that.
    ///
    /// # Errors
    /// When another object has its name now, or when the server refuses or cannot be reached.
    pub async fn remove_within(&self, at: &Address, live: &Value, time: Duration) -> Result<Option<String>, Error> {
        let deadline = Instant::now() + time;
        let uid = live["metadata"]["uid"].as_str();
        if is_going(live) {
            return self.gone_by(at, uid, deadline).await;
        }
        let call = KubernetesCall::delete(at, Preconditions { uid: uid.map(str::to_owned), resource_version: None })?;
        match self.call(&call).await {
            // An object that has to wait for something comes back with the time at which it was deleted.
            Ok(answer) if !is_going(&answer.parse::<Value>(&call)?) => Ok(None),
            Ok(_) => self.gone_by(at, uid, deadline).await,
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn gone_by(&self, at: &Address, uid: Option<&str>, deadline: Instant) -> Result<Option<String>, Error> {
        let mut pause = PAUSE;
        loop {
            let live = self.live(at).await?.filter(|live| live["metadata"]["uid"].as_str() == uid);
            let Some(live) = live else { return Ok(None) };
            if Instant::now() + pause > deadline {
                return Ok(Some(what_keeps(&live)));
            }
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}

fn is_going(live: &Value) -> bool {
    live["metadata"].get("deletionTimestamp").is_some()
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
