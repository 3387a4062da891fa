//! Whether Vault runs in this cluster.

use async_trait::async_trait;
use k8s_openapi::api::core::v1::{Pod, Service};
use serde::{Deserialize, Serialize};
use serde_json::json;
use trustpath_core::{Answer, Class, Context, Read, Result, Right};
use trustpath_platform::{
    Cluster,
    kubernetes::{Address, ServiceName, rights::on},
    text::clean,
};

use crate::{
    Taken,
    config::{Ca, Host, KubernetesAuth, ReviewerChoice as Choice},
};

/// Where Vault is, seen from the cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum VaultLocation {
    /// Nothing depends on it.
    #[default]
    Unasked,
    /// It runs in this cluster.
    Inside,
    /// It does not, as far as can be seen; this is what was seen.
    Outside(String),
}

impl KubernetesAuth {
    pub(crate) fn asks_for_place(&self, facts: &Taken) -> bool {
        let reviewer_open = self.reviewer == Choice::Auto && self.source(facts).is_none();
        let is_auto = self.kubernetes_host == Host::Auto || self.ca == Ca::Auto;
        let is_without = self.ca == Ca::None && !matches!(self.reviewer, Choice::Vault | Choice::Client);
        reviewer_open || (self.reviewer != Choice::Keep && (is_auto || is_without))
    }
}

/// Whether the Service of Vault's URL is there, and leads to pods of this cluster.
#[derive(Debug)]
pub(crate) struct WhereVaultIs {
    pub(crate) url: Option<String>,
}

impl WhereVaultIs {
    fn service(&self) -> Option<ServiceName> {
        ServiceName::all(self.url.as_deref()?, None).into_iter().next()
    }

    /// Why it is outside, if it is.
    async fn is_outside(&self, cx: &Context) -> Result<Option<String>> {
        let Some(url) = &self.url else {
            return Ok(Some("`[connections.vault] server` does not say where the cluster reaches Vault".to_owned()));
        };
        let Some(ServiceName { namespace, name, .. }) = self.service() else {
            return Ok(Some(format!("{} is no Service of this cluster", clean(url))));
        };
        let cluster = cx.handle::<Cluster>().await?;
        let Some(service) = cluster.get::<Service>(&Address::namespaced::<Service>(&namespace, &name)).await? else {
            return Ok(Some(format!("this cluster has no Service {namespace}/{name}")));
        };
        let selector = service.spec.and_then(|spec| spec.selector).unwrap_or_default();
        if selector.is_empty() {
            return Ok(Some(format!("the Service {namespace}/{name} selects no pods of this cluster")));
        }
        let labels: Vec<_> = selector.iter().map(|(key, value)| format!("{key}={value}")).collect();
        let is_there = cluster.has_any::<Pod>(Some(&namespace), &labels.join(",")).await?;
        Ok((!is_there).then(|| format!("the Service {namespace}/{name} selects no pod that is there")))
    }
}

#[async_trait]
impl Read for WhereVaultIs {
    fn rights(&self) -> Vec<Right> {
        // No right is asked for what may well be a host of the Internet.
        let Some(ServiceName { namespace, name, is_certain: true, .. }) = self.service() else { return Vec::new() };
        let service = on("", "services").within(&namespace).named(&name).may(&["get"]);
        [service, on("", "pods").within(&namespace).may(&["list"])].concat()
    }

    async fn perform(&self, cx: &Context) -> Result<Answer> {
        let outside = match self.is_outside(cx).await {
            Err(denied) if denied.class() == Class::Denied && self.service().is_some_and(|name| !name.is_certain) => {
                Some(format!("whether it is a Service of this cluster may not be seen: {denied}"))
            }
            outside => outside?,
        };
        Ok(Answer::Found(json!(outside.map_or(VaultLocation::Inside, VaultLocation::Outside))))
    }
}
