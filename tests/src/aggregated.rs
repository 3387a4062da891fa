//! An aggregated API, as OLM brings one: it shows the same objects in every namespace, and nothing of it can be deleted.

use std::{net::Ipv4Addr, sync::Arc};

use axum::{Json, Router, routing::get};
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::AbortHandle};

use crate::{pair::Pair, proxy::Proxy};

const GROUP: &str = "packages.operators.coreos.com";
const VIEW: &str = "apis/apiregistration.k8s.io/v1/apiservices/v1.packages.operators.coreos.com";
const SERVICE: &str = "api/v1/namespaces/default/services/packageserver";
const DOWN: &str = "apis/apiregistration.k8s.io/v1/apiservices/v1beta1.metrics.k8s.io";

/// The server behind the API, and the TLS in front of it.
pub struct Aggregated {
    _tls: Proxy,
    serving: AbortHandle,
}

impl Aggregated {
    /// Starts one, and returns once the API server has it.
    pub async fn start(pair: &Pair) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let address = listener.local_addr().expect("a bound address");
        let version = format!("/apis/{GROUP}/v1");
        let routes = Router::new()
            .route(&version, get(|| async { Json(types()) }))
            .route(&format!("{version}/packagemanifests"), get(|| async { Json(packages()) }))
            .route(&format!("{version}/namespaces/{{namespace}}/packagemanifests"), get(|| async { Json(packages()) }));
        let serving = tokio::spawn(async move { axum::serve(listener, routes).await }).abort_handle();
        let identity = trustpath_sandbox::tls::identity().expect("a certificate");
        let tls = Proxy::start(&format!("http://{address}"), None, Some(Arc::clone(&identity.config))).await;
        let port = tls.address().port();
        let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "packageserver"},
            "spec": {"type": "ExternalName", "externalName": "127.0.0.1"}});
        pair.kubernetes.apply(SERVICE, "tests", service.to_string()).await;
        let to = json!({"name": "packageserver", "namespace": "default", "port": port});
        register(pair, VIEW, json!({"group": GROUP, "version": "v1", "service": to})).await;
        pair.kubernetes.wait(&format!("apis/{GROUP}/v1/packagemanifests"), |found| found.is_some()).await;
        Self { _tls: tls, serving }
    }

    /// Takes it away again.
    pub async fn leave(self, pair: &Pair) {
        pair.kubernetes.delete(VIEW).await;
        pair.kubernetes.delete(SERVICE).await;
        unlisted(pair, GROUP).await;
    }
}

impl Drop for Aggregated {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// Registers an API with no server behind it, and returns once the API server says so.
pub async fn down(pair: &Pair) {
    let to = json!({"name": "metrics-server", "namespace": "default"});
    register(pair, DOWN, json!({"group": "metrics.k8s.io", "version": "v1beta1", "service": to})).await;
    let unavailable = |found: Option<&Value>| {
        found.is_some_and(|list| {
            list["groups"].as_array().into_iter().flatten().any(|group| group["name"] == "metrics.k8s.io")
        })
    };
    pair.kubernetes.wait("apis", unavailable).await;
}

/// Takes that away again.
pub async fn up(pair: &Pair) {
    pair.kubernetes.delete(DOWN).await;
    unlisted(pair, "metrics.k8s.io").await;
}

async fn register(pair: &Pair, path: &str, mut spec: Value) {
    let name = path.rsplit('/').next().expect("a name");
    for (key, value) in
        [("insecureSkipTLSVerify", json!(true)), ("groupPriorityMinimum", json!(100)), ("versionPriority", json!(100))]
    {
        spec[key] = value;
    }
    let object = json!({"apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService", "metadata": {"name": name}, "spec": spec});
    pair.kubernetes.apply(path, "tests", object.to_string()).await;
}

async fn unlisted(pair: &Pair, group: &str) {
    let gone = |found: Option<&Value>| {
        found.is_some_and(|list| !list["groups"].as_array().into_iter().flatten().any(|each| each["name"] == group))
    };
    pair.kubernetes.wait("apis", gone).await;
}

fn types() -> Value {
    let resource = json!({"name": "packagemanifests", "singularName": "packagemanifest", "namespaced": true, "kind": "PackageManifest",
        "verbs": ["get", "list", "watch"]});
    json!({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": format!("{GROUP}/v1"), "resources": [resource]})
}

fn packages() -> Value {
    let package = json!({"apiVersion": format!("{GROUP}/v1"), "kind": "PackageManifest", "metadata": {"name": "etcd", "namespace": "olm"}});
    json!({"apiVersion": format!("{GROUP}/v1"), "kind": "PackageManifestList", "metadata": {}, "items": [package]})
}
