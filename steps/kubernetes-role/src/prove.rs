//! Whether the role does its part: it says what the graph file says, its policies are there, and a login works.

use serde_json::Value;
use trustpath_core::{At, Evidence, Proof, Result, Seen, graph::word};
use trustpath_platform::{
    ServiceAccountRef,
    kubernetes::AccountToken,
    vault::backend::{Content, LoginProof, differing, session::OwnUse},
};

use crate::{
    config::KubernetesRole,
    decide::{NAMES, NAMESPACES, POLICIES, SELECTOR, Taken, texts},
    login::RoleLogin,
    policies::{Policies, shown},
};

/// Proves the role: three links, the last of them a real login.
pub(crate) fn prove(role: &KubernetesRole, at: At<'_, Taken>, seen: &Seen<Content>) -> Result<Proof> {
    let Some(state) = &seen.state else { return Ok(Proof::default()) };
    let (mount, accounts, _) = at.facts;
    let policies = Policies::of(&texts(state, POLICIES), &seen.answers);
    let evidence = said(role, at.facts, state, at.cx.step())?.and(policies.evidence());
    let accounts = match bound(state, accounts) {
        Ok(accounts) => accounts,
        Err(why) => return Ok(Proof::seen(evidence.unchecked("login", why))),
    };
    Ok(accounts.into_iter().fold(Proof::seen(evidence), |proof, account| {
        let token = token_for(&account, state.get("audience").and_then(Value::as_str).unwrap_or_default());
        let login = LoginProof::at("login").set("role", role.name.as_str()).token_of("jwt", token.of, token.audiences);
        let (namespace, step) = (mount.namespace.clone(), at.cx.step().to_owned());
        let check = RoleLogin { account, namespace, role: state.clone(), policies: policies.clone(), step };
        proof.and(login.checked_by(check).on(mount.clone(), OwnUse::of_role(state), at.cx.step()))
    }))
}

/// The role as it is, held against what the graph file says. This also finds fields that a server took and forgot.
fn said(role: &KubernetesRole, facts: &Taken, state: &Content, step: &str) -> Result<Evidence> {
    const WHAT: &str = "role says what the graph file says";
    let leaves = differing(state, &role.desired(facts, Some(state))?);
    if leaves.is_empty() {
        let who = format!("binds {} in {}", shown(&texts(state, NAMES)), namespaces(state));
        return Ok(Evidence::new().passed(WHAT, who));
    }
    let why = format!("{} differ; a server that is too old for a field takes it and forgets it", shown(&leaves));
    Ok(Evidence::new().failed(WHAT, why, format!("trustpath plan {0}, then trustpath apply {0}", word(step))))
}

fn namespaces(state: &Content) -> String {
    let named = shown(&texts(state, NAMESPACES));
    match (named.is_empty(), state.contains_key(SELECTOR)) {
        (_, false) => named,
        (true, true) => "the namespaces that its selector selects".to_owned(),
        (false, true) => format!("{named} and the namespaces that its selector selects"),
    }
}

/// The ServiceAccounts to log in as: those of the facts, else the one that the role names, if it is one.
fn bound(state: &Content, accounts: &[ServiceAccountRef]) -> Result<Vec<ServiceAccountRef>, String> {
    if !accounts.is_empty() {
        return Ok(accounts.to_vec());
    }
    let one = |key| match &texts(state, key)[..] {
        [only] if !only.contains('*') => Some(only.clone()),
        _ => None,
    };
    match one(NAMES).zip(one(NAMESPACES)) {
        Some((name, namespace)) => Ok(vec![ServiceAccountRef { namespace, name }]),
        None => {
            Err("the role binds several ServiceAccounts, and no step among its needs names one to log in as".into())
        }
    }
}

/// A token of the ServiceAccount's for a role with this audience.
pub(crate) fn token_for(account: &ServiceAccountRef, audience: &str) -> AccountToken {
    let audiences = Some(audience.to_owned()).filter(|audience| !audience.is_empty()).into_iter().collect();
    AccountToken { of: account.clone(), audiences }
}
