//! Once the lock of a run is gone, nothing is written any more: not even the second attempt of a write that was begun
//! under it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use k8s_openapi::api::core::v1::ConfigMap;
use serde_json::json;
use trustpath_core::{Class, run::Guard};
use trustpath_platform::{
    Cluster, Vault,
    kubernetes::{Address, ApplyOptions},
    lock::Fence,
};
use wiremock::{
    Mock, MockServer, Request, ResponseTemplate,
    matchers::{method, path},
};

use crate::support::{answer, cluster_settings, healthy, parts, vault_settings};

/// A lock that is lost at a word.
#[derive(Clone, Default)]
struct Lock(Arc<AtomicBool>);

impl Lock {
    fn lose(&self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl Guard for Lock {
    fn remaining(&self) -> Duration {
        if self.0.load(Ordering::SeqCst) { Duration::ZERO } else { Duration::from_secs(60) }
    }
}

fn fenced(lock: &Lock) -> Fence {
    let fence = Fence::default();
    fence.put_up(Arc::new(lock.clone()));
    fence
}

/// Answers 503, and the lock is lost while the answer is on its way.
fn losing(lock: &Lock) -> impl Fn(&Request) -> ResponseTemplate + Send + Sync + 'static {
    let lock = lock.clone();
    move |_: &Request| {
        lock.lose();
        ResponseTemplate::new(503)
    }
}

async fn sent(server: &MockServer, verb: &str) -> usize {
    server.received_requests().await.unwrap().iter().filter(|request| request.method.as_str() == verb).count()
}

#[tokio::test]
async fn vault_gets_no_second_attempt() {
    let (server, lock) = (MockServer::start().await, Lock::default());
    answer("GET", "/v1/sys/health", 200, healthy()).mount(&server).await;
    answer("GET", "/v1/secret", 200, json!({ "data": {} })).mount(&server).await;
    for of in ["accessor", "self"] {
        answer("POST", &format!("/v1/auth/token/revoke-{of}"), 204, json!(null)).mount(&server).await;
    }
    Mock::given(method("POST")).and(path("/v1/secret")).respond_with(losing(&lock)).mount(&server).await;
    let mut settings = vault_settings(&server, &[]);
    settings.fence = fenced(&lock);
    let vault = Vault::open(settings).await.unwrap();
    let (class, code, ..) = parts(vault.write("secret", &json!({ "a": 1 })).await.unwrap_err());
    assert_eq!((class, code.as_str()), (Class::Conflict, "trustpath::vault::unlocked"));
    assert_eq!(sent(&server, "POST").await, 1);
    assert!(vault.delete("secret").await.is_err());
    assert_eq!(sent(&server, "DELETE").await, 0);
    vault.read::<serde_json::Value>("secret").await.expect("reading needs no lock");
    vault.revoke("accessor").await.expect("a token that is there is taken back");
    vault.revoke_self().await.expect("by itself, too");
}

#[tokio::test]
async fn the_cluster_gets_no_second_attempt() {
    const PATH: &str = "/api/v1/namespaces/eso/configmaps/a";
    let (server, lock) = (MockServer::start().await, Lock::default());
    let object = json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "a" } });
    answer("GET", PATH, 200, object.clone()).mount(&server).await;
    Mock::given(method("PATCH")).and(path(PATH)).respond_with(losing(&lock)).mount(&server).await;
    let (_folder, mut settings) = cluster_settings(&server);
    settings.fence = fenced(&lock);
    let cluster = Cluster::open(settings).await.unwrap();
    let at = Address::namespaced::<ConfigMap>("eso", "a");
    let (class, code, ..) = parts(cluster.apply(&at, &object, ApplyOptions::default()).await.unwrap_err());
    assert_eq!((class, code.as_str()), (Class::Conflict, "trustpath::kubernetes::unlocked"));
    assert_eq!(sent(&server, "PATCH").await, 1);
    assert!(cluster.remove(&at, &object).await.is_err());
    assert_eq!(sent(&server, "DELETE").await, 0);
    assert!(cluster.get::<ConfigMap>(&at).await.unwrap().is_some());
}
