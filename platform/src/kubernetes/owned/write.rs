//! Going from one [`Owned`] to another on the server.

use kube::core::params::Patch;
use serde_json::Value;
use trustpath_core::{Class, Problem, Result};

use super::{
    Owned, OwnedRequest,
    fields::{self, Fields},
    give_back::{ownership_patch, values_patch},
    manager::OtherManagers,
};
use crate::{
    error::{Error, ErrorKind},
    kubernetes::{Address, ApplyOptions, Cluster},
    mark,
};

/// How often a write is tried that holds for one version of an object.
const ATTEMPTS: usize = 5;

impl Cluster {
    /// Asks the server whether it would take what is ours in `to`. Writes nothing.
    ///
    /// # Errors
    /// Why not: conflicts with other managers (unless `force`), admission, validation.
    pub async fn rehearse_owned(&self, at: &Address, to: &Owned, force: bool) -> Result<(), Error> {
        self.apply(at, &to.body(at, None), ApplyOptions { force, dry_run: true }).await
    }
}

impl OwnedRequest {
    /// Goes from one waypoint to the next; `live` is how the object was seen right before. May be done twice, and again after
    /// being cut off.
    ///
    /// Ours is applied in one request. Giving back is two: the values, and who owns them; cut off in between, each field
    /// is as it was before or as we had made it. An object that goes is gone when this returns.
    ///
    /// # Errors
    /// When others own what would change (unless `force`), when somebody made or removed the object since it was
    /// looked at, or when the server refuses or cannot be reached.
    pub(super) async fn write(&self, cluster: &Cluster, at: &Address, live: Option<Value>, force: bool) -> Result<()> {
        let Some(to) = &self.to else { return self.remove(cluster, at, live).await };
        let owed = self.now.as_ref().map(|now| now.owed(to)).unwrap_or_default();
        if !owed.is_empty() {
            return cluster.give_back(at, live, &owed, &to.applied).await;
        }
        match (&self.now, &live) {
            (Some(_), None) => return Err(gone(at).into()),
            (None, Some(live)) if !bears_mark_of(live, to) => return Err(appeared(at).into()),
            _ => {}
        }
        // With the uid it is this very object, or a conflict: none is made where one was to be changed.
        let uid = live.as_ref().and_then(|live| live["metadata"]["uid"].as_str());
        // What was not there when force was agreed to is somebody's new object: nothing of it is taken.
        let how = ApplyOptions { force: force && live.is_some(), dry_run: false };
        Ok(cluster.apply(at, &to.body(at, uid), how).await?)
    }

    /// Nothing there is success.
    async fn remove(&self, cluster: &Cluster, at: &Address, live: Option<Value>) -> Result<()> {
        match (live, &self.now) {
            (None, _) => Ok(()),
            (Some(live), Some(now)) if !bears_mark_of(&live, now) => Err(not_ours(at).into()),
            (Some(live), _) => cluster.remove(at, &live).await,
        }
    }
}

impl Cluster {
    async fn give_back(
        &self,
        at: &Address,
        mut live: Option<Value>,
        owed: &OtherManagers,
        ours: &Fields,
    ) -> Result<()> {
        for attempt in 1.. {
            let Some(seen) = live else { break };
            match self.give_back_once(at, seen, owed, ours).await {
                Err(error) if error.kind() == ErrorKind::Conflict && attempt < ATTEMPTS => live = self.live(at).await?,
                given => return Ok(given?),
            }
        }
        Err(gone(at).into())
    }

    async fn give_back_once(
        &self,
        at: &Address,
        live: Value,
        owed: &OtherManagers,
        ours: &Fields,
    ) -> Result<(), Error> {
        let live = match values_patch(&live, owed) {
            Some(values) => self.patch(at, &Patch::Merge(values), ApplyOptions::default()).await?,
            None => live,
        };
        if let Some(managers) = ownership_patch(&live, owed, ours) {
            self.patch(at, &Patch::Merge(managers), ApplyOptions::default()).await?;
        }
        Ok(())
    }
}

/// Whether we marked this object as `owned` is marked; a mark that another client copied does not count.
fn bears_mark_of(live: &Value, owned: &Owned) -> bool {
    let expected = fields::get(&owned.applied, &mark::PATH).and_then(Value::as_str);
    expected.is_some_and(|graph| Owned::seen(live, &Fields::new()).is_marked(graph))
}

fn gone(at: &Address) -> Problem {
    Problem::new(Class::Conflict, "trustpath::kubernetes::gone", format!("{at} was removed by another client"))
        .help("look at the plan again: what is to be changed is no longer there")
}

fn appeared(at: &Address) -> Problem {
    let message = format!("{at} was made by another client since the plan");
    Problem::new(Class::Conflict, "trustpath::kubernetes::appeared", message)
        .help("look at the plan again: it now says what would be taken over")
}

fn not_ours(at: &Address) -> Problem {
    let message = format!("{at} no longer bears the mark with which it was to be removed");
    Problem::new(Class::Conflict, "trustpath::kubernetes::not_ours", message)
        .help("another client has taken it over or made it anew: look at the plan again")
}
