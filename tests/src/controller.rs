//! A controller of others, as Istio, trust-manager or OpenShift bring one: it writes into every new namespace.

use std::{collections::BTreeSet, time::Duration};

use serde_json::Value;
use tokio::task::AbortHandle;

use crate::rest::Rest;

/// How soon it sees a new namespace.
const PAUSE: Duration = Duration::from_millis(10);

/// Writes into every namespace that is made while this is kept, within 50 ms on a machine that has time.
pub struct Controller(AbortHandle);

impl Controller {
    /// Starts one that applies these objects, by their paths below the namespace. Returns once it knows which namespaces are
    /// not new.
    pub async fn start(api: &Rest, objects: Vec<(&'static str, Value)>) -> Self {
        let api = api.clone();
        let mut known = namespaces(&api).await.into_iter().map(|(_, uid)| uid).collect::<BTreeSet<_>>();
        let work = async move {
            loop {
                for (name, uid) in namespaces(&api).await {
                    if known.insert(uid) {
                        furnish(&api, &name, &objects).await;
                    }
                }
                tokio::time::sleep(PAUSE).await;
            }
        };
        Self(tokio::spawn(work).abort_handle())
    }
}

impl Drop for Controller {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn furnish(api: &Rest, namespace: &str, objects: &[(&'static str, Value)]) {
    for (path, object) in objects {
        let group = if object["apiVersion"] == "v1" { "api" } else { "apis" };
        let version = object["apiVersion"].as_str().expect("a version");
        let path = format!("{group}/{version}/namespaces/{namespace}/{path}?fieldManager=controller&force=true");
        // One that is on its way out already takes nothing: so it is for any controller.
        api.send("PATCH", &path, Some(("application/apply-patch+yaml", object.to_string()))).await;
    }
}

async fn namespaces(api: &Rest) -> Vec<(String, String)> {
    let list = api.get("api/v1/namespaces").await.expect("namespaces");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let each = |object: &Value| (text(&object["metadata"]["name"]), text(&object["metadata"]["uid"]));
    list["items"].as_array().into_iter().flatten().map(each).collect()
}
