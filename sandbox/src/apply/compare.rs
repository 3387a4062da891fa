//! An object's fields, and what differs between two objects.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    field_set::FieldSet,
    path::{Path, Step},
    shape::{Merge, Shape, key_step},
};

/// Fields that no one manages (apimachinery, `stripMetaManager`).
const UNMANAGED_METADATA: &[&str] = &[
    "name",
    "namespace",
    "creationTimestamp",
    "deletionTimestamp",
    "selfLink",
    "uid",
    "clusterName",
    "generation",
    "managedFields",
    "resourceVersion",
];

/// What is at a path.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Held<'a> {
    /// A value of its own.
    Value(&'a Value),
    /// An item of an associative list, beside the fields that it holds.
    Item,
    /// A map, beside the fields that it holds.
    Map,
}

type Fields<'a> = BTreeMap<Path, Held<'a>>;

/// The fields that an object sets: what is in a map is set, and not the map itself.
pub(crate) fn field_set(object: &Value, shape: Shape<'_>) -> FieldSet {
    let fields = managed_fields(object, shape).into_iter();
    fields.filter(|(_, held)| *held != Held::Map).map(|(path, _)| path).collect()
}

/// What changed from one object to another.
pub(crate) struct Comparison {
    /// Fields that are new, or hold another value.
    pub(crate) set: FieldSet,
    /// Fields that are gone.
    pub(crate) removed: FieldSet,
}

impl Comparison {
    pub(crate) fn of(before: &Value, after: &Value, shape: Shape<'_>) -> Self {
        let before = managed_fields(before, shape);
        let after = managed_fields(after, shape);
        let changed = |(path, value): (&Path, &Held<'_>)| (before.get(path) != Some(value)).then(|| path.clone());
        let set = after.iter().filter_map(changed).collect();
        let removed = before.keys().filter(|path| !after.contains_key(path)).cloned().collect();
        Self { set, removed }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.set.is_empty() && self.removed.is_empty()
    }
}

fn managed_fields<'a>(object: &'a Value, shape: Shape<'_>) -> Fields<'a> {
    let mut fields = Fields::new();
    collect(object, shape, &Path::default(), &mut fields);
    fields.retain(|path, _| is_managed(path));
    fields
}

fn is_managed(path: &Path) -> bool {
    match path.0.as_slice() {
        [Step::Field(root), ..] if root == "apiVersion" || root == "kind" => false,
        [Step::Field(root)] => root != "metadata",
        [Step::Field(root), Step::Field(name), ..] => {
            root != "metadata" || !UNMANAGED_METADATA.contains(&name.as_str())
        }
        _ => true,
    }
}

fn collect<'a>(value: &'a Value, shape: Shape<'_>, at: &Path, fields: &mut Fields<'a>) {
    match (value, shape.merge(value)) {
        (Value::Object(map), Merge::Map) if !map.is_empty() || at.0.is_empty() => {
            if is_tracked(at, shape) {
                fields.insert(at.clone(), Held::Map);
            }
            for (name, value) in map {
                let at = at.with(Step::Field(name.clone()));
                collect(value, shape.field(name), &at, fields);
            }
        }
        (Value::Array(items), Merge::ListByKey(keys)) => {
            for item in items {
                let at = at.with(key_step(item, &keys));
                fields.insert(at.clone(), Held::Item);
                collect(item, shape.item(), &at, fields);
            }
        }
        (Value::Array(items), Merge::Set) => {
            for item in items {
                fields.insert(at.with(Step::Value(item.to_string())), Held::Value(item));
            }
        }
        _ => {
            fields.insert(at.clone(), Held::Value(value));
        }
    }
}

/// A built-in object has its `spec` and `status` at all times; an item stands for its own map.
fn is_tracked(at: &Path, shape: Shape<'_>) -> bool {
    match at.0.as_slice() {
        [] => false,
        [Step::Field(name)] => shape.is_custom() || !["spec", "status"].contains(&name.as_str()),
        [.., last] => matches!(last, Step::Field(_)),
    }
}
