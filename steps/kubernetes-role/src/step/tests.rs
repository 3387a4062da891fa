use std::sync::Arc;

use rstest::rstest;
use serde_json::{Value, json};
use trustpath_core::{Change, Context, Facts as Taken, Goal, Handles, Kind, Right, Stage, contract::StepConsent};
use trustpath_platform::{AuthMount, PolicyName, ServiceAccountRef};

use super::*;

fn facts() -> Taken {
    let mut facts = Taken::default();
    facts.add("kubernetes-auth", AuthMount { path: "kubernetes".into(), namespace: None });
    facts.add("service-account", ServiceAccountRef { namespace: "eso".into(), name: "eso".into() });
    facts.add("policy", PolicyName { name: "apps".into(), namespace: None });
    facts
}

/// What a stage takes, of a role with this configuration.
fn rights(with: Value, stage: Stage<'_>) -> Vec<String> {
    let mut role = json!({"name": "eso"});
    role.as_object_mut().unwrap().extend(with.as_object().unwrap().clone());
    let step = Kind::managed::<KubernetesRole>("kubernetes-role", "").from_json(role).unwrap();
    let cx = Context::new("g", "role", Arc::new(facts()), Arc::new(Handles::new()), StepConsent::default());
    let words = |right: Right| right.what;
    let mut rights: Vec<_> = step.rights(&cx, stage).unwrap().into_iter().map(words).collect();
    // The token of a login is asked for ahead of it, too.
    rights.dedup();
    rights
}

const BEFORE_IT: [&str; 3] = [
    "`read` on `auth/kubernetes/role/eso`",
    "`read` on `sys/policies/acl/apps`",
    "`create` on serviceaccounts/token `eso` in `eso`",
];
const ASK: &str = "`update` on `sys/capabilities-accessor`";
const REVOKE: &str = "`update` on `auth/token/revoke-accessor`";

#[rstest]
#[case(json!({}), &[])]
#[case(json!({"token_num_uses": 1}), &[ASK])]
#[case(json!({"token_no_default_policy": true}), &[ASK, REVOKE])]
fn what_the_token_of_a_login_can_do_by_itself_needs_no_right(#[case] with: Value, #[case] more: &[&str]) {
    assert_eq!(rights(with, Stage::Verify(None)), [&BEFORE_IT, more].concat());
}

#[test]
fn the_policies_that_the_role_has_are_read() {
    let there = json!({"bound_service_account_names": ["eso"], "token_policies": ["other"]});
    let rights = rights(json!({}), Stage::Verify(Some(&there)));
    assert!(rights.contains(&"`read` on `sys/policies/acl/other`".to_owned()), "{rights:?}");
}

#[test]
fn what_is_made_may_be_sent_again() {
    let state = json!({});
    let needs = |before: Option<&Value>, after: Option<&Value>| {
        let change = Change { before: before.cloned(), after: after.cloned() };
        rights(json!({}), Stage::Change(&change))
    };
    let on_it = |capability: &str| format!("`{capability}` on `auth/kubernetes/role/eso`");
    assert_eq!(needs(None, Some(&state)), ["create", "update"].map(on_it));
    assert_eq!(needs(Some(&state), Some(&json!({"token_ttl": 60}))), [on_it("update")]);
    assert_eq!(needs(Some(&state), None), [on_it("delete")]);
}

#[test]
fn what_cannot_be_seen_may_be_made_changed_and_removed() {
    let mut all = rights(json!({}), Stage::Unseen);
    all.sort();
    all.dedup();
    let expected = ["create", "delete", "read", "update"];
    assert_eq!(all, expected.map(|capability| format!("`{capability}` on `auth/kubernetes/role/eso`")));
}

#[test]
fn which_cluster_this_is_is_read_for_a_plan_and_for_nothing_else() {
    let change = Change { before: None, after: Some(json!({})) };
    let asks = |stage| rights(json!({}), stage).contains(&"`get` on namespaces `kube-system`".to_owned());
    assert!([Goal::Present, Goal::Absent].iter().all(|goal| asks(Stage::Plan(goal, &change))));
    assert!(!asks(Stage::Undo(&change)) && !asks(Stage::Change(&change)) && !asks(Stage::Verify(None)));
}
