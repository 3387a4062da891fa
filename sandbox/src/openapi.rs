//! The OpenAPI documents, as far as kubectl asks for them: whether the server itself checks the fields of what is written.
//!
//! There is no schema in them. Fields that a custom resource does not know are refused; those of other kinds are kept.

use serde_json::{Map, Value, json};

use crate::{kinds, resource_type::ResourceType, storage::Store};

/// `GET /openapi/v3`
pub(crate) fn index(store: &Store) -> Value {
    let path =
        |kind: &ResourceType| (place(kind), json!({"serverRelativeURL": format!("/openapi/v3/{}", place(kind))}));
    json!({"paths": kinds::all(store).iter().map(path).collect::<Map<_, _>>()})
}

/// `GET /openapi/v3/api/v1` and `GET /openapi/v3/apis/GROUP/VERSION`
pub(crate) fn document(store: &Store, group: &str, version: &str) -> Option<Value> {
    let kinds = kinds::all(store).into_iter().filter(|kind| kind.group == group && kind.version == version);
    let paths: Map<_, _> = kinds.map(|kind| (path(&kind), json!({"patch": operation(&kind)}))).collect();
    let info = json!({"title": "Kubernetes", "version": "v1.37.2+sandbox"});
    (!paths.is_empty()).then(|| json!({"openapi": "3.0.0", "info": info, "paths": paths}))
}

/// Where the document of a kind lies.
fn place(kind: &ResourceType) -> String {
    let root = if kind.group.is_empty() { "api" } else { "apis" };
    format!("{root}/{}", kind.api_version())
}

fn path(kind: &ResourceType) -> String {
    let namespace = if kind.namespaced { "namespaces/{namespace}/" } else { "" };
    format!("/{}/{namespace}{}/{{name}}", place(kind), kind.plural)
}

fn operation(kind: &ResourceType) -> Value {
    json!({
        "parameters": [{"name": "fieldValidation", "in": "query", "schema": {"type": "string", "uniqueItems": true}}],
        "responses": {"200": {"description": "OK"}},
        "x-kubernetes-action": "patch",
        "x-kubernetes-group-version-kind": {"group": kind.group, "version": kind.version, "kind": kind.kind},
    })
}
