//! Reading, applying, deleting, asking.

use std::time::Duration;

use k8s_openapi::api::core::v1::{ConfigMap, ServiceAccount};
use kube::core::{DynamicObject, PartialObjectMeta};
use serde_json::json;
use trustpath_platform::{
    Cluster, ServiceAccountRef,
    kubernetes::{
        Address, ApplyOptions, NamespacedTypes, Selectors, ServedType,
        rights::{KubernetesGrant, on},
    },
};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{body_partial_json, method, path, query_param, query_param_is_missing},
};

use crate::support::{TOKEN, answer, cluster, cluster_settings};

const PATH: &str = "/api/v1/namespaces/eso/serviceaccounts/eso";

fn at() -> Address {
    Address::namespaced::<ServiceAccount>("eso", "eso")
}

#[tokio::test]
async fn what_is_not_there_is_none() {
    let server = MockServer::start().await;
    answer("GET", PATH, 404, json!({ "kind": "Status", "code": 404 })).mount(&server).await;
    answer("DELETE", PATH, 404, json!({ "kind": "Status", "code": 404 })).mount(&server).await;
    let cluster = cluster(&server).await;
    assert_eq!(cluster.get::<ServiceAccount>(&at()).await.unwrap(), None);
    cluster.remove(&at(), &json!({ "metadata": { "uid": "u" } })).await.unwrap();
    assert_eq!(at().to_string(), "ServiceAccount eso/eso");
}

#[tokio::test]
async fn applying_is_server_side_with_our_name() {
    let server = MockServer::start().await;
    let object = json!({ "apiVersion": "v1", "kind": "ServiceAccount", "metadata": { "name": "eso" } });
    Mock::given(method("PATCH"))
        .and(path(PATH))
        .and(query_param("fieldManager", "trustpath"))
        .and(query_param("dryRun", "All"))
        .and(query_param("force", "true"))
        .and(body_partial_json(&object))
        .respond_with(ResponseTemplate::new(201).set_body_json(&object))
        .expect(1)
        .mount(&server)
        .await;
    cluster(&server).await.apply(&at(), &object, ApplyOptions { force: true, dry_run: true }).await.unwrap();
    let asked = server.received_requests().await.unwrap().pop().unwrap();
    assert_eq!(asked.headers["content-type"], "application/apply-patch+yaml");
    assert_eq!(asked.headers["authorization"], format!("Bearer {TOKEN}"));
}

