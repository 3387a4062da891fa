mod written;

use rstest::rstest;
use serde_json::{Value, json};
use trustpath_core::Note;
use trustpath_platform::vault::Family;

use super::*;
use crate::warnings;

fn role(with: Value) -> KubernetesRole {
    let mut with = with;
    with["name"] = json!("external-secrets");
    serde_json::from_value(with).unwrap()
}

fn facts() -> Taken {
    let mount = AuthMount { path: "kubernetes".into(), namespace: None };
    let account = ServiceAccountRef { namespace: "external-secrets".into(), name: "operator".into() };
    (mount, vec![account], vec![PolicyName { name: "apps-read".into(), namespace: None }])
}

fn decided(with: Value, now: Option<&Content>) -> Content {
    role(with).desired(&facts(), now).unwrap()
}

fn held(role: Value) -> Content {
    serde_json::from_value(role).unwrap()
}

fn refused(with: Value, facts: &Taken) -> String {
    let failure = role(with).desired(facts, None).unwrap_err();
    failure.report().code.unwrap()
}

#[test]
fn facts_are_the_default() {
    let expected = json!({
        "bound_service_account_names": ["operator"],
        "bound_service_account_namespaces": ["external-secrets"],
        "token_policies": ["apps-read"],
        "token_ttl": 3600,
    });
    assert_eq!(decided(json!({"ttl": "1h"}), None), held(expected));
}

#[test]
fn the_configuration_comes_before_the_facts() {
    let state = decided(
        json!({
            "bound_service_account_names": ["a", "b", "a"],
            "bound_service_account_namespace_selector": {"matchLabels": {"a": "b"}},
            "token_policies": ["Other"],
            "alias_name_source": "serviceaccount_name",
            "token_type": "batch",
        }),
        None,
    );
    let expected = json!({
        "bound_service_account_names": ["a", "b"],
        "bound_service_account_namespace_selector": "{\"matchLabels\":{\"a\":\"b\"}}",
        "token_policies": ["other"],
        "alias_name_source": "serviceaccount_name",
        "token_type": "batch",
    });
    assert_eq!(state, held(expected), "a selector alone is enough");
}

/// As the servers give them back: the mask of a single address is gone.
#[rstest]
#[case(json!(["10.0.0.0/8", "127.0.0.1", "2001:db8::1"]), true)]
#[case(json!(["127.0.0.1", "10.0.0.0/8"]), false)]
#[case(json!(["10.0.0.0/8", "127.0.0.2", "2001:db8::1"]), false)]
#[case(json!(["10.0.0.0/9", "127.0.0.1", "2001:db8::1"]), false)]
fn networks_that_are_the_same_are_no_drift(#[case] there: Value, #[case] same: bool) {
    let with = || json!({"token_bound_cidrs": ["127.0.0.1/32", "10.0.0.0/8", "2001:DB8:0::1/128"]});
    let mut now = decided(with(), None);
    now.insert(CIDRS.to_owned(), there);
    assert_eq!(decided(with(), Some(&now)) == now, same);
}

#[test]
fn what_means_the_same_stays_as_it_is() {
    let now = held(json!({
        "bound_service_account_names": ["b", "a"],
        "bound_service_account_namespaces": ["n", "m"],
        "bound_service_account_namespace_selector": "{ \"matchLabels\" : {\"x\":\"y\"} }",
        "token_policies": ["Q", "p", "p"],
        "token_bound_cidrs": ["::1", "10.0.0.0/8"],
        "token_ttl": 60,
        "legacy_keys": ["policies", "ttl"],
    }));
    let with = json!({
        "bound_service_account_names": ["a", "b"],
        "bound_service_account_namespaces": ["m", "n"],
        "bound_service_account_namespace_selector": {"matchLabels": {"x": "y"}},
        "token_policies": ["p", "q"],
        "token_bound_cidrs": ["10.0.0.0/8", "::1"],
        "ttl": "1m",
    });
    assert_eq!(decided(with, Some(&now)), now);
}

