//! What the servers hold, seen from outside of the program: everything but the written list of what does not come back
//! (`left_out`).

mod etcd;
mod kubernetes;
mod left_out;
mod raw;
mod vault;

use serde_json::{Map, Value, json};

pub use self::{etcd::etcd, kubernetes::kubernetes, raw::raw, vault::vault};
use crate::pair::Pair;

/// Everything that both servers hold: through their APIs, and what they have stored.
pub async fn snapshot(pair: &Pair) -> Value {
    let (vault, raw) = futures::join!(vault(&pair.vault), raw(&pair.vault));
    let (kubernetes, etcd) = futures::join!(kubernetes(&pair.kubernetes), etcd(pair.etcd.as_ref()));
    json!({"vault": vault, "raw": raw, "kubernetes": kubernetes, "etcd": etcd})
}

fn without(mut value: Value, own: &[&str]) -> Value {
    if let Some(fields) = value.as_object_mut() {
        fields.retain(|name, _| !own.contains(&name.as_str()));
    }
    value
}

/// Takes these fields out wherever they are.
pub(crate) fn without_anywhere(value: &mut Value, own: &[&str]) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| !own.contains(&name.as_str()));
            fields.values_mut().for_each(|value| without_anywhere(value, own));
        }
        Value::Array(items) => items.iter_mut().for_each(|value| without_anywhere(value, own)),
        _ => {}
    }
}

fn array(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn object(value: Value) -> Map<String, Value> {
    if let Value::Object(fields) = value { fields } else { Map::new() }
}

/// The leaves that differ, if any do.
pub fn difference(before: &Value, after: &Value) -> Option<String> {
    let change = trustpath_core::Change { before: Some(before.clone()), after: Some(after.clone()) };
    let leaves = change.leaves();
    (!leaves.is_empty()).then(|| format!("{leaves:#?}"))
}

/// Fails with the leaves that differ.
///
/// # Panics
/// When anything differs.
pub fn assert_same(before: &Value, after: &Value, what: &str) {
    if let Some(leaves) = difference(before, after) {
        panic!("{what}: {leaves}");
    }
}
