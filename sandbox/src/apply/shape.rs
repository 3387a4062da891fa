//! Which maps and lists are merged, and which are replaced as one: read from the `x-kubernetes-*`
//! marks of a schema. For built-in types the few marks that matter here are written down below.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::path::Step;
use crate::resource_type::ResourceType;

static METADATA: LazyLock<Value> = LazyLock::new(|| {
    json!({"properties": {
        "finalizers": {"x-kubernetes-list-type": "set"},
        "ownerReferences": {
            "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["uid"],
            "items": {"x-kubernetes-map-type": "atomic"},
        },
    }})
});

static BUILT_IN: LazyLock<Value> = LazyLock::new(|| {
    let atomic = json!({"x-kubernetes-map-type": "atomic"});
    json!({
        "ServiceAccount": {"properties": {"secrets": {
            "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"],
            "items": atomic,
        }}},
        "ClusterRoleBinding": {"properties": {"roleRef": atomic}},
        "RoleBinding": {"properties": {"roleRef": atomic}},
        "Service": {"properties": {"spec": {"properties": {"selector": atomic}}}},
    })
});

/// A place in an object's schema; places that no schema tells of are merged maps and atomic lists.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape<'a> {
    schema: Option<&'a Value>,
    root: bool,
    custom: bool,
}

/// How a value is merged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Merge {
    /// Replaced as a whole.
    Atomic,
    /// Field by field.
    Map,
    /// Item by item, by the keys that name an item.
    ListByKey(Vec<String>),
    /// A list of scalars that is a set.
    Set,
}

impl<'a> Shape<'a> {
    /// The shape of a whole object.
    pub(crate) fn of(kind: &'a ResourceType) -> Self {
        let schema = match &kind.crd {
            Some(_) => kind.schema(),
            None => BUILT_IN.get(&kind.kind),
        };
        Self { schema, root: true, custom: kind.crd.is_some() }
    }

    pub(crate) fn field(self, name: &str) -> Self {
        if self.root && name == "metadata" {
            return Self { schema: Some(&METADATA), root: false, ..self };
        }
        let schema = self.schema.and_then(|schema| {
            let declared = schema.get("properties").and_then(|fields| fields.get(name));
            declared.or_else(|| schema.get("additionalProperties"))
        });
        Self { schema, root: false, ..self }
    }

    pub(crate) fn item(self) -> Self {
        Self { schema: self.schema.and_then(|schema| schema.get("items")), root: false, ..self }
    }

    pub(crate) fn is_custom(self) -> bool {
        self.custom
    }

    pub(crate) fn merge(self, value: &Value) -> Merge {
        let mark = |name: &str| self.schema.and_then(|s| s.get(name)).and_then(Value::as_str).unwrap_or_default();
        match value {
            Value::Object(_) if mark("x-kubernetes-map-type") != "atomic" => Merge::Map,
            Value::Array(_) => match mark("x-kubernetes-list-type") {
                "map" => Merge::ListByKey(self.keys()),
                "set" => Merge::Set,
                _ => Merge::Atomic,
            },
            _ => Merge::Atomic,
        }
    }

    fn keys(self) -> Vec<String> {
        let keys = self.schema.and_then(|s| s.get("x-kubernetes-list-map-keys"));
        let keys = keys.and_then(Value::as_array).into_iter().flatten();
        keys.filter_map(Value::as_str).map(str::to_owned).collect()
    }
}

/// The step from an associative list to one of its items.
pub(crate) fn key_step(item: &Value, keys: &[String]) -> Step {
    let mut keys = keys.to_vec();
    keys.sort();
    let parts: Vec<_> =
        keys.iter().filter_map(|key| Some(format!("{}:{}", Value::from(key.as_str()), item.get(key)?))).collect();
    Step::Key(format!("{{{}}}", parts.join(",")))
}
