use serde_json::{Value, json};

use super::{
    give_back::{ownership_patch, values_patch},
    *,
};

const GRAPH: &str = "standard";

fn fields(value: Value) -> Fields {
    value.as_object().cloned().expect("a test's object")
}

fn entry(manager: &str, operation: &str, tree: Value) -> Value {
    json!({"manager": manager, "operation": operation, "apiVersion": "v1", "time": "t", "fieldsV1": tree})
}

fn object(labels: Value, managers: Value) -> Value {
    json!({
        "apiVersion": "v1", "kind": "ServiceAccount",
        "metadata": {"name": "n", "resourceVersion": "7", "labels": labels, "managedFields": managers},
    })
}

fn body(labels: Value) -> Fields {
    fields(json!({"metadata": {"name": "n", "labels": labels}}))
}

fn theirs(tree: Value) -> Value {
    json!([entry("kubectl", "Update", json!({"f:metadata": {"f:labels": tree}}))])
}

#[test]
fn what_is_adopted_gets_the_mark_and_nothing_else() {
    let fields = body(json!({"a": "1"}));
    let theirs = Owned { applied: body(json!({})), others: [("kubectl".to_owned(), fields.clone())].into() };
    let adopted = theirs.clone().adopted(GRAPH);
    assert!(adopted.is_marked(GRAPH));
    assert_eq!((&adopted.others, Owned::wanting(Some(&adopted), fields, GRAPH)), (&theirs.others, adopted.clone()));
    let mut marked = body(json!({}));
    set_mark(&mut marked, "another");
    let copied = Owned { applied: body(json!({})), others: [("kubectl".to_owned(), marked)].into() };
    assert_eq!(copied.clone().adopted(GRAPH), copied, "a mark of another client was taken");
}

#[test]
fn what_is_made_is_marked() {
    let made = Owned::wanting(None, body(json!({"a": "1"})), GRAPH);
    assert!(made.is_marked(GRAPH));
    assert!(!made.is_marked("another"));
    assert_eq!(made.value(&["metadata", "labels", "a"]), Some(&json!("1")));
}

#[test]
fn an_equal_object_of_another_client_is_left_as_it_is() {
    let live = object(json!({"a": "1", "b": "2"}), theirs(json!({"f:a": {}, "f:b": {}})));
    let now = Owned::seen(&live, &body(json!({"a": "1"})));
    assert_eq!(Owned::wanting(Some(&now), body(json!({"a": "1"})), GRAPH), now);
    assert!(!now.is_marked(GRAPH));
}

#[test]
fn others_keep_equal_fields_and_lose_the_rest() {
    let live = object(json!({"a": "1", "b": "2"}), theirs(json!({"f:a": {}, "f:b": {}})));
    let body = body(json!({"a": "1", "b": "3"}));
    let now = Owned::seen(&live, &body);
    let wanted = Owned::wanting(Some(&now), body, GRAPH);
    assert_eq!(wanted.others["kubectl (Update v1)"], fields(json!({"metadata": {"labels": {"a": "1"}}})));
    assert_eq!(wanted.value(&["metadata", "labels", "b"]), Some(&json!("3")));
}

#[test]
fn what_is_ours_and_no_longer_wanted_goes() {
    let made = Owned::wanting(None, body(json!({"a": "1", "b": "2"})), GRAPH);
    let less = Owned::wanting(Some(&made), body(json!({"a": "1"})), GRAPH);
    assert_eq!(less, Owned::wanting(None, body(json!({"a": "1"})), GRAPH));
}

#[test]
fn what_another_graph_applied_is_not_pruned_when_all_we_want_is_there() {
    let made = Owned::wanting(None, body(json!({"a": "1", "b": "2"})), "another");
    assert_eq!(Owned::wanting(Some(&made), body(json!({"a": "1"})), GRAPH), made);
}

#[test]
fn what_we_own_is_seen_where_it_is_there() {
    let tree = json!({
        "f:metadata": {"f:labels": {".": {}, "f:a": {}, "f:gone": {}}, "f:annotations": {"f:gone": {}}},
        "f:list": {"v:1": {}}, "f:spec": {"f:x": {}}, "f:roleRef": {}, "f:map": {},
    });
    let mut live = object(json!({"a": "1", "b": "2"}), json!([entry("trustpath", "Apply", tree)]));
    let more = json!({"list": [1], "spec": {"x": {}}, "roleRef": {"kind": "ClusterRole"}, "map": {"a": "1"}});
    live.as_object_mut().expect("an object").extend(fields(more));
    let expected = json!({
        "metadata": {"name": "n", "labels": {"a": "1"}},
        "list": [1], "spec": {"x": {}}, "roleRef": {"kind": "ClusterRole"},
    });
    assert_eq!(
        Owned::seen(&live, &Fields::new()).applied,
        fields(expected),
        "a map that is owned without its fields is not"
    );
}

