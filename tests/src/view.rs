//! What the servers hold, seen from outside of the program: everything but the written list of what does not come back.

use futures::future::join_all;
use serde_json::{Map, Value, json};

use crate::{pair::Pair, rest::Rest};

/// What a server does not give back when something is made again, or counts by itself.
const KUBERNETES_OWN: [&str; 5] = ["uid", "resourceVersion", "creationTimestamp", "generation", "managedFields"];
const VAULT_OWN: [&str; 5] = ["accessor", "uuid", "version", "modified", "created_time"];
/// The API server notes on a token Secret when its token was last used (KEP-2799).
const LAST_USED: &str = "kubernetes.io/legacy-token-last-used";
/// Kinds that the API server writes by itself.
const RESTLESS: [&str; 2] = ["events", "componentstatuses"];
/// The API server keeps Leases of its own: of these only the program's is looked at, in whatever namespace.
const LEASE: &str = "trustpath";

/// Everything that both servers hold.
pub async fn snapshot(pair: &Pair) -> Value {
    let (vault, kubernetes) = futures::join!(vault(&pair.vault), kubernetes(&pair.kubernetes));
    json!({"vault": vault, "kubernetes": kubernetes})
}

/// Every mount, tuning, config, role, policy and secret of a Vault. Identity entities are left out: a login leaves
/// them, and they stay.
pub async fn vault(api: &Rest) -> Value {
    let mut auth = Map::new();
    for (path, mount) in data(api, "sys/auth").await {
        let mut seen = without(mount, &VAULT_OWN);
        seen["config_of_mount"] = optional(api, &format!("auth/{path}config"), &VAULT_OWN).await;
        seen["roles"] = roles(api, &format!("auth/{path}role")).await;
        auth.insert(path, seen);
    }
    let mut policies = Map::new();
    for name in api.list("sys/policies/acl").await {
        let policy = optional(api, &format!("sys/policies/acl/{name}"), &VAULT_OWN).await;
        policies.insert(name, policy);
    }
    let mounts: Map<_, _> =
        data(api, "sys/mounts").await.into_iter().map(|(path, mount)| (path, without(mount, &VAULT_OWN))).collect();
    let demo = optional(api, "kv/data/apps/demo", &VAULT_OWN).await;
    json!({"auth": auth, "policies": policies, "mounts": mounts, "kv": demo})
}

/// Every object of every kind that the API server can list.
pub async fn kubernetes(api: &Rest) -> Value {
    let mut groups = vec!["api/v1".to_owned()];
    for group in array(&api.get("apis").await.expect("groups")["groups"]) {
        groups.extend(group["preferredVersion"]["groupVersion"].as_str().map(|version| format!("apis/{version}")));
    }
    let resources = join_all(groups.iter().map(|group| listable(api, group))).await.concat();
    let listed = join_all(resources.into_iter().map(|path| async move { (path.clone(), objects(api, &path).await) }));
    listed.await.into_iter().collect::<Map<_, _>>().into()
}

async fn listable(api: &Rest, group: &str) -> Vec<String> {
    let found = api.get(group).await.unwrap_or_default();
    let can_list = |resource: &&Value| array(&resource["verbs"]).iter().any(|verb| verb == "list");
    let names = array(&found["resources"]).iter().filter(can_list).filter_map(|resource| resource["name"].as_str());
    names.filter(|name| !RESTLESS.contains(name)).map(|name| format!("{group}/{name}")).collect()
}

async fn objects(api: &Rest, path: &str) -> Value {
    let list = api.get(path).await.unwrap_or_default();
    let mut objects = Map::new();
    let restless = |object: &&Value| path.ends_with("/leases") && object["metadata"]["name"] != LEASE;
    for object in array(&list["items"]).iter().filter(|object| !restless(object)) {
        let meta = &object["metadata"];
        let name = [&meta["namespace"], &meta["name"]].map(|part| part.as_str().unwrap_or_default()).join("/");
        let mut object = object.clone();
        object["metadata"] = without(meta.clone(), &KUBERNETES_OWN);
        forget_last_use(&mut object["metadata"]);
        if let Some(status) = object.get_mut("status") {
            forget_times(status);
        }
        objects.insert(name, object);
    }
    objects.into()
}

fn forget_last_use(meta: &mut Value) {
    let Some(labels) = meta.get_mut("labels").and_then(Value::as_object_mut) else { return };
    labels.remove(LAST_USED);
    if labels.is_empty() {
        *meta = without(meta.take(), &["labels"]);
    }
}

/// When a condition last changed says when something was made, not what it is.
fn forget_times(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.remove("lastTransitionTime");
            fields.values_mut().for_each(forget_times);
        }
        Value::Array(items) => items.iter_mut().for_each(forget_times),
        _ => {}
    }
}

async fn roles(api: &Rest, path: &str) -> Value {
    let (status, listed) = api.send("LIST", path, None).await;
    if !status.is_success() {
        return Value::Null;
    }
    let mut roles = Map::new();
    for name in array(&listed["data"]["keys"]).iter().filter_map(Value::as_str) {
        roles.insert(name.to_owned(), optional(api, &format!("{path}/{name}"), &VAULT_OWN).await);
    }
    roles.into()
}

/// The data at a path; null where there is nothing, or nothing that can be read.
async fn optional(api: &Rest, path: &str, own: &[&str]) -> Value {
    let (status, body) = api.send("GET", path, None).await;
    if status.is_success() { without(body["data"].clone(), own) } else { Value::Null }
}

async fn data(api: &Rest, path: &str) -> Map<String, Value> {
    let body = api.get(path).await.expect("a path that is always there");
    body["data"].as_object().cloned().unwrap_or_default()
}

fn without(mut value: Value, own: &[&str]) -> Value {
    if let Some(fields) = value.as_object_mut() {
        fields.retain(|name, _| !own.contains(&name.as_str()));
    }
    value
}

fn array(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// Fails with the leaves that differ.
///
/// # Panics
/// When anything differs.
pub fn assert_same(before: &Value, after: &Value, what: &str) {
    let change = trustpath_core::Change { before: Some(before.clone()), after: Some(after.clone()) };
    let leaves = change.leaves();
    assert!(leaves.is_empty(), "{what}: {leaves:#?}");
}
