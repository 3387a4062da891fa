//! The policies that a role names: whether they are there, and what they say.

use std::collections::BTreeSet;

use trustpath_core::{Answer, Answers, Evidence, Reads};
use trustpath_platform::{
    Vault,
    policy::Meaning,
    text::{clean, listed},
    vault::Get,
};

const WHAT: &str = "policies of the role exist";

/// The policies of a role by their names, but for `default`, which servers always have.
#[derive(Debug, Clone, Default)]
pub(crate) struct Policies(Vec<(String, NamedPolicy)>);

/// What a policy says, or why that is not known; nothing where there is none of this name.
type NamedPolicy = Option<Result<Meaning, String>>;

/// Reads those with these names, besides others.
pub(crate) fn read(reads: Reads, namespace: Option<&str>, names: &[String]) -> Reads {
    read_ones(names).into_iter().fold(reads, |reads, name| {
        reads.and(key(name), Get::new(namespace, Vault::path(["sys/policies/acl", name])).or_refused())
    })
}

fn key(name: &str) -> String {
    format!("policy {name}")
}

fn read_ones(names: &[String]) -> Vec<&String> {
    let mut seen = BTreeSet::new();
    names.iter().filter(|name| *name != "default" && seen.insert(*name)).collect()
}

impl Policies {
    /// From what was read.
    pub(crate) fn of(names: &[String], answers: &Answers) -> Self {
        let named = |name: &String| match answers.answer(&key(name)) {
            Some(Answer::Found(found)) => {
                let text = found["policy"].as_str().unwrap_or_default();
                Some(Meaning::read(text).map_err(|misread| misread.to_string()))
            }
            Some(Answer::Refused(why)) => Some(Err(why.clone())),
            _ => None,
        };
        Self(read_ones(names).into_iter().map(|name| (name.clone(), named(name))).collect())
    }

    /// What they say, as far as they could be read.
    pub(crate) fn meanings(&self) -> Vec<&Meaning> {
        self.0.iter().filter_map(|(_, policy)| policy.as_ref()?.as_ref().ok()).collect()
    }

    /// Those of which nothing is known but the name.
    pub(crate) fn unread(&self) -> Vec<String> {
        self.names(|policy| !matches!(policy, Some(Ok(_))))
    }

    /// A role that names a policy that is not there lets its ServiceAccount in, and lets it read nothing.
    pub(crate) fn evidence(&self) -> Evidence {
        let missing = self.names(Option::is_none);
        if !missing.is_empty() {
            let why = format!("there is no policy {}: tokens of this role can do nothing by it", shown(&missing));
            return Evidence::new().failed(WHAT, why, "apply the step that makes it, or correct `token_policies`");
        }
        let evidence = Evidence::new();
        let found = self.names(|policy| matches!(policy, Some(Ok(_))));
        let evidence = if found.is_empty() { evidence } else { evidence.passed(WHAT, shown(&found)) };
        self.0.iter().fold(evidence, |evidence, (name, policy)| match policy {
            Some(Err(why)) => evidence.unchecked(format!("policy `{}`", clean(name)), clean(why)),
            _ => evidence,
        })
    }

    fn names(&self, wanted: fn(&NamedPolicy) -> bool) -> Vec<String> {
        self.0.iter().filter(|(_, policy)| wanted(policy)).map(|(name, _)| name.clone()).collect()
    }
}

/// Names as messages have them.
pub(crate) fn shown<'a>(names: impl IntoIterator<Item = &'a String>) -> String {
    listed(&names.into_iter().map(|name| format!("`{}`", clean(name))).collect::<Vec<_>>())
}
