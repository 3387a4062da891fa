//! Reading one object, or which cluster it is, as data.

use async_trait::async_trait;
use futures::future::join;
use serde_json::{Value, json};
use trustpath_core::{Answer, Context, Read, Result, Right};

use super::{Cluster, ObjectRef, rights::to_read_uid};
use crate::error::Error;

/// What `kubectl apply` keeps of an object: of a Secret, all that it holds.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Reads an object as plain data, `metadata.managedFields` and all; of a Secret everything but what it holds.
#[derive(Debug, Clone)]
pub struct Live(pub ObjectRef);

#[async_trait]
impl Read for Live {
    fn rights(&self) -> Vec<Right> {
        self.0.on().may(&["get"])
    }

    async fn perform(&self, cx: &Context) -> Result<Answer> {
        let cluster = cx.handle::<Cluster>().await?;
        let Some(mut live) = self.read(&cluster).await? else { return Ok(Answer::Nothing) };
        if self.0.is_secret() {
            without_contents(&mut live);
        }
        Ok(Answer::Found(live))
    }
}

impl Live {
    /// In the version that is served. As a rule that is the best one: the object is asked for there without waiting to know.
    async fn read(&self, cluster: &Cluster) -> Result<Option<Value>, Error> {
        let guess = self.0.best_guess();
        let (at, guessed) = join(self.0.address(cluster), cluster.live(&guess)).await;
        match at? {
            None => Ok(None),
            Some(at) if at.resource == guess.resource => guessed,
            Some(at) => cluster.live(&at).await,
        }
    }
}

/// Reads which keys a Secret or a ConfigMap has, and nothing of what they hold: a list of texts.
#[derive(Debug, Clone)]
pub struct DataKeys(pub ObjectRef);

#[async_trait]
impl Read for DataKeys {
    fn rights(&self) -> Vec<Right> {
        self.0.on().may(&["get"])
    }

    async fn perform(&self, cx: &Context) -> Result<Answer> {
        let found = cx.handle::<Cluster>().await?.live(&self.0.at).await?;
        let keys = |live: Value| live["data"].as_object().into_iter().flat_map(|data| data.keys().cloned()).collect();
        Ok(found.map_or(Answer::Nothing, |live| Answer::Found(keys(live))))
    }
}

/// Reads the uid of the cluster's `kube-system` ([`Cluster::uid`]). Where the cluster is not looked at, it is the one that
/// the graph file names; may not be seen, where that names none.
#[derive(Debug, Clone, Copy)]
pub struct ClusterUid;

#[async_trait]
impl Read for ClusterUid {
    fn rights(&self) -> Vec<Right> {
        to_read_uid()
    }

    async fn perform(&self, cx: &Context) -> Result<Answer> {
        match cx.stated::<Cluster>(Cluster::UID) {
            Some(uid) => Ok(Answer::Found(json!(uid))),
            None => Ok(Answer::Found(json!(cx.handle::<Cluster>().await?.uid().await?))),
        }
    }
}

fn without_contents(secret: &mut Value) {
    let Some(fields) = secret.as_object_mut() else { return };
    fields.retain(|name, _| !matches!(name.as_str(), "data" | "stringData"));
    if let Some(annotations) = secret.pointer_mut("/metadata/annotations").and_then(Value::as_object_mut) {
        annotations.shift_remove(LAST_APPLIED);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_secret_holds_is_in_no_answer() {
        let mut secret = json!({
            "metadata": {"name": "a", "annotations": {LAST_APPLIED: "{\"data\": 1}", "x": "y"}},
            "type": "Opaque", "data": {"token": "c2VjcmV0"}, "stringData": {"token": "secret"},
        });
        without_contents(&mut secret);
        assert_eq!(secret, json!({"metadata": {"name": "a", "annotations": {"x": "y"}}, "type": "Opaque"}));
    }
}
