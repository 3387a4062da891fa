//! What a write is refused for before it is looked at any closer.

use axum::http::Method;
use serde_json::Value;

use super::Call;
use crate::{
    admission::IMMUTABLE,
    object::{name, text, uid},
    schema,
    status::{Cause, Status},
    storage::Store,
};

impl Call<'_> {
    /// The body, as an object of this resource's kind in this request's namespace.
    pub(super) fn body(&self) -> Result<Value, Status> {
        let mut body = self.request.decode()?;
        let version = self.kind.api_version();
        let given = text(&body, "/apiVersion");
        if !given.is_empty() && given != version {
            return Err(Status::bad_request(format!(
                "the API version in the data ({given}) does not match the expected API version ({version})"
            )));
        }
        let kind = text(&body, "/kind");
        if !kind.is_empty() && kind != self.kind.kind {
            let expected = &self.kind.kind;
            return Err(Status::bad_request(format!(
                "the kind in the data ({kind}) does not match the expected kind ({expected})"
            )));
        }
        let namespace = text(&body, "/metadata/namespace");
        if !namespace.is_empty() && namespace != self.target.namespace {
            return Err(Status::bad_request(
                "the namespace of the provided object does not match the namespace sent on the request",
            ));
        }
        body["apiVersion"] = version.into();
        body["kind"] = self.kind.kind.as_str().into();
        Ok(body)
    }

    pub(super) fn check_name(&self, body: &Value) -> Result<(), Status> {
        match (name(body), self.target.name) {
            ("", _) => Err(Status::bad_request("the name of the object must be given")),
            (given, wanted) if given == wanted => Ok(()),
            (given, wanted) => Err(Status::bad_request(format!(
                "the name of the object ({given}) does not match the name on the URL ({wanted})"
            ))),
        }
    }

    pub(super) fn check_namespace(&self, store: &Store) -> Result<(), Status> {
        let namespace = self.target.namespace;
        if self.kind.namespaced && store.core("namespaces", "", namespace).is_none() {
            return Err(Status::missing("namespaces", "", namespace));
        }
        Ok(())
    }

    pub(super) fn check_unknown_fields(&self, body: &Value) -> Result<(), Status> {
        let Some(schema) = self.kind.schema() else {
            return Ok(());
        };
        let unknown = schema::unknown_fields(schema, body);
        if unknown.is_empty() || self.request.parameter("fieldValidation") != "Strict" {
            return Ok(());
        }
        let (kind, version) = (&self.kind.kind, &self.kind.version);
        let errors = strict_errors(&unknown);
        Err(Status::bad_request(format!("{kind} in version {version:?} cannot be handled as a {kind}: {errors}")))
    }

    /// A patch has no preconditions: a uid in it is a change of the uid.
    pub(super) fn check_preconditions(&self, live: &Value, new: &Value) -> Result<(), Status> {
        let (plural, group) = (&self.kind.plural, &self.kind.group);
        let (given, there) = (uid(new), uid(live));
        if !given.is_empty() && given != there {
            if self.request.method == Method::PATCH {
                let cause = Cause::invalid("metadata.uid", &given.into(), IMMUTABLE);
                return Err(Status::invalid(&self.kind.kind, group, name(live), &[cause]));
            }
            let place = [if self.kind.crd.is_some() { group } else { "" }, plural, self.target.namespace, name(live)];
            let place: Vec<_> = place.into_iter().filter(|part| !part.is_empty()).collect();
            let why = format!(
                "StorageError: invalid object, Code: 4, Key: /registry/{}, ResourceVersion: 0, AdditionalErrorMsg: \
                 Precondition failed: UID in precondition: {given}, UID in object meta: {there}",
                place.join("/")
            );
            return Err(Status::conflict(plural, group, name(live), &why));
        }
        let version = |object| text(object, "/metadata/resourceVersion");
        match version(new) {
            "" if self.kind.crd.is_some() => {
                let cause = Cause::invalid("metadata.resourceVersion", &0.into(), "must be specified for an update");
                Err(Status::invalid(plural, group, name(live), &[cause]))
            }
            "" => Ok(()),
            given if given == version(live) => Ok(()),
            _ => Err(Status::modified(&self.kind, name(live))),
        }
    }
}

/// Unknown fields, as strict decoding words them.
pub(super) fn strict_errors(unknown: &[String]) -> String {
    let errors: Vec<_> = unknown.iter().map(|path| format!("unknown field {path:?}")).collect();
    format!("strict decoding error: {}", errors.join(", "))
}