#[test]
fn an_object_without_managers_will_be_its_first_owners() {
    let now = Owned::seen(&object(json!({"a": "1"}), json!([])), &body(json!({"a": "1"})));
    let owners: Vec<_> = now.others.keys().map(ToString::to_string).collect();
    assert_eq!(owners, ["before-first-apply (Update v1)"]);
}

#[test]
fn a_field_on_its_way_back_belongs_to_no_one_yet() {
    let managers = json!([entry("trustpath", "Update", json!({"f:metadata": {"f:labels": {"f:a": {}}}}))]);
    let now = Owned::seen(&object(json!({"a": "1"}), managers), &body(json!({"a": "2"})));
    assert_eq!(now, Owned::made(fields(json!({"metadata": {"name": "n"}}))));
}

#[test]
fn the_way_back_from_force_keeps_a_field_until_it_is_given_back() {
    let live = object(json!({"a": "1", "b": "2"}), theirs(json!({"f:a": {}, "f:b": {}})));
    let body = body(json!({"a": "1", "b": "3"}));
    let before = Owned::seen(&live, &body);
    let after = Owned::wanting(Some(&before), body, GRAPH);
    assert_eq!(before.waypoints(&after), std::slice::from_ref(&after));
    let way = after.waypoints(&before);
    assert_eq!(way.len(), 2);
    assert_eq!(way[0].applied, fields(json!({"metadata": {"name": "n", "labels": {"b": "3"}}})));
    assert_eq!(way[0].others, after.others);
    assert_eq!(way[1], before);
    assert!(after.owed(&way[0]).is_empty());
}

#[test]
fn a_field_that_was_shared_before_is_ours_again_first() {
    let shared = json!([
        entry("kubectl", "Update", json!({"f:metadata": {"f:labels": {"f:b": {}}}})),
        entry("trustpath", "Apply", json!({"f:metadata": {"f:labels": {"f:b": {}}}})),
    ]);
    let body = body(json!({"b": "3"}));
    let before = Owned::seen(&object(json!({"b": "2"}), shared), &body);
    let after = Owned::wanting(Some(&before), body, GRAPH);
    let way = after.waypoints(&before);
    assert_eq!(way[0].applied, before.applied);
    assert!(way[0].others.is_empty());
    assert_eq!(way[1], before);
}

proptest::proptest! {
    /// An undo tells, field by field, what was before from what we made: during the undo a field may be no third thing.
    #[test]
    fn on_the_way_back_each_field_is_as_before_or_as_made(
        labels in proptest::collection::btree_map("[a-d]", "[12]", 0..4),
        wanted in proptest::collection::btree_map("[a-d]", "[12]", 0..4),
        ours in proptest::collection::btree_set("[a-d]", 0..4),
        others in proptest::collection::btree_set("[a-d]", 0..4),
    ) {
        let tree = |names: &std::collections::BTreeSet<String>| {
            let names = names.iter().filter(|name| labels.contains_key(*name)).map(|name| (format!("f:{name}"), json!({})));
            json!({"f:metadata": {"f:labels": names.collect::<Fields>()}})
        };
        let managers = json!([entry("trustpath", "Apply", tree(&ours)), entry("kubectl", "Update", tree(&others))]);
        let body = body(json!(wanted));
        let before = Owned::seen(&object(json!(labels), managers), &body);
        let after = Owned::wanting(Some(&before), body, GRAPH);
        let json = |state: &Owned| serde_json::to_value(state).expect("a state");
        let made = trustpath_core::Change { before: Some(json(&before)), after: Some(json(&after)) };
        let way = after.waypoints(&before);
        proptest::prop_assert_eq!(way.last(), Some(&before));
        for state in &way {
            let standing = trustpath_core::ChangeHistory::from(made.clone()).drift(Some(&json(state)));
            proptest::prop_assert!(!matches!(standing, trustpath_core::contract::Drift::Foreign(_)), "{:?}", standing);
        }
    }
}

#[test]
fn a_state_survives_being_written_down() {
    let live = object(json!({"a": "1"}), theirs(json!({"f:a": {}})));
    let seen = Owned::wanting(Some(&Owned::seen(&live, &body(json!({"a": "2"})))), body(json!({"a": "2"})), GRAPH);
    let seen = Owned { others: Owned::seen(&live, &body(json!({"a": "2"}))).others, ..seen };
    let json = serde_json::to_value(&seen).expect("a state");
    assert_eq!(json["others"]["kubectl (Update v1)"]["metadata"]["labels"]["a"], "1");
    assert_eq!(serde_json::from_value::<Owned>(json).expect("a state"), seen);
}

