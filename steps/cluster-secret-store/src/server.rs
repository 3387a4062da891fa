//! Whether there is anything at the address of a store's server, seen from where the operator runs.

use async_trait::async_trait;
use k8s_openapi::api::{
    apps::v1::Deployment,
    core::v1::{Namespace, Pod, Service},
};
use kube::core::ApiResource;
use serde_json::{Value, json};
use trustpath_core::{Answer, Context, Read, Result, Right};
use trustpath_platform::{
    Cluster,
    error::Error,
    kubernetes::{Address, Selectors, ServiceName},
    text::clean,
};
use url::{Host, Url};

use crate::{body::Taken, config::ClusterSecretStore, prove::OPERATOR};

/// The name of the read.
pub(crate) const SERVER: &str = "server";

/// Looks an address up as the operator does: why nothing is there, if so. What cannot be known may not be seen.
#[derive(Debug, Clone)]
pub(crate) struct ServerLookup {
    url: String,
    /// The namespace of the ServiceAccount.
    namespace: Option<String>,
}

impl ClusterSecretStore {
    /// Of its server, where that is known.
    pub(crate) fn lookup(&self, taken: &Taken) -> Option<ServerLookup> {
        let given = self.service_account.as_ref().map(|account| account.namespace.as_str());
        let namespace = given.or(taken.0.as_ref().map(|account| account.namespace.as_str())).map(str::to_owned);
        self.server(taken).ok().map(|url| ServerLookup { url: url.to_owned(), namespace })
    }
}

#[async_trait]
impl Read for ServerLookup {
    fn rights(&self) -> Vec<Right> {
        Vec::new()
    }

    async fn perform(&self, cx: &Context) -> Result<Answer> {
        let cluster = cx.handle::<Cluster>().await?;
        let url = Url::parse(&self.url).ok();
        Ok(match url.as_ref().and_then(Url::host) {
            Some(Host::Ipv4(ip)) if ip.is_private() => by_address(&cluster, &ip.to_string()).await?,
            Some(Host::Ipv6(ip)) if ip.is_unique_local() => by_address(&cluster, &ip.to_string()).await?,
            _ => self.by_name(&cluster).await?,
        })
    }
}

impl ServerLookup {
    async fn by_name(&self, cluster: &Cluster) -> Result<Answer, Error> {
        let from = match ServiceName::is_relative(&self.url) {
            true => self.operator(cluster).await,
            false => None,
        };
        let names = ServiceName::all(&self.url, from.as_deref());
        let Some(last) = names.last() else { return Ok(Answer::Nothing) };
        let mut missing = Vec::new();
        for name in &names {
            match lacking(cluster, name).await? {
                Some(why) => missing.push(why),
                None => return Ok(Answer::Nothing),
            }
        }
        let from = from.map(|from| format!(", as the operator in `{}` sees it", clean(&from))).unwrap_or_default();
        let why = format!("there is no {}{from}", missing.join(" and no "));
        let namespace = Address::cluster::<Namespace>(&last.namespace);
        let is_inside = last.is_certain || cluster.get::<Namespace>(&namespace).await?.is_some();
        let meant = names.iter().filter(|name| is_inside || name.pod.is_some());
        Ok(match elsewhere(cluster, meant).await {
            Some(right) => Answer::Found(json!(format!("{why}; `{right}` is there"))),
            None if is_inside => Answer::Found(json!(why)),
            None => Answer::Refused(format!("{why}, and no {namespace}: it may be a host outside of the cluster")),
        })
    }

    /// The namespace that the operator runs in; where it is not seen, that of its ServiceAccount.
    async fn operator(&self, cluster: &Cluster) -> Option<String> {
        let labelled = Selectors { labels: Some(OPERATOR), ..Selectors::default() };
        let seen = cluster.select_metadata(&ApiResource::erase::<Deployment>(&()), labelled).await;
        let mut all = namespaces(seen.unwrap_or_default());
        all.sort_by_key(|namespace| Some(namespace) != self.namespace.as_ref());
        all.into_iter().next().or(self.namespace.clone())
    }
}

fn namespaces(objects: Vec<Value>) -> Vec<String> {
    objects.iter().filter_map(|live| live["metadata"]["namespace"].as_str().map(str::to_owned)).collect()
}

/// What a name needs and is not there, if anything.
async fn lacking(cluster: &Cluster, at: &ServiceName) -> Result<Option<String>, Error> {
    let ServiceName { namespace, name, pod, .. } = at;
    let service = cluster.get::<Service>(&Address::namespaced::<Service>(namespace, name)).await?;
    let (Some(service), Some(pod)) = (&service, pod) else {
        return Ok(service.is_none().then(|| format!("Service {namespace}/{name}")));
    };
    let is_headless = service.spec.as_ref().and_then(|spec| spec.cluster_ip.as_deref()) == Some("None");
    let pod = Address::namespaced::<Pod>(namespace, pod);
    let is_there = is_headless && cluster.get::<Pod>(&pod).await?.is_some();
    Ok((!is_there).then(|| format!("{pod} behind a headless Service {name}")))
}

/// A name by which a Service of another namespace is found from everywhere, that is called so.
async fn elsewhere(cluster: &Cluster, names: impl Iterator<Item = &ServiceName>) -> Option<String> {
    for ServiceName { name, pod, namespace: here, .. } in names {
        let called = format!("metadata.name={name}");
        let which = Selectors { fields: Some(&called), ..Selectors::default() };
        let found = cluster.select_metadata(&ApiResource::erase::<Service>(&()), which).await.ok()?;
        if let Some(namespace) = namespaces(found).iter().find(|namespace| *namespace != here) {
            let pod = pod.as_ref().map(|pod| format!("{pod}.")).unwrap_or_default();
            return Some(format!("{pod}{name}.{}.svc", clean(namespace)));
        }
    }
    None
}

/// Whether an address is that of a Service.
async fn by_address(cluster: &Cluster, ip: &str) -> Result<Answer, Error> {
    let services: Vec<Value> = cluster.select(&ApiResource::erase::<Service>(&()), Selectors::default()).await?;
    Ok(among(&services, ip))
}

/// Whether an address is one of those that all Services have, inside or outside of the cluster.
fn among(services: &[Value], ip: &str) -> Answer {
    let quoted = json!(ip).to_string();
    if services.iter().any(|live| live.to_string().contains(&quoted)) {
        return Answer::Nothing;
    }
    let why = format!("no Service of this cluster has the address {ip}");
    // Addresses of Services begin alike, and every cluster has this one.
    let is_api = |live: &&Value| live["metadata"]["namespace"] == "default" && live["metadata"]["name"] == "kubernetes";
    let api = services.iter().find(is_api).and_then(|live| live["spec"]["clusterIP"].as_str()).unwrap_or_default();
    match api.split('.').take(2).eq(ip.split('.').take(2)) {
        true => Answer::Found(json!(format!("{why}, and it begins as theirs do"))),
        false => Answer::Refused(format!("{why}; it may be a host outside of it")),
    }
}

#[cfg(test)]
mod tests;
