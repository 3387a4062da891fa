//! Changes: what was there, what will be, and everything that follows from the two.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// From one state to another, as JSON without secrets. `None` is absent.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// What is there.
    pub before: Option<Value>,
    /// What will be there.
    pub after: Option<Value>,
}

/// What a change does; always derived, never stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Op {
    /// Nothing.
    Nothing,
    /// Makes something that is not there.
    Create,
    /// Changes something that is there.
    Update,
    /// Removes something.
    Delete,
}

/// One value that a change touches.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Leaf {
    /// Where it is: `config.kubernetes_host`, with names that hold dots in quotes.
    pub path: String,
    /// What it was; absent where it was not there.
    pub before: Option<Value>,
    /// What it becomes.
    pub after: Option<Value>,
}

impl Change {
    /// What it does.
    pub fn op(&self) -> Op {
        match (&self.before, &self.after) {
            (before, after) if before == after => Op::Nothing,
            (None, _) => Op::Create,
            (_, None) => Op::Delete,
            _ => Op::Update,
        }
    }

    /// The change that removes a state that was reached.
    pub(crate) fn removal(reached: Option<&Value>) -> Self {
        Self { before: reached.cloned(), after: None }
    }

    /// The change that takes this one back.
    #[must_use]
    pub fn inverse(&self) -> Self {
        Self { before: self.after.clone(), after: self.before.clone() }
    }

    /// The leaves that differ, in the order of their paths.
    pub fn leaves(&self) -> Vec<Leaf> {
        let (before, after) = (flatten(self.before.as_ref()), flatten(self.after.as_ref()));
        let paths: BTreeSet<_> = before.keys().chain(after.keys()).collect();
        paths
            .into_iter()
            .filter(|path| before.get(*path) != after.get(*path))
            .map(|path| leaf(path, before.get(path).copied(), after.get(path).copied()))
            .collect()
    }
}

pub(super) type LeafPath<'a> = Vec<&'a str>;

pub(super) fn leaf(path: &LeafPath<'_>, before: Option<&Value>, after: Option<&Value>) -> Leaf {
    let names: Vec<_> = path.iter().map(|name| quoted(name)).collect();
    Leaf { path: names.join("."), before: before.cloned(), after: after.cloned() }
}

fn quoted(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-*/".contains(c);
    if !name.is_empty() && name.chars().all(plain) { name.to_owned() } else { format!("{name:?}") }
}

/// The leaves of a state by their path. Arrays are leaves: their order is part of their value.
pub(super) fn flatten(state: Option<&Value>) -> BTreeMap<LeafPath<'_>, &Value> {
    let mut leaves = BTreeMap::new();
    if let Some(state) = state {
        collect(state, &mut Vec::new(), &mut leaves);
    }
    leaves
}

fn collect<'a>(value: &'a Value, path: &mut LeafPath<'a>, leaves: &mut BTreeMap<LeafPath<'a>, &'a Value>) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (name, field) in fields {
                path.push(name);
                collect(field, path, leaves);
                path.pop();
            }
        }
        leaf => {
            leaves.insert(path.clone(), leaf);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn change(before: Value, after: Value) -> Change {
        let some = |value: Value| (!value.is_null()).then_some(value);
        Change { before: some(before), after: some(after) }
    }

    #[test]
    fn op_follows_from_both_sides() {
        assert_eq!(change(Value::Null, json!({"a": 1})).op(), Op::Create);
        assert_eq!(change(json!({"a": 1}), json!({"a": 2})).op(), Op::Update);
        assert_eq!(change(json!({"a": 1}), Value::Null).op(), Op::Delete);
        assert_eq!(change(json!({"a": 1}), json!({"a": 1})).op(), Op::Nothing);
    }

    #[test]
    fn names_with_dots_are_quoted() {
        let leaves = change(Value::Null, json!({"annotations": {"a.b/c": "x"}})).leaves();
        assert_eq!(leaves[0].path, r#"annotations."a.b/c""#);
    }
}
