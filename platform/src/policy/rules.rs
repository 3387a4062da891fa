//! What a policy says about one path.

use std::collections::{BTreeMap, BTreeSet};

use trustpath_core::nearest;

use super::{
    capability::{known, old},
    decode::{Texts, again, parameters, readable, text, texts, whole},
    misread::Mistake,
    number::{number_nanoseconds, text_nanoseconds},
    tree::{Item, Value},
};
use crate::family::Family;

/// The keys that every server knows.
const KEYS: [&str; 10] = [
    "capabilities",
    "allowed_parameters",
    "denied_parameters",
    "required_parameters",
    "min_wrapping_ttl",
    "max_wrapping_ttl",
    "mfa_methods",
    "control_group",
    "policy",
    "comment",
];

/// The keys that one family knows (OpenBao 2.7, HashiCorp Vault 1.21).
fn own_keys(family: Family) -> &'static [&'static str] {
    match family {
        Family::OpenBao => &["pagination_limit", "expiration", "list_scan_response_keys_filter_path"],
        Family::Vault | Family::VaultEnterprise => &["subscribe_event_types"],
    }
}

/// Parameters by their name in lower case, each with its values as JSON. No values: any.
pub type Parameters = BTreeMap<String, BTreeSet<String>>;

/// What a policy says about one path.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rules {
    /// What is allowed. With `deny` there is nothing else.
    pub capabilities: BTreeSet<String>,
    /// The only parameters that may be sent.
    pub allowed: Parameters,
    /// The parameters that may not be sent.
    pub denied: Parameters,
    /// The parameters that must be sent.
    pub required: BTreeSet<String>,
    /// The least lifetime of a wrapped answer, in nanoseconds; zero for none.
    min_wrapping: i64,
    /// The greatest lifetime of a wrapped answer, in nanoseconds; zero for none.
    max_wrapping: i64,
    /// Keys that are not weighed here, with their values as text.
    pub(super) others: Vec<(String, String)>,
}

/// What stands in rules, before anything is made of it.
#[derive(Default)]
struct Said {
    capabilities: Texts,
    policy: (Option<usize>, String),
    min_wrapping: (Option<usize>, Option<Value>),
    max_wrapping: (Option<usize>, Option<Value>),
}

impl Rules {
    /// As servers of this family take them.
    pub(super) fn read(items: &[Item], family: Family) -> Result<Self, Mistake> {
        let (mut rules, mut said) = (Self::default(), Said::default());
        items.iter().try_for_each(|item| rules.key(item, family, &mut said))?;
        if !rules.expires() {
            rules.weigh(said, family)?;
        }
        rules.others.sort();
        Ok(rules)
    }

    fn key(&mut self, item: &Item, family: Family, said: &mut Said) -> Result<(), Mistake> {
        let (name, value) = (item.keys[0].name()?, &item.value);
        match name {
            "comment" => return Ok(()),
            "capabilities" => said.capabilities.extend(texts(item)?),
            "policy" => said.policy = (value.at, text(item)?),
            "allowed_parameters" => return self.parameters(item, |rules| &mut rules.allowed),
            "denied_parameters" => return self.parameters(item, |rules| &mut rules.denied),
            "required_parameters" => {
                self.required.extend(texts(item)?.into_iter().map(|(_, name)| name.to_lowercase()));
            }
            "min_wrapping_ttl" => said.min_wrapping = (value.at, Some(again(said.min_wrapping.1.take(), value)?)),
            "max_wrapping_ttl" => said.max_wrapping = (value.at, Some(again(said.max_wrapping.1.take(), value)?)),
            _ => return self.other(item, family),
        }
        Ok(())
    }

    fn other(&mut self, item: &Item, family: Family) -> Result<(), Mistake> {
        let name = item.keys[0].name()?;
        match name {
            "control_group" => readable(&item.value)?,
            _ if !KEYS.iter().chain(own_keys(family)).any(|key| *key == name) => {
                let hint = nearest::hint(name, &KEYS);
                return Err((Some(item.keys[0].at), format!("there is no key `{name}` for a path: {hint}")));
            }
            "pagination_limit" => drop(whole(item)?),
            "expiration" | "list_scan_response_keys_filter_path" => drop(text(item)?),
            _ => drop(texts(item)?),
        }
        self.others.push((name.to_owned(), item.to_string()));
        Ok(())
    }

