//! Who uses a store, and where it is served.

use kube::core::DynamicObject;
use serde_json::Value;
use trustpath_core::{Class, Problem, Result};
use trustpath_platform::{Cluster, error::Error, kubernetes::Address, text::clean};

use crate::ClusterSecretStore;

/// The operator's API group.
pub(crate) const GROUP: &str = "external-secrets.io";
/// The versions of the store that this program writes, the better one first.
const VERSIONS: [&str; 2] = ["v1", "v1beta1"];
/// What refers to stores, and the versions that have the reference where it is looked for.
pub(crate) const USERS: [User; 4] = [
    User { kind: "ExternalSecret", plural: "externalsecrets", versions: &VERSIONS },
    User { kind: "ClusterExternalSecret", plural: "clusterexternalsecrets", versions: &VERSIONS },
    User { kind: "PushSecret", plural: "pushsecrets", versions: &["v1", "v1alpha1"] },
    User { kind: "ClusterPushSecret", plural: "clusterpushsecrets", versions: &["v1", "v1alpha1"] },
];
/// How many users are named in a message.
const NAMED: usize = 5;

/// Something that refers to stores.
pub(crate) struct User {
    kind: &'static str,
    /// The name of its resource.
    pub(crate) plural: &'static str,
    versions: &'static [&'static str],
}

impl ClusterSecretStore {
    /// Where the store is; `None` where the operator's CRD is not installed.
    pub(crate) async fn find(&self, cluster: &Cluster) -> Result<Option<Address<DynamicObject>>> {
        let resource = cluster.served(GROUP, "ClusterSecretStore", &VERSIONS).await?;
        Ok(resource.map(|resource| Address::dynamic(&resource, None, self.name.as_str())))
    }

    /// Where the store is, or how to get there.
    pub(crate) async fn address(&self, cluster: &Cluster, step: &str) -> Result<Address<DynamicObject>> {
        Ok(self.find(cluster).await?.ok_or_else(|| no_operator(step))?)
    }

    /// Everything that uses the store, as far as it can be seen.
    pub(crate) async fn users(&self, cluster: &Cluster) -> Vec<String> {
        let each = USERS.map(|User { kind, versions, .. }| async move {
            let users = self.users_of_kind(cluster, kind, versions).await;
            users.unwrap_or_else(|error| vec![format!("{kind}s, which cannot be listed: {error}")])
        });
        short(futures::future::join_all(each).await.concat())
    }

    async fn users_of_kind(&self, cluster: &Cluster, kind: &str, versions: &[&str]) -> Result<Vec<String>, Error> {
        let Some(resource) = cluster.served(GROUP, kind, versions).await? else { return Ok(Vec::new()) };
        let objects: Vec<Value> = cluster.list_dynamic(&resource, None).await?;
        let users = objects.iter().filter(|object| refers_to(&object["spec"], self.name.as_str()));
        Ok(users.map(|user| described(kind, user)).collect())
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

fn short(mut texts: Vec<String>) -> Vec<String> {
    let more = texts.len().saturating_sub(NAMED);
    texts.truncate(NAMED);
    texts.extend((more > 0).then(|| format!("{more} more")));
    texts
}

fn no_operator(step: &str) -> Problem {
    let message = "the cluster serves no ClusterSecretStore: the External Secrets Operator is not installed";
    Problem::new(Class::Missing, "trustpath::cluster_secret_store::no_operator", message).help(format!(
        "install it: helm install external-secrets external-secrets --repo https://charts.external-secrets.io \
         -n external-secrets --create-namespace, or leave this step out: --skip {step}"
    ))
}
