//! Which namespaces may use a store.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trustpath_platform::kubernetes::names::{Key, LabelValue, NamespaceName};

/// A condition that a namespace may meet: any of what it names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all(serialize = "camelCase"))]
pub(crate) struct Condition {
    /// Namespaces by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) namespaces: Vec<NamespaceName>,
    /// Namespaces whose names match one of these regular expressions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) namespace_regexes: Vec<String>,
    /// Namespaces by their labels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) namespace_selector: Option<NamespaceSelector>,
}

/// Labels that a namespace has to have, all of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all(serialize = "camelCase"))]
pub(crate) struct NamespaceSelector {
    /// Labels with their values.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) match_labels: BTreeMap<Key, LabelValue>,
    /// Labels with what is asked of their values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) match_expressions: Vec<Requirement>,
}

/// What is asked of a label.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all(serialize = "camelCase"))]
pub(crate) struct Requirement {
    /// The label.
    pub(crate) key: Key,
    /// What is asked.
    pub(crate) operator: Operator,
    /// The values that `In` and `NotIn` speak of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) values: Vec<LabelValue>,
}

/// What can be asked of a label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) enum Operator {
    /// Its value is one of these.
    In,
    /// It has none of these values.
    NotIn,
    /// It is there.
    Exists,
    /// It is not there.
    DoesNotExist,
}
