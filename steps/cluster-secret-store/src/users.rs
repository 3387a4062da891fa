//! Who uses a store.

use async_trait::async_trait;
use futures::future::join_all;
use serde_json::{Value, json};
use trustpath_core::{Answer, Context, Read, Result, Right};
use trustpath_platform::{
    Cluster,
    error::Error,
    kubernetes::{Selectors, ServedType, rights::on},
    text::{clean, few},
};

use crate::request::{GROUP, VERSIONS};

/// What refers to stores, in the versions that have the reference where it is looked for.
const USERS: [ServedType; 4] = [
    user("ExternalSecret", "externalsecrets", VERSIONS),
    user("ClusterExternalSecret", "clusterexternalsecrets", VERSIONS),
    user("PushSecret", "pushsecrets", &["v1", "v1alpha1"]),
    user("ClusterPushSecret", "clusterpushsecrets", &["v1", "v1alpha1"]),
];

const fn user(kind: &'static str, plural: &'static str, versions: &'static [&'static str]) -> ServedType {
    ServedType { group: GROUP, kind, plural, versions }
}

/// Reads everything that uses a store, as far as it can be seen: sentences, and what cannot be listed is among them.
#[derive(Debug)]
pub(crate) struct StoreUsers(pub(crate) String);

#[async_trait]
impl Read for StoreUsers {
    fn rights(&self) -> Vec<Right> {
        USERS.iter().flat_map(|user| on(GROUP, user.plural).if_served().may(&["list"])).collect()
    }

    async fn perform(&self, cx: &Context) -> Result<Answer> {
        let cluster = cx.handle::<Cluster>().await?;
        let each = USERS.iter().map(|user| async {
            let users = self.of_type(&cluster, user).await;
            users.unwrap_or_else(|error| vec![format!("{}s, which cannot be listed: {error}", user.kind)])
        });
        Ok(Answer::Found(json!(few(join_all(each).await.concat()))))
    }
}

impl StoreUsers {
    async fn of_type(&self, cluster: &Cluster, user: &ServedType) -> Result<Vec<String>, Error> {
        let Some(resource) = cluster.served(user).await? else { return Ok(Vec::new()) };
        let objects: Vec<Value> = cluster.select(&resource, Selectors::default()).await?;
        let users = objects.iter().filter(|object| refers_to(&object["spec"], &self.0));
        Ok(users.map(|object| described(user.kind, object)).collect())
    }
}

/// Whether anything in a specification refers to the store: by name, or by labels that it may have.
pub(crate) fn refers_to(spec: &Value, store: &str) -> bool {
    match spec {
        Value::Object(fields) => {
            let by_name = fields.get("name").is_some_and(|name| name == store);
            let by_labels = fields.contains_key("labelSelector");
            let is_reference = fields.get("kind").is_some_and(|kind| kind == "ClusterSecretStore");
            (is_reference && (by_name || by_labels)) || fields.values().any(|value| refers_to(value, store))
        }
        Value::Array(items) => items.iter().any(|item| refers_to(item, store)),
        _ => false,
    }
}

fn described(kind: &str, object: &Value) -> String {
    let part = |name: &str| object["metadata"][name].as_str().map(clean);
    match (part("namespace"), part("name").unwrap_or_default()) {
        (Some(namespace), name) => format!("the {kind} `{namespace}/{name}`"),
        (None, name) => format!("the {kind} `{name}`"),
    }
}