/// What is read is of every type, deprecated ones too.
#[tokio::test]
async fn a_warning_of_what_is_written_is_told_and_of_what_is_read_is_not() {
    let server = MockServer::start().await;
    for (verb, words) in [("GET", "read"), ("PATCH", r#"old \"field\" written by "#)] {
        let header = format!("299 - \"{words}{TOKEN}\"");
        let warned =
            ResponseTemplate::new(200).insert_header("Warning", header).set_body_json(json!({ "metadata": {} }));
        Mock::given(method(verb)).and(path(PATH)).respond_with(warned).mount(&server).await;
    }
    let told = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let into = told.clone();
    let heard = trustpath_platform::Heard::by(move |warning| into.lock().unwrap().push(warning.to_owned()));
    trustpath_platform::install_crypto_provider();
    let (_folder, mut settings) = cluster_settings(&server);
    settings.heard = heard;
    let cluster = Cluster::open(settings).await.unwrap();
    cluster.get::<ServiceAccount>(&at()).await.unwrap();
    cluster.apply(&at(), &json!({}), ApplyOptions::default()).await.unwrap();
    assert_eq!(*told.lock().unwrap(), [r#"old "field" written by [hidden]"#]);
}

#[tokio::test]
async fn nothing_is_forced_unless_asked_for() {
    let server = MockServer::start().await;
    answer("PATCH", PATH, 200, json!({ "metadata": {} })).mount(&server).await;
    cluster(&server).await.apply(&at(), &json!({}), ApplyOptions::default()).await.unwrap();
    let asked = server.received_requests().await.unwrap().pop().unwrap();
    let query: Vec<_> = asked.url.query_pairs().map(|(name, _)| name.into_owned()).collect();
    assert!(!query.contains(&"force".to_owned()) && !query.contains(&"dryRun".to_owned()), "{query:?}");
}

#[tokio::test]
async fn a_removal_is_of_one_uid() {
    let server = MockServer::start().await;
    Mock::given(method("DELETE"))
        .and(path(PATH))
        .and(body_partial_json(json!({ "preconditions": { "uid": "u-1" } })))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({ "kind": "Status" })))
        .expect(1)
        .mount(&server)
        .await;
    cluster(&server).await.remove(&at(), &json!({ "metadata": { "uid": "u-1" } })).await.unwrap();
}

#[tokio::test]
async fn a_list_is_read_to_its_end() {
    let server = MockServer::start().await;
    let page = |names: &[&str], next: &str| {
        let items: Vec<_> = names.iter().map(|name| json!({ "metadata": { "name": name } })).collect();
        json!({ "metadata": { "continue": next }, "items": items })
    };
    let list = || Mock::given(method("GET")).and(path("/api/v1/namespaces/eso/configmaps"));
    let answer = |body| ResponseTemplate::new(200).set_body_json(body);
    list().and(query_param_is_missing("continue")).respond_with(answer(page(&["a", "b"], "x"))).mount(&server).await;
    list().and(query_param("continue", "x")).respond_with(answer(page(&["c"], ""))).mount(&server).await;
    let found: Vec<ConfigMap> = cluster(&server).await.list(Some("eso")).await.unwrap();
    let names: Vec<_> = found.into_iter().filter_map(|found| found.metadata.name).collect();
    assert_eq!(names, ["a", "b", "c"]);
}

#[tokio::test]
async fn a_token_is_asked_for_as_the_operator_asks() {
    let server = MockServer::start().await;
    let body = json!({ "spec": { "audiences": ["vault"] },
        "status": { "token": TOKEN, "expirationTimestamp": "2026-01-01T00:10:00Z" } });
    Mock::given(method("POST"))
        .and(path(format!("{PATH}/token")))
        .and(body_partial_json(json!({ "spec": { "audiences": ["vault"], "expirationSeconds": 600 } })))
        .respond_with(ResponseTemplate::new(201).set_body_json(body))
        .expect(1)
        .mount(&server)
        .await;
    let who = ServiceAccountRef { namespace: "eso".to_owned(), name: "eso".to_owned() };
    let token = cluster(&server).await.request_token(&who, &["vault".to_owned()], 600).await.unwrap();
    assert_eq!(token.expires.to_string(), "2026-01-01T00:10:00Z");
    assert!(!format!("{token:?}").contains(TOKEN));
}

#[tokio::test]
async fn rights_are_asked_of_the_server() {
    let server = MockServer::start().await;
    let access = on("authentication.k8s.io", "tokenreviews");
    for (verb, allowed) in [("create", true), ("get", false)] {
        let attributes = json!({ "verb": verb, "group": "authentication.k8s.io", "resource": "tokenreviews" });
        Mock::given(method("POST"))
            .and(path("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"))
            .and(body_partial_json(json!({ "spec": { "resourceAttributes": attributes } })))
            .respond_with(
                ResponseTemplate::new(201).set_body_json(json!({ "spec": {}, "status": { "allowed": allowed } })),
            )
            .expect(1)
            .mount(&server)
            .await;
        assert_eq!(
            cluster(&server).await.can_i(&KubernetesGrant { verb: verb.to_owned(), ..access.clone() }).await.unwrap(),
            allowed
        );
    }
}

const STORES: &str = "external-secrets.io";

#[tokio::test]
async fn the_first_version_that_serves_a_kind_is_found() {
    let server = MockServer::start().await;
    let kind = |name: &str, kind: &str| json!({ "name": name, "kind": kind, "namespaced": false, "singularName": "", "verbs": ["list"] });
    let v1 = json!({ "groupVersion": "external-secrets.io/v1", "resources": [kind("other", "Other")] });
    let beta = json!({ "groupVersion": "external-secrets.io/v1beta1", "resources": [
        kind("clustersecretstores/status", "ClusterSecretStore"), kind("clustersecretstores", "ClusterSecretStore")] });
    answer("GET", "/apis/external-secrets.io/v1", 200, v1).expect(2).mount(&server).await;
    answer("GET", "/apis/external-secrets.io/v1beta1", 200, beta).expect(1).mount(&server).await;
    let cluster = cluster(&server).await;
    let of = |kind, versions| ServedType { group: STORES, kind, plural: "x", versions };
    let found = cluster.served(&of("ClusterSecretStore", &["v1", "v1beta1"])).await.unwrap().unwrap();
    assert_eq!(
        (found.api_version.as_str(), found.plural.as_str()),
        ("external-secrets.io/v1beta1", "clustersecretstores")
    );
    assert_eq!(cluster.served(&of("Nothing", &["v1", "v2"])).await.unwrap(), None);
    let at = Address { resource: found, namespace: None, name: "vault-backend".to_owned() };
    assert_eq!(at.to_string(), "ClusterSecretStore vault-backend");
}

#[tokio::test]
async fn every_type_that_a_namespace_can_hold_is_found() {
    let server = MockServer::start().await;
    let resource = |name: &str, namespaced: bool, verbs: &[&str]| json!({ "name": name, "kind": "K", "namespaced": namespaced, "singularName": "", "verbs": verbs });
    let groups = json!({ "groups": [{ "name": "apps", "versions": [{ "groupVersion": "apps/v1beta1", "version": "v1beta1" }],
        "preferredVersion": { "groupVersion": "apps/v1", "version": "v1" } }] });
    let core = json!({ "groupVersion": "v1", "resources": [
        resource("pods", true, &["list", "delete"]), resource("pods/log", true, &["get"]), resource("nodes", false, &["list", "delete"]),
        resource("bindings", true, &["create"])] });
    let apps = json!({ "groupVersion": "apps/v1", "resources": [resource("deployments", true, &["get", "list", "deletecollection"]),
        resource("views", true, &["get", "list", "watch"])] });
    let beta = json!({ "groupVersion": "apps/v1beta1", "resources": [
        resource("deployments", true, &["list", "delete"]), resource("old", true, &["list", "delete"])] });
    answer("GET", "/apis", 200, groups).mount(&server).await;
    answer("GET", "/api/v1", 200, core).mount(&server).await;
    answer("GET", "/apis/apps/v1", 200, apps).mount(&server).await;
    answer("GET", "/apis/apps/v1beta1", 200, beta).mount(&server).await;
    let item = json!({ "apiVersion": "apps/v1", "kind": "K", "metadata": { "name": "d" } });
    let list = json!({ "metadata": {}, "items": [item] });
    answer("GET", "/apis/apps/v1/namespaces/eso/deployments", 200, list).mount(&server).await;
    let cluster = cluster(&server).await;
    let NamespacedTypes { types, unknown } = cluster.namespaced_types().await.unwrap();
    let names: Vec<_> = types.iter().map(|found| (found.plural.as_str(), found.version.as_str())).collect();
    assert_eq!(names, [("pods", "v1"), ("deployments", "v1"), ("old", "v1beta1")]);
    assert!(unknown.is_empty(), "{unknown:?}");
    let held: Vec<PartialObjectMeta<DynamicObject>> =
        cluster.select(&types[1], Selectors { namespace: Some("eso"), ..Selectors::default() }).await.unwrap();
    assert_eq!(held[0].metadata.name.as_deref(), Some("d"));
}

#[tokio::test]
async fn a_group_whose_server_is_down_is_named_and_keeps_nothing_else_from_being_seen() {
    let server = MockServer::start().await;
    let version = |group: &str| json!({ "groupVersion": format!("{group}/v1"), "version": "v1" });
    let group = |name: &str| json!({ "name": name, "versions": [version(name)], "preferredVersion": version(name) });
    let groups = json!({ "groups": [group("down"), group("gone"), group("up")] });
    let thing = json!({ "name": "things", "kind": "Thing", "namespaced": true, "singularName": "", "verbs": ["list", "delete"] });
    answer("GET", "/apis", 200, groups).mount(&server).await;
    answer("GET", "/api/v1", 200, json!({ "groupVersion": "v1", "resources": [] })).mount(&server).await;
    answer("GET", "/apis/up/v1", 200, json!({ "groupVersion": "up/v1", "resources": [thing] })).mount(&server).await;
    answer("GET", "/apis/down/v1", 503, json!({ "message": "service unavailable" })).mount(&server).await;
    answer("GET", "/apis/gone/v1", 404, json!({ "message": "page not found" })).mount(&server).await;
    let cluster = cluster(&server).await.with_patience(Duration::from_millis(200));
    let NamespacedTypes { types, unknown } = cluster.namespaced_types().await.unwrap();
    assert_eq!(types.iter().map(|found| found.plural.as_str()).collect::<Vec<_>>(), ["things"]);
    let unknown: Vec<_> = unknown.iter().map(|(version, error)| (version.as_str(), error.status())).collect();
    assert_eq!(unknown, [("down/v1", Some(503)), ("gone/v1", Some(404))]);
}
