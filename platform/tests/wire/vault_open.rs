//! Opening: one request, and a clear word when Vault cannot serve or is another.

use rstest::rstest;
use serde_json::{Value, json};
use trustpath_core::{Class, Connection as _};
use trustpath_platform::{Connections, Vault, VaultSettings, vault::Family};
use wiremock::MockServer;

use crate::support::{TOKEN, answer, environment, healthy, parts, quick, vault_settings};

fn health(changes: Value) -> Value {
    let mut health = healthy();
    for (key, value) in changes.as_object().unwrap() {
        health[key] = value.clone();
    }
    health
}

#[rstest]
#[case(200, json!({ "sealed": true }), "trustpath::vault::sealed")]
#[case(503, json!({ "sealed": true }), "trustpath::vault::sealed")]
#[case(501, json!({ "initialized": false, "sealed": true }), "trustpath::vault::uninitialized")]
#[case(472, json!({ "replication_dr_mode": "secondary" }), "trustpath::vault::unserved")]
#[tokio::test]
async fn a_vault_that_cannot_serve(#[case] status: u16, #[case] changes: Value, #[case] code: &str) {
    let server = MockServer::start().await;
    answer("GET", "/v1/sys/health", status, health(changes)).expect(1).mount(&server).await;
    let (class, found, ..) = parts(Vault::open(vault_settings(&server, &[])).await.unwrap_err());
    assert_eq!((class, found.as_str()), (Class::Missing, code));
}

#[rstest]
#[case(json!({ "version": "2.7.2" }), Family::OpenBao)]
#[case(json!({ "version": "1.15.6" }), Family::Vault)]
#[case(json!({ "version": "1.15.6+ent" }), Family::VaultEnterprise)]
#[case(json!({ "version": "1.21.4", "enterprise": false }), Family::Vault)]
#[case(json!({ "version": "2.0.1+ent", "enterprise": true }), Family::VaultEnterprise)]
#[tokio::test]
async fn whose_server_it_is(#[case] changes: Value, #[case] family: Family) {
    let server = MockServer::start().await;
    answer("GET", "/v1/sys/health", 200, health(changes)).expect(1).mount(&server).await;
    assert_eq!(Vault::open(vault_settings(&server, &[])).await.unwrap().family(), family);
}

#[tokio::test]
async fn a_standby_serves_too() {
    let server = MockServer::start().await;
    answer("GET", "/v1/sys/health", 429, health(json!({ "standby": true }))).expect(1).mount(&server).await;
    Vault::open(vault_settings(&server, &[])).await.unwrap();
}

#[tokio::test]
async fn a_namespace_that_vault_would_ignore_is_refused() {
    let server = MockServer::start().await;
    answer("GET", "/v1/sys/health", 200, health(json!({ "enterprise": false }))).mount(&server).await;
    let (_, code, ..) = parts(Vault::open(vault_settings(&server, &[("VAULT_NAMESPACE", "a")])).await.unwrap_err());
    assert_eq!(code, "trustpath::vault::unserved");
}

#[tokio::test]
async fn the_identity_names_cluster_and_namespace() {
    let server = MockServer::start().await;
    answer("GET", "/v1/sys/health", 200, healthy()).expect(1).mount(&server).await;
    let vault = Vault::open(vault_settings(&server, &[("VAULT_NAMESPACE", "/team/a/")])).await.unwrap();
    let identity: Vec<_> = vault.identity().await.unwrap().into_iter().collect();
    let expected = [("cluster_id", "one"), ("namespace", "team/a")];
    assert_eq!(identity, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let asked = server.received_requests().await.unwrap();
    assert!(!asked[0].headers.contains_key("x-vault-namespace"), "sys/health lives in the root namespace");
    assert!(!asked[0].headers.contains_key("x-vault-token"), "sys/health needs no token");
}

#[tokio::test]
async fn a_vault_that_is_not_the_pinned_one_is_refused() {
    let server = MockServer::start().await;
    answer("GET", "/v1/sys/health", 200, healthy()).mount(&server).await;
    let mut connections = Connections::default();
    connections.vault.cluster_id = Some("another".to_owned());
    let address = server.uri();
    let environment = environment(&[("VAULT_ADDR", &address), ("VAULT_TOKEN", TOKEN)]);
    let settings = VaultSettings::from(&environment, &connections).unwrap();
    let (class, code, message, _) = parts(Vault::open(settings).await.unwrap_err());
    assert_eq!((class, code.as_str()), (Class::Refused, "trustpath::vault::pinned"));
    assert!(message.contains("`another`") && message.contains("`one`"), "{message}");
}

#[tokio::test]
async fn nobody_there_is_said_soon() {
    let address = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let environment = environment(&[("VAULT_ADDR", &address), ("VAULT_TOKEN", TOKEN)]);
    let mut settings = VaultSettings::from(&environment, &Connections::default()).unwrap();
    settings.limits = quick();
    let (class, code, message, _) = parts(Vault::open(settings).await.unwrap_err());
    assert_eq!((class, code.as_str()), (Class::Unreachable, "trustpath::vault::unreachable"));
    assert!(message.contains(&address), "{message}");
}

#[tokio::test]
async fn the_token_file_is_read_when_no_variable_is_set() {
    let (server, home) = (MockServer::start().await, tempfile::tempdir().unwrap());
    answer("GET", "/v1/sys/health", 200, healthy()).mount(&server).await;
    answer("GET", "/v1/x", 200, json!({ "data": {} })).mount(&server).await;
    let variables = [("VAULT_ADDR".to_owned(), server.uri())];
    let environment = trustpath_platform::Environment::new(variables, Some(home.path().to_owned()));
    let connections = Connections::default();
    let open = || Vault::connect(&environment, &connections);

    let (class, code, ..) = parts(open().await.unwrap_err());
    assert_eq!((class, code.as_str()), (Class::Config, "trustpath::vault::no_token"));

    std::fs::write(home.path().join(".vault-token"), "s.from-file\n").unwrap();
    open().await.unwrap().read::<Value>("x").await.unwrap();
    let asked = server.received_requests().await.unwrap().pop().unwrap();
    assert_eq!(asked.headers["x-vault-token"], "s.from-file");

    std::fs::write(home.path().join(".vault-token"), "s.one\ns.two\n").unwrap();
    let (class, code, ..) = parts(open().await.unwrap_err());
    assert_eq!((class, code.as_str()), (Class::Config, "trustpath::vault::token"));
}

#[tokio::test]
async fn requests_go_through_the_proxy_that_is_named() {
    let proxy = MockServer::start().await;
    answer("GET", "/v1/sys/health", 200, healthy()).expect(1).mount(&proxy).await;
    let uri = proxy.uri();
    let environment =
        environment(&[("VAULT_ADDR", "http://vault.invalid:8200"), ("VAULT_TOKEN", TOKEN), ("VAULT_PROXY_ADDR", &uri)]);
    Vault::connect(&environment, &Connections::default()).await.unwrap();
    let asked = proxy.received_requests().await.unwrap().pop().unwrap();
    assert_eq!(asked.headers["host"], "vault.invalid:8200");
}
