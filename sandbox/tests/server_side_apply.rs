//! Server-side apply through kube.

mod common;

use common::{refused, start};
use k8s_openapi::api::core::v1::ServiceAccount;
use kube::{
    Api, Client,
    api::{Patch, PatchParams},
};
use serde_json::{Value, json};

fn accounts(client: Client) -> Api<ServiceAccount> {
    Api::namespaced(client, "default")
}

fn account(annotations: Value) -> Patch<Value> {
    Patch::Apply(json!({
        "apiVersion": "v1", "kind": "ServiceAccount",
        "metadata": {"name": "a", "annotations": annotations},
    }))
}

#[tokio::test]
async fn managers_share_an_object_and_conflict_over_a_field() {
    let (_api, client) = start().await;
    let accounts = accounts(client);
    let apply = |manager: &str| PatchParams::apply(manager);
    accounts.patch("a", &apply("them"), &account(json!({"x": "1"}))).await.unwrap();
    accounts.patch("a", &apply("us"), &account(json!({"y": "1"}))).await.unwrap();

    let ours = account(json!({"x": "2", "y": "1"}));
    let conflict = refused(accounts.patch("a", &apply("us"), &ours).await);
    assert_eq!((conflict.code, conflict.reason.as_str()), (409, "Conflict"));
    let cause = &conflict.details.unwrap().causes[0];
    assert_eq!(cause.reason, "FieldManagerConflict");
    assert_eq!(cause.field, ".metadata.annotations.x");
    assert!(cause.message.starts_with(r#"conflict with "them""#));

    let forced = accounts.patch("a", &apply("us").force(), &ours).await.unwrap();
    assert_eq!(forced.metadata.annotations.unwrap()["x"], "2");
    let dropped = accounts.patch("a", &apply("us"), &account(json!({"x": "2"}))).await.unwrap();
    assert_eq!(dropped.metadata.annotations.unwrap().into_keys().collect::<Vec<_>>(), ["x"]);
}

#[tokio::test]
async fn applying_the_same_twice_writes_once() {
    let (api, client) = start().await;
    let accounts = accounts(client);
    let config = account(json!({"x": "1"}));
    let first = accounts.patch("a", &PatchParams::apply("us"), &config).await.unwrap();
    let before = api.snapshot();
    let second = accounts.patch("a", &PatchParams::apply("us"), &config).await.unwrap();
    assert_eq!(first, second);
    assert_eq!(api.snapshot(), before);
}

#[tokio::test]
async fn other_writes_are_owned_by_those_who_make_them() {
    let (_api, client) = start().await;
    let accounts = accounts(client);
    accounts.patch("a", &PatchParams::apply("us"), &account(json!({"x": "1"}))).await.unwrap();
    let edit = PatchParams { field_manager: Some("edit".to_owned()), ..PatchParams::default() };
    let merge = Patch::Merge(json!({"metadata": {"annotations": {"x": "2"}}}));
    let edited = accounts.patch("a", &edit, &merge).await.unwrap();
    let managers = edited.metadata.managed_fields.unwrap();
    let managers: Vec<_> =
        managers.iter().map(|m| (m.manager.as_deref().unwrap(), m.operation.as_deref().unwrap())).collect();
    assert_eq!(managers, [("edit", "Update")]);

    let again = accounts.patch("a", &PatchParams::apply("us"), &account(json!({"x": "1"}))).await;
    let conflict = refused(again);
    let expected = r#"Apply failed with 1 conflict: conflict with "edit" using v1: .metadata.annotations.x"#;
    assert_eq!(conflict.message, expected);
}

#[tokio::test]
async fn a_configuration_that_does_not_fit_its_place_is_refused() {
    let (_api, client) = start().await;
    let accounts = accounts(client);
    let apply = PatchParams::apply("us");
    let wrong_name = refused(accounts.patch("b", &apply, &account(json!({}))).await);
    assert_eq!((wrong_name.code, wrong_name.reason.as_str()), (400, "BadRequest"));
    let managed = Patch::Apply(json!({
        "apiVersion": "v1", "kind": "ServiceAccount",
        "metadata": {"name": "a", "managedFields": []},
    }));
    let managed = refused(accounts.patch("a", &apply, &managed).await);
    assert_eq!(managed.message, "metadata.managedFields must be nil");
    let uid = Patch::Apply(json!({
        "apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "a", "uid": "x"},
    }));
    assert_eq!(refused(accounts.patch("a", &apply, &uid).await).code, 409);
}
