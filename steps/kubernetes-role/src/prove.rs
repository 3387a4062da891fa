//! Whether the role does its part: it says what the graph file says, its policies are there, and a login works.

use serde_json::Value;
use trustpath_core::{At, Evidence, Proof, Result, Seen, graph::word};
use trustpath_platform::{
    AuthMount, OperatorLogin, ServiceAccountRef,
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
    let audience = state.get("audience").and_then(Value::as_str).unwrap_or_default();
    let (accounts, why) = match bound(state, accounts) {
        Ok(accounts) => (accounts, None),
        Err(why) => (Vec::new(), Some(why)),
    };
    let tokens = role.tokens(at, audience, &accounts);
    if let Some(why) = why.filter(|_| tokens.is_empty()) {
        return Ok(Proof::seen(evidence.unchecked("login", why)));
    }
    let mount_step = at.cx.facts().with_givers::<AuthMount>().next().map(|(step, _)| step).unwrap_or_default();
    Ok(tokens.into_iter().fold(Proof::seen(evidence), |proof, token| {
        let check = RoleLogin {
            who: who(&token, audience),
            namespace: mount.namespace.clone(),
            role: state.clone(),
            policies: policies.clone(),
            step: at.cx.step().to_owned(),
            mount_step: mount_step.to_owned(),
        };
        let login = LoginProof::at("login").set("role", role.name.as_str()).token_of("jwt", token.of, token.audiences);
        proof.and(login.checked_by(check).on(mount.clone(), OwnUse::of_role(state), at.cx.step()))
    }))
}

impl KubernetesRole {
    /// The tokens to log in with: as the stores that log in by the role ask for them, and one for the role's audience of each
    /// ServiceAccount that none of these names.
    pub(crate) fn tokens(
        &self,
        at: At<'_, Taken>,
        audience: &str,
        accounts: &[ServiceAccountRef],
    ) -> Vec<AccountToken> {
        let is_by_it = |store: &&OperatorLogin| store.mount == at.facts.0 && store.role == self.name.as_str();
        let stores = at.cx.dependent_facts().all::<OperatorLogin>().filter(is_by_it);
        let of_stores: Vec<_> = stores
            .map(|store| AccountToken { of: store.account.clone(), audiences: store.audiences.clone() })
            .collect();
        let is_unnamed = |account: &&ServiceAccountRef| !of_stores.iter().any(|token| token.of == **account);
        let of_role = accounts.iter().filter(is_unnamed).map(|account| token_for(account, audience));
        let mut tokens = Vec::new();
        for token in of_stores.iter().cloned().chain(of_role) {
            if !tokens.contains(&token) {
                tokens.push(token);
            }
        }
        tokens
    }
}

/// As whom a token logs in, and for whom it was made, where that is not the role's audience alone.
fn who(token: &AccountToken, audience: &str) -> String {
    match &token.audiences[..] {
        [] if audience.is_empty() => token.of.to_string(),
        [only] if only == audience => token.of.to_string(),
        [] => format!("{} with a token for the API server", token.of),
        others => format!("{} with a token for {}", token.of, shown(others)),
    }
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
pub(crate) fn bound(state: &Content, accounts: &[ServiceAccountRef]) -> Result<Vec<ServiceAccountRef>, String> {
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
fn token_for(account: &ServiceAccountRef, audience: &str) -> AccountToken {
    let audiences = Some(audience.to_owned()).filter(|audience| !audience.is_empty()).into_iter().collect();
    AccountToken { of: account.clone(), audiences }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;
    use trustpath_core::{Context, Facts, Handles, contract::StepConsent};

    use super::*;

    fn account(name: &str) -> ServiceAccountRef {
        ServiceAccountRef { namespace: "ns".into(), name: name.into() }
    }

    fn login(at: &str, role: &str, name: &str, audiences: &[&str]) -> OperatorLogin {
        let audiences = audiences.iter().map(|audience| (*audience).to_owned()).collect();
        let mount = AuthMount { path: at.into(), namespace: None };
        OperatorLogin { mount, role: role.into(), account: account(name), audiences }
    }

    #[test]
    fn tokens_are_those_that_the_stores_by_the_role_ask_for() {
        let mut needing = Facts::default();
        for (at, role, name, audiences) in [
            ("m", "r", "a", &["vault", "api"][..]),
            ("m", "r", "a", &["vault", "api"]),
            ("m", "r", "a", &[]),
            ("other", "r", "b", &["elsewhere"]),
            ("m", "other", "b", &["elsewhere"]),
        ] {
            needing.add("store", login(at, role, name, audiences));
        }
        let (given, handles) = (Arc::new(Facts::default()), Arc::new(Handles::new()));
        let cx = Context::new("g", "role", given, handles, StepConsent::default()).with_dependent_facts(needing);
        let role: KubernetesRole = serde_json::from_value(json!({"name": "r"})).unwrap();
        let facts = (AuthMount { path: "m".into(), namespace: None }, vec![account("a"), account("b")], Vec::new());
        let tokens = role.tokens(At { cx: &cx, facts: &facts }, "vault", &facts.1);
        let told: Vec<_> = tokens.iter().map(|token| who(token, "vault")).collect();
        assert_eq!(told, ["ns/a with a token for `vault` and `api`", "ns/a with a token for the API server", "ns/b"]);
    }
}
