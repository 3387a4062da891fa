//! What the role should be. Nothing here does I/O.

use trustpath_core::{Class, Problem, Result, Wanted};
use trustpath_platform::{AuthMount, PolicyName, ServiceAccountRef};

use crate::{
    config::{Bound, KubernetesRole},
    state::{LEGACY, RoleState},
    warnings,
};

/// What a role is made from: its mount, the ServiceAccounts that it binds, and the policies that it gives.
pub(crate) type Facts = (AuthMount, Vec<ServiceAccountRef>, Vec<PolicyName>);

/// The role as the graph file wants it. What means the same stays spelled as it is on the server.
pub(crate) fn desired(role: &KubernetesRole, facts: &Facts, now: Option<&RoleState>) -> Result<Wanted<RoleState>> {
    let mut state = wanted(role, facts)?;
    if let Some(now) = now {
        keep_spelling(role, &mut state, now);
    }
    let notes = warnings::of(&state, facts);
    Ok(Wanted { state, provisional: false, notes })
}

/// What the configuration and the facts say, before anything on the server is looked at.
fn wanted(role: &KubernetesRole, (_, accounts, policies): &Facts) -> Result<RoleState> {
    let selector = role.bound_service_account_namespace_selector.as_ref();
    let names = given_or(role.bound_service_account_names.as_deref(), accounts.iter().map(|account| &account.name));
    let named = role.bound_service_account_namespaces.as_deref();
    let namespaces = match (named, selector) {
        (None, Some(_)) => Vec::new(),
        _ => given_or(named, accounts.iter().map(|account| &account.namespace)),
    };
    if names.is_empty() {
        return Err(unbound("names").into());
    }
    if namespaces.is_empty() && selector.is_none() {
        return Err(unbound("namespaces").into());
    }
    check_lifetime(role)?;
    let given = given_or(role.token_policies.as_deref(), policies.iter().map(|policy| &policy.name));
    Ok(RoleState {
        bound_service_account_names: names,
        bound_service_account_namespaces: namespaces,
        bound_service_account_namespace_selector: selector.map(ToString::to_string).unwrap_or_default(),
        audience: role.audience.as_ref().map(|audience| audience.as_str().to_owned()).unwrap_or_default(),
        alias_name_source: unless_default(role.alias_name_source, role.alias_name_source.name()),
        token_policies: given.iter().map(|policy| policy.to_lowercase()).collect(),
        token_ttl: role.token_ttl.as_seconds(),
        token_max_ttl: role.token_max_ttl.as_seconds(),
        token_period: role.token_period.as_seconds(),
        token_explicit_max_ttl: role.token_explicit_max_ttl.as_seconds(),
        token_num_uses: role.token_num_uses.into(),
        token_bound_cidrs: texts(&role.token_bound_cidrs),
        token_no_default_policy: role.token_no_default_policy,
        token_strictly_bind_ip: role.token_strictly_bind_ip,
        token_type: unless_default(role.token_type, role.token_type.name()),
        legacy_keys: Vec::new(),
    })
}

/// Enumerations whose default is left out of the state.
fn unless_default<T: Default + PartialEq>(value: T, name: &str) -> String {
    if value == T::default() { String::new() } else { name.to_owned() }
}

/// What the configuration gives, else what the facts give, each once.
fn given_or<'a>(given: Option<&[Bound]>, facts: impl Iterator<Item = &'a String>) -> Vec<String> {
    let mut all = match given {
        Some(given) => texts(given),
        None => facts.cloned().collect(),
    };
    let mut seen = std::collections::BTreeSet::new();
    all.retain(|text| seen.insert(text.clone()));
    all
}

fn texts(bounds: &[Bound]) -> Vec<String> {
    bounds.iter().map(|bound| bound.as_str().to_owned()).collect()
}

fn keep_spelling(role: &KubernetesRole, state: &mut RoleState, now: &RoleState) {
    let lower = |texts: &[String]| texts.iter().map(|text| text.to_lowercase()).collect::<Vec<_>>();
    if same_set(&lower(&state.token_policies), &lower(&now.token_policies)) {
        state.token_policies.clone_from(&now.token_policies);
    }
    for (list, there) in [
        (&mut state.bound_service_account_names, &now.bound_service_account_names),
        (&mut state.bound_service_account_namespaces, &now.bound_service_account_namespaces),
        (&mut state.token_bound_cidrs, &now.token_bound_cidrs),
    ] {
        if same_set(list, there) {
            list.clone_from(there);
        }
    }
    let there = &now.bound_service_account_namespace_selector;
    if role.bound_service_account_namespace_selector.as_ref().is_some_and(|selector| selector.is(there)) {
        state.bound_service_account_namespace_selector.clone_from(there);
    }
    state.legacy_keys = kept_legacy(state, now);
}

fn same_set(one: &[String], other: &[String]) -> bool {
    let set = |list: &[String]| list.iter().cloned().collect::<std::collections::BTreeSet<_>>();
    set(one) == set(other)
}

