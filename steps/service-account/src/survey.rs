//! What is around a ServiceAccount: its namespace, what that holds, and who runs as it.

use futures::{StreamExt, future, stream};
use k8s_openapi::api::core::v1::{Namespace as NamespaceObject, Pod, Secret};
use kube::{Resource, discovery::ApiResource};
use serde_json::Value;
use trustpath_platform::{
    Cluster,
    error::Error,
    kubernetes::{
        Address, Selection,
        owned::{Fields, Owned},
    },
    mark,
    text::clean,
};

use crate::{Namespace, ServiceAccount, Users};

/// How many types are listed at the same time.
const AT_ONCE: usize = 8;
/// How many objects of one type are looked at; a namespace with more is not empty.
const MOST: u32 = 100;
/// How many are named in a message.
const NAMED: usize = 5;

/// What a namespace holds besides what every namespace holds.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    /// Objects that bear the mark of this graph.
    pub(crate) ours: Vec<String>,
    /// All else, and why something could not be seen.
    pub(crate) foreign: Vec<String>,
}

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

/// Who needs the ServiceAccount, and what is in its namespace where that is ours to remove.
pub(crate) async fn users(cluster: &Cluster, account: &ServiceAccount, graph: &str) -> Result<Users, Error> {
    let namespace = async {
        let live = cluster.live(&account.namespace_at()).await?;
        let ours = live.is_some_and(|live| is_marked(&live, graph));
        Ok(if ours { contents(cluster, account.namespace.as_str(), graph).await.foreign } else { Vec::new() })
    };
    let (pods, secrets, namespace) = futures::join!(pods(cluster, account), secrets(cluster, account), namespace);
    let unseen = |error: Error| vec![format!("it cannot be seen whether anything else needs it: {error}")];
    let account = [pods.unwrap_or_else(unseen), secrets.unwrap_or_else(unseen)].concat();
    Ok(Users { account: short(account), namespace: short(namespace?) })
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

/// Everything in a namespace, over every type that the server can list.
pub(crate) async fn contents(cluster: &Cluster, namespace: &str, graph: &str) -> Contents {
    let types = match cluster.namespaced_types().await {
        Ok(types) => types,
        Err(error) => return Contents { ours: Vec::new(), foreign: vec![unlisted("its contents", &error)] },
    };
    let listed = types.into_iter().map(|resource| contents_of(cluster, resource, namespace, graph));
    stream::iter(listed)
        .buffered(AT_ONCE)
        .fold(Contents::default(), |mut all, more| {
            all.ours.extend(more.ours);
            all.foreign.extend(more.foreign);
            future::ready(all)
        })
        .await
}

async fn contents_of(cluster: &Cluster, resource: ApiResource, namespace: &str, graph: &str) -> Contents {
    let which = Selection { namespace: Some(namespace), most: MOST, ..Selection::default() };
    let found: Vec<Value> = match cluster.select_metadata(&resource, which).await {
        Ok(found) => found,
        Err(error) => return Contents { ours: Vec::new(), foreign: vec![unlisted(&resource.plural, &error)] },
    };
    let kind = resource.kind.as_str();
    let mut contents = Contents::default();
    for object in found.iter().filter(|object| !is_in_every_namespace(kind, object)) {
        let marked = object["metadata"]["annotations"][mark::ANNOTATION] == graph;
        let list = if marked { &mut contents.ours } else { &mut contents.foreign };
        list.push(format!("the {kind} `{}`", name(object).unwrap_or_default()));
    }
    contents
}

fn is_in_every_namespace(kind: &str, object: &Value) -> bool {
    matches!(
        (kind, name(object).as_deref()),
        ("ServiceAccount", Some("default")) | ("ConfigMap", Some("kube-root-ca.crt"))
    )
}

fn name(object: &Value) -> Option<String> {
    object["metadata"]["name"].as_str().map(clean)
}

fn unlisted(what: &str, error: &Error) -> String {
    format!("{what}, which cannot be listed: {error}")
}

fn resource<K: Resource<DynamicType = ()>>() -> ApiResource {
    ApiResource::erase::<K>(&())
}

fn short(mut texts: Vec<String>) -> Vec<String> {
    let more = texts.len().saturating_sub(NAMED);
    texts.truncate(NAMED);
    texts.extend((more > 0).then(|| format!("{more} more")));
    texts
}
