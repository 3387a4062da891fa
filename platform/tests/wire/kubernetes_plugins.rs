//! Credential plugins, and the other credentials of a kubeconfig.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use k8s_openapi::api::core::v1::Namespace;
use rstest::rstest;
use serde_json::{Value, json};
use trustpath_core::Class;
use trustpath_platform::{Cluster, Connections, kubernetes::Address};
use wiremock::{MockServer, Request};

use crate::support::{answer, kubeconfig, open_cluster, parts};

const VERSION: &str = "client.authentication.k8s.io/v1";

/// A plugin that is a line for the shell.
fn shell(script: &str) -> Value {
    json!({ "apiVersion": VERSION, "command": "sh", "args": ["-c", script], "interactiveMode": "Never" })
}

/// A line that answers with this status.
fn answers(status: &Value) -> String {
    let answer = json!({ "apiVersion": VERSION, "kind": "ExecCredential", "status": status });
    format!("echo '{answer}'")
}

async fn failure(exec: Value) -> (Class, String, String, String) {
    let mut config = kubeconfig("https://127.0.0.1:1", None);
    config["users"][0]["user"] = json!({ "exec": exec });
    let failed = open_cluster(&config, &Connections::default()).await.unwrap_err();
    assert!(!format!("{failed:?} {:?}", failed.report()).contains("never-shown"));
    parts(failed)
}

async fn system(cluster: &Cluster) -> bool {
    cluster.get::<Namespace>(&Address::cluster::<Namespace>("kube-system")).await.is_ok()
}

async fn server_for(user: Value) -> (MockServer, Cluster) {
    let server = MockServer::start().await;
    let found = json!({ "metadata": { "name": "kube-system", "uid": "u" } });
    answer("GET", "/api/v1/namespaces/kube-system", 200, found).mount(&server).await;
    let mut config = kubeconfig(&server.uri(), None);
    config["users"][0]["user"] = user;
    let cluster = open_cluster(&config, &Connections::default()).await.unwrap();
    (server, cluster)
}

async fn sent(server: &MockServer) -> Vec<String> {
    let header = |request: &Request| request.headers["authorization"].to_str().unwrap().to_owned();
    server.received_requests().await.unwrap().iter().map(header).collect()
}

#[tokio::test]
async fn one_that_fails_is_quoted_without_its_output_and_what_it_was_given() {
    let mut exec = shell("echo s.never-shown; echo \"no login: $SECRET, $1, hvs.CAESIJc4n4ryOfAPlugin\" >&2; exit 3");
    exec["args"] = json!(["-c", exec["args"][1], "--client-secret", "argument-never-shown"]);
    exec["env"] = json!([{ "name": "SECRET", "value": "variable-never-shown" }]);
    let (class, code, message, _) = failure(exec).await;
    assert_eq!((class, code.as_str()), (Class::Denied, "trustpath::kubernetes::credentials"));
    assert!(message.contains("`sh` failed: exit status: 3: no login: [hidden], [hidden], [hidden]"), "{message}");
}

#[tokio::test]
async fn one_that_is_missing_is_named_with_its_hint() {
    let mut exec = shell("");
    exec["command"] = json!("no-such-plugin");
    exec["installHint"] = json!("brew install\n no-such-plugin\u{1b}[31m");
    let (class, code, message, help) = failure(exec.clone()).await;
    assert_eq!((class, code.as_str()), (Class::Denied, "trustpath::kubernetes::credentials"));
    assert!(message.contains("`no-such-plugin` cannot be started"), "{message}");
    assert_eq!(help, "brew install no-such-plugin");
    exec["installHint"] = json!("");
    assert!(failure(exec).await.3.contains("install it"));
}

#[rstest]
#[case::nothing("true", "its answer is no ExecCredential")]
#[case::no_yaml("echo '{s.never-shown'", "its answer is no ExecCredential: line")]
#[case::another_version(
    "echo '{\"kind\": \"ExecCredential\", \"apiVersion\": \"x\"}'",
    "no ExecCredential of client.auth"
)]
#[case::no_status(&answers(&json!(null)), "neither a token nor a certificate")]
#[case::half_a_pair(&answers(&json!({ "token": "t", "clientKeyData": "s.never-shown" })), "a certificate or a key, and not both")]
#[case::no_time(&answers(&json!({ "token": "t", "expirationTimestamp": "tomorrow" })), "expirationTimestamp is no time")]
#[tokio::test]
async fn an_answer_that_is_none_is_told_by_what_it_lacks(#[case] script: &str, #[case] expected: &str) {
    let message = failure(shell(script)).await.2;
    assert!(message.contains(expected), "{message}");
}

#[tokio::test]
async fn a_version_that_kubectl_does_not_speak_is_named() {
    let mut exec = shell("true");
    exec["apiVersion"] = json!("client.authentication.k8s.io/v1alpha1");
    let message = failure(exec).await.2;
    assert!(message.contains("v1alpha1`, and kubectl takes client.authentication.k8s.io/v1 and"), "{message}");
}

