//! What the server does to an object before it is stored: defaults, and refusals.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use serde_json::{Value, json};

use crate::{
    crd,
    object::{self, name, text},
    rbac,
    resource_type::ResourceType,
    schema,
    status::{Cause, Status},
};

/// The type of a Secret that holds a ServiceAccount's token.
pub(crate) const TOKEN_SECRET: &str = "kubernetes.io/service-account-token";
pub(crate) const IMMUTABLE: &str = "field is immutable";
/// The annotation of such a Secret that names the ServiceAccount.
pub(crate) const ACCOUNT_NAME: &str = "kubernetes.io/service-account.name";

/// Fills in what the object leaves to the server.
pub(crate) fn complete(kind: &ResourceType, new: &mut Value) {
    if let Some(schema) = kind.schema() {
        schema::prune_and_default(schema, new);
    }
    match (kind.group.as_str(), kind.kind.as_str()) {
        ("", "Namespace") => complete_namespace(new),
        ("", "Secret") => complete_secret(new),
        ("", "Service") => complete_service(new),
        ("", "Pod") => object::default(object::child(new, "spec"), "serviceAccountName", "default"),
        (rbac::GROUP, "ClusterRoleBinding" | "RoleBinding") => complete_binding(new),
        (crd::GROUP, crd::KIND) => crd::default(new),
        _ => {}
    }
}

/// Refuses an object that is not valid, or not in the place of `live`, with 422.
pub(crate) fn validate(kind: &ResourceType, live: Option<&Value>, new: &Value) -> Result<(), Status> {
    let mut causes: Vec<_> = invalid_name(kind, name(new)).into_iter().collect();
    if let Some(schema) = kind.schema() {
        causes.extend(schema::validate(schema, new));
    }
    match (kind.group.as_str(), kind.kind.as_str()) {
        ("", "Secret") => causes.extend(invalid_secret(live, new)),
        (rbac::GROUP, "ClusterRoleBinding" | "RoleBinding") => causes.extend(rebound(live, new)),
        (crd::GROUP, crd::KIND) => causes.extend(crd::validate(new)),
        _ => {}
    }
    if causes.is_empty() {
        return Ok(());
    }
    Err(Status::invalid(&kind.kind, &kind.group, name(new), &causes))
}

/// Fills in what is nobody's: no manager owns it, not even the one who creates the object.
pub(crate) fn prepare(kind: &ResourceType, new: &mut Value) {
    match (kind.group.as_str(), kind.kind.as_str()) {
        ("", "Namespace") => {
            object::default(object::child(new, "spec"), "finalizers", json!(["kubernetes"]));
            object::default(object::child(new, "status"), "phase", "Active");
        }
        ("", "Pod") => object::default(object::child(new, "status"), "phase", "Pending"),
        _ => {}
    }
}

fn complete_namespace(new: &mut Value) {
    let name = name(new).to_owned();
    let labels = object::child(&mut new["metadata"], "labels");
    labels.insert("kubernetes.io/metadata.name".to_owned(), name.into());
}

fn complete_secret(new: &mut Value) {
    let fields = object::map(new);
    object::default(fields, "type", "Opaque");
    if let Some(Value::Object(plain)) = fields.shift_remove("stringData") {
        let data = object::child(new, "data");
        for (key, value) in plain {
            data.insert(key, BASE64.encode(value.as_str().unwrap_or_default()).into());
        }
    }
}

fn invalid_secret(live: Option<&Value>, new: &Value) -> Option<Cause> {
    if live.is_some_and(|live| live["type"] != new["type"]) {
        return Some(Cause::invalid("type", &new["type"], IMMUTABLE));
    }
    let named = new["metadata"]["annotations"].get(ACCOUNT_NAME).is_some();
    (new["type"] == TOKEN_SECRET && !named)
        .then(|| Cause::required(format!("metadata.annotations[{ACCOUNT_NAME}]"), ""))
}

fn complete_service(new: &mut Value) {
    let spec = object::child(new, "spec");
    object::default(spec, "type", "ClusterIP");
    object::default(spec, "sessionAffinity", "None");
}

fn complete_binding(new: &mut Value) {
    object::default(object::child(new, "roleRef"), "apiGroup", rbac::GROUP);
    for subject in new.get_mut("subjects").and_then(Value::as_array_mut).into_iter().flatten() {
        if text(subject, "/kind") != "ServiceAccount" {
            object::default(object::map(subject), "apiGroup", rbac::GROUP);
        }
    }
}

fn rebound(live: Option<&Value>, new: &Value) -> Option<Cause> {
    let role = &new["roleRef"];
    // The real server shows its internal form of the reference, whence the capitals.
    let shown = json!({"APIGroup": role["apiGroup"], "Kind": role["kind"], "Name": role["name"]});
    live.is_some_and(|live| live["roleRef"] != *role).then(|| Cause::invalid("roleRef", &shown, IMMUTABLE))
}

/// The rules for names differ: RBAC takes path segments, namespaces labels, all others subdomains.
fn invalid_name(kind: &ResourceType, name: &str) -> Option<Cause> {
    let alphanumeric = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let label = |label: &str| {
        label.starts_with(alphanumeric)
            && label.ends_with(alphanumeric)
            && label.chars().all(|c| alphanumeric(c) || c == '-')
    };
    let invalid = |why: &str| Some(Cause::invalid("metadata.name", &name.into(), why));
    match kind.kind.as_str() {
        _ if name.is_empty() => Some(Cause::required("metadata.name", "name or generateName is required")),
        _ if kind.group == rbac::GROUP => {
            let plain = !name.contains(['/', '%']) && name != "." && name != "..";
            if plain { None } else { invalid("may not contain '/' or '%'") }
        }
        "Namespace" if !label(name) || name.len() > 63 => invalid(
            "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', \
             and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', \
             regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
        ),
        _ if !name.split('.').all(label) || name.len() > 253 => invalid(
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' \
             or '.', and must start and end with an alphanumeric character (e.g. 'example.com', \
             regex used for validation is \
             '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
        ),
        _ => None,
    }
}
