//! What is around a ServiceAccount: its namespace, what that holds, and who runs as it.

use k8s_openapi::api::core::v1::{Namespace as NamespaceObject, Pod, Secret};
use kube::{Resource, discovery::ApiResource};
use serde_json::Value;
use trustpath_core::Context;
use trustpath_platform::{
    Cluster,
    error::Error,
    kubernetes::{
        Address, Selection,
        owned::{Fields, Owned},
    },
    text::clean,
};

use crate::{
    Namespace, ServiceAccount, Users,
    contents::{self, Ours, Stays, short},
};

/// How many Secrets are looked at.
const MOST: u32 = 100;

/// How the namespace is.
pub(crate) async fn namespace(cluster: &Cluster, at: &Address<NamespaceObject>) -> Result<Namespace, Error> {
    Ok(cluster.live(at).await?.map_or(Namespace::Missing, |live| phase(&live)))
}

pub(crate) fn phase(live: &Value) -> Namespace {
    match live["metadata"].get("deletionTimestamp") {
        Some(_) => Namespace::Terminating,
        None => Namespace::Active,
    }
}

/// Whether our field manager marked the object as this graph's.
pub(crate) fn is_marked(live: &Value, graph: &str) -> bool {
    Owned::seen(live, &Fields::new()).is_marked(graph)
}

/// Who needs the ServiceAccount, and why its namespace has to stay where that is ours to remove.
pub(crate) async fn users(cluster: &Cluster, account: &ServiceAccount, cx: &Context) -> Result<Users, Error> {
    let namespace = async {
        let live = cluster.live(&account.namespace_at()).await?;
        match live.is_some_and(|live| is_marked(&live, cx.graph())) {
            // What is ours goes with the graph.
            true => contents::settled(cluster, account.namespace.as_str(), cx, Ours::Go).await.map(Some),
            false => Ok(None),
        }
    };
    let (pods, secrets, namespace) = futures::join!(pods(cluster, account), secrets(cluster, account), namespace);
    let unseen = |error: Error| vec![format!("it cannot be seen whether anything else needs it: {error}")];
    let users = [pods.unwrap_or_else(unseen), secrets.unwrap_or_else(unseen)].concat();
    let stays = namespace?.and_then(|contents| contents.why_it_stays(account.namespace.as_str()));
    Ok(Users { account: short(users), namespace: stays.map(Stays::why) })
}

async fn pods(cluster: &Cluster, account: &ServiceAccount) -> Result<Vec<String>, Error> {
    let pods: Vec<Pod> = cluster.list(Some(account.namespace.as_str())).await?;
    let runs_as_it = |pod: &&Pod| {
        let spec = pod.spec.as_ref().and_then(|spec| spec.service_account_name.as_deref());
        let phase = pod.status.as_ref().and_then(|status| status.phase.as_deref());
        spec == Some(account.name.as_str()) && !matches!(phase, Some("Succeeded" | "Failed"))
    };
    let names = pods.iter().filter(runs_as_it).filter_map(|pod| pod.metadata.name.as_deref());
    Ok(names.map(|name| format!("the pod `{name}` runs as it")).collect())
}

/// Long-lived tokens: they die with the ServiceAccount, and no undo brings them back.
async fn secrets(cluster: &Cluster, account: &ServiceAccount) -> Result<Vec<String>, Error> {
    let namespace = Some(account.namespace.as_str());
    let fields = Some("type=kubernetes.io/service-account-token");
    let which = Selection { namespace, fields, labels: None, most: MOST };
    let secrets: Vec<Value> = cluster.select_metadata(&resource::<Secret>(), which).await?;
    let of = |secret: &Value| {
        secret["metadata"]["annotations"]["kubernetes.io/service-account.name"] == account.name.as_str()
    };
    let names = secrets.iter().filter(|secret| of(secret)).filter_map(name);
    Ok(names.map(|name| format!("the Secret `{name}` holds a token of it")).collect())
}

pub(crate) fn name(object: &Value) -> Option<String> {
    object["metadata"]["name"].as_str().map(clean)
}

fn resource<K: Resource<DynamicType = ()>>() -> ApiResource {
    ApiResource::erase::<K>(&())
}
