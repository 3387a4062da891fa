use serde_json::{Value, json};

use super::{Manager, Operation, apply, record_update};
use crate::{kinds, resource_type::ResourceType, status::Status, storage::Store};

fn account() -> ResourceType {
    kinds::find(&Store::default(), "", "v1", "serviceaccounts").unwrap()
}

fn manager(name: &str, operation: Operation) -> Manager {
    let api_version = "v1".to_owned();
    Manager { name: name.to_owned(), operation, api_version, subresource: String::new() }
}

fn applied(live: &Value, config: &Value, name: &str, force: bool) -> Result<Value, Status> {
    let now = "2026-01-01T00:00:00Z".to_owned();
    apply(&account(), live, config, &manager(name, Operation::Apply), force, now)
}

fn updated(live: &Value, mut new: Value, name: &str) -> Value {
    let now = "2026-01-01T00:00:00Z".to_owned();
    record_update(&account(), live, &mut new, &manager(name, Operation::Update), now);
    new
}

fn annotated(annotations: &Value) -> Value {
    json!({"metadata": {"name": "a", "annotations": annotations}})
}

/// The managers and their fields, without the rest.
fn owners(object: &Value) -> Value {
    let entries = object["metadata"]["managedFields"].as_array().into_iter().flatten();
    entries
        .map(|e| (e["manager"].as_str().unwrap().to_owned(), e["fieldsV1"].clone()))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

#[test]
fn the_applier_owns_what_it_applies() {
    let live = applied(&json!({}), &annotated(&json!({"x": "1"})), "us", false).unwrap();
    assert_eq!(live["metadata"]["annotations"], json!({"x": "1"}));
    assert_eq!(owners(&live), json!({"us": {"f:metadata": {"f:annotations": {"f:x": {}}}}}));
    assert_eq!(live["metadata"]["managedFields"][0]["operation"], "Apply");
}

#[test]
fn what_is_left_out_next_time_is_removed() {
    let live = applied(&json!({}), &annotated(&json!({"x": "1", "y": "2"})), "us", false).unwrap();
    let live = applied(&live, &annotated(&json!({"y": "2"})), "us", false).unwrap();
    assert_eq!(live["metadata"]["annotations"], json!({"y": "2"}));
    let live = applied(&live, &json!({"metadata": {"name": "a"}}), "us", false).unwrap();
    assert_eq!(live["metadata"].get("annotations"), None);
    assert_eq!(owners(&live), json!({}));
}

#[test]
fn another_value_for_another_managers_field_is_a_conflict() {
    let live = applied(&json!({}), &annotated(&json!({"x": "1"})), "them", false).unwrap();
    let refused = applied(&live, &annotated(&json!({"x": "2"})), "us", false).unwrap_err();
    let expected = r#"Apply failed with 1 conflict: conflict with "them": .metadata.annotations.x"#;
    assert_eq!((refused.code, refused.message.as_str()), (409, expected));
    let cause = &refused.body()["details"]["causes"][0];
    assert_eq!(cause["reason"], "FieldManagerConflict");
    assert_eq!(cause["message"], r#"conflict with "them""#);
    assert_eq!(cause["field"], ".metadata.annotations.x");
}

#[test]
fn several_conflicts_are_listed_by_manager() {
    let live = applied(&json!({}), &annotated(&json!({"x": "1"})), "them", false).unwrap();
    let live = updated(&live, merge(&live, json!({"automountServiceAccountToken": false})), "edit");
    let mut config = annotated(&json!({"x": "2"}));
    config["automountServiceAccountToken"] = true.into();
    let refused = applied(&live, &config, "us", false).unwrap_err();
    assert_eq!(
        refused.message,
        "Apply failed with 2 conflicts: conflicts with \"edit\" using v1:\n\
         - .automountServiceAccountToken\nconflicts with \"them\":\n- .metadata.annotations.x"
    );
}

#[test]
fn force_takes_the_field_over() {
    let live = applied(&json!({}), &annotated(&json!({"x": "1", "y": "1"})), "them", false).unwrap();
    let live = applied(&live, &annotated(&json!({"x": "2"})), "us", true).unwrap();
    assert_eq!(live["metadata"]["annotations"], json!({"x": "2", "y": "1"}));
    assert_eq!(
        owners(&live),
        json!({
            "them": {"f:metadata": {"f:annotations": {"f:y": {}}}},
            "us": {"f:metadata": {"f:annotations": {"f:x": {}}}},
        })
    );
}

#[test]
fn an_equal_value_is_owned_by_both_and_stays_until_both_let_go() {
    let config = annotated(&json!({"x": "1"}));
    let nothing = json!({"metadata": {"name": "a"}});
    let live = applied(&json!({}), &config, "them", false).unwrap();
    let live = applied(&live, &config, "us", false).unwrap();
    let live = applied(&live, &nothing, "them", false).unwrap();
    assert_eq!(live["metadata"]["annotations"], json!({"x": "1"}));
    let live = applied(&live, &nothing, "us", false).unwrap();
    assert_eq!(live["metadata"].get("annotations"), None);
}

#[test]
fn applying_the_same_again_changes_nothing() {
    let config = annotated(&json!({"x": "1"}));
    let live = applied(&json!({}), &config, "us", false).unwrap();
    let later = "2027-01-01T00:00:00Z".to_owned();
    let again = apply(&account(), &live, &config, &manager("us", Operation::Apply), false, later).unwrap();
    assert_eq!(again, live);
}

#[test]
fn an_update_takes_the_fields_that_it_changes_and_no_others() {
    let live = applied(&json!({}), &annotated(&json!({"x": "1", "y": "1"})), "us", false).unwrap();
    let mut new = live.clone();
    new["metadata"]["annotations"] = json!({"x": "2", "y": "1", "z": "1"});
    let new = updated(&live, new, "edit");
    assert_eq!(
        owners(&new),
        json!({
            "us": {"f:metadata": {"f:annotations": {"f:y": {}}}},
            "edit": {"f:metadata": {"f:annotations": {"f:x": {}, "f:z": {}}}},
        })
    );
}

#[test]
fn a_field_that_an_update_removes_has_no_owner_left() {
    let live = applied(&json!({}), &annotated(&json!({"x": "1"})), "us", false).unwrap();
    let new = updated(&live, json!({"metadata": {"name": "a"}}), "edit");
    assert_eq!(owners(&new), json!({}));
}

#[test]
fn keyed_lists_are_merged_item_by_item_and_plain_ones_replaced() {
    let theirs = json!({"secrets": [{"name": "a"}], "imagePullSecrets": [{"name": "a"}]});
    let ours = json!({"secrets": [{"name": "b"}]});
    let live = applied(&json!({}), &theirs, "them", false).unwrap();
    let live = applied(&live, &ours, "us", false).unwrap();
    assert_eq!(live["secrets"], json!([{"name": "a"}, {"name": "b"}]));
    let refused = applied(&live, &json!({"imagePullSecrets": [{"name": "b"}]}), "us", false);
    assert_eq!(refused.unwrap_err().code, 409);
    let live = applied(&live, &json!({}), "us", false).unwrap();
    assert_eq!(live["secrets"], json!([{"name": "a"}]));
}

#[test]
fn finalizers_are_a_set() {
    let with = |name: &str| json!({"metadata": {"finalizers": [name]}});
    let live = applied(&json!({}), &with("example.com/a"), "them", false).unwrap();
    let live = applied(&live, &with("example.com/b"), "us", false).unwrap();
    assert_eq!(live["metadata"]["finalizers"], json!(["example.com/a", "example.com/b"]));
    let live = applied(&live, &json!({}), "them", false).unwrap();
    assert_eq!(live["metadata"]["finalizers"], json!(["example.com/b"]));
    assert_eq!(owners(&live), json!({"us": {"f:metadata": {"f:finalizers": {"v:\"example.com/b\"": {}}}}}));
}

fn merge(live: &Value, patch: Value) -> Value {
    let mut new = live.clone();
    json_patch::merge(&mut new, &patch);
    new
}
