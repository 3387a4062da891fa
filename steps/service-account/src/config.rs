//! What the graph file says about a ServiceAccount.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use trustpath_platform::{
    ServiceAccountRef,
    kubernetes::{
        names::{Key, LabelValue, NamespaceName, ObjectName},
        owned::Fields,
    },
    mark,
};

/// The operator's identity: a ServiceAccount.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServiceAccount {
    /// The namespace of the ServiceAccount.
    pub namespace: NamespaceName,
    /// The name of the ServiceAccount.
    pub name: ObjectName,
    /// Make the namespace where it is missing; where this is `false`, a missing namespace is an error.
    #[serde(default = "yes")]
    pub create_namespace: bool,
    /// Labels of the ServiceAccount. Others that it has are left alone.
    #[serde(default)]
    pub labels: BTreeMap<Key, LabelValue>,
    /// Annotations of the ServiceAccount. Others that it has are left alone.
    #[serde(default)]
    pub annotations: BTreeMap<AnnotationKey, String>,
}

fn yes() -> bool {
    true
}

/// The key of an annotation other than the mark of a graph.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "Key", into = "Key")]
#[schemars(with = "String")]
pub struct AnnotationKey(Key);

impl TryFrom<Key> for AnnotationKey {
    type Error = String;

    fn try_from(key: Key) -> Result<Self, Self::Error> {
        if key.as_str() == mark::ANNOTATION {
            return Err(format!("`{key}` is set by the program: it says which graph the object belongs to"));
        }
        Ok(Self(key))
    }
}

impl From<AnnotationKey> for Key {
    fn from(key: AnnotationKey) -> Self {
        key.0
    }
}

impl ServiceAccount {
    /// Its address.
    pub fn address(&self) -> ServiceAccountRef {
        ServiceAccountRef { namespace: self.namespace.to_string(), name: self.name.to_string() }
    }

    /// The object as it should be, without the mark.
    pub(crate) fn body(&self) -> Fields {
        let mut metadata =
            Fields::from_iter([("name".to_owned(), json!(self.name)), ("namespace".to_owned(), json!(self.namespace))]);
        if !self.labels.is_empty() {
            metadata.insert("labels".to_owned(), json!(self.labels));
        }
        if !self.annotations.is_empty() {
            metadata.insert("annotations".to_owned(), json!(self.annotations));
        }
        Fields::from_iter([("metadata".to_owned(), metadata.into())])
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

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
