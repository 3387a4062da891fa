//! Which namespaces may use a store.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use trustpath_platform::kubernetes::{
    names::{Key, LabelValue, NamespaceName},
    owned::Fields,
};

/// A condition that a namespace may meet: any of what it names.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// Namespaces by name.
    #[serde(default)]
    pub namespaces: Vec<NamespaceName>,
    /// Namespaces whose names match one of these regular expressions.
    #[serde(default)]
    pub namespace_regexes: Vec<String>,
    /// Namespaces by their labels.
    #[serde(default)]
    pub namespace_selector: Option<Selector>,
}

/// Labels that a namespace has to have, all of them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Selector {
    /// Labels with their values.
    #[serde(default)]
    pub match_labels: BTreeMap<Key, LabelValue>,
    /// Labels with what is asked of their values.
    #[serde(default)]
    pub match_expressions: Vec<Requirement>,
}

/// What is asked of a label.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Requirement {
    /// The label.
    pub key: Key,
    /// What is asked.
    pub operator: Operator,
    /// The values that `In` and `NotIn` speak of.
    #[serde(default)]
    pub values: Vec<LabelValue>,
}

/// What can be asked of a label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Operator {
    /// Its value is one of these.
    In,
    /// It has none of these values.
    NotIn,
    /// It is there.
    Exists,
    /// It is not there.
    DoesNotExist,
}

impl Condition {
    /// As the store has it.
    pub(crate) fn to_json(&self) -> Value {
        let mut fields = Fields::new();
        if !self.namespaces.is_empty() {
            fields.insert("namespaces".to_owned(), json!(self.namespaces));
        }
        if !self.namespace_regexes.is_empty() {
            fields.insert("namespaceRegexes".to_owned(), json!(self.namespace_regexes));
        }
        if let Some(selector) = &self.namespace_selector {
            fields.insert("namespaceSelector".to_owned(), selector.to_json());
        }
        fields.into()
    }
}

impl Selector {
    fn to_json(&self) -> Value {
        let mut fields = Fields::new();
        if !self.match_labels.is_empty() {
            fields.insert("matchLabels".to_owned(), json!(self.match_labels));
        }
        if !self.match_expressions.is_empty() {
            let expressions: Vec<_> = self.match_expressions.iter().map(Requirement::to_json).collect();
            fields.insert("matchExpressions".to_owned(), expressions.into());
        }
        fields.into()
    }
}

impl Requirement {
    fn to_json(&self) -> Value {
        let mut fields = json!({"key": self.key, "operator": self.operator});
        if !self.values.is_empty() {
            fields["values"] = json!(self.values);
        }
        fields
    }
}
