//! What a Vault has stored (`sys/raw`): also what its API does not give back, such as the reviewer's JWT.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use futures::{FutureExt, future::BoxFuture, future::join_all};
use serde_json::{Map, Value};

use super::{
    array,
    left_out::{OF_STORAGE, SALTED, STORED, UPGRADING},
    without_anywhere,
};
use crate::rest::Rest;

/// Where the tables of mounts lie: one entry a mount (OpenBao), or all of them in one (HashiCorp Vault).
const TABLES: [&str; 4] = ["core/mounts", "core/auth", "core/local-mounts", "core/local-auth"];

/// Every entry, by its path; the ids of mounts are named as the mounts are.
pub async fn raw(api: &Rest) -> Value {
    let mounts = mounts(api).await;
    let mut entries = Map::new();
    for (path, mount) in mounts.values() {
        entries.insert(format!("mounts/{path}"), mount.clone());
    }
    for (path, value) in walk(api, String::new(), &mounts).await {
        entries.insert(name(&path, &mounts), comparable(value));
    }
    entries.into()
}

/// A mount's path and its entry, by its id.
type Mounts = BTreeMap<String, (String, Value)>;

async fn mounts(api: &Rest) -> Mounts {
    let mut found = Mounts::new();
    for table in TABLES {
        let mut paths = vec![table.to_owned()];
        paths.extend(list(api, table).await.iter().map(|id| format!("{table}/{id}")));
        let entries = join_all(paths.iter().map(|path| read(api, path))).await;
        for entry in entries.iter().flat_map(|entry| match entry["entries"].as_array() {
            Some(entries) => entries.as_slice(),
            None => std::slice::from_ref(entry),
        }) {
            let (Some(id), Some(path)) = (entry["uuid"].as_str(), entry["path"].as_str()) else { continue };
            let path = format!("{}/{path}", entry["table"].as_str().unwrap_or_default());
            found.insert(id.to_owned(), (path, comparable(entry.clone())));
        }
    }
    found
}

/// `auth/UUID/role/r` is `auth/kubernetes/role/r`, and `logical/UUID/…` is `kv/…`.
fn name(path: &str, mounts: &Mounts) -> String {
    let mut parts = path.splitn(3, '/');
    let (Some(kind @ ("auth" | "logical")), Some(id), Some(rest)) = (parts.next(), parts.next(), parts.next()) else {
        return path.to_owned();
    };
    match (kind, mounts.get(id)) {
        ("auth", Some((mount, _))) => format!("{mount}{rest}"),
        (_, Some((mount, _))) => format!("{}{rest}", mount.trim_start_matches("mounts/")),
        (_, None) => path.to_owned(),
    }
}

fn walk<'a>(api: &'a Rest, below: String, mounts: &'a Mounts) -> BoxFuture<'a, Vec<(String, Value)>> {
    async move {
        let found = list(api, below.trim_end_matches('/')).await.into_iter().map(|key| format!("{below}{key}"));
        let found = found.filter(|path| !is_left_out(&name(path, mounts)));
        let entries = found.map(|path| async move {
            if path.ends_with('/') {
                walk(api, path, mounts).await
            } else {
                vec![(path.clone(), read(api, &path).await)]
            }
        });
        join_all(entries).await.concat()
    }
    .boxed()
}

fn is_left_out(name: &str) -> bool {
    let is_salted = name.starts_with("auth/") && SALTED.iter().any(|part| name.contains(part));
    is_salted || name.ends_with(UPGRADING) || STORED.iter().any(|(beginning, _)| name.starts_with(beginning))
}

async fn list(api: &Rest, path: &str) -> Vec<String> {
    let (status, body) = api.send("LIST", &format!("sys/raw/{path}"), None).await;
    let keys = if status.is_success() { array(&body["data"]["keys"]) } else { &[] };
    keys.iter().filter_map(|key| key.as_str().map(str::to_owned)).collect()
}

/// An entry as JSON where it is that, else as base64; null where there is none.
async fn read(api: &Rest, path: &str) -> Value {
    let (status, body) = api.send("GET", &format!("sys/raw/{path}?encoding=base64"), None).await;
    let text = body["data"]["value"].as_str().filter(|_| status.is_success()).unwrap_or_default();
    let bytes = STANDARD.decode(text).unwrap_or_default();
    serde_json::from_slice(&bytes).map_or_else(
        |_| text.into(),
        |mut entry| {
            as_no_list(&mut entry);
            entry
        },
    )
}

/// A list that was never set is stored as null, and as an empty one once it was set and cleared: both are no list, and the
/// API answers the same.
fn as_no_list(value: &mut Value) {
    match value {
        Value::Array(items) if items.is_empty() => *value = Value::Null,
        Value::Array(items) => items.iter_mut().for_each(as_no_list),
        Value::Object(fields) => fields.values_mut().for_each(as_no_list),
        _ => {}
    }
}

fn comparable(mut entry: Value) -> Value {
    without_anywhere(&mut entry, &OF_STORAGE);
    entry
}
