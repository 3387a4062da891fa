use std::sync::Arc;

use rstest::rstest;
use serde_json::{Value, json};
use trustpath_core::{Context, Handles, Kind, Stage, Values, contract::StepConsent};
use trustpath_platform::kubernetes::owned::{Owned, OwnedParts as _};

use super::*;

const GRAPH: &str = "standard";

fn config(with: Value) -> ServiceAccount {
    let mut all = json!({"namespace": "eso", "name": "operator"});
    if let (Value::Object(all), Value::Object(with)) = (&mut all, with) {
        all.extend(with);
    }
    serde_json::from_value(all).expect("a configuration")
}

fn account(labels: Value) -> Owned {
    Owned::wanting(None, config(json!({"labels": labels})).body(), GRAPH)
}

fn state(namespace: Option<&str>, account: Option<Owned>) -> State {
    let namespace = namespace.map(|_| Owned::wanting(None, config(json!({})).namespace_body(), GRAPH));
    State { namespace, account }
}

fn theirs(labels: Value) -> Owned {
    let live = json!({
        "apiVersion": "v1", "metadata": {"name": "operator", "namespace": "eso", "labels": labels, "managedFields": [
            {"manager": "helm", "operation": "Update", "apiVersion": "v1", "fieldsV1": {"f:metadata": {"f:labels": {"f:a": {}}}}},
        ]},
    });
    Owned::seen(&live, &config(json!({"labels": {"a": "1"}})).body())
}

fn users(account: &[&str], namespace: Option<&str>) -> AccountUsers {
    let account = account.iter().map(|text| (*text).to_owned()).collect();
    AccountUsers { account, namespace: namespace.map(str::to_owned), is_anothers: false }
}

fn wanted(config: &ServiceAccount, found: Namespace, now: Option<&State>) -> State {
    config.make(GRAPH, found, now).expect("a decision").to.expect("something to make")
}

fn released(users: &AccountUsers, now: &State) -> Decision<State> {
    config(json!({})).release(GRAPH, users, &ForeignFields::default(), now)
}

fn code(result: Result<Decision<State>>) -> Option<String> {
    result.expect_err("it should be refused").report().code
}

/// The states that the requests lead to.
fn waypoints(from: Option<&State>, to: Option<&State>) -> Vec<Option<State>> {
    config(json!({})).legs(from, to).into_iter().map(|leg| leg.to).collect()
}

#[test]
fn a_missing_namespace_is_made_and_is_ours() {
    let wanted = wanted(&config(json!({})), Namespace::Missing, None);
    assert_eq!(wanted, state(Some("eso"), Some(account(json!({})))));
}

#[test]
fn a_namespace_that_is_there_is_not_ours() {
    assert_eq!(wanted(&config(json!({})), Namespace::Active, None).namespace, None);
}

#[test]
fn a_namespace_has_the_labels_of_the_file_where_it_is_ours() {
    let config = config(json!({"namespace_labels": {"team": "a"}}));
    let made = wanted(&config, Namespace::Missing, None);
    let labels =
        |state: &State| state.namespace.as_ref().and_then(|it| it.value(&["metadata", "labels", "team"]).cloned());
    assert_eq!(labels(&made), Some(json!("a")));
    let bare = state(Some("eso"), Some(account(json!({}))));
    let later = config.make(GRAPH, Namespace::Active, Some(&bare)).expect("a decision");
    assert_eq!((later.to, later.notes), (Some(made), Vec::new()));
}

#[test]
fn labels_are_not_put_on_a_namespace_of_others_and_that_is_said() {
    let config = config(json!({"namespace_labels": {"team": "a"}}));
    let wanted = config.make(GRAPH, Namespace::Active, None).expect("a decision");
    assert_eq!(wanted.to.expect("an account").namespace, None);
    assert!(wanted.notes[0].text().contains("was not made by this graph"), "{:?}", wanted.notes);
}

