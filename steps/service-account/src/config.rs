//! What the graph file says about a ServiceAccount.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{Namespace as NamespaceObject, ServiceAccount as AccountObject};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use trustpath_platform::{
    ServiceAccountRef,
    kubernetes::{
        ObjectRef,
        names::{AnnotationKey, Key, LabelValue, NamespaceName, ObjectName},
        owned::{Fields, Owned, OwnedObject, OwnedObjects, OwnedParts, labelled},
    },
};

/// The name of the namespace's read.
pub(crate) const NAMESPACE: &str = "namespace";
/// The name of the account's read.
pub(crate) const ACCOUNT: &str = "ServiceAccount";

/// The operator's identity: a ServiceAccount.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ServiceAccount {
    /// The namespace of the ServiceAccount.
    pub(crate) namespace: NamespaceName,
    /// The name of the ServiceAccount.
    pub(crate) name: ObjectName,
    /// Make the namespace where it is missing; where this is `false`, a missing namespace is an error.
    #[serde(default = "yes")]
    pub(crate) create_namespace: bool,
    /// Labels of the ServiceAccount. Others that it has are left alone.
    #[serde(default)]
    pub(crate) labels: BTreeMap<Key, LabelValue>,
    /// Annotations of the ServiceAccount. Others that it has are left alone.
    #[serde(default)]
    pub(crate) annotations: BTreeMap<AnnotationKey, String>,
    /// Labels of the namespace, where this graph makes it. Others that it has are left alone.
    #[serde(default)]
    pub(crate) namespace_labels: BTreeMap<Key, LabelValue>,
    /// Annotations of the namespace, where this graph makes it. Others that it has are left alone.
    #[serde(default)]
    pub(crate) namespace_annotations: BTreeMap<AnnotationKey, String>,
}

fn yes() -> bool {
    true
}

impl ServiceAccount {
    /// Its address.
    pub(crate) fn address(&self) -> ServiceAccountRef {
        ServiceAccountRef { namespace: self.namespace.to_string(), name: self.name.to_string() }
    }

    /// The namespace, which comes first and goes last, and the account.
    pub(crate) fn objects(&self) -> OwnedObjects<2> {
        let (namespace, name) = (self.namespace.as_str(), self.name.as_str());
        let home = ObjectRef::cluster::<NamespaceObject>(namespace);
        let account = ObjectRef::namespaced::<AccountObject>(namespace, name);
        OwnedObjects([
            OwnedObject { name: NAMESPACE, at: home, body: self.namespace_body() },
            OwnedObject { name: ACCOUNT, at: account, body: self.body() },
        ])
    }

    /// The object as it should be, without the mark.
    pub(crate) fn body(&self) -> Fields {
        let object = json!({"metadata": {"name": self.name, "namespace": self.namespace}});
        labelled(object, &self.labels, &self.annotations)
    }

    /// The namespace as it should be where this graph makes it, without the mark.
    pub(crate) fn namespace_body(&self) -> Fields {
        let object = json!({"metadata": {"name": self.namespace}});
        labelled(object, &self.namespace_labels, &self.namespace_annotations)
    }

    /// Whether the file says how the namespace should be.
    pub(crate) fn says_how_the_namespace_is(&self) -> bool {
        !self.namespace_labels.is_empty() || !self.namespace_annotations.is_empty()
    }
}

/// A ServiceAccount, and its namespace where that bears the mark of this graph: the graph made it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct State {
    /// The namespace, where this graph made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) namespace: Option<Owned>,
    /// The ServiceAccount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) account: Option<Owned>,
}

impl OwnedParts<2> for State {
    fn split(self) -> [Option<Owned>; 2] {
        [self.namespace, self.account]
    }

    fn join([namespace, account]: [Option<Owned>; 2]) -> Option<Self> {
        (namespace.is_some() || account.is_some()).then_some(Self { namespace, account })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn config(with: Value) -> Result<ServiceAccount, String> {
        serde_json::from_value(with).map_err(|error| error.to_string())
    }

    #[test]
    fn a_namespace_is_made_unless_told_otherwise() {
        let config = config(json!({"namespace": "a", "name": "b"})).expect("a configuration");
        assert!(config.create_namespace);
        assert_eq!(config.address().to_string(), "a/b");
        assert_eq!(Value::Object(config.body()), json!({"metadata": {"name": "b", "namespace": "a"}}));
    }

    #[test]
    fn labels_and_annotations_are_part_of_the_object() {
        let with = json!({"namespace": "a", "name": "b", "labels": {"x": "1"}, "annotations": {"y.z/n": "any text"}});
        let body = Value::Object(config(with).expect("a configuration").body());
        assert_eq!(body["metadata"]["labels"], json!({"x": "1"}));
        assert_eq!(body["metadata"]["annotations"], json!({"y.z/n": "any text"}));
    }

    #[test]
    fn a_namespace_has_labels_and_annotations_of_its_own() {
        let with =
            json!({"namespace": "a", "name": "b", "namespace_labels": {"x": "1"}, "namespace_annotations": {"y": "z"}});
        let config = config(with).expect("a configuration");
        let metadata = json!({"name": "a", "labels": {"x": "1"}, "annotations": {"y": "z"}});
        assert_eq!(Value::Object(config.namespace_body()), json!({"metadata": metadata}));
        assert_eq!(config.body()["metadata"].get("labels"), None);
    }

    #[test]
    fn the_mark_is_not_for_the_graph_file() {
        let with = json!({"namespace": "a", "name": "b", "annotations": {"trustpath.dev/graph": "other"}});
        assert!(config(with).expect_err("a mark was taken from the file").contains("set by the program"));
    }

    #[test]
    fn names_that_the_server_would_refuse_are_refused_here() {
        for with in [
            json!({"namespace": "A", "name": "b"}),
            json!({"namespace": "a", "name": "b/c"}),
            json!({"namespace": "a", "name": "b", "labels": {"x": "not a label"}}),
        ] {
            assert!(config(with).is_err());
        }
    }
}
