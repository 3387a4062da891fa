//! What a whole policy says.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    KNOWN, Misread, Rules,
    rules::RuleMistake,
    tree::{Tree, Value},
};

/// What a policy says, whatever its order, comments, white space and syntax.
#[derive(Debug, Clone, Default)]
pub struct Meaning {
    /// What it says about each path, without a slash at its beginning, duplicates joined.
    paths: BTreeMap<String, Rules>,
    /// What it says with keys that are not known here, by path, in order and not joined: no one here can say what joining
    /// it means.
    unjoined: BTreeMap<String, Vec<Rules>>,
    /// What stands beside paths, as text.
    beside: Vec<String>,
    duplicates: BTreeSet<String>,
    unknown: Vec<(Option<usize>, String)>,
}

/// How a meaning came about is no part of it.
impl PartialEq for Meaning {
    fn eq(&self, other: &Self) -> bool {
        (&self.paths, &self.unjoined, &self.beside) == (&other.paths, &other.unjoined, &other.beside)
    }
}

impl Eq for Meaning {}

impl Meaning {
    /// Reads a policy's text.
    ///
    /// # Errors
    /// When it is not understood.
    pub fn read(text: &str) -> Result<Self, Misread> {
        let tree = Tree::read(text)?;
        Self::of(&tree).map_err(|(at, why)| Misread::new(text, at, why))
    }

    /// Every path that it says something about, in alphabetical order.
    pub fn all_paths(&self) -> BTreeSet<&str> {
        self.paths.keys().chain(self.unjoined.keys()).map(String::as_str).collect()
    }

    /// What it says about a path; `None` where it says nothing, or something that is not known here.
    pub fn rules(&self, path: &str) -> Option<&Rules> {
        self.paths.get(path).filter(|_| !self.unjoined.contains_key(path))
    }

    /// The paths that are there more than once.
    pub fn duplicates(&self) -> &BTreeSet<String> {
        &self.duplicates
    }

    /// Refuses capabilities that no server knows.
    ///
    /// # Errors
    /// The first of them, with its place in the text that this was read from.
    pub fn check_capabilities(&self, text: &str) -> Result<(), Misread> {
        let Some((at, name)) = self.unknown.first() else { return Ok(()) };
        let hint = trustpath_core::nearest::hint(name, &KNOWN);
        Err(Misread::new(text, *at, format!("there is no capability `{name}`: {hint}")))
    }

    fn of(tree: &Tree) -> Result<Self, RuleMistake> {
        let mut meaning = Self::default();
        let Value::Object(entries) = &tree.value else {
            return Err((tree.at, "a policy is a list of paths".into()));
        };
        for (name, value) in entries {
            if name != "path" {
                meaning.beside.push(format!("{name} {value}"));
                continue;
            }
            for (path, rules) in each(value)? {
                meaning.path(path, rules)?;
            }
        }
        Ok(meaning)
    }

    fn path(&mut self, path: &str, tree: &Tree) -> Result<(), RuleMistake> {
        let rules = Rules::read(tree)?;
        self.note_unknown(tree, &rules);
        let path = path.strip_prefix('/').unwrap_or(path);
        if self.paths.contains_key(path) || self.unjoined.contains_key(path) {
            self.duplicates.insert(path.to_owned());
        }
        if !rules.others.is_empty() {
            self.unjoined.entry(path.to_owned()).or_default().push(rules);
        } else if let Some(there) = self.paths.get_mut(path) {
            there.join(rules);
        } else {
            self.paths.insert(path.to_owned(), rules);
        }
        Ok(())
    }

    fn note_unknown(&mut self, tree: &Tree, rules: &Rules) {
        let unknown = rules.capabilities.iter().filter(|name| !KNOWN.contains(&name.as_str()));
        self.unknown.extend(unknown.map(|name| (place_of(tree, name).or(tree.at), name.clone())));
    }
}

/// Where a capability is named.
fn place_of(tree: &Tree, capability: &str) -> Option<usize> {
    match &tree.value {
        Value::Text(text) => tree.at.filter(|_| text == capability),
        Value::List(items) => items.iter().find_map(|item| place_of(item, capability)),
        Value::Object(entries) => entries.iter().find_map(|(_, value)| place_of(value, capability)),
        _ => None,
    }
}

/// The entries of an object, or of each object of a list.
fn each(tree: &Tree) -> Result<Vec<(&str, &Tree)>, RuleMistake> {
    let list: Vec<_> = match &tree.value {
        Value::Object(entries) => return Ok(entries.iter().map(|(name, value)| (name.as_str(), value)).collect()),
        Value::List(items) => items.iter().map(each).collect::<Result<_, _>>()?,
        _ => return Err((tree.at, "`path` is followed by a path in quotes and its rules between braces".into())),
    };
    Ok(list.into_iter().flatten().collect())
}

#[cfg(test)]
mod tests;