#[test]
fn a_field_that_changes_loses_its_old_name_and_no_other_does() {
    let mut now = decided(json!({"ttl": 60, "num_uses": 2}), None);
    now.insert("legacy_keys".into(), json!(["num_uses", "policies", "ttl"]));
    let state = decided(json!({"ttl": 61}), Some(&now));
    assert_eq!(state["legacy_keys"], json!(["policies"]));
    assert_eq!((state.get("token_ttl"), state.get("token_num_uses")), (Some(&json!(61)), None));
    let state = decided(json!({"ttl": 61, "num_uses": 3, "policies": ["q"]}), Some(&now));
    assert!(!state.contains_key("legacy_keys"));
}

#[test]
fn what_is_left_out_is_cleared() {
    let full = held(json!({
        "audience": "vault", "token_max_ttl": 1, "token_bound_cidrs": ["::1"], "token_strictly_bind_ip": true,
    }));
    assert_eq!(decided(json!({}), Some(&full)), decided(json!({}), None));
}

#[test]
fn a_role_that_binds_no_one_is_refused() {
    let (mount, accounts, policies) = facts();
    let without = (mount, Vec::new(), policies);
    for with in [
        json!({}),
        json!({"bound_service_account_names": ["a"]}),
        json!({"bound_service_account_namespaces": ["n"]}),
        json!({"bound_service_account_names": [], "bound_service_account_namespaces": ["n"]}),
    ] {
        assert_eq!(refused(with, &without), "trustpath::kubernetes_role::unbound");
    }
    assert_eq!(accounts.len(), 1);
}

#[test]
fn a_lifetime_beyond_its_limit_is_refused() {
    let with = json!({"ttl": "2h", "max_ttl": "1h"});
    assert_eq!(refused(with, &facts()), "trustpath::kubernetes_role::lifetime");
    assert_eq!(decided(json!({"ttl": "2h"}), None).get("token_max_ttl"), None);
}

#[rstest]
#[case(json!({}), Some("no audience"))]
#[case(json!({"bound_service_account_names": ["*"], "bound_service_account_namespaces": ["*"]}), Some("every ServiceAccount"))]
#[case(json!({"token_no_default_policy": true}), Some("never becomes Ready"))]
#[case(json!({"token_num_uses": 1}), Some("used up"))]
#[case(json!({"token_policies": []}), Some("no policy"))]
#[case(json!({"token_policies": ["other"]}), Some("leaves out `apps-read`"))]
#[case(json!({"audience": "vault", "bound_service_account_names": ["*"], "token_num_uses": 2}), None)]
fn what_is_likely_to_hurt_is_said(#[case] with: Value, #[case] expected: Option<&str>) {
    let notes = warnings::of(&decided(with, None), &facts(), None);
    let said = |text: &str| notes.iter().any(|note| matches!(note, Note::Warning(said) if said.contains(text)));
    match expected {
        Some(text) => assert!(said(text), "{notes:?}"),
        None => assert_eq!(notes, []),
    }
}

#[test]
fn several_service_accounts_bind_more_than_themselves() {
    let (mount, mut accounts, policies) = facts();
    accounts.push(ServiceAccountRef { namespace: "other".into(), name: "other".into() });
    let facts = (mount, accounts, policies);
    let notes = warnings::of(&role(json!({})).desired(&facts, None).unwrap(), &facts, None);
    assert!(notes.iter().any(|note| note.text().contains("each of the names in each of the namespaces")));
}

#[rstest]
#[case(Some(Family::Vault), true)]
#[case(Some(Family::OpenBao), false)]
#[case(None, false)]
fn a_server_that_forgets_a_field_is_named(#[case] family: Option<Family>, #[case] forgets: bool) {
    let state = decided(json!({"token_strictly_bind_ip": true}), None);
    let notes = warnings::of(&state, &facts(), family);
    assert_eq!(notes.iter().any(|note| note.text().contains("takes it and forgets it")), forgets, "{notes:?}");
}
