//! What a Vault holds, through its API.

use serde_json::{Map, Value, json};

use super::{array, left_out::OF_VAULT, object, without};
use crate::rest::Rest;

/// How an entity is named that a login left: after its id.
const OF_LOGINS: &str = "entity_";

/// Every mount, tuning, config, role, policy, quota, group and audit device, and every entity that no login left.
pub async fn vault(api: &Rest) -> Value {
    let mut auth = Map::new();
    for (path, mount) in data(api, "sys/auth").await {
        let mut seen = without(mount, &OF_VAULT);
        seen["config_of_mount"] = optional(api, &format!("auth/{path}config")).await;
        seen["roles"] = named(api, &format!("auth/{path}role")).await;
        auth.insert(path, seen);
    }
    let mounts: Map<_, _> =
        data(api, "sys/mounts").await.into_iter().map(|(path, mount)| (path, without(mount, &OF_VAULT))).collect();
    json!({
        "auth": auth,
        "mounts": mounts,
        "policies": named(api, "sys/policies/acl").await,
        "quotas": named(api, "sys/quotas/rate-limit").await,
        "audit": data(api, "sys/audit").await,
        "groups": named(api, "identity/group/name").await,
        "entities": entities(api).await,
    })
}

async fn entities(api: &Rest) -> Value {
    let mut entities = object(named(api, "identity/entity/name").await);
    entities.retain(|name, _| !name.starts_with(OF_LOGINS));
    for entity in entities.values_mut() {
        *entity = without(entity.take(), &["creation_time", "last_update_time"]);
    }
    entities.into()
}

/// What is at each name below a path; null where nothing can be listed.
async fn named(api: &Rest, path: &str) -> Value {
    let (status, listed) = api.send("LIST", path, None).await;
    if !status.is_success() {
        return Value::Null;
    }
    let mut found = Map::new();
    for name in array(&listed["data"]["keys"]).iter().filter_map(Value::as_str) {
        found.insert(name.to_owned(), optional(api, &format!("{path}/{name}")).await);
    }
    found.into()
}

/// The data at a path; null where there is nothing, or nothing that can be read.
async fn optional(api: &Rest, path: &str) -> Value {
    let (status, body) = api.send("GET", path, None).await;
    if status.is_success() { without(body["data"].clone(), &OF_VAULT) } else { Value::Null }
}

async fn data(api: &Rest, path: &str) -> Map<String, Value> {
    object(api.get(path).await.expect("a path that is always there")["data"].take())
}
