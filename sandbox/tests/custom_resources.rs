//! Custom resources: what a definition adds, and what its schema has to say.

mod common;

use common::{refused, start};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::{
    Api, Client,
    api::{ApiResource, DeleteParams, DynamicObject, Patch, PatchParams, PostParams},
    core::GroupVersionKind,
    discovery,
};
use serde_json::{Value, json};
use trustpath_sandbox::{CLUSTER_SECRET_STORE_CRD, KubernetesApi};

const CRD_NAME: &str = "clustersecretstores.external-secrets.io";

async fn start_with_crd() -> (KubernetesApi, Client) {
    let (api, client) = start().await;
    api.apply(CLUSTER_SECRET_STORE_CRD).expect("the CRD is applied");
    (api, client)
}

fn kind(version: &str) -> GroupVersionKind {
    GroupVersionKind::gvk("external-secrets.io", version, "ClusterSecretStore")
}

fn stores(client: Client) -> Api<DynamicObject> {
    Api::all_with(client, &ApiResource::from_gvk(&kind("v1")))
}

fn store(vault: Value) -> Value {
    json!({
        "apiVersion": "external-secrets.io/v1", "kind": "ClusterSecretStore",
        "metadata": {"name": "s"}, "spec": {"provider": {"vault": vault}},
    })
}

async fn create(client: Client, object: Value) -> kube::Result<DynamicObject> {
    let object = serde_json::from_value(object).expect("an object");
    stores(client).create(&PostParams::default(), &object).await
}

#[tokio::test]
async fn a_definition_adds_its_type_to_discovery() {
    let (api, client) = start().await;
    assert!(discovery::pinned_kind(&client, &kind("v1")).await.is_err());
    api.apply(CLUSTER_SECRET_STORE_CRD).unwrap();
    let (resource, capabilities) = discovery::pinned_kind(&client, &kind("v1")).await.unwrap();
    assert_eq!(resource.plural, "clustersecretstores");
    assert_eq!(capabilities.scope, discovery::Scope::Cluster);
    assert!(discovery::pinned_kind(&client, &kind("v1beta1")).await.is_err());

    let group = discovery::group(&client, "external-secrets.io").await.unwrap();
    assert_eq!(group.preferred_version_or_latest(), "v1");
    let all = discovery::Discovery::new(client.clone()).run_aggregated().await.unwrap();
    assert!(all.resolve_gvk(&kind("v1")).is_some());

    let crd = Api::<CustomResourceDefinition>::all(client).get(CRD_NAME).await.unwrap();
    let conditions = crd.status.unwrap().conditions.unwrap();
    assert!(conditions.iter().any(|c| c.type_ == "Established" && c.status == "True"));
}

#[tokio::test]
async fn a_definition_that_serves_another_version_serves_no_v1() {
    let (api, client) = start().await;
    api.apply(include_str!("../../tests/servers/crds/clustersecretstore-v1beta1.yaml")).unwrap();
    assert!(discovery::pinned_kind(&client, &kind("v1")).await.is_err());
    assert!(discovery::pinned_kind(&client, &kind("v1beta1")).await.is_ok());
    assert_eq!(refused(stores(client).get("s").await).code, 404);
}

#[tokio::test]
async fn defaults_are_filled_in_and_generations_counted() {
    let (_api, client) = start_with_crd().await;
    let made = create(client.clone(), store(json!({"server": "http://v"}))).await.unwrap();
    assert_eq!(made.data["spec"]["provider"]["vault"]["version"], "v2");
    assert_eq!(made.metadata.generation, Some(1));
    let stores = stores(client);
    let label = Patch::Merge(json!({"metadata": {"labels": {"a": "b"}}}));
    let labelled = stores.patch("s", &PatchParams::default(), &label).await.unwrap();
    assert_eq!(labelled.metadata.generation, Some(1));
    let spec = Patch::Merge(json!({"spec": {"controller": "c"}}));
    let changed = stores.patch("s", &PatchParams::default(), &spec).await.unwrap();
    assert_eq!(changed.metadata.generation, Some(2));
}

#[tokio::test]
async fn the_schema_refuses_by_field() {
    let (_api, client) = start_with_crd().await;
    let invalid = refused(create(client.clone(), store(json!({"version": "v3"}))).await);
    assert_eq!((invalid.code, invalid.reason.as_str()), (422, "Invalid"));
    let details = invalid.details.unwrap();
    assert_eq!((details.kind.as_str(), details.name.as_str()), ("ClusterSecretStore", "s"));
    let causes: Vec<_> = details.causes.iter().map(|c| (c.reason.as_str(), c.field.as_str())).collect();
    assert_eq!(
        causes,
        [
            ("FieldValueNotSupported", "spec.provider.vault.version"),
            ("FieldValueRequired", "spec.provider.vault.server"),
        ]
    );
}

#[tokio::test]
async fn unknown_fields_are_pruned_or_refused_as_asked() {
    let (_api, client) = start_with_crd().await;
    let wrong = store(json!({"server": "http://v", "sever": "x"}));
    let made = create(client.clone(), wrong.clone()).await.unwrap();
    assert_eq!(made.data["spec"]["provider"]["vault"].get("sever"), None);

    let stores = stores(client);
    let apply = PatchParams::apply("us");
    let undeclared = refused(stores.patch("s", &apply, &Patch::Apply(wrong)).await);
    assert_eq!(undeclared.code, 500);
    assert_eq!(
        undeclared.message,
        "failed to create typed patch object (/s; external-secrets.io/v1, Kind=ClusterSecretStore): \
         .spec.provider.vault.sever: field not declared in schema"
    );
    let strict = PatchParams::default().validation_strict();
    let merge = Patch::Merge(json!({"spec": {"sever": "x"}}));
    assert_eq!(refused(stores.patch("s", &strict, &merge).await).code, 422);
}

#[tokio::test]
async fn the_status_has_a_path_of_its_own() {
    let (_api, client) = start_with_crd().await;
    let mut object = store(json!({"server": "http://v"}));
    let status = json!({"conditions": [{"type": "Ready", "status": "True"}]});
    object["status"] = status.clone();
    let made = create(client.clone(), object).await.unwrap();
    assert_eq!(made.data.get("status"), None);
    let stores = stores(client);
    let patch = Patch::Merge(json!({"status": status, "spec": {"controller": "c"}}));
    let written = stores.patch_status("s", &PatchParams::default(), &patch).await.unwrap();
    assert_eq!(written.data["status"], status);
    assert_eq!(written.data["spec"].get("controller"), None);
    assert_eq!(written.metadata.generation, Some(1));
    let managers = written.metadata.managed_fields.unwrap();
    assert!(managers.iter().any(|m| m.subresource.as_deref() == Some("status")));
}

#[tokio::test]
async fn custom_resources_go_with_their_definition() {
    let (api, client) = start().await;
    let before = api.snapshot();
    api.apply(CLUSTER_SECRET_STORE_CRD).unwrap();
    create(client.clone(), store(json!({"server": "http://v"}))).await.unwrap();
    let crds = Api::<CustomResourceDefinition>::all(client);
    crds.delete(CRD_NAME, &DeleteParams::default()).await.unwrap();
    assert_eq!(api.snapshot(), before);
}