#[test]
fn a_label_of_a_namespace_is_a_request_of_its_own() {
    let bare = state(Some("eso"), Some(account(json!({}))));
    let config = config(json!({"namespace_labels": {"team": "a"}}));
    let labelled = wanted(&config, Namespace::Active, Some(&bare));
    assert_eq!(waypoints(Some(&bare), Some(&labelled)), [Some(labelled.clone())]);
    assert_eq!(waypoints(Some(&labelled), Some(&bare)), [Some(bare)]);
}

#[rstest]
#[case(json!({"create_namespace": false}), Namespace::Missing, "trustpath::service_account::namespace_missing")]
#[case(json!({}), Namespace::Terminating, "trustpath::service_account::namespace_terminating")]
fn a_namespace_that_cannot_be_used_is_an_error(#[case] with: Value, #[case] found: Namespace, #[case] expected: &str) {
    assert_eq!(code(config(with).make(GRAPH, found, None)).as_deref(), Some(expected));
}

#[test]
fn an_equal_account_of_another_client_is_nothing_to_do() {
    let now = state(None, Some(theirs(json!({"a": "1"}))));
    let config = config(json!({"labels": {"a": "1"}}));
    assert_eq!(wanted(&config, Namespace::Active, Some(&now)), now);
    assert!(!is_ours(GRAPH, &now));
}

#[test]
fn another_label_takes_the_account_over() {
    let now = state(None, Some(theirs(json!({"a": "0"}))));
    let config = config(json!({"labels": {"a": "1"}}));
    let wanted = wanted(&config, Namespace::Active, Some(&now));
    assert!(!is_ours(GRAPH, &now));
    assert!(is_ours(GRAPH, &wanted));
    assert!(wanted.account.is_some_and(|account| account.others.is_empty()));
}

#[test]
fn destroy_keeps_an_account_that_is_in_use() {
    let now = state(Some("eso"), Some(account(json!({}))));
    let left = released(&users(&["the pod `a` runs as it"], Some("Pod a")), &now);
    assert_eq!(left.to, Some(now));
    assert!(left.notes[0].text().contains("the pod `a` runs as it"));
}

#[test]
fn destroy_keeps_a_namespace_that_is_not_empty() {
    let now = state(Some("eso"), Some(account(json!({}))));
    let left = released(&users(&[], Some("Secret a")), &now);
    assert_eq!(left.to, Some(state(Some("eso"), None)));
    assert!(left.notes[0].text().contains("Secret a"));
}

#[test]
fn destroy_removes_what_no_one_needs_and_the_graph_made() {
    let all = released(&users(&[], None), &state(Some("eso"), Some(account(json!({})))));
    assert_eq!((all.to, all.notes), (None, Vec::new()));
    let account = released(&users(&[], None), &state(None, Some(account(json!({})))));
    assert_eq!(account.to, None);
    assert_eq!(account.notes.len(), 1);
}

#[test]
fn a_namespace_comes_first_and_goes_last() {
    let both = state(Some("eso"), Some(account(json!({}))));
    let only = state(Some("eso"), None);
    assert_eq!(waypoints(None, Some(&both)), [Some(only.clone()), Some(both.clone())]);
    assert_eq!(waypoints(Some(&both), None), [Some(only.clone()), None]);
    assert_eq!(waypoints(Some(&only), Some(&both)), [Some(both.clone())]);
    assert_eq!(waypoints(Some(&both), Some(&both)), []);
    assert_eq!(waypoints(None, None), []);
}

#[test]
fn what_is_taken_by_force_comes_back_in_a_step_of_its_own() {
    let before = state(None, Some(theirs(json!({"a": "0"}))));
    let config = config(json!({"labels": {"a": "1"}}));
    let after = wanted(&config, Namespace::Active, Some(&before));
    assert_eq!(waypoints(Some(&before), Some(&after)).len(), 1);
    let back = waypoints(Some(&after), Some(&before));
    assert_eq!(back.len(), 2);
    assert_eq!(back.last(), Some(&Some(before)));
}

#[test]
fn a_state_of_nothing_is_no_state() {
    assert_eq!(State::join([None, None]), None);
}

