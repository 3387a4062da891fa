//! Every entry of a cluster's etcd, whether its API serves it or not.

use serde_json::{Map, Value};

use super::{
    kubernetes::comparable,
    left_out::{LEASE, STORED_BY_THE_CLUSTER},
    object,
};
use crate::rest::Rest;

const REGISTRY: &str = "/registry/";
const LEASES: &str = "leases/";

/// Every entry, by its path below the registry; null for a cluster that has no etcd.
pub async fn etcd(etcd: Option<&Rest>) -> Value {
    let Some(etcd) = etcd else { return Value::Null };
    let stored = object(etcd.get("").await.expect("what etcd holds"));
    assert!(!stored.is_empty(), "a cluster holds something from its first moment on");
    let below = |path: &String| path.strip_prefix(REGISTRY).unwrap_or(path).to_owned();
    let entries = stored.into_iter().map(|(path, value)| (below(&path), value));
    let compared = entries.filter(|(path, _)| !is_left_out(path)).map(|(path, value)| (path, entry(value)));
    compared.collect::<Map<_, _>>().into()
}

fn is_left_out(path: &str) -> bool {
    let foreign_lease = path.starts_with(LEASES) && !path.ends_with(&format!("/{LEASE}"));
    foreign_lease || STORED_BY_THE_CLUSTER.iter().any(|(beginning, _)| path.starts_with(beginning))
}

fn entry(value: Value) -> Value {
    if value.is_object() { comparable(value) } else { value }
}
