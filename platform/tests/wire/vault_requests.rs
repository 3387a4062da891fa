//! What is sent, and how often.

use rstest::rstest;
use serde_json::{Value, json};
use trustpath_core::{Class, Connection as _};
use trustpath_platform::{
    Vault,
    policy::Capability,
    vault::{Resend, rights::on},
};
use wiremock::{Mock, MockServer, ResponseTemplate, matchers};

use crate::support::{TOKEN, answer, healthy, parts, vault, vault_settings};

async fn write(vault: &Vault, how: Resend) -> Result<(), trustpath_platform::Error> {
    vault.write_as(how, "x", &json!({ "a": 1 })).await.map(drop)
}

/// A server that gives one answer twice, and then accepts: how many requests come?
#[rstest]
#[case(Resend::Repeated, 502, 3)]
#[case(Resend::Repeated, 503, 3)]
#[case(Resend::Repeated, 504, 3)]
#[case(Resend::Repeated, 429, 3)]
#[case(Resend::Repeated, 412, 3)]
#[case(Resend::Repeated, 400, 1)]
#[case(Resend::Repeated, 404, 1)]
#[case(Resend::Repeated, 500, 1)]
#[case(Resend::Once, 502, 1)]
#[case(Resend::Once, 503, 1)]
#[case(Resend::Once, 429, 3)]
#[case(Resend::Once, 412, 3)]
#[case(Resend::Settling, 404, 3)]
#[case(Resend::Settling, 400, 1)]
#[tokio::test]
async fn repeated_where_that_is_harmless(#[case] how: Resend, #[case] status: u16, #[case] requests: u64) {
    let server = MockServer::start().await;
    let vault = vault(&server).await;
    answer("POST", "/v1/x", status, json!({ "errors": ["no"] })).up_to_n_times(2).mount(&server).await;
    Mock::given(matchers::path("/v1/x")).respond_with(ResponseTemplate::new(204)).mount(&server).await;
    let result = write(&vault, how).await;
    assert_eq!(result.is_ok(), requests > 1, "{result:?}");
    let asked = server.received_requests().await.unwrap();
    assert_eq!(asked.iter().filter(|request| request.url.path() == "/v1/x").count() as u64, requests);
}

#[tokio::test]
async fn a_server_that_was_sealed_meanwhile_is_not_waited_for() {
    let server = MockServer::start().await;
    answer("GET", "/v1/sys/health", 200, healthy()).up_to_n_times(1).mount(&server).await;
    let mut sealed = healthy();
    sealed["sealed"] = json!(true);
    answer("GET", "/v1/sys/health", 200, sealed).expect(1).mount(&server).await;
    answer("GET", "/v1/x", 503, json!({ "errors": ["Vault is sealed"] })).expect(1).mount(&server).await;
    let vault = Vault::open(vault_settings(&server, &[])).await.unwrap();
    let (class, code, ..) = parts(vault.read::<Value>("x").await.unwrap_err());
    assert_eq!((class, code.as_str()), (Class::Missing, "trustpath::vault::sealed"));
}

#[tokio::test]
async fn a_server_that_never_recovers_is_given_up_on_with_its_own_words() {
    let server = MockServer::start().await;
    answer("GET", "/v1/sys/health", 200, healthy()).mount(&server).await;
    answer("GET", "/v1/x", 503, json!({ "errors": ["no active node"] })).mount(&server).await;
    let mut settings = vault_settings(&server, &[]);
    settings.limits.total = std::time::Duration::from_millis(100);
    let vault = Vault::open(settings).await.unwrap();
    let (class, code, message, _) = parts(vault.read::<Value>("x").await.unwrap_err());
    assert_eq!((class, code.as_str()), (Class::Unreachable, "trustpath::vault::unavailable"));
    assert!(message.ends_with("(GET x: 503): no active node"), "{message}");
}

#[tokio::test]
async fn a_server_that_asks_for_more_patience_than_there_is_time_is_not_asked_again() {
    let server = MockServer::start().await;
    let vault = vault(&server).await;
    let later = ResponseTemplate::new(429).insert_header("Retry-After", "3600");
    Mock::given(matchers::path("/v1/x")).respond_with(later).expect(1).mount(&server).await;
    let (class, ..) = parts(vault.read::<Value>("x").await.unwrap_err());
    assert_eq!(class, Class::Unreachable);
}

