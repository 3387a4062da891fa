//! After a 403: what the token lacks, or that it is none.

use serde_json::{Value, json};
use trustpath_core::Class;
use wiremock::MockServer;

use crate::support::{answer, parts, vault};

const PATH: &str = "sys/policies/acl/x";
/// Only root may write there, unless a policy says `sudo`.
const ROOTS: &str = "sys/auth/x";

async fn denied(server: &MockServer) {
    denied_at(server, PATH).await;
}

async fn denied_at(server: &MockServer, path: &str) {
    let no = || json!({ "errors": ["permission denied"] });
    answer("POST", &format!("/v1/{path}"), 403, no()).expect(1).mount(server).await;
}

async fn holding(server: &MockServer, capabilities: Value) {
    holding_at(server, PATH, capabilities).await;
}

async fn holding_at(server: &MockServer, path: &str, capabilities: Value) {
    let body = json!({ "data": { path: capabilities, "capabilities": capabilities } });
    answer("POST", "/v1/sys/capabilities-self", 200, body).expect(1).mount(server).await;
}

#[tokio::test]
async fn the_missing_capability_is_named_with_the_stanza_that_gives_it() {
    let server = MockServer::start().await;
    let vault = vault(&server).await;
    denied(&server).await;
    holding(&server, json!(["read"])).await;
    let (class, code, message, help) = parts(vault.write(PATH, &json!({})).await.unwrap_err());
    assert_eq!((class, code.as_str()), (Class::Denied, "trustpath::vault::denied"));
    assert!(message.starts_with("the Vault token lacks `update` on `sys/policies/acl/x`"), "{message}");
    assert!(message.ends_with(": permission denied"), "{message}");
    assert!(help.ends_with(r#"path "sys/policies/acl/x" { capabilities = ["update"] }"#), "{help}");
}

#[tokio::test]
async fn a_path_of_roots_asks_for_sudo() {
    let server = MockServer::start().await;
    let vault = vault(&server).await;
    denied_at(&server, ROOTS).await;
    holding_at(&server, ROOTS, json!(["update"])).await;
    let (_, _, message, help) = parts(vault.write(ROOTS, &json!({})).await.unwrap_err());
    assert!(message.starts_with("the Vault token lacks `sudo`"), "{message}");
    assert!(help.contains(r#"["update", "sudo"]"#), "{help}");
}

#[tokio::test]
async fn a_policy_that_binds_values_is_told_from_one_that_lacks_the_right() {
    let server = MockServer::start().await;
    let vault = vault(&server).await;
    denied(&server).await;
    holding(&server, json!(["update"])).await;
    let (_, _, message, help) = parts(vault.write(PATH, &json!({})).await.unwrap_err());
    assert!(message.contains("but not with these values"), "{message}");
    assert!(help.contains("allowed_parameters"), "{help}");
}

#[tokio::test]
async fn a_token_that_nothing_works_with_is_said_to_be_invalid() {
    let server = MockServer::start().await;
    let vault = vault(&server).await;
    denied(&server).await;
    let no = || json!({ "errors": ["permission denied"] });
    answer("POST", "/v1/sys/capabilities-self", 403, no()).expect(1).mount(&server).await;
    answer("GET", "/v1/auth/token/lookup-self", 403, no()).expect(1).mount(&server).await;
    let (class, code, message, help) = parts(vault.write(PATH, &json!({})).await.unwrap_err());
    assert_eq!((class, code.as_str()), (Class::Denied, "trustpath::vault::unauthenticated"));
    assert!(message.starts_with("the Vault token is invalid or expired"), "{message}");
    assert!(help.contains("vault login"), "{help}");
}

#[tokio::test]
async fn a_token_without_the_right_to_ask_still_gets_an_answer() {
    let server = MockServer::start().await;
    let vault = vault(&server).await;
    answer("GET", "/v1/sys/policies/acl/x", 403, json!({ "errors": ["permission denied"] })).mount(&server).await;
    answer("POST", "/v1/sys/capabilities-self", 403, json!({ "errors": [] })).mount(&server).await;
    answer("GET", "/v1/auth/token/lookup-self", 200, json!({ "data": {} })).mount(&server).await;
    let (_, _, message, _) = parts(vault.read::<Value>(PATH).await.unwrap_err());
    assert!(message.starts_with("the Vault token lacks `read` on `sys/policies/acl/x`"), "{message}");
}

#[tokio::test]
async fn a_login_that_is_turned_away_is_left_as_the_server_said_it() {
    let server = MockServer::start().await;
    let vault = vault(&server).await;
    let no = json!({ "errors": ["service account name not authorized"] });
    answer("POST", "/v1/auth/kubernetes/login", 403, no).expect(1).mount(&server).await;
    let error = vault.login("auth/kubernetes/login", &json!({ "jwt": "x" })).await.unwrap_err();
    assert_eq!(
        (error.status(), error.said()),
        (Some(403), ["service account name not authorized".to_owned()].as_slice())
    );
    let login = server.received_requests().await.unwrap().pop().unwrap();
    assert!(!login.headers.contains_key("x-vault-token"), "a login carries no other token");
}
