//! The four forms of a patch.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Call, Reply, check, checks::strict_errors};
use crate::{
    apply::{self, Operation},
    object::{self, text},
    rbac, schema,
    status::{Cause, Status},
    storage::Store,
};

impl Call<'_> {
    pub(super) fn patch(&self, store: &mut Store) -> Result<Reply, Status> {
        let live = store.get(&self.key()).cloned();
        if self.request.content_type() == "application/apply-patch+yaml" {
            return self.apply(store, live);
        }
        self.check_options(None)?;
        let live = live.ok_or_else(|| Status::not_found(&self.kind, self.target.name))?;
        let mut new = Value::clone(&live);
        self.change(&mut new)?;
        if !new.is_object() {
            return Err(Status::bad_request("the patch leaves no object"));
        }
        object::drop_nulls(&mut new);
        self.check_patched(&new)?;
        let stored = self.keep(store, self.key(), Some(&live), new, Operation::Update)?;
        Ok(Reply::ok(&stored))
    }

    fn change(&self, object: &mut Value) -> Result<(), Status> {
        let body = &self.request.body;
        let wrong = |e: &dyn std::fmt::Display| Status::bad_request(format!("error decoding patch: {e}"));
        match self.request.content_type() {
            "application/json-patch+json" => {
                let patch: json_patch::Patch = serde_json::from_slice(body).map_err(|e| wrong(&e))?;
                json_patch::patch(object, &patch).map_err(|e| self.unpatchable(&e))
            }
            "application/merge-patch+json" => {
                let patch: Value = serde_json::from_slice(body).map_err(|e| wrong(&e))?;
                json_patch::merge(object, &patch);
                Ok(())
            }
            "application/strategic-merge-patch+json" if self.kind.crd.is_none() => {
                let patch: Value = serde_json::from_slice(body).map_err(|e| wrong(&e))?;
                if !self.is_plain(&patch) {
                    return Err(Status::unmerged_list());
                }
                json_patch::merge(object, &patch);
                Ok(())
            }
            _ => Err(Status::unsupported_media_type()),
        }
    }

    /// The lists of RBAC are replaced as a whole.
    fn is_plain(&self, patch: &Value) -> bool {
        let mut rest = patch.clone();
        if let (rbac::GROUP, Some(fields)) = (self.kind.group.as_str(), rest.as_object_mut()) {
            fields.retain(|name, _| !["rules", "subjects"].contains(&name.as_str()));
        }
        is_plain(&rest)
    }

    fn unpatchable(&self, error: &json_patch::PatchError) -> Status {
        let cause = Cause::invalid("patch", &Value::Null, &error.to_string());
        Status::invalid(&self.kind.kind, &self.kind.group, self.target.name, &[cause])
    }

    fn check_patched(&self, new: &Value) -> Result<(), Status> {
        let Some(schema) = self.kind.schema() else {
            return Ok(());
        };
        let unknown = schema::unknown_fields(schema, new);
        if unknown.is_empty() || self.request.parameter("fieldValidation") != "Strict" {
            return Ok(());
        }
        let patched = Value::from(new.to_string());
        let cause = Cause::invalid("patch", &patched, &strict_errors(&unknown));
        Err(Status::invalid("", "", "", &[cause]))
    }

    fn apply(&self, store: &mut Store, live: Option<Arc<Value>>) -> Result<Reply, Status> {
        self.check_options(Some(self.request.parameter("fieldManager")))?;
        let mut config = self.configuration()?;
        let nothing = json!({});
        let base = live.as_deref().unwrap_or(&nothing);
        if live.is_none() {
            self.check_creation(store, &config)?;
        }
        self.leave_to_the_other_endpoint(&mut config);
        let force = self.request.parameter("force") == "true";
        let (manager, now) = (self.manager(Operation::Apply), object::rfc3339(self.now));
        let new = apply::apply(&self.kind, base, &config, &manager, force, now)?;
        let stored = self.keep(store, self.key(), live.as_deref(), new, Operation::Apply)?;
        Ok(Reply::json(if live.is_some() { 200 } else { 201 }, &stored))
    }

    fn configuration(&self) -> Result<Value, Status> {
        let config = self.request.decode()?;
        let (given, expected) = (text(&config, "/apiVersion"), self.kind.api_version());
        if given != expected {
            let gvk = if given.contains('/') { given.to_owned() } else { format!("/{given}") };
            let kind = text(&config, "/kind");
            return Err(Status::bad_request(format!("invalid object type: {gvk}, Kind={kind}")));
        }
        let config = self.body()?;
        self.check_name(&config)?;
        if config["metadata"].get("managedFields").is_some() {
            return Err(Status::bad_request("metadata.managedFields must be nil"));
        }
        self.check_declared(&config)?;
        Ok(config)
    }

    /// A custom resource's configuration must fit its schema before anything is merged. The real
    /// server leaves this error unmapped, so that it comes out as a bare 500.
    fn check_declared(&self, config: &Value) -> Result<(), Status> {
        let Some(schema) = self.kind.schema() else {
            return Ok(());
        };
        let Some(misfit) = schema::misfit(schema, config) else { return Ok(()) };
        let (namespace, name) = (self.target.namespace, self.target.name);
        let (version, kind) = (self.kind.api_version(), &self.kind.kind);
        Err(Status::unmapped(format!(
            "failed to create typed patch object ({namespace}/{name}; {version}, Kind={kind}): {misfit}"
        )))
    }

    fn check_creation(&self, store: &Store, config: &Value) -> Result<(), Status> {
        check(store, self.user, "create", &self.target)?;
        if !self.target.subresource.is_empty() {
            return Err(Status::not_found(&self.kind, self.target.name));
        }
        match object::uid(config) {
            "" => self.check_namespace(store),
            uid => {
                let why =
                    format!("uid mismatch: the provided object specified uid {uid}, and no existing object was found");
                let (plural, group) = (&self.kind.plural, &self.kind.group);
                Err(Status::conflict(plural, group, self.target.name, &why))
            }
        }
    }

    /// What an endpoint does not write it does not own either.
    fn leave_to_the_other_endpoint(&self, config: &mut Value) {
        let is_status = self.target.subresource == "status";
        object::map(config).retain(|field, _| match field.as_str() {
            "apiVersion" | "kind" => true,
            "status" => is_status || !self.kind.status,
            _ => !is_status,
        });
    }

    fn check_options(&self, applier: Option<&str>) -> Result<(), Status> {
        let (field, message) = match applier {
            Some("") => ("fieldManager", "Required value: is required for apply patch"),
            None if !self.request.parameter("force").is_empty() => {
                ("force", "Forbidden: may not be specified for non-apply patch")
            }
            _ => return Ok(()),
        };
        let reason = if applier.is_some() { "FieldValueRequired" } else { "FieldValueForbidden" };
        let cause = Cause { reason, field: field.to_owned(), message: message.to_owned() };
        Err(Status::invalid("PatchOptions", "meta.k8s.io", "", &[cause]))
    }
}

/// Whether a strategic merge patch says nothing that a merge patch would not: no lists, no directives.
fn is_plain(patch: &Value) -> bool {
    match patch {
        Value::Object(map) => map.iter().all(|(key, value)| !key.starts_with('$') && is_plain(value)),
        value => !value.is_array(),
    }
}
