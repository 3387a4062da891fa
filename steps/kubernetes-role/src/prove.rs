//! Whether the role does its part: it says what the graph file says, its policies are there, and a login works.

use trustpath_core::{At, Change, Class, Evidence, Problem, Proof, Result, Seen};
use trustpath_platform::ServiceAccountRef;

use crate::{
    config::KubernetesRole,
    decide::{self, Facts},
    login::RoleLogin,
    policies::{Policies, shown},
    state::RoleState,
};

/// Proves the role: three links, the last of them a real login.
pub(crate) fn prove(role: &KubernetesRole, at: At<'_, Facts>, seen: &Seen<RoleState>) -> Result<Proof> {
    let Some(state) = &seen.state else { return Ok(Proof::default()) };
    let (mount, accounts, _) = at.facts;
    let policies = Policies::of(&state.token_policies, &seen.answers);
    let evidence = said(role, at.facts, state, at.cx.step())?.and(policies.evidence());
    let accounts = match bound(state, accounts) {
        Ok(accounts) => accounts,
        Err(why) => return Ok(Proof::seen(evidence.unchecked("login", why))),
    };
    Ok(accounts.into_iter().fold(Proof::seen(evidence), |proof, account| {
        let (mount, role) = (mount.clone(), role.name.as_str().to_owned());
        proof.and(RoleLogin { account, mount, role, state: state.clone(), policies: policies.clone() })
    }))
}

/// The role as it is, held against what the graph file says. This also finds fields that a server took and forgot.
fn said(role: &KubernetesRole, facts: &Facts, state: &RoleState, step: &str) -> Result<Evidence> {
    const WHAT: &str = "role says what the graph file says";
    let json = |state: &RoleState| serde_json::to_value(state).map_err(|error| unwritable().because(error));
    let wanted = decide::desired(role, facts, Some(state))?;
    let change = Change { before: Some(json(state)?), after: Some(json(&wanted)?) };
    let leaves: Vec<_> = change.leaves().into_iter().map(|leaf| leaf.path).collect();
    if leaves.is_empty() {
        let who = format!("binds {} in {}", shown(&state.bound_service_account_names), namespaces(state));
        return Ok(Evidence::new().passed(WHAT, who));
    }
    let why = format!("{} differ; a server that is too old for a field takes it and forgets it", shown(&leaves));
    Ok(Evidence::new().failed(WHAT, why, format!("trustpath plan {step}, then trustpath apply {step}")))
}

fn unwritable() -> Problem {
    Problem::new(Class::Internal, "trustpath::kubernetes_role::state", "a state cannot be written as JSON")
}

fn namespaces(state: &RoleState) -> String {
    match (&state.bound_service_account_namespaces[..], &state.bound_service_account_namespace_selector[..]) {
        (named, "") => shown(named),
        ([], _) => "the namespaces that its selector selects".to_owned(),
        (named, _) => format!("{} and the namespaces that its selector selects", shown(named)),
    }
}

/// The ServiceAccounts to log in as: those of the facts, else the one that the role names, if it is one.
fn bound(state: &RoleState, accounts: &[ServiceAccountRef]) -> Result<Vec<ServiceAccountRef>, String> {
    if !accounts.is_empty() {
        return Ok(accounts.to_vec());
    }
    let one = |list: &[String]| match list {
        [only] if !only.contains('*') => Some(only.clone()),
        _ => None,
    };
    let (name, namespace) = (one(&state.bound_service_account_names), one(&state.bound_service_account_namespaces));
    match name.zip(namespace) {
        Some((name, namespace)) => Ok(vec![ServiceAccountRef { namespace, name }]),
        None => {
            Err("the role binds several ServiceAccounts, and no step among its needs names one to log in as".into())
        }
    }
}
