//! Objects of built-in types: reading, writing and deleting them through kube.

mod common;

use common::{refused, start};
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, Pod, Secret, ServiceAccount};
use kube::{
    Api, ResourceExt as _,
    api::{DeleteParams, ListParams, Patch, PatchParams, PostParams, Preconditions},
};
use serde_json::json;

fn object<T: serde::de::DeserializeOwned>(value: serde_json::Value) -> T {
    serde_json::from_value(value).expect("the manifest fits its type")
}

fn config_map(name: &str, app: &str) -> ConfigMap {
    object(json!({"metadata": {"name": name, "labels": {"app": app}}, "data": {"k": "v"}}))
}

#[tokio::test]
async fn a_fresh_cluster_has_its_namespaces_and_what_each_holds() {
    let (_api, client) = start().await;
    let namespaces = Api::<Namespace>::all(client.clone()).list(&ListParams::default()).await.unwrap();
    let names: Vec<_> = namespaces.iter().map(|n| n.name_any()).collect();
    assert_eq!(names, ["default", "kube-public", "kube-system"]);
    let accounts = Api::<ServiceAccount>::all(client.clone());
    let accounts = accounts.list(&ListParams::default()).await.unwrap();
    assert!(accounts.iter().all(|account| account.name_any() == "default"));
    let roots = Api::<ConfigMap>::namespaced(client, "kube-system");
    let roots = roots.get("kube-root-ca.crt").await.unwrap().data.unwrap();
    assert!(roots["ca.crt"].starts_with("-----BEGIN CERTIFICATE-----"));
}