/// What the server makes of the forced apply, and then of our write of the value, before it is handed over.
fn passing() -> Value {
    let ours = json!({"f:metadata": {"f:labels": {"f:a": {}}}});
    let managers = json!([
        entry("trustpath", "Apply", ours.clone()),
        entry("kubectl", "Update", json!({"f:metadata": {"f:labels": {".": {}, "f:a": {}}}})),
        entry("trustpath", "Update", json!({"f:metadata": {"f:labels": {"f:b": {}}}})),
    ]);
    object(json!({"a": "1", "b": "2"}), managers)
}

fn owed(owner: &str) -> OtherManagers {
    OtherManagers::from([(owner.to_owned(), fields(json!({"metadata": {"labels": {"b": "2"}}})))])
}

#[test]
fn values_that_are_back_are_not_written_again() {
    let taken = object(json!({"a": "1", "b": "3"}), json!([]));
    let patch = values_patch(&taken, &owed("kubectl (Update v1)"));
    assert_eq!(patch, Some(json!({"metadata": {"labels": {"b": "2"}, "resourceVersion": "7"}})));
    assert_eq!(values_patch(&passing(), &owed("kubectl (Update v1)")), None);
}

#[test]
fn ownership_moves_and_nothing_else_changes() {
    let patch = ownership_patch(&passing(), &owed("kubectl (Update v1)"), &Fields::new())
        .expect("there is something to hand over");
    let managers = json!([
        entry("trustpath", "Apply", json!({"f:metadata": {"f:labels": {"f:a": {}}}})),
        entry("kubectl", "Update", json!({"f:metadata": {"f:labels": {".": {}, "f:a": {}, "f:b": {}}}})),
    ]);
    assert_eq!(patch, json!({"metadata": {"resourceVersion": "7", "managedFields": managers}}));
    let there = object(json!({"a": "1", "b": "2"}), managers);
    assert_eq!(ownership_patch(&there, &owed("kubectl (Update v1)"), &Fields::new()), None);
}

#[test]
fn an_owner_that_lost_everything_is_listed_again() {
    let patch = ownership_patch(&passing(), &owed("argocd (Apply v1)"), &Fields::new())
        .expect("there is something to hand over");
    let expected = json!({
        "manager": "argocd", "operation": "Apply", "apiVersion": "v1", "fieldsType": "FieldsV1",
        "fieldsV1": {"f:metadata": {"f:labels": {"f:b": {}}}}, "time": "t",
    });
    assert_eq!(patch["metadata"]["managedFields"].as_array().and_then(|entries| entries.last()), Some(&expected));
}

#[test]
fn what_belonged_to_no_one_belongs_to_no_one_again() {
    let managers = json!([entry("trustpath", "Apply", json!({"f:metadata": {"f:labels": {"f:b": {}}}}))]);
    let live = object(json!({"b": "2"}), managers);
    let patch = ownership_patch(&live, &owed("nobody"), &Fields::new()).expect("there is something to hand over");
    assert_eq!(patch["metadata"]["managedFields"], json!([{}]));
}

#[test]
fn what_we_applied_too_stays_ours_as_well() {
    let ours = fields(json!({"metadata": {"labels": {"b": "2"}}}));
    let managers = json!([entry("trustpath", "Apply", json!({"f:metadata": {"f:labels": {"f:b": {}}}}))]);
    let patch = ownership_patch(&object(json!({"b": "2"}), managers), &owed("argocd (Apply v1)"), &ours);
    let managers = patch.as_ref().and_then(|patch| patch["metadata"]["managedFields"].as_array());
    assert_eq!(managers.map(Vec::len), Some(2));
}

#[test]
fn what_others_set_is_told_from_how_an_object_is_cleaned_up() {
    let managers = json!([
        entry("trustpath", "Apply", json!({"f:metadata": {"f:labels": {"f:a": {}}}})),
        entry("operator", "Update", json!({"f:metadata": {"f:finalizers": {".": {}, "v:\"x\"": {}}}})),
        entry("kubectl", "Update", json!({"f:metadata": {"f:finalizers": {}, "f:labels": {"f:b": {}}}})),
        entry("helm", "Update", json!({"f:automountServiceAccountToken": {}})),
    ]);
    assert_eq!(other_managers(&object(json!({}), managers)), ["helm", "kubectl"]);
}
