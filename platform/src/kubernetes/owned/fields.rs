//! Fields of objects, and `fieldsV1`: which of them a manager owns, as a tree of `f:NAME`
//! (apimachinery, `FieldsV1`; structured-merge-diff, `fieldpath`).
//!
//! Items of associative lists (`k:`, `v:`) are not told apart: a list is one field. A map without fields below it in the
//! tree is owned as a map, and not with what is in it; only a schema could tell it from an atomic one. Nothing that this
//! program applies has such lists or such maps.

use serde::Serialize;
use serde_json::{Map, Value, json};

/// An object, or a part of one.
pub type Fields = Map<String, Value>;

/// The way from an object's root to one of its fields.
pub(super) type FieldPath<'a> = Vec<&'a str>;

/// An object with labels and annotations besides; those that it has itself come before them.
pub fn labelled(mut object: Value, labels: &impl Serialize, annotations: &impl Serialize) -> Fields {
    for (place, more) in [("labels", json!(labels)), ("annotations", json!(annotations))] {
        let Value::Object(mut all) = more else { continue };
        all.extend(object["metadata"][place].as_object().cloned().unwrap_or_default());
        if !all.is_empty() {
            object["metadata"][place] = all.into();
        }
    }
    std::mem::take(self::object(&mut object))
}

/// The fields that hold a value of their own; lists are values.
pub(super) fn leaves(fields: &Fields) -> Vec<(FieldPath<'_>, &Value)> {
    let mut found = Vec::new();
    collect(fields, &mut FieldPath::new(), &mut found);
    found
}

fn collect<'a>(fields: &'a Fields, at: &mut FieldPath<'a>, found: &mut Vec<(FieldPath<'a>, &'a Value)>) {
    for (name, value) in fields {
        at.push(name);
        match value {
            Value::Object(fields) if !fields.is_empty() => collect(fields, at, found),
            leaf => found.push((at.clone(), leaf)),
        }
        at.pop();
    }
}

/// The value at a path.
pub(super) fn get<'a>(fields: &'a Fields, path: &[&str]) -> Option<&'a Value> {
    let (first, rest) = path.split_first()?;
    rest.iter().try_fold(fields.get(*first)?, |value, name| value.get(name))
}

/// Puts a value at a path, and objects on the way there.
pub(super) fn set(fields: &mut Fields, path: &[&str], value: Value) {
    match path {
        [] => {}
        [name] => drop(fields.insert((*name).to_owned(), value)),
        [name, rest @ ..] => set(object(fields.entry(*name).or_insert(Value::Null)), rest, value),
    }
}

/// Takes the value at a path out, and the objects that it leaves empty.
pub(super) fn unset(fields: &mut Fields, path: &[&str]) {
    match path {
        [] => {}
        [name] => drop(fields.shift_remove(*name)),
        [name, rest @ ..] => {
            if let Some(Value::Object(inner)) = fields.get_mut(*name) {
                unset(inner, rest);
                if inner.is_empty() {
                    fields.shift_remove(*name);
                }
            }
        }
    }
}

/// Whether a map is one value (`x-kubernetes-map-type: atomic`): who owns it owns all that is in it. A tree does not
/// tell such a map from one that is owned without its fields; of all that this program applies, only this one is.
fn is_atomic(name: &str) -> bool {
    name == "roleRef"
}

/// Whether a tree has the field at a path.
pub(super) fn owns(tree: &Value, path: &[&str]) -> bool {
    match path {
        [] => true,
        [name, rest @ ..] => tree.get(format!("f:{name}")).is_some_and(|below| is_atomic(name) || owns(below, rest)),
    }
}

/// Whether a tree has more than what controllers set so that an object is cleaned up after.
pub(super) fn sets_more_than_cleanup(tree: &Value) -> bool {
    let fields = |tree: &Value| tree.as_object().cloned().unwrap_or_default().into_iter().filter(|(key, _)| key != ".");
    fields(tree).any(|(key, below)| match key.as_str() {
        "f:metadata" => fields(&below).any(|(key, _)| !matches!(key.as_str(), "f:finalizers" | "f:ownerReferences")),
        _ => true,
    })
}

/// Adds the field at a path to a tree. A map on the way that was owned by itself stays so: `{}` becomes `.`.
pub(super) fn own(tree: &mut Fields, path: &[&str]) {
    let Some((name, rest)) = path.split_first() else { return };
    let below = tree.entry(format!("f:{name}")).or_insert(Value::Null);
    let owned_by_itself = below.as_object().is_some_and(Fields::is_empty);
    let below = object(below);
    if owned_by_itself && !rest.is_empty() {
        below.insert(".".to_owned(), Value::Object(Fields::new()));
    }
    own(below, rest);
}

/// Takes the field at a path out of a tree, and what is left empty above it.
pub(super) fn disown(tree: &mut Fields, path: &[&str]) {
    let names: Vec<_> = path.iter().map(|name| format!("f:{name}")).collect();
    unset(tree, &names.iter().map(String::as_str).collect::<Vec<_>>());
}

fn object(value: &mut Value) -> &mut Fields {
    if !value.is_object() {
        *value = Value::Object(Fields::new());
    }
    value.as_object_mut().expect("it was made an object above")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fields(value: Value) -> Fields {
        value.as_object().cloned().expect("a test's object")
    }

    #[test]
    fn who_owns_an_atomic_map_owns_all_of_it() {
        let tree = json!({"f:roleRef": {}});
        assert!(owns(&tree, &["roleRef", "name"]));
    }

    #[test]
    fn lists_and_empty_objects_are_leaves() {
        let object = fields(json!({"a": {"b": [1, 2], "c": {}}, "d": "x"}));
        let paths: Vec<_> = leaves(&object).into_iter().map(|(path, _)| path.join(".")).collect();
        assert_eq!(paths, ["a.b", "a.c", "d"]);
    }

    #[test]
    fn who_owns_a_map_does_not_own_what_is_in_it() {
        let tree = json!({"f:spec": {"f:a": {}, "f:b": {".": {}, "f:c": {}}}});
        assert!(owns(&tree, &["spec", "a"]));
        assert!(owns(&tree, &["spec", "b", "c"]));
        assert!(!owns(&tree, &["spec", "a", "deeper"]));
        assert!(!owns(&tree, &["spec", "b", "d"]));
        assert!(!owns(&tree, &["other"]));
    }

    #[test]
    fn what_is_disowned_leaves_nothing_empty_behind() {
        let before = fields(json!({"f:spec": {".": {}, "f:a": {}}}));
        let mut tree = before.clone();
        own(&mut tree, &["spec", "b", "c"]);
        own(&mut tree, &["other"]);
        disown(&mut tree, &["spec", "b", "c"]);
        disown(&mut tree, &["other"]);
        disown(&mut tree, &["never", "there"]);
        assert_eq!(tree, before);
    }

    #[test]
    fn a_map_that_is_owned_by_itself_stays_so_with_a_field_more() {
        let mut tree = fields(json!({"f:labels": {}}));
        own(&mut tree, &["labels", "a"]);
        own(&mut tree, &["labels", "a"]);
        assert_eq!(Value::Object(tree), json!({"f:labels": {".": {}, "f:a": {}}}));
    }
}
