//! What every write has in common, from its object to the store.

use serde_json::{Value, json};

use super::{Call, read::shown};
use crate::{
    admission,
    apply::{Manager, Operation, record_update},
    controllers, crd, object,
    status::Status,
    storage::{Key, Store},
};

/// Metadata that only the server writes.
const SERVER_OWNED: &[&str] = &["uid", "creationTimestamp", "deletionTimestamp", "generation", "resourceVersion"];

impl Call<'_> {
    /// Completes, checks and stores an object, and gives it back as stored. A write that changes
    /// nothing stores nothing.
    pub(super) fn keep(
        &self,
        store: &mut Store,
        key: Key,
        live: Option<&Value>,
        mut new: Value,
        operation: Operation,
    ) -> Result<Value, Status> {
        if let Some(live) = live {
            self.check_preconditions(live, &new)?;
        }
        self.restore(&key, live, &mut new);
        admission::complete(&self.kind, &mut new);
        if operation == Operation::Update {
            let (manager, now) = (self.manager(operation), object::rfc3339(self.now));
            record_update(&self.kind, live.unwrap_or(&json!({})), &mut new, &manager, now);
        }
        admission::prepare(&self.kind, &mut new);
        admission::validate(&self.kind, live, &new)?;
        if live.is_some_and(|live| self.has_other_spec(live, &new)) {
            let generation = new["metadata"]["generation"].as_i64().unwrap_or_default();
            new["metadata"]["generation"] = (generation + 1).into();
        }
        if live == Some(&new) {
            return Ok(shown(&self.kind, &new));
        }
        let is_released = object::array(&new, "/metadata/finalizers").is_empty();
        if is_released && controllers::is_deleted(&new) {
            store.remove(&key);
            return Ok(shown(&self.kind, &new));
        }
        Ok(shown(&self.kind, &store.put(key, new)))
    }

    pub(super) fn manager(&self, operation: Operation) -> Manager {
        Manager {
            name: self.request.field_manager(),
            operation,
            api_version: self.kind.api_version(),
            subresource: self.target.subresource.to_owned(),
        }
    }

    /// Puts back what this write cannot touch: the server's metadata, and either the status or all
    /// but the status.
    fn restore(&self, key: &Key, live: Option<&Value>, new: &mut Value) {
        object::child(new, "metadata");
        if let (Some(live), "status") = (live, self.target.subresource) {
            let (status, managers) = (new["status"].take(), new["metadata"]["managedFields"].take());
            *new = live.clone();
            new["status"] = status;
            new["metadata"]["managedFields"] = managers;
            object::drop_nulls(new);
        } else if self.kind.status {
            let status = live.and_then(|live| live.get("status"));
            match status {
                Some(status) => new["status"] = status.clone(),
                None => _ = object::map(new).shift_remove("status"),
            }
        }
        let metadata = object::child(new, "metadata");
        for field in SERVER_OWNED {
            match live.and_then(|live| live["metadata"].get(field)) {
                Some(value) => _ = metadata.insert((*field).to_owned(), value.clone()),
                None => _ = metadata.shift_remove(*field),
            }
        }
        metadata.insert("name".to_owned(), key.name.as_str().into());
        if self.kind.namespaced {
            metadata.insert("namespace".to_owned(), key.namespace.as_str().into());
        }
        if live.is_none() {
            metadata.insert("uid".to_owned(), object::new_uid().into());
            metadata.insert("creationTimestamp".to_owned(), object::rfc3339(self.now).into());
            if self.counts_generations() {
                metadata.insert("generation".to_owned(), 1.into());
            }
        }
    }

    fn counts_generations(&self) -> bool {
        self.kind.crd.is_some() || self.kind.kind == crd::KIND
    }

    fn has_other_spec(&self, live: &Value, new: &Value) -> bool {
        let spec = |object: &Value| {
            let mut object = object.clone();
            for field in ["metadata", "status"] {
                object::map(&mut object).shift_remove(field);
            }
            object["apiVersion"] = Value::Null;
            object
        };
        self.counts_generations() && spec(live) != spec(new)
    }
}