#[tokio::test]
async fn an_object_lives_from_create_to_delete() {
    let (_api, client) = start().await;
    let maps = Api::<ConfigMap>::namespaced(client, "default");
    let made = maps.create(&PostParams::default(), &config_map("a", "x")).await.unwrap();
    assert!(made.uid().is_some() && made.creation_timestamp().is_some());
    let exists = refused(maps.create(&PostParams::default(), &config_map("a", "x")).await);
    assert_eq!((exists.code, exists.reason.as_str()), (409, "AlreadyExists"));
    assert_eq!(exists.message, r#"configmaps "a" already exists"#);

    let mut stale = made.clone();
    stale.metadata.resource_version = Some("1".to_owned());
    let stale = refused(maps.replace("a", &PostParams::default(), &stale).await);
    assert_eq!((stale.code, stale.reason.as_str()), (409, "Conflict"));

    let mut newer = made.clone();
    newer.data = Some([("k".to_owned(), "w".to_owned())].into());
    let newer = maps.replace("a", &PostParams::default(), &newer).await.unwrap();
    assert_ne!(newer.resource_version(), made.resource_version());
    assert_eq!(newer.uid(), made.uid());

    maps.delete("a", &DeleteParams::default()).await.unwrap();
    let gone = refused(maps.get("a").await);
    assert_eq!((gone.code, gone.reason.as_str()), (404, "NotFound"));
    assert_eq!(gone.message, r#"configmaps "a" not found"#);
}

#[tokio::test]
async fn lists_are_narrowed_by_labels_and_fields() {
    let (_api, client) = start().await;
    let maps = Api::<ConfigMap>::namespaced(client, "default");
    for (name, app) in [("a", "x"), ("b", "y")] {
        maps.create(&PostParams::default(), &config_map(name, app)).await.unwrap();
    }
    let names = async |parameters: ListParams| -> Vec<String> {
        maps.list(&parameters).await.unwrap().iter().map(|m| m.name_any()).collect()
    };
    assert_eq!(names(ListParams::default().labels("app=x")).await, ["a"]);
    assert_eq!(names(ListParams::default().labels("app!=x,app")).await, ["b"]);
    assert_eq!(names(ListParams::default().fields("metadata.name=b")).await, ["b"]);
}

#[tokio::test]
async fn patches_change_what_they_name() {
    let (_api, client) = start().await;
    let maps = Api::<ConfigMap>::namespaced(client.clone(), "default");
    maps.create(&PostParams::default(), &config_map("a", "x")).await.unwrap();
    let merge = Patch::Merge(json!({"data": {"k": null, "l": "1"}}));
    let merged = maps.patch("a", &PatchParams::default(), &merge).await.unwrap();
    assert_eq!(merged.data.unwrap().into_iter().collect::<Vec<_>>(), [("l".into(), "1".into())]);
    let operations = json!([{"op": "replace", "path": "/data/l", "value": "2"}]);
    let request = http::Request::patch("/api/v1/namespaces/default/configmaps/a")
        .header("Content-Type", "application/json-patch+json")
        .body(operations.to_string().into_bytes());
    let patched: ConfigMap = client.request(request.unwrap()).await.unwrap();
    assert_eq!(patched.data.unwrap()["l"], "2");
}

#[tokio::test]
async fn a_delete_holds_to_its_preconditions() {
    let (_api, client) = start().await;
    let maps = Api::<ConfigMap>::namespaced(client, "default");
    let made = maps.create(&PostParams::default(), &config_map("a", "x")).await.unwrap();
    let with = |uid: Option<String>, resource_version: Option<String>| DeleteParams {
        preconditions: Some(Preconditions { uid, resource_version }),
        ..DeleteParams::default()
    };
    for parameters in [with(Some("other".to_owned()), None), with(None, Some("1".to_owned()))] {
        let kept = refused(maps.delete("a", &parameters).await);
        assert_eq!((kept.code, kept.reason.as_str()), (409, "Conflict"));
    }
    maps.delete("a", &with(made.uid(), made.resource_version())).await.unwrap();
}

#[tokio::test]
async fn nothing_is_kept_of_a_dry_run() {
    let (api, client) = start().await;
    let before = api.snapshot();
    let maps = Api::<ConfigMap>::namespaced(client.clone(), "default");
    let create = PostParams { dry_run: true, ..PostParams::default() };
    maps.create(&create, &config_map("a", "x")).await.unwrap();
    let apply = PatchParams::apply("us").dry_run();
    let config = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}});
    maps.patch("a", &apply, &Patch::Apply(config)).await.unwrap();
    let delete = DeleteParams { dry_run: true, ..DeleteParams::default() };
    maps.delete("kube-root-ca.crt", &delete).await.unwrap();
    assert_eq!(api.snapshot(), before);
}

