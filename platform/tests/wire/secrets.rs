//! No `Debug` shows a secret.

use secrecy::SecretString;
use serde_json::{Value, json};
use trustpath_platform::{Connections, KubernetesSettings};
use wiremock::MockServer;

use crate::support::{TOKEN, answer, cluster, environment, vault, vault_settings};

#[tokio::test]
async fn no_debug_shows_a_token() {
    let server = MockServer::start().await;
    let vault = vault(&server).await;
    let auth = json!({ "client_token": TOKEN, "accessor": "a", "lease_duration": 1 });
    answer("POST", "/v1/auth/k/login", 200, json!({ "auth": auth })).mount(&server).await;
    answer("POST", "/v1/mint", 200, json!({ "data": { "secret": TOKEN } })).mount(&server).await;
    answer("GET", "/v1/no", 500, json!({ "errors": ["broken"] })).mount(&server).await;
    let variables = environment(&[("VAULT_TOKEN", TOKEN), ("HTTPS_PROXY", "http://u:s.never-shown@p:1")]);
    let proxied = vault_settings(&server, &[("VAULT_PROXY_ADDR", "http://u:s.never-shown@p:1")]);
    let shown = [
        format!("{vault:?}"),
        format!("{:?}", vault.with_token(&SecretString::from("s.never-shown"))),
        format!("{:?}", vault.login("auth/k/login", &json!({ "jwt": TOKEN })).await.unwrap()),
        format!("{:?}", vault.write("mint", &json!({ "secret": TOKEN })).await.unwrap()),
        format!("{:?}", vault.read::<Value>("no").await.unwrap_err()),
        format!("{proxied:?}"),
        format!("{variables:?}"),
        format!("{:?}", KubernetesSettings::from(&variables, &Connections::default(), None)),
        format!("{:?}", cluster(&server).await),
    ];
    for text in shown {
        assert!(!text.contains(TOKEN), "{text}");
        assert!(!text.is_empty());
    }
}
