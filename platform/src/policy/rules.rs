//! What a policy says about one path.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    capability::old,
    tree::{Tree, Value},
};
use crate::Ttl;

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
    /// The least lifetime of a wrapped answer; zero for none.
    pub min_wrapping: Ttl,
    /// The greatest lifetime of a wrapped answer; zero for none.
    pub max_wrapping: Ttl,
    /// Keys that are not known here, with their values as text.
    pub others: Vec<(String, String)>,
}

/// What is wrong with rules, and where.
pub(super) type RuleMistake = (Option<usize>, String);

impl Rules {
    pub(super) fn read(tree: &Tree) -> Result<Self, RuleMistake> {
        let Value::Object(entries) = &tree.value else {
            return Err((tree.at, "a path has rules between braces".into()));
        };
        let mut rules = Self::default();
        let mut seen = BTreeSet::new();
        for (name, value) in entries {
            if !seen.insert(name) {
                return Err((value.at, format!("`{name}` is there twice")));
            }
            rules.key(name, value)?;
        }
        if rules.capabilities.contains("deny") {
            rules = Self { capabilities: ["deny".to_owned()].into(), others: rules.others, ..Self::default() };
        }
        rules.others.sort();
        Ok(rules)
    }

    fn key(&mut self, name: &str, value: &Tree) -> Result<(), RuleMistake> {
        match name {
            "capabilities" => self.capabilities.extend(texts(value)?),
            "policy" => {
                let policy = only_text(value)?;
                let stands_for = old(policy).ok_or_else(|| (value.at, "it is none of read, write, sudo, deny".into()));
                self.capabilities.extend(stands_for?.iter().map(|&name| name.to_owned()));
            }
            "allowed_parameters" => self.allowed = parameters(value)?,
            "denied_parameters" => self.denied = parameters(value)?,
            "required_parameters" => self.required = texts(value)?.iter().map(|name| name.to_lowercase()).collect(),
            "min_wrapping_ttl" => self.min_wrapping = ttl(value)?,
            "max_wrapping_ttl" => self.max_wrapping = ttl(value)?,
            "comment" => {}
            _ => self.others.push((name.to_owned(), value.to_string())),
        }
        Ok(())
    }

    /// Joins the rules of another stanza for the same path, as the servers do.
    pub(super) fn join(&mut self, more: Self) {
        let denies = |rules: &Self| rules.capabilities.contains("deny");
        if denies(self) || denies(&more) {
            *self = Self { capabilities: ["deny".to_owned()].into(), ..Self::default() };
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
fn least(one: Ttl, other: Ttl) -> Ttl {
    match (one.is_zero(), other.is_zero()) {
        (true, _) => other,
        (_, true) => one,
        _ => one.min(other),
    }
}

fn ttl(tree: &Tree) -> Result<Ttl, RuleMistake> {
    let (Value::Text(text) | Value::Number(text)) = &tree.value else {
        return Err((tree.at, "a duration is a text or a number".into()));
    };
    text.parse().map_err(|error: crate::ttl::NoTtl| (tree.at, error.to_string()))
}

fn only_text(tree: &Tree) -> Result<&str, RuleMistake> {
    match &tree.value {
        Value::Text(text) => Ok(text),
        _ => Err((tree.at, "a text belongs here".into())),
    }
}

fn texts(tree: &Tree) -> Result<BTreeSet<String>, RuleMistake> {
    match &tree.value {
        Value::List(items) => items.iter().map(|item| only_text(item).map(str::to_owned)).collect(),
        _ => Err((tree.at, "a list of texts belongs here".into())),
    }
}

fn parameters(tree: &Tree) -> Result<Parameters, RuleMistake> {
    let entries = match &tree.value {
        Value::Object(entries) => entries,
        Value::List(items) if items.len() == 1 => return parameters(&items[0]),
        _ => return Err((tree.at, "parameters are names with lists of values, between braces".into())),
    };
    let mut all = Parameters::new();
    for (name, value) in entries {
        let values = match &value.value {
            Value::List(items) => items.iter().map(ToString::to_string).collect(),
            _ => return Err((value.at, "a parameter has a list of values".into())),
        };
        if all.insert(name.to_lowercase(), values).is_some() {
            return Err((value.at, format!("the parameter `{name}` is there twice")));
        }
    }
    Ok(all)
}
