//! What the role should be. Nothing here does I/O.

use std::{collections::BTreeSet, net::IpAddr};

use serde_json::Value;
use trustpath_core::{Class, Problem, Result};
use trustpath_platform::{
    AuthMount, PolicyName, ServiceAccountRef,
    vault::backend::{Content, Document},
};

use crate::{
    config::{Bound, KubernetesRole},
    selector,
};

/// What a role is made from: its mount, the ServiceAccounts that it binds, and the policies that it gives.
pub(crate) type Taken = (AuthMount, Vec<ServiceAccountRef>, Vec<PolicyName>);

pub(crate) const NAMES: &str = "bound_service_account_names";
pub(crate) const NAMESPACES: &str = "bound_service_account_namespaces";
pub(crate) const SELECTOR: &str = "bound_service_account_namespace_selector";
pub(crate) const POLICIES: &str = "token_policies";
pub(crate) const CIDRS: &str = "token_bound_cidrs";

/// The names that fields had before Vault 1.2.
const OLD_NAMES: [(&str, &str); 6] = [
    ("bound_cidrs", "token_bound_cidrs"),
    ("max_ttl", "token_max_ttl"),
    ("num_uses", "token_num_uses"),
    ("period", "token_period"),
    ("policies", "token_policies"),
    ("ttl", "token_ttl"),
];

impl KubernetesRole {
    /// The role as the configuration and the facts say it.
    pub(crate) fn document(&self, (_, accounts, policies): &Taken) -> Document {
        let named = self.bound_service_account_namespaces.as_deref();
        let selector = self.bound_service_account_namespace_selector.as_ref();
        let selected_alone = named.is_none() && selector.is_some();
        let in_facts = accounts.iter().filter(|_| !selected_alone).map(|account| &account.namespace);
        let given = given_or(self.token_policies.as_deref(), policies.iter().map(|policy| &policy.name));
        let given: Vec<_> = given.iter().map(|policy| policy.to_lowercase()).collect();
        let names = self.bound_service_account_names.as_deref();
        Document::merged("role", ["role", self.name.as_str()])
            .whole()
            .closed()
            .set_all(self)
            .set(NAMES, given_or(names, accounts.iter().map(|account| &account.name)))
            .set(NAMESPACES, given_or(named, in_facts))
            .set(SELECTOR, selector.map(ToString::to_string).unwrap_or_default())
            .set("audience", self.audience())
            .set(POLICIES, given)
            .server_default("alias_name_source", "serviceaccount_uid")
            .optional(&["token_strictly_bind_ip"])
            .old_names(&OLD_NAMES)
            .same_by(SELECTOR, selector::same)
            .same_by(POLICIES, same_names)
            .same_by(CIDRS, same_networks)
    }

    /// Whom a token has to be made for; empty for anybody.
    pub(crate) fn audience(&self) -> &str {
        self.audience.as_ref().map(Bound::as_str).unwrap_or_default()
    }

    /// The role as the graph file wants it. What means the same stays spelled as it is on the server.
    pub(crate) fn desired(&self, facts: &Taken, now: Option<&Content>) -> Result<Content> {
        let role = self.document(facts).desired(now);
        if !role.contains_key(NAMES) {
            return Err(unbound("names").into());
        }
        if !role.contains_key(NAMESPACES) && !role.contains_key(SELECTOR) {
            return Err(unbound("namespaces").into());
        }
        self.check_lifetime()?;
        Ok(role)
    }

    fn check_lifetime(&self) -> Result<(), Problem> {
        let (ttl, max) = (self.token_ttl, self.token_max_ttl);
        if max.is_zero() || ttl <= max {
            return Ok(());
        }
        let message = format!("`token_ttl` ({ttl}) is longer than `token_max_ttl` ({max})");
        Err(Problem::new(Class::Config, "trustpath::kubernetes_role::lifetime", message)
            .help("make `token_max_ttl` at least as long, or leave it out"))
    }
}

/// The texts of a list that a role holds.
pub(crate) fn texts(role: &Content, key: &str) -> Vec<String> {
    role.get(key).map(list).unwrap_or_default()
}

fn list(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn same_names(one: &Value, other: &Value) -> bool {
    let set = |names: &Value| list(names).iter().map(|name| name.to_lowercase()).collect::<BTreeSet<_>>();
    set(one) == set(other)
}

/// Servers leave out the mask of a single address.
fn same_networks(one: &Value, other: &Value) -> bool {
    let network = |text: String| {
        let (ip, bits) = text.split_once('/').unwrap_or((&text, ""));
        let all = if ip.contains(':') { "128" } else { "32" };
        let ip = ip.parse().map_or_else(|_| ip.to_owned(), |ip: IpAddr| ip.to_string());
        (ip, if bits.is_empty() { all } else { bits }.to_owned())
    };
    let set = |networks: &Value| list(networks).into_iter().map(network).collect::<BTreeSet<_>>();
    set(one) == set(other)
}

/// What the configuration gives, else what the facts give, each once.
fn given_or<'a>(given: Option<&'a [Bound]>, facts: impl Iterator<Item = &'a String>) -> Vec<&'a str> {
    let mut all: Vec<_> = match given {
        Some(given) => given.iter().map(Bound::as_str).collect(),
        None => facts.map(String::as_str).collect(),
    };
    let mut seen = BTreeSet::new();
    all.retain(|text| seen.insert(*text));
    all
}

fn unbound(what: &str) -> Problem {
    let message = format!("the role binds no ServiceAccount: nothing says which {what}");
    Problem::new(Class::Config, "trustpath::kubernetes_role::unbound", message)
        .help(format!("add a `service-account` step to its needs, or set `bound_service_account_{what}`"))
}

#[cfg(test)]
mod tests;
