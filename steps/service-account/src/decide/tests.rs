use rstest::rstest;
use serde_json::{Value, json};

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
    State { namespace, account, ..State::default() }
}

fn theirs(labels: Value) -> Owned {
    let live = json!({
        "apiVersion": "v1", "metadata": {"name": "operator", "namespace": "eso", "labels": labels, "managedFields": [
            {"manager": "helm", "operation": "Update", "apiVersion": "v1", "fieldsV1": {"f:metadata": {"f:labels": {"f:a": {}}}}},
        ]},
    });
    Owned::seen(&live, &config(json!({"labels": {"a": "1"}})).body())
}

fn making(found: Namespace) -> Surroundings {
    Surroundings::Making(found)
}

fn removing(account: &[&str], namespace: Option<&str>) -> Surroundings {
    let account = account.iter().map(|text| (*text).to_owned()).collect();
    Surroundings::Removing(Users { account, namespace: namespace.map(str::to_owned) })
}

fn code(result: Result<Wanted<State>>) -> Option<String> {
    result.expect_err("it should be refused").report().code
}

#[test]
fn a_missing_namespace_is_made_and_is_ours() {
    let wanted = config(json!({})).decide(GRAPH, &making(Namespace::Missing), None).expect("a decision");
    assert_eq!(wanted.state, state(Some("eso"), Some(account(json!({})))));
}

#[test]
fn a_namespace_that_is_there_is_not_ours() {
    let wanted = config(json!({})).decide(GRAPH, &making(Namespace::Active), None).expect("a decision");
    assert_eq!(wanted.state.namespace, None);
}

#[test]
fn a_namespace_has_the_labels_of_the_file_where_it_is_ours() {
    let config = config(json!({"namespace_labels": {"team": "a"}}));
    let made = config.decide(GRAPH, &making(Namespace::Missing), None).expect("a decision");
    let labels =
        |state: &State| state.namespace.as_ref().and_then(|it| it.value(&["metadata", "labels", "team"]).cloned());
    assert_eq!(labels(&made.state), Some(json!("a")));
    let bare = state(Some("eso"), Some(account(json!({}))));
    let later = config.decide(GRAPH, &making(Namespace::Active), Some(&bare)).expect("a decision");
    assert_eq!((later.state, later.notes), (made.state, Vec::new()));
}

#[test]
fn labels_are_not_put_on_a_namespace_of_others_and_that_is_said() {
    let config = config(json!({"namespace_labels": {"team": "a"}}));
    let wanted = config.decide(GRAPH, &making(Namespace::Active), None).expect("a decision");
    assert_eq!(wanted.state.namespace, None);
    assert!(wanted.notes[0].text().contains("was not made by this graph"), "{:?}", wanted.notes);
}

#[test]
fn a_label_of_a_namespace_is_a_request_of_its_own() {
    let bare = state(Some("eso"), Some(account(json!({}))));
    let config = config(json!({"namespace_labels": {"team": "a"}}));
    let labelled = config.decide(GRAPH, &making(Namespace::Active), Some(&bare)).expect("a decision").state;
    assert_eq!(waypoints(Some(&bare), Some(&labelled)), [Some(labelled.clone())]);
    assert_eq!(waypoints(Some(&labelled), Some(&bare)), [Some(bare)]);
}

#[rstest]
#[case(json!({"create_namespace": false}), Namespace::Missing, "trustpath::service_account::namespace_missing")]
#[case(json!({}), Namespace::Terminating, "trustpath::service_account::namespace_terminating")]
fn a_namespace_that_cannot_be_used_is_an_error(#[case] with: Value, #[case] found: Namespace, #[case] expected: &str) {
    assert_eq!(code(config(with).decide(GRAPH, &making(found), None)).as_deref(), Some(expected));
}

#[test]
fn an_equal_account_of_somebody_else_is_nothing_to_do() {
    let now = state(None, Some(theirs(json!({"a": "1"}))));
    let config = config(json!({"labels": {"a": "1"}}));
    let wanted = config.decide(GRAPH, &making(Namespace::Active), Some(&now)).expect("a decision");
    assert_eq!(wanted.state, now);
    assert!(!ServiceAccount::is_ours(GRAPH, &now));
}

#[test]
fn another_label_takes_the_account_over() {
    let now = state(None, Some(theirs(json!({"a": "0"}))));
    let config = config(json!({"labels": {"a": "1"}}));
    let wanted = config.decide(GRAPH, &making(Namespace::Active), Some(&now)).expect("a decision").state;
    assert!(!ServiceAccount::is_ours(GRAPH, &now));
    assert!(ServiceAccount::is_ours(GRAPH, &wanted));
    assert!(wanted.account.is_some_and(|account| account.others.is_empty()));
}

#[test]
fn destroy_keeps_an_account_that_is_in_use() {
    let now = state(Some("eso"), Some(account(json!({}))));
    let released = config(json!({})).release(&removing(&["the pod `a` runs as it"], Some("Pod a")), &now);
    assert_eq!(released.state, Some(now));
    assert!(released.notes[0].text().contains("the pod `a` runs as it"));
}

#[test]
fn destroy_keeps_a_namespace_that_is_not_empty() {
    let now = state(Some("eso"), Some(account(json!({}))));
    let released = config(json!({})).release(&removing(&[], Some("Secret a")), &now);
    assert_eq!(released.state, Some(state(Some("eso"), None)));
    assert!(released.notes[0].text().contains("Secret a"));
}

#[test]
fn destroy_removes_what_nobody_needs_and_the_graph_made() {
    let config = config(json!({}));
    let all = config.release(&removing(&[], None), &state(Some("eso"), Some(account(json!({})))));
    assert_eq!(all, Released::all());
    let account = config.release(&removing(&[], None), &state(None, Some(account(json!({})))));
    assert_eq!(account.state, None);
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
    let after = config.decide(GRAPH, &making(Namespace::Active), Some(&before)).expect("a decision").state;
    assert_eq!(waypoints(Some(&before), Some(&after)).len(), 1);
    let back = waypoints(Some(&after), Some(&before));
    assert_eq!(back.len(), 2);
    assert_eq!(back.last(), Some(&Some(before)));
}

#[test]
fn a_state_of_nothing_is_no_state() {
    assert_eq!(State::default().there(), None);
}

#[test]
fn what_others_set_is_lost_with_the_object() {
    let mut now = state(Some("eso"), Some(account(json!({}))));
    assert_eq!(undoable(Some(&now), None), Undo::Yes);
    now.beside.account = vec!["helm".into()];
    let Undo::No(why) = undoable(Some(&now), None) else { panic!("it says that it can be undone") };
    assert_eq!(why, "what helm set on the ServiceAccount would be lost");
    assert_eq!(undoable(Some(&now), Some(&now)), Undo::Yes);
    assert_eq!(undoable(None, Some(&now)), Undo::Yes);
}
