//! Whether Vault runs in this cluster.

use async_trait::async_trait;
use k8s_openapi::api::core::v1::{Pod, Service};
use serde::{Deserialize, Serialize};
use serde_json::json;
use trustpath_core::{Answer, Answers, Context, Read, Result, Right};
use trustpath_platform::{
    Cluster,
    kubernetes::{Address, rights::on},
    text::clean,
};

use crate::{
    Taken,
    answers::read,
    config::{Ca, Host, KubernetesAuth, Reviewer as Choice},
};

/// Where Vault is, seen from the cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Place {
    /// Nothing depends on it.
    Unasked,
    /// It runs in this cluster.
    Inside,
    /// It does not, as far as can be seen; this is what was seen.
    Outside(String),
}

impl KubernetesAuth {
    /// Namespace and name of the Service that is looked for, where something depends on it.
    pub(crate) fn service_asked_for(&self, facts: &Taken) -> Option<(String, String)> {
        if self.asks_for_place(facts) { service(facts.0.url.as_deref()?) } else { None }
    }

    fn asks_for_place(&self, facts: &Taken) -> bool {
        let reviewer_open = self.reviewer == Choice::Auto && self.source(facts).is_none();
        let is_auto = self.kubernetes_host == Host::Auto || self.ca == Ca::Auto;
        reviewer_open || (self.reviewer != Choice::Keep && is_auto)
    }

    pub(crate) fn place(&self, facts: &Taken, answers: &Answers) -> Result<Place> {
        if !self.asks_for_place(facts) {
            return Ok(Place::Unasked);
        }
        let Some(url) = &facts.0.url else {
            let nowhere = "`[connections.vault] server` does not say where the cluster reaches Vault";
            return Ok(Place::Outside(nowhere.to_owned()));
        };
        match self.service_asked_for(facts) {
            Some(_) => read(answers, "place"),
            None => Ok(Place::Outside(format!("{} is no Service of this cluster", clean(url)))),
        }
    }
}

/// Whether a Service is there, and leads to pods of this cluster.
#[derive(Debug)]
pub(crate) struct ServicePods {
    pub(crate) namespace: String,
    pub(crate) name: String,
}

#[async_trait]
impl Read for ServicePods {
    fn rights(&self) -> Vec<Right> {
        let service = on("", "services").within(&self.namespace).named(&self.name).may(&["get"]);
        [service, on("", "pods").within(&self.namespace).may(&["list"])].concat()
    }

    async fn perform(&self, cx: &Context) -> Result<Answer> {
        let Self { namespace, name } = self;
        let outside = |why: String| Ok(Answer::Found(json!(Place::Outside(why))));
        let cluster = cx.handle::<Cluster>().await?;
        let Some(service) = cluster.get::<Service>(&Address::namespaced::<Service>(namespace, name)).await? else {
            return outside(format!("this cluster has no Service {namespace}/{name}"));
        };
        let selector = service.spec.and_then(|spec| spec.selector).unwrap_or_default();
        if selector.is_empty() {
            return outside(format!("the Service {namespace}/{name} selects no pods of this cluster"));
        }
        let pods: Vec<Pod> = cluster.list(Some(namespace)).await?;
        let selected = pods.iter().any(|pod| {
            let labels = pod.metadata.labels.as_ref();
            selector.iter().all(|(key, value)| labels.is_some_and(|labels| labels.get(key) == Some(value)))
        });
        if selected {
            return Ok(Answer::Found(json!(Place::Inside)));
        }
        outside(format!("the Service {namespace}/{name} selects no pod that is there"))
    }
}

/// Namespace and name of the Service that a URL names: `http://vault.vault.svc:8200`, with or without the cluster's
/// domain.
fn service(url: &str) -> Option<(String, String)> {
    let url = url::Url::parse(url).ok()?;
    let url::Host::Domain(host) = url.host()? else { return None };
    let mut labels = host.trim_end_matches('.').split('.');
    let (name, namespace, svc) = (labels.next()?, labels.next()?, labels.next()?);
    (svc == "svc" && !name.is_empty() && !namespace.is_empty()).then(|| (namespace.to_owned(), name.to_owned()))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("http://vault.vault.svc:8200", Some(("vault", "vault")))]
    #[case("https://active.secrets.svc.cluster.local", Some(("secrets", "active")))]
    #[case("https://vault.ns.svc.corp.example.:8200/", Some(("ns", "vault")))]
    #[case("https://vault.example.com", None)]
    #[case("https://vault.vault", None)]
    #[case("https://127.0.0.1:8200", None)]
    #[case("not a url", None)]
    fn services_are_told_by_their_names(#[case] url: &str, #[case] expected: Option<(&str, &str)>) {
        let expected = expected.map(|(namespace, name)| (namespace.to_owned(), name.to_owned()));
        assert_eq!(service(url), expected);
    }
}
