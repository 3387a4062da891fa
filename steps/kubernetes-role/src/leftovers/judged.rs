//! Whether all that an old role binds is the graph's.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::ServiceAccount;
use serde_json::Value;
use trustpath_core::{About, Answers, Reads};
use trustpath_platform::{
    Optional, PolicyName, ServiceAccountRef, Vault,
    kubernetes::{
        Live, ObjectRef,
        names::{NamespaceName, ObjectName},
        owned::{Fields, Owned},
    },
    mark,
    text::{clean, few, listed},
    vault::{Get, backend::Content},
};

use crate::{
    decide::{NAMES, NAMESPACES, POLICIES, SELECTOR, texts},
    policies::shown,
};

/// The names of the reads, each with what it is about.
pub(super) const ROLE: &str = "role";
pub(super) const POLICY: &str = "policy";
const ACCOUNT: &str = "ServiceAccount";

/// More ServiceAccounts than any role of a graph names.
const MOST: usize = 100;

/// An old role, and what it binds that is in no step: each of that has to bear the mark of the graph.
pub(super) struct Judge<'a> {
    graph: &'a str,
    accounts: Vec<ServiceAccountRef>,
    policies: Vec<String>,
    /// It lets in more than can be named here: by labels, or by very many names.
    is_open: bool,
    of_steps: BTreeSet<&'a ServiceAccountRef>,
    /// Each with its step.
    policies_of_steps: Vec<(&'a str, &'a PolicyName)>,
}

/// What is to be said, and done, about an old role.
pub(super) struct JudgedRole {
    pub(super) does: String,
    pub(super) is_certain: bool,
    pub(super) needs: Vec<String>,
}

impl JudgedRole {
    pub(super) fn unsure(does: String) -> Self {
        Self { does, is_certain: false, needs: Vec::new() }
    }
}

impl<'a> Judge<'a> {
    /// Of the role at a path; `None` where it was not read.
    pub(super) fn of(about: &'a About<'_>, answers: &Answers, path: &str) -> Option<Self> {
        let role: Content = answers.get(&format!("{ROLE} {path}")).ok()??;
        let (names, namespaces) = (texts(&role, NAMES), texts(&role, NAMESPACES));
        let pair =
            |namespace: &String, name: &String| ServiceAccountRef { namespace: namespace.clone(), name: name.clone() };
        let pairs = namespaces.iter().flat_map(|namespace| names.iter().map(move |name| pair(namespace, name)));
        let has_selector = role.get(SELECTOR).and_then(Value::as_str).is_some_and(|selector| !selector.is_empty());
        Some(Self {
            graph: about.graph,
            is_open: has_selector || names.len().saturating_mul(namespaces.len()) > MOST,
            accounts: pairs.take(MOST).collect(),
            policies: texts(&role, POLICIES),
            of_steps: about.given().map(|(_, account)| account).collect(),
            policies_of_steps: about.given().collect(),
        })
    }

    /// The ServiceAccounts that it lets in and no step makes. What is no name, such as one with a `*`, is none that could be
    /// looked at.
    fn unknown_accounts(&self) -> impl Iterator<Item = &ServiceAccountRef> {
        let is_one = |account: &ServiceAccountRef| {
            NamespaceName::try_from(account.namespace.clone()).is_ok()
                && ObjectName::try_from(account.name.clone()).is_ok()
        };
        self.accounts.iter().filter(move |account| is_one(account) && !self.of_steps.contains(account))
    }

    /// The policies that it gives and no step makes.
    fn unknown_policies(&self) -> impl Iterator<Item = &str> {
        let is_known = |name: &str| name == "default" || self.policies_of_steps.iter().any(|(_, own)| own.name == name);
        self.policies.iter().map(String::as_str).filter(move |name| !is_known(name))
    }

    /// What tells whose that is which the roles bind and no step makes.
    pub(super) fn reads(roles: &[Self], namespace: Option<&str>, reads: Reads) -> Reads {
        let policies: BTreeSet<_> = roles.iter().flat_map(Self::unknown_policies).collect();
        let policy = |name: &str| Get::new(namespace, Vault::path(["sys/policies/acl", name])).optional();
        let reads = policies.into_iter().fold(reads, |reads, name| reads.and(format!("{POLICY} {name}"), policy(name)));
        let accounts: BTreeSet<_> = roles.iter().flat_map(Self::unknown_accounts).collect();
        accounts.into_iter().fold(reads, |reads, account| {
            let at = ObjectRef::namespaced::<ServiceAccount>(&account.namespace, &account.name);
            reads.and(format!("{ACCOUNT} {account}"), Optional(Live(at)))
        })
    }

    pub(super) fn verdict(&self, answers: &Answers) -> JudgedRole {
        let foreign =
            |account: &&ServiceAccountRef| !self.of_steps.contains(account) && !self.bears_mark(account, answers);
        let strangers: Vec<_> =
            self.accounts.iter().filter(foreign).map(|account| clean(&account.to_string())).collect();
        let others: Vec<_> =
            self.unknown_policies().filter(|name| !self.is_marked(name, answers)).map(str::to_owned).collect();
        if self.is_open || self.accounts.is_empty() {
            return JudgedRole::unsure("it does not name the ServiceAccounts that log in".to_owned());
        }
        if !strangers.is_empty() {
            let strangers = listed(&few(strangers));
            return JudgedRole::unsure(format!("{strangers} may log in, which is no ServiceAccount of this graph"));
        }
        if !others.is_empty() {
            return JudgedRole::unsure(format!("it gives {}, which is no policy of this graph", shown(&others)));
        }
        JudgedRole { does: self.does(), is_certain: true, needs: self.needs() }
    }

    fn bears_mark(&self, account: &ServiceAccountRef, answers: &Answers) -> bool {
        let live: Option<Value> = answers.get(&format!("{ACCOUNT} {account}")).ok().flatten();
        live.is_some_and(|live| Owned::seen(&live, &Fields::new()).is_marked(self.graph))
    }

    fn is_marked(&self, policy: &str, answers: &Answers) -> bool {
        let found: Option<Value> = answers.get(&format!("{POLICY} {policy}")).ok().flatten();
        let text = found.as_ref().and_then(|found| found["policy"].as_str()).unwrap_or_default();
        mark::in_comments(text).is_some_and(|mark| mark.graph == self.graph)
    }

    fn does(&self) -> String {
        let accounts: Vec<_> = self.accounts.iter().map(|account| clean(&account.to_string())).collect();
        let does = format!("logs in as {}", listed(&few(accounts)));
        if self.policies.is_empty() { does } else { format!("{does}, with {}", shown(&self.policies)) }
    }

    /// What it holds goes after it: the policies.
    fn needs(&self) -> Vec<String> {
        let of_steps = self.policies_of_steps.iter().filter(|(_, own)| self.policies.contains(&own.name));
        let of_steps = of_steps.map(|(step, _)| (*step).to_owned());
        of_steps.chain(self.unknown_policies().map(|name| clean(&Vault::path(["sys/policies/acl", name])))).collect()
    }
}
