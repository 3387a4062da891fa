//! Which API server a kubeconfig leads to.

use rstest::rstest;
use serde_json::json;
use tempfile::TempDir;
use trustpath_core::{Class, Connection as _, Failure};
use trustpath_platform::{Cluster, Connections, Environment, KubernetesSettings};
use wiremock::MockServer;

use crate::support::{answer, cluster, environment, kubeconfig, open_cluster, parts, quick};

#[tokio::test]
async fn nothing_to_go_by_is_an_error() {
    let empty = tempfile::tempdir().unwrap();
    let environment = Environment::new([], Some(empty.path().to_owned()));
    let (class, code, ..) = parts(Cluster::connect(&environment, &Connections::default(), None).await.unwrap_err());
    assert_eq!((class, code.as_str()), (Class::Config, "trustpath::kubernetes::no_config"));
}

#[tokio::test]
async fn files_that_are_not_there_are_told() {
    let nowhere = environment(&[("KUBECONFIG", "/nowhere/config")]);
    let (class, code, message, _) = parts(Cluster::connect(&nowhere, &Connections::default(), None).await.unwrap_err());
    assert_eq!((class, code.as_str()), (Class::Config, "trustpath::kubernetes::no_config"));
    assert!(message.contains("/nowhere/config"), "{message}");

    let folder = tempfile::tempdir().unwrap();
    let config = kubeconfig("http://127.0.0.1:1", None).to_string();
    let cluster = merged(&folder, "/nowhere/config::one:", &[("one", &config)]).await.unwrap();
    assert_eq!(cluster.warnings(), ["KUBECONFIG names /nowhere/config, which is not there"]);
}

/// Opens a connection by files in a folder; in the list, names without a slash are those files.
async fn merged(folder: &TempDir, list: &str, files: &[(&str, &str)]) -> Result<Cluster, Failure> {
    trustpath_platform::install_crypto_provider();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let list = list.split(':').map(|name| match name {
        "" => String::new(),
        name => folder.path().join(name).display().to_string(),
    });
    let list = list.collect::<Vec<_>>().join(":");
    let mut settings = KubernetesSettings::from(&environment(&[("KUBECONFIG", &list)]), &Connections::default(), None);
    settings.limits = quick();
    Cluster::open(settings).await
}

#[tokio::test]
async fn an_entry_of_the_first_file_wins_as_a_whole_and_its_paths_are_seen_from_there() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("sub")).unwrap();
    std::fs::write(folder.path().join("sub/ca.pem"), authority_pem()).unwrap();
    let first = "contexts: [{name: c, context: {cluster: here, user: ''}}]";
    let second = "current-context: c\nclusters: [{name: here, cluster: {server: 'https://two.test', certificate-authority: ca.pem}}]";
    let third = "current-context: d\ncontexts: [{name: c, context: {cluster: there}}]\n\
                 clusters: [{name: here, cluster: {server: 'https://three.test', tls-server-name: x}}]";
    let files = [("one", first), ("sub/two", second), ("three", third)];
    let server = merged(&folder, "one:sub/two:three:one", &files).await.unwrap().api_server();
    assert_eq!(server.url, "https://two.test");
    assert!(server.ca_pem.is_some(), "it is read from beside the second file");
}

#[rstest]
#[case::a_syntax_error("clusters: [\n  }", "one cannot be used: it is no kubeconfig: line 1, column 11")]
#[case::a_number("current-context: 12", "`current-context` is no text")]
#[case::a_text("clusters: x", "one cannot be used: `clusters` is no list")]
#[case::a_name_twice(
    "users: [{name: a, user: {token: s.never-shown}}, {name: a}]",
    "`users[1]` has a name that was there before: `a`"
)]
#[case::of_another_type(
    "clusters: [{name: a}, {name: c, cluster: {server: 'https://a.test', insecure-skip-tls-verify: s.never-shown}}]",
    "`clusters[1].cluster.insecure-skip-tls-verify` is not of the type that it has in a kubeconfig"
)]
#[case::no_cluster(
    "contexts: [{name: t, context: {cluster: d}}]\nclusters: [{name: c}]",
    "`contexts[0].context` leads to the cluster `d`, which no kubeconfig has"
)]
#[case::no_server("clusters: [{name: c}]", "its cluster names no `server`")]
#[case::no_ca(
    "clusters: [{name: c, cluster: {server: 'https://a.test', certificate-authority: none.pem}}]",
    "none.pem of its `certificate-authority` cannot be read"
)]
#[tokio::test]
async fn a_kubeconfig_that_cannot_be_used_is_told_by_its_place(#[case] text: &str, #[case] expected: &str) {
    let folder = tempfile::tempdir().unwrap();
    let more = "current-context: t\ncontexts: [{name: t, context: {cluster: c, user: a}}]";
    let error = merged(&folder, "one:more", &[("one", text), ("more", more)]).await.unwrap_err();
    let shown = format!("{error:?} {:?}", error.report());
    let (class, code, message, _) = parts(error);
    assert_eq!((class, code.as_str()), (Class::Config, "trustpath::kubernetes::kubeconfig"));
    assert!(message.contains(expected) && !shown.contains("never-shown"), "{message}");
}

#[tokio::test]
async fn what_has_no_effect_is_named_and_what_is_empty_is_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let text = "current-context: t\ncontexts: [{name: t, context: {cluster: c, user: u}}]\n\
                clusters: [{name: c, cluster: {server: 'http://127.0.0.1:1', tls-server-name: '', proxy-url: '', tls-server: x}}]\n\
                users: [{name: v}]\n---\nmore: 1\n";
    let warnings = merged(&folder, "one", &[("one", text)]).await.unwrap().warnings().join("\n");
    for expected in
        ["`tls-server` under `clusters[0].cluster` is no key", "several documents", "no kubeconfig has the user `u`"]
    {
        assert!(warnings.contains(expected), "{expected}: {warnings}");
    }
}

/// As Windows writes it.
#[tokio::test]
async fn a_kubeconfig_in_utf_16_is_one() {
    let folder = tempfile::tempdir().unwrap();
    let text = format!("\u{feff}{}", kubeconfig("http://127.0.0.1:1", None));
    let bytes: Vec<_> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    std::fs::write(folder.path().join("one"), bytes).unwrap();
    merged(&folder, "one", &[]).await.unwrap();
}

fn authority_pem() -> String {
    let key = rcgen::KeyPair::generate().unwrap();
    rcgen::CertificateParams::new(["a".to_owned()]).unwrap().self_signed(&key).unwrap().pem()
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
async fn a_password_in_the_servers_url_is_refused_and_not_repeated() {
    let config = kubeconfig("https://user:s3cret@127.0.0.1:1", None);
    let (class, _, message, help) = parts(open_cluster(&config, &Connections::default()).await.unwrap_err());
    assert_eq!(class, Class::Config);
    assert!(message.contains("a user or a password") && !format!("{message} {help}").contains("s3cret"), "{message}");
}