#[tokio::test]
async fn a_namespace_comes_furnished_and_takes_its_objects_along() {
    let (api, client) = start().await;
    let before = api.snapshot();
    let maps = Api::<ConfigMap>::namespaced(client.clone(), "x");
    let missing = refused(maps.create(&PostParams::default(), &config_map("a", "x")).await);
    assert_eq!((missing.code, missing.reason.as_str()), (404, "NotFound"));
    assert_eq!(missing.message, r#"namespaces "x" not found"#);

    let namespaces = Api::<Namespace>::all(client.clone());
    let namespace = object(json!({"metadata": {"name": "x"}}));
    namespaces.create(&PostParams::default(), &namespace).await.unwrap();
    Api::<ServiceAccount>::namespaced(client, "x").get("default").await.unwrap();
    maps.create(&PostParams::default(), &config_map("a", "x")).await.unwrap();
    namespaces.delete("x", &DeleteParams::default()).await.unwrap();
    assert_eq!(api.snapshot(), before);

    let kept = refused(namespaces.delete("kube-system", &DeleteParams::default()).await);
    assert_eq!((kept.code, kept.reason.as_str()), (403, "Forbidden"));
}

#[tokio::test]
async fn an_object_with_a_finalizer_waits_for_it() {
    let (_api, client) = start().await;
    let maps = Api::<ConfigMap>::namespaced(client, "default");
    let mut held = config_map("a", "x");
    held.metadata.finalizers = Some(vec!["example.com/hold".to_owned()]);
    maps.create(&PostParams::default(), &held).await.unwrap();
    let waiting = maps.delete("a", &DeleteParams::default()).await.unwrap();
    assert!(waiting.left().unwrap().metadata.deletion_timestamp.is_some());
    let release = Patch::Merge(json!({"metadata": {"finalizers": null}}));
    maps.patch("a", &PatchParams::default(), &release).await.unwrap();
    assert_eq!(refused(maps.get("a").await).code, 404);
}

#[tokio::test]
async fn names_are_checked() {
    let (_api, client) = start().await;
    let accounts = Api::<ServiceAccount>::namespaced(client, "default");
    let account: ServiceAccount = object(json!({"metadata": {"name": "Not_A_Name"}}));
    let invalid = refused(accounts.create(&PostParams::default(), &account).await);
    assert_eq!((invalid.code, invalid.reason.as_str()), (422, "Invalid"));
    let cause = &invalid.details.unwrap().causes[0];
    assert_eq!(cause.field, "metadata.name");
}

#[tokio::test]
async fn plain_text_in_a_secret_is_encoded() {
    let (_api, client) = start().await;
    let secrets = Api::<Secret>::namespaced(client, "default");
    let secret = object(json!({"metadata": {"name": "a"}, "stringData": {"k": "v"}}));
    let stored: Secret = secrets.create(&PostParams::default(), &secret).await.unwrap();
    assert_eq!(stored.type_.as_deref(), Some("Opaque"));
    assert_eq!(stored.data.unwrap()["k"].0, b"v");
}

#[tokio::test]
async fn a_pods_status_is_written_through_its_own_path() {
    let (_api, client) = start().await;
    let pods = Api::<Pod>::namespaced(client, "default");
    let pod = object(json!({
        "metadata": {"name": "a"}, "status": {"phase": "Running"},
        "spec": {"serviceAccountName": "default", "containers": [{"name": "c", "image": "i"}]},
    }));
    let made: Pod = pods.create(&PostParams::default(), &pod).await.unwrap();
    assert_eq!(made.status.unwrap().phase.as_deref(), Some("Pending"));
    let running = Patch::Merge(json!({"status": {"phase": "Running"}}));
    let patched = pods.patch_status("a", &PatchParams::default(), &running).await.unwrap();
    assert_eq!(patched.status.unwrap().phase.as_deref(), Some("Running"));
}

#[tokio::test]
async fn every_request_is_listed_in_order() {
    let (api, client) = start().await;
    let maps = Api::<ConfigMap>::namespaced(client, "default");
    api.clear_requests();
    maps.get_opt("a").await.unwrap();
    maps.create(&PostParams::default(), &config_map("a", "x")).await.unwrap();
    let seen: Vec<_> = api.requests().into_iter().map(|r| format!("{} {} {}", r.method, r.path, r.status)).collect();
    let path = "/api/v1/namespaces/default/configmaps";
    assert_eq!(seen, [format!("GET {path}/a 404"), format!("POST {path}? 201")]);
}

#[tokio::test]
async fn a_patch_that_leaves_no_object_is_refused() {
    let (api, client) = start().await;
    let before = api.snapshot();
    let operations = json!([{"op": "replace", "path": "", "value": []}]);
    let metadata = json!([{"op": "replace", "path": "/metadata", "value": "none"}]);
    for (operations, code) in [(operations, 400), (metadata, 200)] {
        let request = http::Request::patch("/api/v1/namespaces/default/configmaps/kube-root-ca.crt?dryRun=All")
            .header("Content-Type", "application/json-patch+json")
            .body(operations.to_string().into_bytes());
        let answer = client.request::<ConfigMap>(request.unwrap()).await;
        match answer {
            Ok(_) => assert_eq!(code, 200),
            refusal => assert_eq!(refused(refusal).code, code),
        }
    }
    assert_eq!(api.snapshot(), before);
}
