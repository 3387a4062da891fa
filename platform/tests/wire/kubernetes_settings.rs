//! Which API server a kubeconfig leads to.

use serde_json::json;
use trustpath_core::{Class, Connection as _};
use trustpath_platform::{Cluster, Connections, Environment};
use wiremock::MockServer;

use crate::support::{answer, cluster, environment, kubeconfig, open_cluster, parts};

#[tokio::test]
async fn nothing_to_go_by_is_an_error() {
    let empty = tempfile::tempdir().unwrap();
    let environment = Environment::new([], Some(empty.path().to_owned()));
    let (class, code, ..) = parts(Cluster::connect(&environment, &Connections::default(), None).await.unwrap_err());
    assert_eq!((class, code.as_str()), (Class::Config, "trustpath::kubernetes::no_config"));
}

#[tokio::test]
async fn a_file_that_is_named_has_to_be_there() {
    let environment = environment(&[("KUBECONFIG", "/nowhere/config")]);
    let (class, code, message, _) =
        parts(Cluster::connect(&environment, &Connections::default(), None).await.unwrap_err());
    assert_eq!((class, code.as_str()), (Class::Config, "trustpath::kubernetes::kubeconfig"));
    assert!(message.contains("/nowhere/config"), "{message}");
}

#[tokio::test]
async fn a_file_that_is_none_shows_no_line_of_itself() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config");
    std::fs::write(&file, "users:\n- name: u\n  user: { token: s.never-shown\n bad").unwrap();
    let environment = environment(&[("KUBECONFIG", file.to_str().unwrap())]);
    let failure = Cluster::connect(&environment, &Connections::default(), None).await.unwrap_err();
    assert!(!format!("{:?} {:?}", failure, failure.report()).contains("s.never-shown"));
    assert_eq!(parts(failure).1, "trustpath::kubernetes::kubeconfig");
}

#[tokio::test]
async fn an_unknown_context_is_named_with_the_known_ones() {
    let mut connections = Connections::default();
    connections.kubernetes.context = Some("tset".to_owned());
    let (class, code, message, help) =
        parts(open_cluster(&kubeconfig("http://127.0.0.1:1", None), &connections).await.unwrap_err());
    assert_eq!((class, code.as_str()), (Class::Config, "trustpath::kubernetes::context"));
    assert!(message.contains("tset") && help.contains("did you mean `test`"), "{message} {help}");
}

#[tokio::test]
async fn files_of_a_list_are_merged_and_the_first_wins() {
    let server = MockServer::start().await;
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (folder.path().join("one"), folder.path().join("two"));
    std::fs::write(&one, json!({ "current-context": "test" }).to_string()).unwrap();
    let mut second = kubeconfig(&server.uri(), None);
    second["current-context"] = json!("other");
    std::fs::write(&two, second.to_string()).unwrap();
    let list = std::env::join_paths([one, two]).unwrap();
    let environment = environment(&[("KUBECONFIG", list.to_str().unwrap())]);
    trustpath_platform::install_crypto_provider();
    let cluster = Cluster::connect(&environment, &Connections::default(), None).await.unwrap();
    assert_eq!(cluster.api_server().url, server.uri());
}

#[tokio::test]
async fn the_identity_is_read_once_and_only_when_asked_for() {
    let server = MockServer::start().await;
    let system = json!({ "metadata": { "name": "kube-system", "uid": "u-1" } });
    answer("GET", "/api/v1/namespaces/kube-system", 200, system).expect(1).mount(&server).await;
    let cluster = cluster(&server).await;
    assert!(server.received_requests().await.unwrap().is_empty());
    for _ in 0..2 {
        assert_eq!(cluster.identity().await.unwrap()["kube-system"], "u-1");
    }
}

#[tokio::test]
async fn a_cluster_that_is_not_the_pinned_one_is_refused() {
    let server = MockServer::start().await;
    let system = json!({ "metadata": { "name": "kube-system", "uid": "u-1" } });
    answer("GET", "/api/v1/namespaces/kube-system", 200, system).mount(&server).await;
    let mut connections = Connections::default();
    connections.kubernetes.uid = Some("u-2".to_owned());
    let (class, code, message, _) =
        parts(open_cluster(&kubeconfig(&server.uri(), None), &connections).await.unwrap_err());
    assert_eq!((class, code.as_str()), (Class::Refused, "trustpath::kubernetes::pinned"));
    assert!(message.contains("u-1") && message.contains("u-2"), "{message}");
    connections.kubernetes.uid = Some("u-1".to_owned());
    open_cluster(&kubeconfig(&server.uri(), None), &connections).await.unwrap();
}

#[tokio::test]
async fn a_credential_plugin_that_fails_is_quoted_without_its_output() {
    let mut config = kubeconfig("http://127.0.0.1:1", None);
    let script = "echo s.never-shown; echo 'session expired' >&2; exit 3";
    config["users"][0]["user"] = json!({ "exec": {
        "apiVersion": "client.authentication.k8s.io/v1", "command": "sh", "args": ["-c", script],
        "interactiveMode": "Never",
    } });
    let failure = open_cluster(&config, &Connections::default()).await.unwrap_err();
    let (class, code, message, _) = parts(failure);
    assert_eq!((class, code.as_str()), (Class::Denied, "trustpath::kubernetes::credentials"));
    assert!(message.contains("session expired"), "{message}");
    assert!(!message.contains("echo: s.never-shown") && !message.contains("stdout"), "{message}");
}

#[tokio::test]
async fn a_plugin_that_fails_is_told_without_what_it_was_given() {
    let mut config = kubeconfig("https://127.0.0.1:1", None);
    let complaint = "echo 'no login for hvs.CAESIJc4n4ryOfAPlugin' >&2; exit 3";
    config["users"][0]["user"] = json!({ "exec": {
        "apiVersion": "client.authentication.k8s.io/v1", "command": "sh", "args": ["-c", complaint, "s3cret-argument"],
        "env": [{ "name": "SECRET", "value": "s3cret-variable" }], "interactiveMode": "Never",
    } });
    let (class, code, message, help) = parts(open_cluster(&config, &Connections::default()).await.unwrap_err());
    assert_eq!((class, code.as_str()), (Class::Denied, "trustpath::kubernetes::credentials"));
    assert!(message.contains("exit status: 3") && message.contains("no login for [hidden]"), "{message}");
    assert!(!format!("{message} {help}").contains("s3cret"), "{message}");
}

#[tokio::test]
async fn a_password_in_the_servers_url_is_refused_and_not_repeated() {
    let config = kubeconfig("https://user:s3cret@127.0.0.1:1", None);
    let (class, _, message, help) = parts(open_cluster(&config, &Connections::default()).await.unwrap_err());
    assert_eq!(class, Class::Config);
    assert!(message.contains("a user or a password") && !format!("{message} {help}").contains("s3cret"), "{message}");
}
