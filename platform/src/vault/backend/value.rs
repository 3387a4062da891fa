//! Values as servers take them and give them back.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::{Value, json};
use trustpath_core::Change;

/// Whether a value is other than false, zero or empty, which servers take for granted.
pub fn is_said(value: &Value) -> bool {
    *value != empty_like(value) && value.as_f64() != Some(0.0)
}

/// What is false, zero or empty among such values.
pub(super) fn empty_like(value: &Value) -> Value {
    match value {
        Value::Null => Value::Null,
        Value::Bool(_) => json!(false),
        Value::Number(_) => json!(0),
        Value::String(_) => json!(""),
        Value::Array(_) => json!([]),
        Value::Object(_) => json!({}),
    }
}

/// Servers read numbers from texts too, and a policy can be held to a text alone.
pub(super) fn as_text(value: Value) -> Value {
    match value {
        Value::Number(number) => number.to_string().into(),
        other => other,
    }
}

/// Without spaces at the ends of its texts.
pub(super) fn trimmed(value: Value) -> Value {
    match value {
        Value::String(text) => text.trim().into(),
        Value::Array(list) => list.into_iter().map(trimmed).collect(),
        other => other,
    }
}

/// Whether servers take two values for the same: lists are sets, and numbers may be texts.
pub(super) fn means_the_same(one: &Value, other: &Value) -> bool {
    let plain = |value: &Value| as_text(value.clone()).to_string();
    match (one, other) {
        (Value::Array(one), Value::Array(other)) => {
            let set = |list: &[Value]| list.iter().map(plain).collect::<BTreeSet<_>>();
            set(one) == set(other)
        }
        _ => one == other || plain(one) == plain(other),
    }
}

/// The paths of what is not as it should be.
pub fn differing(now: &impl Serialize, wanted: &impl Serialize) -> Vec<String> {
    let change = Change { before: Some(json!(now)), after: Some(json!(wanted)) };
    change.leaves().into_iter().map(|leaf| leaf.path).collect()
}
