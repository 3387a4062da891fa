//! What an answer of the API server's becomes.

use std::time::Duration;

use k8s_openapi::api::core::v1::{Namespace, ServiceAccount};
use rstest::rstest;
use serde_json::{Value, json};
use trustpath_core::Class;
use trustpath_platform::{
    Connections,
    kubernetes::{Address, ApplyOptions},
};
use wiremock::{Mock, MockServer, ResponseTemplate, matchers};

use crate::support::{answer, cluster, kubeconfig, open_cluster, parts};

const PATH: &str = "/api/v1/namespaces/eso/serviceaccounts/eso";

fn at() -> Address {
    Address::namespaced::<ServiceAccount>("eso", "eso")
}

fn status(code: u16, message: &str) -> Value {
    json!({ "kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "message": message })
}

#[rstest]
#[case(400, Class::Rejected, "trustpath::kubernetes::rejected")]
#[case(401, Class::Denied, "trustpath::kubernetes::unauthenticated")]
#[case(403, Class::Denied, "trustpath::kubernetes::denied")]
#[case(404, Class::Missing, "trustpath::kubernetes::not_found")]
#[case(409, Class::Conflict, "trustpath::kubernetes::conflict")]
#[case(422, Class::Rejected, "trustpath::kubernetes::rejected")]
#[case(500, Class::Rejected, "trustpath::kubernetes::failed")]
#[case(302, Class::Unreachable, "trustpath::kubernetes::redirected")]
#[tokio::test]
async fn an_answer_becomes_an_error(#[case] code: u16, #[case] class: Class, #[case] expected: &str) {
    let server = MockServer::start().await;
    let words = "the reason \u{1b}[31mis";
    answer("PATCH", PATH, code, status(code, words)).expect(1).mount(&server).await;
    let error = cluster(&server).await.apply(&at(), &json!({}), ApplyOptions::default()).await.unwrap_err();
    assert_eq!(error.status(), Some(code));
    let (found, found_code, message, _) = parts(error);
    assert_eq!((found, found_code.as_str()), (class, expected));
    assert!(message.ends_with(&format!("(PATCH {PATH}: {code}): the reason is")), "{message}");
}

#[rstest]
#[case(429, 3)]
#[case(502, 3)]
#[case(503, 3)]
#[case(504, 3)]
#[case(409, 1)]
#[case(500, 1)]
#[tokio::test]
async fn one_policy_decides_on_repeating(#[case] code: u16, #[case] requests: usize) {
    let server = MockServer::start().await;
    answer("GET", PATH, code, status(code, "no")).up_to_n_times(2).mount(&server).await;
    answer("GET", PATH, 200, json!({ "metadata": { "name": "eso" } })).mount(&server).await;
    let result = cluster(&server).await.get::<ServiceAccount>(&at()).await;
    assert_eq!(result.is_ok(), requests > 1, "{result:?}");
    assert_eq!(server.received_requests().await.unwrap().len(), requests, "kube's own retry is off");
}

#[tokio::test]
async fn a_conflict_names_the_other_managers_and_their_fields() {
    let server = MockServer::start().await;
    let cause = |manager: &str, field: &str| {
        let message = format!("conflict with \"{manager}\" using v1");
        json!({ "reason": "FieldManagerConflict", "message": message, "field": field })
    };
    let mut body = status(409, "Apply failed with 2 conflicts");
    body["details"] = json!({ "causes": [cause("helm", ".metadata.labels.a"), cause("kubectl", ".secrets")] });
    answer("PATCH", PATH, 409, body).expect(1).mount(&server).await;
    let error = cluster(&server).await.apply(&at(), &json!({}), ApplyOptions::default()).await.unwrap_err();
    assert_eq!(error.said(), ["`.metadata.labels.a` is managed by `helm`", "`.secrets` is managed by `kubectl`"]);
    let (class, _, _, help) = parts(error);
    assert_eq!(class, Class::Conflict);
    assert!(help.contains("--force-conflicts"), "{help}");
}

#[tokio::test]
async fn an_admission_webhook_that_wants_patience_gets_it_only_in_time() {
    let server = MockServer::start().await;
    let mut body = status(429, "slow down");
    body["details"] = json!({ "retryAfterSeconds": 3600 });
    answer("GET", PATH, 429, body).expect(1).mount(&server).await;
    let (class, code, ..) = parts(cluster(&server).await.get::<ServiceAccount>(&at()).await.unwrap_err());
    assert_eq!((class, code.as_str()), (Class::Unreachable, "trustpath::kubernetes::unavailable"));
}

#[tokio::test]
async fn nobody_there_is_said_soon() {
    let address = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let cluster = open_cluster(&kubeconfig(&address, None), &Connections::default()).await.unwrap();
    let (class, code, message, _) = parts(cluster.get::<ServiceAccount>(&at()).await.unwrap_err());
    assert_eq!((class, code.as_str()), (Class::Unreachable, "trustpath::kubernetes::unreachable"));
    assert!(message.contains(&address), "{message}");
}

#[tokio::test]
async fn a_page_of_something_else_is_no_answer() {
    let server = MockServer::start().await;
    let page = ResponseTemplate::new(200).set_body_string("<html>portal</html>");
    Mock::given(matchers::any()).respond_with(page).mount(&server).await;
    let (class, code, ..) = parts(cluster(&server).await.get::<ServiceAccount>(&at()).await.unwrap_err());
    assert_eq!((class, code.as_str()), (Class::Unreachable, "trustpath::kubernetes::malformed"));
}

#[tokio::test]
async fn a_name_that_would_change_the_path_is_not_sent() {
    let server = MockServer::start().await;
    let cluster = cluster(&server).await;
    for name in ["", "..", "a/b", "a?b", "a%2fb", "a b"] {
        let (class, code, ..) =
            parts(cluster.get::<Namespace>(&Address::cluster::<Namespace>(name)).await.unwrap_err());
        assert_eq!((class, code.as_str()), (Class::Config, "trustpath::kubernetes::name"), "{name:?}");
    }
    assert!(server.received_requests().await.unwrap().is_empty());
}

#[rstest]
#[case(
    "Internal error occurred: failed calling webhook \"a.example.com\": failed to call webhook: Post \"https://x\": service \"x\" not found",
    "admission webhook `a.example.com`"
)]
#[case(
    "conversion webhook for external-secrets.io/v1beta1, Kind=ClusterSecretStore failed: Post \"https://x\": no endpoints",
    "conversion webhook `external-secrets.io/v1beta1, Kind=ClusterSecretStore`"
)]
#[tokio::test]
async fn a_webhook_that_cannot_be_called_is_waited_for_and_named(#[case] words: &str, #[case] named: &str) {
    let server = MockServer::start().await;
    answer("PATCH", PATH, 500, status(500, words)).up_to_n_times(2).mount(&server).await;
    answer("PATCH", PATH, 200, json!({ "metadata": { "name": "eso" } })).mount(&server).await;
    cluster(&server).await.apply(&at(), &json!({}), ApplyOptions::default()).await.expect("it is ready by then");
    server.reset().await;
    answer("PATCH", PATH, 500, status(500, words)).mount(&server).await;
    let hurried = cluster(&server).await.with_patience(Duration::from_millis(200));
    let (class, code, message, _) = parts(hurried.apply(&at(), &json!({}), ApplyOptions::default()).await.unwrap_err());
    assert_eq!((class, code.as_str()), (Class::Unreachable, "trustpath::kubernetes::unavailable"));
    assert!(message.contains(named), "{message}");
    assert!(server.received_requests().await.unwrap().len() > 1, "it was not waited for");
}