    /// Of two names that differ in their letters' case alone, servers take now the one, now the other.
    fn parameters(&mut self, item: &Item, of: impl Fn(&mut Self) -> &mut Parameters) -> Result<(), Mistake> {
        let mut added = Parameters::new();
        parameters(item, &mut added)?;
        let names: BTreeSet<_> = added.keys().map(|name| name.to_lowercase()).collect();
        if names.len() < added.len() {
            self.others.push((item.keys[0].name()?.to_owned(), item.to_string()));
        }
        for (name, values) in added {
            of(self).entry(name.to_lowercase()).or_default().extend(values);
        }
        Ok(())
    }

    fn weigh(&mut self, said: Said, family: Family) -> Result<(), Mistake> {
        let (at, policy) = said.policy;
        let stands_for = old(&policy).ok_or_else(|| (at, "it is none of read, write, sudo, deny".to_owned()))?;
        let given = if policy == "deny" { Texts::new() } else { said.capabilities };
        for (at, name) in given.into_iter().chain(stands_for.iter().map(|name| (at, (*name).to_owned()))) {
            if name == "deny" {
                *self = Self { others: std::mem::take(&mut self.others), ..Self::denying() };
                return Ok(());
            }
            known(&name, family).map_err(|why| (at, why))?;
            self.capabilities.insert(name);
        }
        self.min_wrapping = nanoseconds(said.min_wrapping)?;
        let at = said.max_wrapping.0;
        self.max_wrapping = nanoseconds(said.max_wrapping)?;
        let is_over = self.min_wrapping != 0 && self.max_wrapping != 0 && self.max_wrapping < self.min_wrapping;
        if is_over { Err((at, "it is less than min_wrapping_ttl".to_owned())) } else { Ok(()) }
    }

    /// OpenBao passes over rules that have expired, whatever is in them.
    pub(super) fn expires(&self) -> bool {
        self.others.iter().any(|(name, _)| name == "expiration")
    }

    fn denying() -> Self {
        Self { capabilities: ["deny".to_owned()].into(), ..Self::default() }
    }

    /// Joins the rules of another stanza for the same path, as the servers do.
    pub(super) fn join(&mut self, more: Self) {
        let denies = |rules: &Self| rules.capabilities.contains("deny");
        if denies(self) || denies(&more) {
            *self = Self::denying();
            return;
        }
        self.capabilities.extend(more.capabilities);
        join_parameters(&mut self.allowed, more.allowed);
        join_parameters(&mut self.denied, more.denied);
        self.required.extend(more.required);
        self.min_wrapping = least(self.min_wrapping, more.min_wrapping);
        self.max_wrapping = least(self.max_wrapping, more.max_wrapping);
    }
}

/// A parameter that may have any value may have any value.
fn join_parameters(into: &mut Parameters, more: Parameters) {
    for (name, values) in more {
        match into.get_mut(&name) {
            Some(there) if there.is_empty() || values.is_empty() => there.clear(),
            Some(there) => there.extend(values),
            None => drop(into.insert(name, values)),
        }
    }
}

/// The lesser of two limits; zero is none.
fn least(one: i64, other: i64) -> i64 {
    match (one, other) {
        (0, limit) | (limit, 0) => limit,
        _ => one.min(other),
    }
}

fn nanoseconds((at, value): (Option<usize>, Option<Value>)) -> Result<i64, Mistake> {
    let length = match value {
        None => Some(0),
        Some(Value::Text(text)) => text_nanoseconds(&text),
        Some(Value::Number(number)) => number_nanoseconds(&number),
        Some(_) => None,
    };
    length.ok_or_else(|| (at, "it is no duration: write it as `90s`, `1h30m`, `7d`, or in seconds".to_owned()))
}
