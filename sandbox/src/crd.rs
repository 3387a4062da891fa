//! CustomResourceDefinitions (apiextensions.k8s.io/v1): the resource types that they add.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::{
    object::{self, array, strings, text},
    resource_type::ResourceType,
    status::Cause,
    storage::Store,
};

pub(crate) const GROUP: &str = "apiextensions.k8s.io";
pub(crate) const KIND: &str = "CustomResourceDefinition";
pub(crate) const PLURAL: &str = "customresourcedefinitions";

/// The types that the definitions in store serve, a served version each.
pub(crate) fn resource_types(store: &Store) -> impl Iterator<Item = ResourceType> {
    store.list(GROUP, PLURAL).flat_map(|(_, crd)| {
        let served = array(crd, "/spec/versions").iter().filter(|v| v["served"] == true);
        served.map(|version| resource_type(crd, version))
    })
}

fn resource_type(crd: &Arc<Value>, version: &Value) -> ResourceType {
    let own = |pointer: &str| text(crd, pointer).to_owned();
    ResourceType {
        group: own("/spec/group"),
        version: text(version, "/name").to_owned(),
        kind: own("/spec/names/kind"),
        plural: own("/spec/names/plural"),
        singular: own("/spec/names/singular"),
        short_names: strings(crd, "/spec/names/shortNames"),
        namespaced: text(crd, "/spec/scope") == "Namespaced",
        status: version.pointer("/subresources/status").is_some(),
        virtual_: false,
        crd: Some(Arc::clone(crd)),
    }
}

impl ResourceType {
    /// The structural schema of a custom resource.
    pub(crate) fn schema(&self) -> Option<&Value> {
        let versions = array(self.crd.as_deref()?, "/spec/versions");
        versions.iter().find(|version| version["name"] == self.version)?.pointer("/schema/openAPIV3Schema")
    }
}

/// Fills in what a definition may leave out.
pub(crate) fn default(crd: &mut Value) {
    let kind = text(crd, "/spec/names/kind").to_owned();
    let spec = object::child(crd, "spec");
    object::default(spec, "conversion", json!({"strategy": "None"}));
    if let Some(names) = spec.get_mut("names").and_then(Value::as_object_mut) {
        object::default(names, "singular", kind.to_lowercase());
        object::default(names, "listKind", format!("{kind}List"));
    }
}

/// What is wrong with a definition, as far as this server relies on it.
pub(crate) fn validate(crd: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    for field in ["group", "names/plural", "names/kind", "scope"] {
        if text(crd, &format!("/spec/{field}")).is_empty() {
            causes.push(Cause::required(format!("spec.{}", field.replace('/', ".")), ""));
        }
    }
    if array(crd, "/spec/versions").is_empty() {
        let hint = "must have exactly one version marked as storage version";
        causes.push(Cause::invalid("spec.versions", &json!([]), hint));
    }
    let expected = format!("{}.{}", text(crd, "/spec/names/plural"), text(crd, "/spec/group"));
    if object::name(crd) != expected {
        let why = r#"must be spec.names.plural+"."+spec.group"#;
        causes.push(Cause::invalid("metadata.name", &crd["metadata"]["name"], why));
    }
    causes
}

/// The status of a definition whose names are accepted, which here is each of them.
pub(crate) fn established(crd: &Value, now: &str) -> Value {
    let condition = |kind: &str, reason: &str, message: &str| {
        json!({
            "type": kind, "status": "True", "lastTransitionTime": now, "reason": reason,
            "message": message,
        })
    };
    let stored = array(crd, "/spec/versions").iter().filter(|v| v["storage"] == true);
    json!({
        "acceptedNames": crd["spec"]["names"],
        "conditions": [
            condition("NamesAccepted", "NoConflicts", "no conflicts found"),
            condition("Established", "InitialNamesAccepted", "the initial names have been accepted"),
        ],
        "storedVersions": stored.map(|v| v["name"].clone()).collect::<Vec<_>>(),
    })
}