#[tokio::test]
async fn silence_ends_when_the_time_is_over() {
    let server = MockServer::start().await;
    answer("GET", "/v1/sys/health", 200, healthy()).mount(&server).await;
    let never = ResponseTemplate::new(200).set_delay(std::time::Duration::from_secs(60));
    Mock::given(matchers::path("/v1/x")).respond_with(never).mount(&server).await;
    let mut settings = vault_settings(&server, &[]);
    settings.limits.total = std::time::Duration::from_millis(100);
    let vault = Vault::open(settings).await.unwrap();
    let (class, code, ..) = parts(vault.write("x", &json!({})).await.unwrap_err());
    assert_eq!((class, code.as_str()), (Class::Timeout, "trustpath::vault::timeout"));
}

#[tokio::test]
async fn every_request_carries_what_vault_wants_to_see() {
    let server = MockServer::start().await;
    let vault = vault(&server).await;
    let path = Vault::path(["sys", "policies", "acl", "a b%/ü?"]);
    assert_eq!(vault.within(Some("team")).read::<Value>(&path).await.unwrap(), None);
    let asked = server.received_requests().await.unwrap().pop().unwrap();
    assert_eq!(asked.headers["x-vault-request"], "true");
    assert_eq!(asked.headers["x-vault-token"], TOKEN);
    assert_eq!(asked.headers["x-vault-namespace"], "team");
    assert_eq!(asked.url.path(), "/v1/sys/policies/acl/a%20b%25/%C3%BC%3F");
    assert_eq!(asked.url.query(), None);
    assert_eq!(vault.namespace(), None, "the connection itself stays where it was");
}

#[tokio::test]
async fn a_path_before_the_version_stays_before_it() {
    let server = MockServer::start().await;
    answer("GET", "/behind/proxy/v1/sys/health", 200, healthy()).mount(&server).await;
    answer("GET", "/behind/proxy/v1/x", 200, json!({ "data": { "a": 1 } })).mount(&server).await;
    let address = format!("{}/behind/proxy/", server.uri());
    let vault = Vault::open(vault_settings(&server, &[("BAO_ADDR", "")])).await;
    assert!(vault.is_err(), "without the prefix nothing is there");
    let environment = crate::support::environment(&[("VAULT_ADDR", &address), ("VAULT_TOKEN", TOKEN)]);
    let vault = Vault::connect(&environment, &trustpath_platform::Connections::default()).await.unwrap();
    assert_eq!(vault.read::<Value>("x").await.unwrap(), Some(json!({ "a": 1 })));
}

#[tokio::test]
async fn a_read_asks_for_the_state_that_the_write_led_to() {
    let server = MockServer::start().await;
    let vault = vault(&server).await;
    let written = ResponseTemplate::new(204).insert_header("X-Vault-Index", "opaque");
    Mock::given(matchers::method("POST")).respond_with(written).mount(&server).await;
    answer("GET", "/v1/x", 200, json!({ "data": {} })).mount(&server).await;
    vault.read::<Value>("x").await.unwrap();
    vault.write("x", &json!({})).await.unwrap();
    vault.write("x", &json!({})).await.unwrap();
    vault.within(Some("team")).read::<Value>("x").await.unwrap();
    let asked = server.received_requests().await.unwrap();
    let indexes: Vec<_> = asked.iter().map(|request| request.headers.get("x-vault-index").is_some()).collect();
    assert_eq!(indexes, [false, false, false, true, true]);
    let named: Vec<_> = asked[4].headers.get_all("x-vault-index").iter().collect();
    assert_eq!(named, ["opaque"], "OpenBao takes one at most");
    assert_eq!(asked[4].headers["x-vault-inconsistent"], "forward-active-node");
}