#[tokio::test]
async fn one_that_does_not_answer_is_ended() {
    let folder = tempfile::tempdir().unwrap();
    let pid = folder.path().join("pid");
    let script = format!("echo $$ > {}; exec sleep 600", pid.display());
    let (class, _, message, _) = failure(shell(&script)).await;
    assert_eq!(class, Class::Timeout, "{message}");
    let process = format!("/proc/{}", std::fs::read_to_string(pid).unwrap().trim());
    let runs = || std::fs::read_to_string(format!("{process}/cmdline")).is_ok_and(|words| words.contains("600"));
    while runs() {
        tokio::task::yield_now().await;
    }
}

/// It is told what kubectl tells, with standard input closed, once; and again when its token ends.
#[tokio::test]
async fn one_is_run_as_kubectl_runs_it_and_once() {
    let folder = tempfile::tempdir().unwrap();
    let told = folder.path().join("told").display().to_string();
    let script =
        format!("cat; echo \"$KUBERNETES_EXEC_INFO $EMPTY.\" >> {told}; {}", answers(&json!({ "token": "made" })));
    let mut exec = shell(&script);
    exec["env"] = json!([{ "name": "EMPTY", "value": "" }]);
    exec["provideClusterInfo"] = json!(true);
    let (server, cluster) = server_for(json!({ "exec": exec })).await;
    assert!(system(&cluster).await && system(&cluster).await);
    assert_eq!(sent(&server).await, ["Bearer made", "Bearer made"]);
    let told = std::fs::read_to_string(told).unwrap();
    let info: Value = serde_json::from_str(told.strip_suffix(" .\n").unwrap()).unwrap();
    let spec = json!({ "interactive": false, "cluster": { "server": server.uri() } });
    assert_eq!(info, json!({ "kind": "ExecCredential", "apiVersion": VERSION, "spec": spec }));
}

#[tokio::test]
async fn a_token_that_ends_or_is_refused_is_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let count = folder.path().join("count").display().to_string();
    let script = |status: &Value| format!("echo . >> {count}; {}", answers(status));
    let runs = || std::fs::read_to_string(&count).unwrap().lines().count();
    let ended = json!({ "token": "made", "expirationTimestamp": "2020-01-01T00:00:00Z" });
    let (_server, cluster) = server_for(json!({ "exec": shell(&script(&ended)) })).await;
    assert!(system(&cluster).await);
    assert_eq!(runs(), 2);
    let lasting = json!({ "token": "made", "expirationTimestamp": "2120-01-01T00:00:00Z" });
    let (server, cluster) = server_for(json!({ "exec": shell(&script(&lasting)) })).await;
    assert!(system(&cluster).await);
    assert_eq!(runs(), 3);
    server.reset().await;
    answer("GET", "/api/v1/namespaces/kube-system", 401, json!({})).mount(&server).await;
    assert!(!system(&cluster).await && !system(&cluster).await);
    assert_eq!(runs(), 4);
}

#[rstest]
#[case::token(json!({ "token": "t", "username": "n", "exec": shell("exit 1") }), "Bearer t")]
#[case::basic(json!({ "username": "n", "password": "p", "exec": shell("exit 1") }), &format!("Basic {}", STANDARD.encode("n:p")))]
#[case::oidc(json!({ "auth-provider": { "name": "oidc", "config": { "id-token": "id" } } }), "Bearer id")]
#[tokio::test]
async fn credentials_have_the_precedence_that_they_have_in_kubectl(#[case] user: Value, #[case] expected: &str) {
    let (server, cluster) = server_for(user).await;
    assert!(system(&cluster).await);
    assert_eq!(sent(&server).await, [expected]);
}

#[tokio::test]
async fn a_token_in_a_file_is_read_anew_and_without_its_line_break() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, "one\n").unwrap();
    let (server, cluster) = server_for(json!({ "tokenFile": file })).await;
    assert!(system(&cluster).await);
    std::fs::write(&file, "two\n").unwrap();
    assert!(system(&cluster).await);
    assert_eq!(sent(&server).await, ["Bearer one", "Bearer two"]);
}

#[tokio::test]
async fn an_auth_provider_that_no_one_has_is_named() {
    let mut config = kubeconfig("https://127.0.0.1:1", None);
    config["users"][0]["user"] = json!({ "auth-provider": { "name": "gcp", "config": { "cmd-path": "gcloud" } } });
    let (class, _, message, help) = parts(open_cluster(&config, &Connections::default()).await.unwrap_err());
    assert_eq!(class, Class::Config);
    assert!(message.contains("`gcp`") && help.contains("gke-gcloud-auth-plugin"), "{message} {help}");
}