#[test]
fn what_others_set_is_lost_with_the_object() {
    let now = state(Some("eso"), Some(account(json!({}))));
    assert_eq!(reversibility(&now, None, &ForeignFields::default()), Reversibility::Full);
    let others = ForeignFields { account: vec!["helm".into()], ..ForeignFields::default() };
    let Reversibility::Lossy(why) = reversibility(&now, None, &others) else { panic!("it says that it can be undone") };
    assert_eq!(why, "what helm set on the ServiceAccount would be lost");
    assert_eq!(reversibility(&now, Some(&now), &others), Reversibility::Full);
}

#[test]
fn a_namespace_that_is_left_needs_nothing() {
    let now = state(Some("eso"), Some(account(json!({}))));
    assert!(!released(&users(&[], Some("Secret a")), &now).retains);
    assert!(released(&users(&["the pod `a` runs as it"], None), &now).retains);
}

/// What these requests take, in words.
fn taken(config: &ServiceAccount, from: Option<&State>, to: Option<&State>) -> Vec<String> {
    let legs = config.legs(from, to);
    legs.iter().flat_map(|leg| leg.request.rights(Values::Known)).map(|right| right.what).collect()
}

#[test]
fn a_namespace_that_the_graph_made_is_looked_through_before_it_goes() {
    let (config, both) = (config(json!({})), state(Some("eso"), Some(account(json!({})))));
    let theirs = State { namespace: None, ..both.clone() };
    let everything = "`list` on everything in `eso`".to_owned();
    assert!(taken(&config, Some(&both), None).contains(&everything));
    assert!(taken(&config, None, Some(&both)).contains(&"`create` on namespaces `eso`".to_owned()));
    for rights in [taken(&config, Some(&theirs), None), taken(&config, None, Some(&theirs))] {
        assert!(rights.iter().all(|right| !right.contains("namespaces") && *right != everything), "{rights:?}");
    }
}

#[test]
fn in_a_namespace_that_is_not_there_only_the_namespace_is_tried() {
    let tried = |to: &State| {
        let legs = config(json!({})).legs(None, Some(to));
        let rights = legs.iter().flat_map(|leg| leg.request.dry_run_rights());
        rights.map(|right| right.what).collect::<Vec<_>>()
    };
    let made = state(Some("eso"), Some(account(json!({}))));
    let both = tried(&made);
    assert!(both.contains(&"`create` on namespaces `eso`".to_owned()), "{both:?}");
    assert!(both.iter().all(|right| !right.contains("serviceaccounts")), "{both:?}");
    let there = tried(&State { namespace: None, ..made });
    assert!(there.contains(&"`create` on serviceaccounts `operator` in `eso`".to_owned()), "{there:?}");
}

#[rstest]
#[case(json!({}), &["serviceaccounts `operator` in `eso`", "namespaces `eso`"])]
#[case(json!({"create_namespace": false}), &["serviceaccounts `operator` in `eso`"])]
fn what_cannot_be_seen_may_be_made_changed_and_removed(#[case] with: Value, #[case] objects: &[&str]) {
    let mut config = json!({"namespace": "eso", "name": "operator"});
    config.as_object_mut().unwrap().extend(with.as_object().unwrap().clone());
    let kind = Kind::registered().into_iter().find(|kind| kind.name() == "service-account").unwrap();
    let cx = Context::new(GRAPH, "s", Arc::default(), Arc::new(Handles::new()), StepConsent::default());
    let rights = kind.from_json(config).unwrap().rights(&cx, Stage::Unseen).unwrap();
    let mut found: Vec<_> = rights.into_iter().map(|right| right.what).collect();
    found.sort_unstable();
    found.dedup();
    let verbs = ["create", "delete", "get", "patch"];
    let mut expected: Vec<_> =
        objects.iter().flat_map(|object| verbs.map(|verb| format!("`{verb}` on {object}"))).collect();
    expected.push("`get` on namespaces `eso`".into());
    expected.extend((objects.len() > 1).then(|| "`list` on everything in `eso`".into()));
    expected.sort_unstable();
    expected.dedup();
    assert_eq!(found, expected);
}
