//! Reading: one object, a list of them, and the documents that are no objects.

use axum::http::{Method, header};
use serde_json::{Value, json};

use super::{Call, Reply, Request};
use crate::{
    control_plane::ControlPlane, discovery, object, openapi, resource_type::ResourceType, status::Status,
    storage::Store,
};

impl Call<'_> {
    pub(super) fn get(&self, store: &Store) -> Result<Reply, Status> {
        let found = store.get(&self.key());
        let found = found.ok_or_else(|| Status::not_found(&self.kind, self.target.name))?;
        Ok(Reply::ok(&shown(&self.kind, found)))
    }

    pub(super) fn list(&self, store: &Store) -> Result<Reply, Status> {
        let labels = selector(self.request.parameter("labelSelector"))?;
        let fields = selector(self.request.parameter("fieldSelector"))?;
        let namespace = self.target.namespace;
        let items: Vec<_> = store
            .list(&self.kind.group, &self.kind.plural)
            .filter(|(key, _)| namespace.is_empty() || key.namespace == namespace)
            .filter(|(_, found)| labels.iter().all(|term| term.holds(label(found, &term.key))))
            .filter(|(_, found)| fields.iter().all(|term| term.holds(field(found, &term.key))))
            .map(|(_, found)| self.list_item(found))
            .collect();
        Ok(Reply::ok(&json!({
            "kind": format!("{}List", self.kind.kind),
            "apiVersion": self.kind.api_version(),
            "metadata": {"resourceVersion": store.revision().to_string()},
            "items": items,
        })))
    }

    /// Items of built-in types come without their kind, as from the real server.
    fn list_item(&self, found: &Value) -> Value {
        let mut item = shown(&self.kind, found);
        if let (None, Some(fields)) = (&self.kind.crd, item.as_object_mut()) {
            fields.shift_remove("kind");
            fields.shift_remove("apiVersion");
        }
        item
    }
}

/// The object at the version that was asked for.
pub(super) fn shown(kind: &ResourceType, found: &Value) -> Value {
    let mut shown = found.clone();
    shown["apiVersion"] = kind.api_version().into();
    shown["kind"] = kind.kind.as_str().into();
    shown
}

/// Paths that are no resource: health, version, discovery.
pub(super) fn document(plane: &ControlPlane, store: &Store, request: &Request) -> Reply {
    if request.method != Method::GET {
        return Status::method_not_allowed().into();
    }
    let aggregated = discovery::wants_aggregated(request.header(header::ACCEPT));
    let parts: Vec<_> = request.path.trim_matches('/').split('/').collect();
    let found = match parts.as_slice() {
        ["readyz" | "livez" | "healthz"] => return Reply::text(200, "ok"),
        ["version"] => Some(version()),
        ["api" | "apis"] if aggregated => {
            let all = discovery::aggregated(store, parts == ["api"]);
            return Reply::typed(discovery::AGGREGATED, &all);
        }
        ["api"] => Some(discovery::api_versions(&plane.address)),
        ["apis"] => Some(discovery::group_list(store)),
        ["apis", group] => discovery::group(store, group),
        ["api", version] => discovery::resource_list(store, "", version),
        ["apis", group, version] => discovery::resource_list(store, group, version),
        ["openapi", "v3"] => Some(openapi::index(store)),
        ["openapi", "v3", "api", version] => openapi::document(store, "", version),
        ["openapi", "v3", "apis", group, version] => openapi::document(store, group, version),
        _ => None,
    };
    found.map_or_else(Reply::page_not_found, |found| Reply::ok(&found))
}

fn version() -> Value {
    json!({
        "major": "1", "minor": "37", "gitVersion": "v1.37.2+sandbox", "gitCommit": "",
        "gitTreeState": "clean", "buildDate": "1970-01-01T00:00:00Z", "goVersion": "",
        "compiler": "", "platform": "",
    })
}

/// One term of a selector: `key=value`, `key!=value`, `key` or `!key`.
struct Term {
    key: String,
    value: Option<String>,
    negated: bool,
}

impl Term {
    fn holds(&self, found: Option<&str>) -> bool {
        let equal = match &self.value {
            Some(wanted) => found == Some(wanted),
            None => found.is_some(),
        };
        equal != self.negated
    }
}

fn selector(text: &str) -> Result<Vec<Term>, Status> {
    let terms = text.split(',').map(str::trim).filter(|term| !term.is_empty());
    terms.map(term).collect()
}

fn term(text: &str) -> Result<Term, Status> {
    if text.contains(['(', ')', ' ']) {
        let message = format!("unable to parse requirement: {text}: set-based terms are not known");
        return Err(Status::bad_request(message));
    }
    let (key, value, negated) = match (text.split_once("!="), text.split_once('=')) {
        (Some((key, value)), _) => (key, Some(value), true),
        (None, Some((key, value))) => (key, Some(value.trim_start_matches('=')), false),
        (None, None) => (text.trim_start_matches('!'), None, text.starts_with('!')),
    };
    Ok(Term { key: key.to_owned(), value: value.map(str::to_owned), negated })
}

fn label<'a>(found: &'a Value, key: &str) -> Option<&'a str> {
    found["metadata"]["labels"][key].as_str()
}

/// A field selector reads any field; one that is missing reads as empty.
fn field<'a>(found: &'a Value, key: &str) -> Option<&'a str> {
    Some(object::text(found, &format!("/{}", key.replace('.', "/"))))
}
