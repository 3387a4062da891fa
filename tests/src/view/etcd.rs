//! Every entry of a cluster's etcd, served by its API or not.

use serde_json::{Map, Value};

use super::{
    kubernetes::comparable,
    left_out::{KEPT, LEASE},
};
use crate::rest::Etcd;

const REGISTRY: &str = "/registry/";
const LEASES: &str = "leases/";

/// Every entry, by its path below the registry; null for a cluster that has no etcd.
pub async fn etcd(etcd: Option<&Etcd>) -> Value {
    let Some(etcd) = etcd else { return Value::Null };
    let mut found = Map::new();
    for (path, value) in etcd.entries(REGISTRY).await {
        let path = path.trim_start_matches(REGISTRY).to_owned();
        if !is_left_out(&path) {
            found.insert(path, entry(&value));
        }
    }
    found.into()
}

fn is_left_out(path: &str) -> bool {
    let foreign_lease = path.starts_with(LEASES) && !path.ends_with(&format!("/{LEASE}"));
    foreign_lease || KEPT.iter().any(|(beginning, _)| path.starts_with(beginning))
}

/// As JSON where it is that, else as text.
fn entry(value: &[u8]) -> Value {
    match serde_json::from_slice::<Value>(value) {
        Ok(object) if object.is_object() => comparable(object),
        Ok(other) => other,
        Err(_) => String::from_utf8_lossy(value).into_owned().into(),
    }
}