#[tokio::test]
async fn a_login_hands_over_its_token_and_the_warnings_stay() {
    let server = MockServer::start().await;
    let vault = vault(&server).await;
    let body = json!({
        "warnings": ["TTL is \u{1b}[1mcapped"],
        "auth": {
            "client_token": "s.fresh", "accessor": "acc", "policies": ["default", "p"], "token_policies": ["default"],
            "entity_id": "e", "lease_duration": 3600, "metadata": { "role": "r" },
        },
    });
    answer("POST", "/v1/auth/kubernetes/login", 200, body).mount(&server).await;
    answer("POST", "/v1/sys/capabilities-self", 200, json!({ "data": { "kv/data/a": ["read"] } })).mount(&server).await;
    let login = vault.login("auth/kubernetes/login", &json!({ "role": "r" })).await.unwrap();
    assert_eq!((login.accessor.as_str(), login.lease.as_secs()), ("acc", 3600));
    let held = vault.with_token(&login.token).capabilities(&["kv/data/a"]).await.unwrap();
    assert_eq!(held["kv/data/a"], ["read"]);
    let asked = server.received_requests().await.unwrap().pop().unwrap();
    assert_eq!(asked.headers["x-vault-token"], "s.fresh");
}

#[tokio::test]
async fn lists_travel_as_get() {
    let server = MockServer::start().await;
    let vault = vault(&server).await;
    Mock::given(matchers::method("GET"))
        .and(matchers::path("/v1/auth/k/role"))
        .and(matchers::query_param("list", "true"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({ "data": { "keys": ["a", "b/"] } })))
        .expect(1)
        .mount(&server)
        .await;
    assert_eq!(vault.list("auth/k/role").await.unwrap(), ["a", "b/"]);
}

/// Answers for each path that it is asked about with the path itself.
struct Echo;

impl wiremock::Respond for Echo {
    fn respond(&self, request: &wiremock::Request) -> ResponseTemplate {
        let asked: serde_json::Value = request.body_json().unwrap();
        let held =
            asked["paths"].as_array().unwrap().iter().map(|path| (path.as_str().unwrap().to_owned(), json!([path])));
        ResponseTemplate::new(200).set_body_json(json!({ "data": held.collect::<serde_json::Map<_, _>>() }))
    }
}

#[tokio::test]
async fn many_paths_are_asked_about_in_parts() {
    let server = MockServer::start().await;
    let vault = vault(&server).await;
    let ask = |at: &str| Mock::given(matchers::path(format!("/v1/sys/{at}"))).respond_with(Echo);
    ask("capabilities-self").mount(&server).await;
    ask("capabilities-accessor").mount(&server).await;
    let paths: Vec<_> = (0..1001).map(|nth| format!("sys/policies/acl/{nth}")).collect();
    let paths: Vec<_> = paths.iter().map(String::as_str).collect();
    let grants: Vec<_> = paths.iter().flat_map(|path| on(None, path).may(&[Capability::Read])).collect();
    let (own, of) = tokio::join!(vault.capabilities(&paths), vault.capabilities_of("accessor", &paths));
    for held in [own.unwrap(), of.unwrap()] {
        assert_eq!(held.len(), 1001);
        assert!(held.iter().all(|(path, held)| held == std::slice::from_ref(path)));
    }
    let lacking = vault.missing_rights(&grants).await.unwrap();
    assert_eq!(lacking.missing.len(), 1001, "each path has an answer of its own");
    let asked =
        server.received_requests().await.unwrap().into_iter().filter(|asked| asked.url.path().contains("capab"));
    let sizes: Vec<_> =
        asked.map(|asked| asked.body_json::<serde_json::Value>().unwrap()["paths"].as_array().unwrap().len()).collect();
    assert_eq!(sizes.len(), 3 * 6);
    assert!(sizes.iter().all(|size| *size <= 200), "{sizes:?}");
}

#[tokio::test]
async fn what_vault_warns_of_is_told_once_and_cleaned() {
    let server = MockServer::start().await;
    answer("GET", "/v1/sys/health", 200, healthy()).mount(&server).await;
    let body = |warning: &str| json!({ "data": { "keys": [] }, "warnings": [warning] });
    answer("GET", "/v1/x", 200, body("read \u{1b}[31mred")).mount(&server).await;
    answer("POST", "/v1/x", 200, body("written")).mount(&server).await;
    let told = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let into = told.clone();
    let heard = trustpath_platform::Heard::by(move |warning| into.lock().unwrap().push(warning.to_owned()));
    let mut settings = vault_settings(&server, &[]);
    settings.heard = heard;
    let vault = Vault::open(settings).await.unwrap();
    for _ in 0..2 {
        vault.read::<Value>("x").await.unwrap();
        vault.write("x", &json!({})).await.unwrap();
    }
    assert_eq!(*told.lock().unwrap(), ["read red", "written"]);
}
