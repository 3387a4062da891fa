//! Whether Vault runs in this cluster.

use async_trait::async_trait;
use k8s_openapi::api::core::v1::{Pod, Service};
use serde_json::json;
use trustpath_core::{Answer, Context, Read, Result, Right};
use trustpath_platform::{
    Cluster,
    kubernetes::{Address, rights::on},
};

use crate::surroundings::Place;

/// Whether a Service is there, and leads to pods of this cluster.
#[derive(Debug)]
pub(super) struct ServicePods {
    pub(super) namespace: String,
    pub(super) name: String,
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
