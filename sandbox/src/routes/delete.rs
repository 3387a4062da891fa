//! Deleting one object.

use serde_json::Value;

use super::{Call, Reply, read::shown};
use crate::{
    object::{self, text},
    status::{self, Status},
    storage::Store,
};

/// Namespaces that the API server does not let go.
const KEPT: &[&str] = &["default", "kube-system", "kube-public"];
/// Kinds whose deletion gives the object back instead of a `Status`.
const GIVEN_BACK: &[&str] = &["Namespace", "Pod", "Service", "ServiceAccount"];

impl Call<'_> {
    pub(super) fn delete(&self, store: &mut Store) -> Result<Reply, Status> {
        let name = self.target.name;
        let live = store.get(&self.key()).cloned();
        let live = live.ok_or_else(|| Status::not_found(&self.kind, name))?;
        self.check_deletable(&live)?;
        let is_namespace = self.kind.group.is_empty() && self.kind.kind == "Namespace";
        let waits = !object::array(&live, "/metadata/finalizers").is_empty();
        let mut gone = Value::clone(&live);
        if is_namespace {
            gone["status"]["phase"] = "Terminating".into();
        }
        if waits || is_namespace {
            gone["metadata"]["deletionTimestamp"] = object::rfc3339(self.now).into();
            if !is_namespace {
                gone["metadata"]["deletionGracePeriodSeconds"] = 0.into();
            }
            gone = Value::clone(&store.put(self.key(), gone));
        } else {
            store.remove(&self.key());
        }
        if waits || GIVEN_BACK.contains(&self.kind.kind.as_str()) {
            return Ok(Reply::ok(&shown(&self.kind, &gone)));
        }
        Ok(Reply::ok(&status::deleted(&self.kind, name, object::uid(&live))))
    }

    fn check_deletable(&self, live: &Value) -> Result<(), Status> {
        let (plural, group, name) = (&self.kind.plural, &self.kind.group, self.target.name);
        if self.kind.kind == "Namespace" && KEPT.contains(&name) {
            return Err(Status::forbidden(plural, group, name, "this namespace may not be deleted"));
        }
        let options = self.request.decode()?;
        let checks = [("uid", "UID", "deleted and then recreated"), ("resourceVersion", "ResourceVersion", "modified")];
        for (field, word, fate) in checks {
            let wanted = text(&options, &format!("/preconditions/{field}"));
            let there = text(live, &format!("/metadata/{field}"));
            if !wanted.is_empty() && wanted != there {
                let why = format!(
                    "the {word} in the precondition ({wanted}) does not match the {word} in record \
                     ({there}). The object might have been {fate}"
                );
                return Err(Status::conflict(&self.kind.kind, group, name, &why));
            }
        }
        Ok(())
    }
}
