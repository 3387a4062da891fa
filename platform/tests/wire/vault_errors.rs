//! What an answer of Vault's becomes.

use rstest::rstest;
use serde_json::{Value, json};
use trustpath_core::Class;
use wiremock::{MockServer, ResponseTemplate, matchers::any};

use crate::support::{answer, parts, vault};

#[rstest]
#[case(400, "unknown field", Class::Rejected, "trustpath::vault::rejected")]
#[case(404, "no handler for route", Class::Missing, "trustpath::vault::not_found")]
#[case(404, "namespace not found", Class::Missing, "trustpath::vault::namespace")]
#[case(405, "unsupported operation", Class::Rejected, "trustpath::vault::rejected")]
#[case(409, "already there", Class::Conflict, "trustpath::vault::conflict")]
#[case(422, "no", Class::Rejected, "trustpath::vault::rejected")]
#[case(500, "could not load backend configuration", Class::Rejected, "trustpath::vault::failed")]
#[tokio::test]
async fn an_answer_becomes_an_error(
    #[case] status: u16,
    #[case] words: &str,
    #[case] class: Class,
    #[case] code: &str,
) {
    let server = MockServer::start().await;
    let vault = vault(&server).await;
    answer("POST", "/v1/auth/x/config", status, json!({ "errors": [words] })).expect(1).mount(&server).await;
    let error = vault.write("auth/x/config", &json!({})).await.unwrap_err();
    assert_eq!(error.status(), Some(status));
    let (found, found_code, message, _) = parts(error);
    assert_eq!((found, found_code.as_str()), (class, code));
    assert!(message.contains(words) && message.contains("POST auth/x/config"), "{message}");
}

#[tokio::test]
async fn what_is_not_there_is_none_unless_the_namespace_is_not_there() {
    let server = MockServer::start().await;
    let vault = vault(&server).await;
    answer("GET", "/v1/sys/policies/acl/x", 404, json!({ "errors": [] })).mount(&server).await;
    answer("GET", "/v1/auth/x/config", 404, json!({ "errors": ["no handler for route"] })).mount(&server).await;
    answer("GET", "/v1/lost", 404, json!({ "errors": ["namespace not found"] })).mount(&server).await;
    answer("DELETE", "/v1/sys/policies/acl/x", 404, json!({ "errors": [] })).mount(&server).await;
    assert_eq!(vault.read::<Value>("sys/policies/acl/x").await.unwrap(), None);
    assert_eq!(vault.read::<Value>("auth/x/config").await.unwrap(), None);
    assert!(vault.list("sys/policies/acl/x").await.unwrap().is_empty());
    vault.delete("sys/policies/acl/x").await.unwrap();
    let (_, code, ..) = parts(vault.read::<Value>("lost").await.unwrap_err());
    assert_eq!(code, "trustpath::vault::namespace");
}

#[tokio::test]
async fn no_token_follows_a_redirect() {
    let (server, elsewhere) = (MockServer::start().await, MockServer::start().await);
    let vault = vault(&server).await;
    let location = format!("{}/v1/sys/policies/acl/x?secret=1", elsewhere.uri());
    wiremock::Mock::given(any())
        .respond_with(ResponseTemplate::new(307).insert_header("Location", location.as_str()))
        .mount(&server)
        .await;
    let (class, code, message, help) = parts(vault.read::<Value>("sys/policies/acl/x").await.unwrap_err());
    assert_eq!((class, code.as_str()), (Class::Unreachable, "trustpath::vault::redirected"));
    assert!(help.contains(&format!("VAULT_ADDR={}", elsewhere.uri())), "{help}");
    assert!(!message.contains("secret") && !help.contains("secret"));
    assert!(elsewhere.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn the_servers_words_cannot_move_the_terminal() {
    let server = MockServer::start().await;
    let vault = vault(&server).await;
    let words = "\u{1b}]0;owned\u{7}bad\u{1b}[2J value\r\nfake line";
    answer("POST", "/v1/x", 400, json!({ "errors": [words] })).mount(&server).await;
    let error = vault.write("x", &json!({})).await.unwrap_err();
    assert_eq!(error.said(), ["bad value fake line"]);
}

#[tokio::test]
async fn errors_that_vault_wraps_are_taken_out() {
    let server = MockServer::start().await;
    let vault = vault(&server).await;
    let words = "2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n";
    answer("POST", "/v1/x", 400, json!({ "errors": [words] })).mount(&server).await;
    let error = vault.write("x", &json!({})).await.unwrap_err();
    assert_eq!(error.said(), ["permission denied", "invalid token"]);
}

#[tokio::test]
async fn what_is_not_vaults_is_said_to_be_so() {
    let server = MockServer::start().await;
    let vault = vault(&server).await;
    wiremock::Mock::given(any())
        .respond_with(ResponseTemplate::new(200).set_body_string("<html>login</html>"))
        .mount(&server)
        .await;
    let (class, code, message, _) = parts(vault.read::<Value>("x").await.unwrap_err());
    assert_eq!((class, code.as_str()), (Class::Unreachable, "trustpath::vault::malformed"));
    assert!(!message.contains("html"), "an answer that was not understood may be anything: {message}");
}

#[tokio::test]
async fn a_name_that_would_change_the_path_is_not_sent() {
    let server = MockServer::start().await;
    let vault = vault(&server).await;
    for path in ["sys/policies/acl/..", "sys/policies/acl/", "auth/./role", "a\nb"] {
        let (class, code, ..) = parts(vault.read::<Value>(path).await.unwrap_err());
        assert_eq!((class, code.as_str()), (Class::Config, "trustpath::vault::name"), "{path:?}");
    }
    assert_eq!(server.received_requests().await.unwrap().len(), 1, "only the health request");
}