/// A field that does not change stays known by the name that it was written by.
fn kept_legacy(state: &RoleState, now: &RoleState) -> Vec<String> {
    let (state, now_body) = (state.body(None), RoleState { legacy_keys: Vec::new(), ..now.clone() }.body(None));
    let unchanged = |old: &&String| {
        let new = LEGACY.iter().find(|(name, _)| name == old).map(|(_, new)| *new);
        new.is_some_and(|new| state.get(new) == now_body.get(new))
    };
    now.legacy_keys.iter().filter(unchanged).cloned().collect()
}

fn check_lifetime(role: &KubernetesRole) -> Result<(), Problem> {
    let (ttl, max) = (role.token_ttl, role.token_max_ttl);
    if max.is_zero() || ttl <= max {
        return Ok(());
    }
    let message = format!("`token_ttl` ({ttl}) is longer than `token_max_ttl` ({max})");
    Err(Problem::new(Class::Config, "trustpath::kubernetes_role::lifetime", message)
        .help("make `token_max_ttl` at least as long, or leave it out"))
}

fn unbound(what: &str) -> Problem {
    let message = format!("the role binds no ServiceAccount: nothing says which {what}");
    Problem::new(Class::Config, "trustpath::kubernetes_role::unbound", message)
        .help(format!("add a `service-account` step to its needs, or set `bound_service_account_{what}`"))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Value, json};
    use trustpath_core::Note;

    use super::*;

    fn role(with: Value) -> KubernetesRole {
        let mut with = with;
        with["name"] = json!("external-secrets");
        serde_json::from_value(with).unwrap()
    }

    fn facts() -> Facts {
        let mount = AuthMount { path: "kubernetes".into(), namespace: None };
        let account = ServiceAccountRef { namespace: "external-secrets".into(), name: "operator".into() };
        (mount, vec![account], vec![PolicyName { name: "apps-read".into(), namespace: None }])
    }

    fn decided(with: Value, now: Option<&RoleState>) -> RoleState {
        desired(&role(with), &facts(), now).unwrap().state
    }

    fn refused(with: Value, facts: &Facts) -> String {
        let failure = desired(&role(with), facts, None).unwrap_err();
        failure.report().code.unwrap()
    }

    #[test]
    fn facts_are_the_default() {
        let state = decided(json!({"ttl": "1h"}), None);
        let expected = json!({
            "bound_service_account_names": ["operator"],
            "bound_service_account_namespaces": ["external-secrets"],
            "token_policies": ["apps-read"],
            "token_ttl": 3600,
        });
        assert_eq!(serde_json::to_value(state).unwrap(), expected);
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
        assert_eq!(state.bound_service_account_names, ["a", "b"]);
        assert!(state.bound_service_account_namespaces.is_empty(), "a selector alone is enough");
        assert_eq!(state.bound_service_account_namespace_selector, "{\"matchLabels\":{\"a\":\"b\"}}");
        assert_eq!(state.token_policies, ["other"]);
        assert_eq!((&*state.alias_name_source, &*state.token_type), ("serviceaccount_name", "batch"));
    }

    #[test]
    fn what_means_the_same_stays_as_it_is() {
        let now = RoleState {
            bound_service_account_names: vec!["b".into(), "a".into()],
            bound_service_account_namespaces: vec!["n".into(), "m".into()],
            bound_service_account_namespace_selector: "{ \"matchLabels\" : {\"x\":\"y\"} }".into(),
            token_policies: vec!["Q".into(), "p".into(), "p".into()],
            token_bound_cidrs: vec!["::1".into(), "10.0.0.0/8".into()],
            token_ttl: 60,
            legacy_keys: vec!["policies".into(), "ttl".into()],
            ..RoleState::default()
        };
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
        let there = decided(json!({"ttl": 60, "num_uses": 2}), None);
        let legacy_keys = ["num_uses", "policies", "ttl"].map(str::to_owned).to_vec();
        let now = RoleState { legacy_keys, ..there };
        let state = decided(json!({"ttl": 61}), Some(&now));
        assert_eq!(state.legacy_keys, ["policies"]);
        assert_eq!((state.token_ttl, state.token_num_uses), (61, 0));
    }

    #[test]
    fn what_is_left_out_is_cleared() {
        let full = RoleState {
            audience: "vault".into(),
            token_max_ttl: 1,
            token_bound_cidrs: vec!["::1".into()],
            token_strictly_bind_ip: true,
            ..RoleState::default()
        };
        assert_eq!(decided(json!({}), Some(&full)), decided(json!({}), None));
    }

    #[test]
    fn a_role_that_binds_nobody_is_refused() {
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
        assert_eq!(decided(json!({"ttl": "2h"}), None).token_max_ttl, 0);
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
        let notes = desired(&role(with), &facts(), None).unwrap().notes;
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
        let notes = desired(&role(json!({})), &(mount, accounts, policies), None).unwrap().notes;
        assert!(notes.iter().any(|note| note.text().contains("each of the names in each of the namespaces")));
    }
}
