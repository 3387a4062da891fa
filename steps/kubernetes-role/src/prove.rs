//! Whether the role does its part: it says what the graph file says, its policies are there, and a login works.

use futures::future;
use serde::Deserialize;
use serde_json::Value;
use trustpath_core::{At, Change, Class, Evidence, Problem, Result};
use trustpath_platform::{
    Cluster, ServiceAccountRef, Vault,
    error::Kind,
    policy::Meaning,
    text::{clean, listed},
};

use crate::{
    config::KubernetesRole,
    decide::{self, Facts},
    login::Session,
    state::RoleState,
};

/// Proves the role: three links, the last of them a real login.
pub(crate) async fn prove(
    role: &KubernetesRole,
    at: At<'_, Facts>,
    vault: &Vault,
    state: &RoleState,
) -> Result<Evidence> {
    let step = at.cx.step();
    let mut evidence = said(role, at.facts, state, step)?;
    let policies = policies(vault, &state.token_policies).await?;
    evidence = evidence.and(there(&policies));
    let accounts = match bound(state, &at.facts.1) {
        Ok(accounts) => accounts,
        Err(why) => return Ok(evidence.unchecked("login", why)),
    };
    let cluster = match at.cx.handle::<Cluster>().await {
        Ok(cluster) => cluster,
        Err(failure) if failure.class() == Class::Config => {
            return Ok(evidence.unchecked("login", format!("there is no Kubernetes to ask for a token: {failure}")));
        }
        Err(failure) => return Err(failure),
    };
    for account in accounts {
        let session = Session {
            vault: vault.clone(),
            mount: at.facts.0.path.clone(),
            role: role.name.as_str().to_owned(),
            state: state.clone(),
            meanings: policies.iter().filter_map(|(_, policy)| policy.meaning().cloned()).collect(),
            unread: policies
                .iter()
                .filter(|(_, policy)| policy.meaning().is_none())
                .map(|(name, _)| name.clone())
                .collect(),
            step: step.to_owned(),
        };
        evidence = evidence.and(session.prove(&cluster, &account).await?);
    }
    Ok(evidence)
}

/// The role as it is, held against what the graph file says. This also finds fields that a server took and forgot.
fn said(role: &KubernetesRole, facts: &Facts, state: &RoleState, step: &str) -> Result<Evidence> {
    const WHAT: &str = "role says what the graph file says";
    let json = |state: &RoleState| serde_json::to_value(state).map_err(|error| unwritable().because(error));
    let wanted = decide::desired(role, facts, Some(state))?.state;
    let change = Change { before: Some(json(state)?), after: Some(json(&wanted)?) };
    let leaves: Vec<_> = change.leaves().into_iter().map(|leaf| format!("`{}`", leaf.path)).collect();
    if leaves.is_empty() {
        let who = format!("binds {} in {}", shown(&state.bound_service_account_names), namespaces(state));
        return Ok(Evidence::new().passed(WHAT, who));
    }
    let why = format!("{} differ; a server that is too old for a field takes it and forgets it", listed(&leaves));
    Ok(Evidence::new().failed(WHAT, why, format!("trustpath plan {step}, then trustpath apply {step}")))
}

fn unwritable() -> Problem {
    Problem::new(Class::Internal, "trustpath::kubernetes_role::state", "a state cannot be written as JSON")
}

fn shown(texts: &[String]) -> String {
    listed(&texts.iter().map(|text| format!("`{}`", clean(text))).collect::<Vec<_>>())
}

fn namespaces(state: &RoleState) -> String {
    match (&state.bound_service_account_namespaces[..], &state.bound_service_account_namespace_selector[..]) {
        (named, "") => shown(named),
        ([], _) => "the namespaces that its selector selects".to_owned(),
        (named, _) => format!("{} and the namespaces that its selector selects", shown(named)),
    }
}

/// A policy that the role names.
enum Policy {
    There(Meaning),
    Missing,
    /// It is there, for all that is known, and what it says is not known.
    Unread(String),
}

impl Policy {
    fn meaning(&self) -> Option<&Meaning> {
        match self {
            Self::There(meaning) => Some(meaning),
            _ => None,
        }
    }
}

/// Servers always have `default`.
pub(crate) fn is_read(policy: &str) -> bool {
    policy != "default"
}

/// Reads the policies at the same time.
async fn policies(vault: &Vault, names: &[String]) -> Result<Vec<(String, Policy)>> {
    let own = names.iter().filter(|name| is_read(name));
    future::try_join_all(own.map(|name| async move { Ok((name.clone(), policy(vault, name).await?)) })).await
}

async fn policy(vault: &Vault, name: &str) -> Result<Policy> {
    #[derive(Deserialize)]
    struct Answer {
        policy: Value,
    }
    match vault.read::<Answer>(&Vault::path(["sys/policies/acl", name])).await {
        Ok(None) => Ok(Policy::Missing),
        Ok(Some(answer)) => Ok(match Meaning::read(answer.policy.as_str().unwrap_or_default()) {
            Ok(meaning) => Policy::There(meaning),
            Err(misread) => Policy::Unread(misread.to_string()),
        }),
        Err(error) if error.kind() == Kind::Denied => Ok(Policy::Unread(error.to_string())),
        Err(error) => Err(error.into()),
    }
}

/// A role that names a policy that is not there lets its ServiceAccount in, and lets it read nothing.
fn there(policies: &[(String, Policy)]) -> Evidence {
    const WHAT: &str = "policies of the role exist";
    let names = |wanted: fn(&Policy) -> bool| {
        policies.iter().filter(|(_, policy)| wanted(policy)).map(|(name, _)| name.clone()).collect::<Vec<_>>()
    };
    let missing = names(|policy| matches!(policy, Policy::Missing));
    if !missing.is_empty() {
        let why = format!("there is no policy {}: tokens of this role can do nothing by it", shown(&missing));
        return Evidence::new().failed(WHAT, why, "apply the step that makes it, or correct `token_policies`");
    }
    let evidence = Evidence::new();
    let found = names(|policy| matches!(policy, Policy::There(_)));
    let evidence = if found.is_empty() { evidence } else { evidence.passed(WHAT, shown(&found)) };
    policies.iter().fold(evidence, |evidence, (name, policy)| match policy {
        Policy::Unread(why) => evidence.unchecked(format!("policy `{}`", clean(name)), clean(why)),
        _ => evidence,
    })
}

/// The ServiceAccounts to log in as: those of the facts, else the one that the role names, if it is one.
pub(crate) fn bound(state: &RoleState, accounts: &[ServiceAccountRef]) -> Result<Vec<ServiceAccountRef>, String> {
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
