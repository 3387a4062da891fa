//! What is read of a role, and what is written into one.

use rstest::rstest;
use serde_json::{Value, json};
use trustpath_platform::vault::backend::{Content, Document};

use super::{super::OLD_NAMES, facts, held, role};

fn document() -> Document {
    role(json!({})).document(&facts())
}

fn answered(answer: Content) -> Content {
    document().observed(answer)
}

fn body(now: Option<&Content>, to: &Content) -> Content {
    held(document().change(&facts().0, now, to).shown().body)
}

/// A role with nothing but what it must have, as OpenBao 2.7.2 answers.
fn bare() -> Content {
    held(json!({
        "alias_name_source": "serviceaccount_uid",
        "bound_service_account_names": ["a"],
        "bound_service_account_namespace_selector": "",
        "bound_service_account_namespaces": ["n"],
        "token_bound_cidrs": [],
        "token_explicit_max_ttl": 0,
        "token_max_ttl": 0,
        "token_no_default_policy": false,
        "token_num_uses": 0,
        "token_period": 0,
        "token_policies": [],
        "token_strictly_bind_ip": false,
        "token_ttl": 0,
        "token_type": "default",
    }))
}

/// What a server keeps of a write: old and new names as the two families do.
fn written(there: &Content, body: &Content) -> Content {
    let body: Content = body.iter().map(|(key, value)| (key.clone(), read(value))).collect();
    let mut after = there.clone();
    after.extend(body.clone());
    for (old, new) in OLD_NAMES {
        if let (Some(value), None) = (body.get(old), body.get(new)) {
            after.insert(new.to_owned(), value.clone());
        } else if body.contains_key(new) {
            after.remove(old);
        }
    }
    after.retain(|key, value| key != "audience" || *value != json!(""));
    after
}

/// Servers read numbers from texts.
fn read(value: &Value) -> Value {
    let number = value.as_str().and_then(|text| text.parse::<u64>().ok());
    number.map_or_else(|| value.clone(), Value::from)
}

#[test]
fn a_bare_role_has_no_defaults_in_its_state() {
    let said = json!({"bound_service_account_names": ["a"], "bound_service_account_namespaces": ["n"]});
    assert_eq!(answered(bare()), held(said));
}

#[rstest]
#[case("bound_service_account_names", json!(["b", "a"]))]
#[case("bound_service_account_namespaces", json!(["team-*"]))]
#[case("bound_service_account_namespace_selector", json!("{\"matchLabels\":{\"a\":\"b\"}}"))]
#[case("audience", json!("vault"))]
#[case("alias_name_source", json!("serviceaccount_name"))]
#[case("token_policies", json!(["p", "q"]))]
#[case("token_ttl", json!(3600))]
#[case("token_max_ttl", json!(7200))]
#[case("token_period", json!(60))]
#[case("token_explicit_max_ttl", json!(60))]
#[case("token_num_uses", json!(3))]
#[case("token_bound_cidrs", json!(["10.0.0.0/8"]))]
#[case("token_no_default_policy", json!(true))]
#[case("token_strictly_bind_ip", json!(true))]
#[case("token_type", json!("batch"))]
fn a_field_is_set_and_cleared_by_a_write_that_merges(#[case] key: &str, #[case] value: Value) {
    let mut with = bare();
    with.insert(key.to_owned(), value.clone());
    let (without, with) = (answered(bare()), answered(with));
    assert_ne!(with, without, "{key} is not in the state");
    assert_eq!(with[key], value);

    let set = written(&bare(), &body(Some(&without), &with));
    assert_eq!(answered(set.clone()), with, "{key} is not written");
    let cleared = written(&set, &body(Some(&with), &without));
    assert_eq!(answered(cleared), without, "{key} is not cleared");
}

#[rstest]
#[case("policies", json!(["p"]))]
#[case("ttl", json!(60))]
#[case("max_ttl", json!(60))]
#[case("period", json!(60))]
#[case("num_uses", json!(2))]
#[case("bound_cidrs", json!(["10.0.0.0/8"]))]
fn a_field_written_by_its_old_name_comes_back_as_it_was(#[case] old: &str, #[case] value: Value) {
    let before = written(&bare(), &held(json!({old: value})));
    let state = answered(before.clone());
    assert_eq!(state["legacy_keys"], json!([old]));

    let mut ours = state.clone();
    ours.remove("legacy_keys");
    let after = written(&before, &body(Some(&state), &ours));
    assert!(!after.contains_key(old), "{after:?}");
    assert_eq!(written(&after, &body(Some(&ours), &state)), before);
}

#[test]
fn lists_may_be_null_and_keys_unknown() {
    let mut answer = bare();
    answer.insert("token_policies".into(), Value::Null);
    answer.insert("something_new".into(), json!(1));
    assert_eq!(answered(answer), answered(bare()));
}

#[test]
fn what_only_some_servers_know_is_sent_to_those_that_have_it() {
    let (plain, strict) = (Content::new(), held(json!({"token_strictly_bind_ip": true})));
    assert!(!body(None, &plain).contains_key("token_strictly_bind_ip"));
    assert_eq!(body(None, &strict)["token_strictly_bind_ip"], json!(true));
    assert_eq!(body(Some(&strict), &plain)["token_strictly_bind_ip"], json!(false));
}

#[test]
fn every_field_is_written_whatever_is_there() {
    let bare = answered(bare());
    assert_eq!(body(None, &bare), body(Some(&bare), &bare));
    let said = json!({
        "alias_name_source": "serviceaccount_uid",
        "audience": "",
        "bound_service_account_names": ["a"],
        "bound_service_account_namespace_selector": "",
        "bound_service_account_namespaces": ["n"],
        "token_bound_cidrs": [],
        "token_explicit_max_ttl": "0",
        "token_max_ttl": "0",
        "token_no_default_policy": false,
        "token_num_uses": "0",
        "token_period": "0",
        "token_policies": [],
        "token_ttl": "0",
        "token_type": "default",
    });
    assert_eq!(body(None, &bare), held(said));
}
