//! Errors as the API server words them: `Status` objects (apimachinery, `pkg/api/errors`).

use serde_json::{Map, Value, json};

use crate::resource_type::ResourceType;

/// A failed request. `Display` is left out on purpose: it leaves this crate as JSON only.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Status {
    pub(crate) code: u16,
    reason: &'static str,
    pub(crate) message: String,
    details: Option<Map<String, Value>>,
}

/// One field that was refused, as it stands in `details.causes`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Cause {
    pub(crate) reason: &'static str,
    pub(crate) field: String,
    pub(crate) message: String,
}

impl Cause {
    pub(crate) fn required(field: impl Into<String>, hint: &str) -> Self {
        let message = match hint {
            "" => "Required value".to_owned(),
            hint => format!("Required value: {hint}"),
        };
        Self { reason: "FieldValueRequired", field: field.into(), message }
    }

    pub(crate) fn invalid(field: impl Into<String>, value: &Value, why: &str) -> Self {
        Self { reason: "FieldValueInvalid", field: field.into(), message: format!("Invalid value: {value}: {why}") }
    }
}

impl Status {
    fn new(code: u16, reason: &'static str, message: impl Into<String>) -> Self {
        Self { code, reason, message: message.into(), details: None }
    }

    fn about(mut self, name: &str, group: &str, kind: &str) -> Self {
        for (key, value) in [("name", name), ("group", group), ("kind", kind)] {
            if !value.is_empty() {
                self.details.get_or_insert_default().insert(key.to_owned(), value.into());
            }
        }
        self
    }

    fn because(mut self, causes: &[Cause]) -> Self {
        let causes: Vec<_> =
            causes.iter().map(|c| json!({"reason": c.reason, "message": c.message, "field": c.field})).collect();
        self.details.get_or_insert_default().insert("causes".to_owned(), causes.into());
        self
    }

    pub(crate) fn unauthorized() -> Self {
        Self::new(401, "Unauthorized", "Unauthorized")
    }

    /// `target` is `resource.group`, and `why` begins with `User …`.
    pub(crate) fn forbidden(resource: &str, group: &str, name: &str, why: &str) -> Self {
        let message = match name {
            "" => format!("{} is forbidden: {why}", qualified(resource, group)),
            name => format!("{} {name:?} is forbidden: {why}", qualified(resource, group)),
        };
        Self::new(403, "Forbidden", message).about(name, group, resource)
    }

    pub(crate) fn forbidden_path(why: &str) -> Self {
        Self { details: Some(Map::new()), ..Self::new(403, "Forbidden", format!("forbidden: {why}")) }
    }

    pub(crate) fn not_found(kind: &ResourceType, name: &str) -> Self {
        Self::missing(&kind.plural, &kind.group, name)
    }

    pub(crate) fn missing(plural: &str, group: &str, name: &str) -> Self {
        let message = format!("{} {name:?} not found", qualified(plural, group));
        Self::new(404, "NotFound", message).about(name, group, plural)
    }

    pub(crate) fn already_exists(kind: &ResourceType, name: &str) -> Self {
        let message = format!("{} {name:?} already exists", qualified(&kind.plural, &kind.group));
        Self::new(409, "AlreadyExists", message).about(name, &kind.group, &kind.plural)
    }

    pub(crate) fn conflict(resource: &str, group: &str, name: &str, why: &str) -> Self {
        let target = qualified(resource, group);
        let message = format!("Operation cannot be fulfilled on {target} {name:?}: {why}");
        Self::new(409, "Conflict", message).about(name, group, resource)
    }

    pub(crate) fn modified(kind: &ResourceType, name: &str) -> Self {
        let why = "the object has been modified; please apply your changes to the latest version and try again";
        Self::conflict(&kind.plural, &kind.group, name, why)
    }

    pub(crate) fn apply_conflict(message: String, causes: &[Cause]) -> Self {
        Self::new(409, "Conflict", message).because(causes)
    }

    pub(crate) fn invalid(kind: &str, group: &str, name: &str, causes: &[Cause]) -> Self {
        let errors: Vec<_> = causes.iter().map(|c| format!("{}: {}", c.field, c.message)).collect();
        let errors = match errors.as_slice() {
            [one] => one.clone(),
            many => format!("[{}]", many.join(", ")),
        };
        let message = format!("{} {name:?} is invalid: {errors}", qualified(kind, group));
        Self::new(422, "Invalid", message).about(name, group, kind).because(causes)
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, "BadRequest", message)
    }

    pub(crate) fn method_not_allowed() -> Self {
        let message = "the server does not allow this method on the requested resource";
        Self { details: Some(Map::new()), ..Self::new(405, "MethodNotAllowed", message) }
    }

    /// A resource that a group version does not have.
    pub(crate) fn no_such_resource() -> Self {
        let message = "the server could not find the requested resource";
        Self { details: Some(Map::new()), ..Self::new(404, "NotFound", message) }
    }

    pub(crate) fn unsupported_media_type() -> Self {
        let message = "the body of the request was in an unknown format - accepted media types include: \
             application/json, application/yaml, application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml";
        Self::new(415, "UnsupportedMediaType", message)
    }

    /// What a real server would have done.
    pub(crate) fn unmerged_list() -> Self {
        let message = "the sandbox merges no lists in a strategic merge patch: `kubectl apply --server-side` and \
             `kubectl patch --type merge` ask for none";
        Self::new(415, "UnsupportedMediaType", message)
    }

    /// What a real server would have taken.
    pub(crate) fn unread_protobuf(what: &str) -> Self {
        let message = format!(
            "the sandbox does not read this protobuf ({what}): kubectl sends JSON for the same from a file, \
             `kubectl create --dry-run=client -o yaml … | kubectl create -f -`"
        );
        Self::new(415, "UnsupportedMediaType", message)
    }

    /// An error that the real server has not mapped either: code 500 and no reason.
    pub(crate) fn unmapped(message: impl Into<String>) -> Self {
        Self::new(500, "", message)
    }

    pub(crate) fn body(&self) -> Value {
        let mut body = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": self.message,
        });
        if !self.reason.is_empty() {
            body["reason"] = self.reason.into();
        }
        if let Some(details) = &self.details {
            body["details"] = details.clone().into();
        }
        body["code"] = self.code.into();
        body
    }
}

/// The answer to a delete that does not give the object back.
pub(crate) fn deleted(kind: &ResourceType, name: &str, uid: &str) -> Value {
    let mut details = json!({"name": name, "kind": kind.plural, "uid": uid});
    if !kind.group.is_empty() {
        details["group"] = kind.group.as_str().into();
    }
    json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success",
        "details": details,
    })
}

fn qualified(resource: &str, group: &str) -> String {
    match group {
        "" => resource.to_owned(),
        group => format!("{resource}.{group}"),
    }
}
