//! What answers is not Vault: a gateway, a sign-in page, a captive portal.

use rstest::rstest;
use serde_json::{Value, json};
use trustpath_core::Class;
use trustpath_platform::{Error, Vault};
use wiremock::{Mock, MockServer, ResponseTemplate, matchers::any};

use crate::support::{parts, quick, vault, vault_settings};

const NGINX: &str =
    "<html>\r\n<head><title>403 Forbidden</title></head>\r\n<body>\r\n<center><h1>403 Forbidden</h1></center>";

/// Every way in which an answer is read.
async fn all(vault: &Vault) -> Vec<Error> {
    let body = json!({});
    vec![
        vault.read::<Value>("x").await.map(drop).unwrap_err(),
        vault.list("x").await.map(drop).unwrap_err(),
        vault.write("x", &body).await.map(drop).unwrap_err(),
        vault.delete("x").await.unwrap_err(),
        vault.login("auth/x/login", &body).await.map(drop).unwrap_err(),
    ]
}

#[rstest]
#[case::page_403(403, NGINX, "malformed", "403 Forbidden")]
#[case::page_401(401, "<h1>Sign in</h1>", "malformed", "Sign in")]
#[case::page_404(404, "<title>404 Not Found</title>", "malformed", "404 Not Found")]
#[case::page_400(400, "<title>400 No required SSL certificate was sent</title>", "malformed", "No required SSL")]
#[case::page_500(500, "<title>Oops</title>", "malformed", "Oops")]
#[case::page_502(502, "<title>502 Bad Gateway</title>", "unavailable", "502 Bad Gateway")]
#[case::mesh(403, "RBAC: access denied", "malformed", "RBAC: access denied")]
#[case::gateway(403, r#"{"message":"Forbidden"}"#, "malformed", "403")]
#[case::portal(
    200,
    "<!DOCTYPE html><script>if (a<b) {}</script><h1>Welcome to the hotel</h1>",
    "malformed",
    "Welcome to the hotel"
)]
#[case::held(403, "you sent hvs.CAESIJ1yvUbWYr0vT9aPz3kQ1Xc2", "malformed", "you sent [hidden]")]
#[tokio::test]
async fn every_answer_that_is_read(#[case] status: u16, #[case] page: &str, #[case] kind: &str, #[case] line: &str) {
    let server = MockServer::start().await;
    let vault = vault(&server).await;
    server.reset().await;
    Mock::given(any()).respond_with(ResponseTemplate::new(status).set_body_string(page)).mount(&server).await;
    for error in all(&vault).await {
        assert_eq!(error.status(), Some(status));
        let (class, code, message, help) = parts(error);
        assert_eq!((class, code), (Class::Unreachable, format!("trustpath::vault::{kind}")), "{message}");
        assert!(message.contains("something before Vault answered") && message.contains(line), "{message}");
        assert!(help.contains("on the way to VAULT_ADDR"), "{help}");
    }
    let mut settings = vault_settings(&server, &[]);
    settings.limits = quick();
    let (_, _, message, _) = parts(Vault::open(settings).await.unwrap_err());
    assert!(message.contains("something before Vault answered") && message.contains(line), "{message}");
}

#[rstest]
#[case("https://sso.example.com/authorize?state=s3cret", "https://sso.example.com")]
#[case("/oauth2/start?rd=s3cret", "/oauth2/start")]
#[tokio::test]
async fn a_sign_in_page_that_is_sent_to(#[case] location: &str, #[case] shown: &str) {
    let server = MockServer::start().await;
    let vault = vault(&server).await;
    server.reset().await;
    let found = ResponseTemplate::new(302).insert_header("Location", location).set_body_string("<a>Found</a>");
    Mock::given(any()).respond_with(found).mount(&server).await;
    for error in all(&vault).await {
        let (_, code, message, help) = parts(error);
        assert_eq!(code, "trustpath::vault::redirected");
        assert!(message.contains("something before Vault answered") && message.contains(shown), "{message}");
        assert!(!message.contains("s3cret") && !help.contains("s3cret"), "{message}");
    }
}

#[tokio::test]
async fn a_listener_that_wants_tls_is_told() {
    let server = MockServer::start().await;
    let words = "Client sent an HTTP request to an HTTPS server.\n";
    Mock::given(any()).respond_with(ResponseTemplate::new(400).set_body_string(words)).mount(&server).await;
    let (_, _, _, help) = parts(Vault::open(vault_settings(&server, &[])).await.unwrap_err());
    assert!(help.contains("https://"), "{help}");
}
