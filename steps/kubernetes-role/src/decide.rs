//! What the role should be. Nothing here does I/O.

use trustpath_core::{Class, Problem, Result};
use trustpath_platform::{AuthMount, PolicyName, ServiceAccountRef};

use crate::{
    config::{Bound, KubernetesRole},
    state::{LEGACY, RoleState},
};

/// What a role is made from: its mount, the ServiceAccounts that it binds, and the policies that it gives.
pub(crate) type Facts = (AuthMount, Vec<ServiceAccountRef>, Vec<PolicyName>);

/// The role as the graph file wants it. What means the same stays spelled as it is on the server.
pub(crate) fn desired(role: &KubernetesRole, facts: &Facts, now: Option<&RoleState>) -> Result<RoleState> {
    let mut state = wanted(role, facts)?;
    if let Some(now) = now {
        keep_spelling(role, &mut state, now);
    }
    Ok(state)
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
mod tests;
