//! What a policy has to say, so that its tokens have rights. Pure.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use trustpath_core::run::{RequestedBy, RequiredRight};

use super::{SentValues, VaultGrant};
use crate::policy::{Capability, Tree, Value as Leaf, render};

/// What a policy says about one path.
#[derive(Debug, Clone, PartialEq)]
pub struct Stanza {
    /// The namespace that the policy belongs to; `None` is the root namespace.
    pub namespace: Option<String>,
    /// The path.
    pub path: String,
    /// What may be done there.
    pub capabilities: BTreeSet<Capability>,
    /// The only parameters that may be sent, each with its only values; none for any. `None` where nothing is said.
    pub allowed: Option<BTreeMap<String, Vec<Value>>>,
    /// What could not be pinned, and why, a sentence each.
    pub unpinned: Vec<String>,
    /// What needs it.
    pub by: RequestedBy,
}

impl Stanza {
    /// The stanzas for these needs of Vault, by path.
    pub fn all<'a>(needs: impl IntoIterator<Item = &'a RequiredRight>) -> Vec<Self> {
        let mut paths: BTreeMap<(Option<String>, String), Joined> = BTreeMap::new();
        for need in needs {
            for grant in need.grants.iter().filter_map(|grant| serde_json::from_value::<VaultGrant>(grant.clone()).ok())
            {
                for path in grant.paths() {
                    let joined = paths.entry((grant.namespace.clone(), path)).or_default();
                    joined.add(&grant, need);
                }
            }
        }
        paths.into_iter().map(|((namespace, path), joined)| joined.stanza(namespace, path)).collect()
    }

    fn tree(&self) -> Tree {
        let names = self.capabilities.iter().map(|capability| Tree::text(capability.name()));
        let mut rules = vec![("capabilities".to_owned(), Tree::list(names))];
        if let Some(allowed) = &self.allowed {
            let each = allowed.iter().map(|(name, values)| (name.clone(), Tree::list(values.iter().map(tree))));
            rules.push(("allowed_parameters".to_owned(), Tree::object(each)));
        }
        Tree::paths([(self.path.clone(), Tree::object(rules))])
    }
}

/// The HCL of a policy with these stanzas, each behind a comment that says what needs it.
pub fn policy(stanzas: &[Stanza]) -> String {
    let each = stanzas.iter().map(|stanza| {
        let unpinned: String = stanza.unpinned.iter().map(|line| format!("# {line}\n")).collect();
        format!("# {}\n{unpinned}{}", stanza.by, render(&stanza.tree()))
    });
    each.collect::<Vec<_>>().join("\n")
}

/// Everything that is needed on one path.
#[derive(Default)]
struct Joined {
    capabilities: BTreeSet<Capability>,
    /// What is sent, once for each write that is known.
    sent: Vec<BTreeMap<String, SentValues>>,
    /// Something is written, and no one knows what.
    unknown: bool,
    by: RequestedBy,
}

impl Joined {
    fn add(&mut self, grant: &VaultGrant, need: &RequiredRight) {
        self.unknown |= writes(grant.capability) && grant.sent.is_none();
        self.capabilities.insert(grant.capability);
        self.sent.extend(grant.sent.clone());
        self.by.extend(&need.by);
    }

    fn stanza(self, namespace: Option<String>, path: String) -> Stanza {
        let mut unpinned = BTreeSet::new();
        let mut allowed: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for (name, sent) in self.sent.iter().flatten() {
            let values = allowed.entry(name.clone()).or_default();
            match sent {
                SentValues::This(value) if !values.contains(value) => values.push(value.clone()),
                SentValues::This(_) => {}
                SentValues::Any(why) => drop(unpinned.insert((name.clone(), why.clone()))),
            }
        }
        for (name, _) in &unpinned {
            allowed.insert(name.clone(), Vec::new());
        }
        let mut unpinned: Vec<_> =
            unpinned.into_iter().map(|(name, why)| format!("`{name}` is not pinned: {why}")).collect();
        if self.unknown {
            unpinned = vec!["no value is pinned: what will be written, or what is there now, is not known".to_owned()];
        }
        let pinned = !self.unknown && !self.sent.is_empty();
        Stanza {
            namespace,
            path,
            capabilities: self.capabilities,
            allowed: pinned.then_some(allowed),
            unpinned,
            by: self.by,
        }
    }
}

fn writes(capability: Capability) -> bool {
    matches!(capability, Capability::Create | Capability::Update | Capability::Patch)
}

fn tree(value: &Value) -> Tree {
    let leaf = |value| Tree { value, at: None };
    match value {
        Value::Null => Tree::text(""),
        Value::Bool(flag) => leaf(Leaf::Bool(*flag)),
        Value::Number(number) => leaf(Leaf::Number(number.to_string())),
        Value::String(text) => Tree::text(text.as_str()),
        Value::Array(items) => Tree::list(items.iter().map(tree)),
        Value::Object(fields) => Tree::object(fields.iter().map(|(name, value)| (name.clone(), tree(value)))),
    }
}

#[cfg(test)]
mod tests;
