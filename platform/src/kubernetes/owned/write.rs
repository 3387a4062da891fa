//! Going from one [`Owned`] to another on the server.

use std::collections::BTreeMap;

use kube::core::{
    Request,
    params::{Patch, PatchParams},
};
use serde_json::Value;
use trustpath_core::{Class, Problem, Result};

use super::{
    Owned,
    fields::{self, Fields},
    give_back::{ownership_patch, values_patch},
    manager::Owner,
};
use crate::{
    error::{Error, Kind},
    kubernetes::{Address, Apply, Cluster, FIELD_MANAGER, call::Call},
    mark,
};

/// How often a write is tried that holds for one version of an object.
const ATTEMPTS: usize = 5;

impl Cluster {
    /// Reads an object as plain data, `metadata.managedFields` and all; `None` where there is none.
    pub async fn live(&self, at: &Address) -> Result<Option<Value>, Error> {
        let path = format!("{}/{}", at.collection()?, &at.name);
        self.found(&Call::get(&path)?).await
    }

    /// Asks the server whether it would take what is ours in `to`. Writes nothing.
    ///
    /// # Errors
    /// Why not: conflicts with other managers (unless `force`), admission, validation.
    pub async fn rehearse_owned(&self, at: &Address, to: &Owned, force: bool) -> Result<(), Error> {
        let body = body(at, to, None);
        self.apply(at, &body, Apply { force, dry_run: true }).await
    }

    /// Goes from one waypoint to the next; `live` is how the object was seen right before. May be done twice, and again after
    /// being cut off.
    ///
    /// Ours is applied in one request. Giving back is two: the values, and who owns them; cut off in between, each field
    /// is as it was before or as we had made it. An object that goes is gone when this returns.
    ///
    /// # Errors
    /// When others own what would change (unless `force`), when somebody made or removed the object since it was
    /// looked at, or when the server refuses or cannot be reached.
    pub(super) async fn write_owned(
        &self,
        at: &Address,
        live: Option<Value>,
        (now, to): (Option<&Owned>, Option<&Owned>),
        force: bool,
    ) -> Result<()> {
        let Some(to) = to else { return self.remove_owned(at, live, now).await };
        let owed = now.map(|now| now.owed(to)).unwrap_or_default();
        if owed.is_empty() {
            self.put(at, live, (now, to), force).await
        } else {
            self.give_back(at, live, &owed, &to.applied).await
        }
    }

    async fn put(
        &self,
        at: &Address,
        live: Option<Value>,
        (now, to): (Option<&Owned>, &Owned),
        force: bool,
    ) -> Result<()> {
        match (now, &live) {
            (Some(_), None) => return Err(gone(at).into()),
            (None, Some(live)) if !bears_mark_of(live, to) => return Err(appeared(at).into()),
            _ => {}
        }
        // With the uid it is this very object, or a conflict: none is made where one was to be changed.
        let uid = live.as_ref().and_then(|live| live["metadata"]["uid"].as_str());
        let body = body(at, to, uid);
        // What was not there when force was agreed to is somebody's new object: nothing of it is taken.
        let how = Apply { force: force && live.is_some(), dry_run: false };
        Ok(self.apply(at, &body, how).await?)
    }

    async fn give_back(
        &self,
        at: &Address,
        mut live: Option<Value>,
        owed: &BTreeMap<Owner, Fields>,
        ours: &Fields,
    ) -> Result<()> {
        for attempt in 1.. {
            let Some(seen) = live else { break };
            match self.give_back_once(at, seen, owed, ours).await {
                Err(error) if error.kind() == Kind::Conflict && attempt < ATTEMPTS => live = self.live(at).await?,
                given => return Ok(given?),
            }
        }
        Err(gone(at).into())
    }

    async fn give_back_once(
        &self,
        at: &Address,
        mut live: Value,
        owed: &BTreeMap<Owner, Fields>,
        ours: &Fields,
    ) -> Result<(), Error> {
        if let Some(values) = values_patch(&live, owed) {
            live = self.merge(at, &values).await?;
        }
        if let Some(managers) = ownership_patch(&live, owed, ours) {
            self.merge(at, &managers).await?;
        }
        Ok(())
    }

    async fn merge(&self, at: &Address, patch: &Value) -> Result<Value, Error> {
        let params = PatchParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PatchParams::default() };
        let request = Request::new(at.collection()?).patch(&at.name, &params, &Patch::Merge(patch));
        let call = Call::new(request)?;
        self.call(&call).await?.parse(&call)
    }
}

pub(super) fn body(at: &Address, to: &Owned, uid: Option<&str>) -> Fields {
    let mut body = to.applied.clone();
    body.insert("apiVersion".to_owned(), at.resource.api_version.clone().into());
    body.insert("kind".to_owned(), at.resource.kind.clone().into());
    if let Some(uid) = uid {
        fields::set(&mut body, &["metadata", "uid"], uid.into());
    }
    body
}

/// Whether we marked this object as `owned` is marked; a mark that somebody else copied does not count.
pub(super) fn bears_mark_of(live: &Value, owned: &Owned) -> bool {
    let expected = fields::get(&owned.applied, &mark::PATH).and_then(Value::as_str);
    expected.is_some_and(|graph| Owned::seen(live, &Fields::new()).is_marked(graph))
}

fn gone(at: &Address) -> Problem {
    Problem::new(Class::Conflict, "trustpath::kubernetes::gone", format!("{at} was removed by somebody else"))
        .help("look at the plan again: what is to be changed is no longer there")
}

fn appeared(at: &Address) -> Problem {
    let message = format!("{at} was made by somebody else since the plan");
    Problem::new(Class::Conflict, "trustpath::kubernetes::appeared", message)
        .help("look at the plan again: it now says what would be taken over")
}
