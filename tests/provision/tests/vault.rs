//! HashiCorp Vault starts with what the tests need of it, and is gone when its value is.

mod common;

use common::{eventually, lives};
use reqwest::{Client, Method};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use trustpath_provision::HashiCorpVault;

async fn call(server: &HashiCorpVault, method: Method, path: &str, body: Value) -> Value {
    rustls::crypto::ring::default_provider().install_default().ok();
    let response = Client::builder()
        .no_proxy()
        .build()
        .unwrap()
        .request(method, format!("{}/v1/{path}", server.address()))
        .header("X-Vault-Token", server.root_token().expose_secret())
        .json(&body)
        .send()
        .await
        .unwrap();
    let status = response.status();
    let text = response.text().await.unwrap();
    assert!(status.is_success(), "{path}: {status} {text}");
    serde_json::from_str(&text).unwrap_or_default()
}

#[tokio::test]
async fn starts_ready_and_leaves_nothing_behind() {
    let server = HashiCorpVault::start().await.unwrap();
    let health = call(&server, Method::GET, "sys/health", Value::Null).await;
    assert_eq!(health["version"], "1.21.4");
    assert_eq!(health["enterprise"], false);
    assert!(health["cluster_id"].is_string(), "{health}");

    let (pid, dir) = (server.pid(), server.log().parent().unwrap().to_owned());
    assert!(lives(pid));
    drop(server);
    eventually("the process is gone", async || !lives(pid)).await;
    assert!(!dir.exists());
}

#[tokio::test]
async fn has_the_auth_methods_engines_and_endpoints_of_the_tests() {
    let server = HashiCorpVault::start().await.unwrap();
    for method in ["kubernetes", "approle", "jwt"] {
        call(&server, Method::POST, &format!("sys/auth/{method}"), json!({ "type": method })).await;
    }
    let kv = json!({ "type": "kv", "options": { "version": "2" } });
    call(&server, Method::POST, "sys/mounts/kv", kv).await;
    let mount = call(&server, Method::GET, "sys/mounts/kv", Value::Null).await;
    assert_eq!(mount["data"]["options"]["version"], "2");
    let raw = call(&server, Method::GET, "sys/raw/?list=true", Value::Null).await;
    assert_eq!(raw["data"]["keys"], json!(["core/", "logical/", "sys/"]));
    let own = call(&server, Method::GET, "auth/token/lookup-self", Value::Null).await;
    assert_eq!(own["data"]["policies"], json!(["root"]));
}
