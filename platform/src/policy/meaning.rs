//! What a whole policy says.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Misread, Rules,
    decode::text,
    misread::Mistake,
    tree::{Item, Key, Tree, Value},
};
use crate::family::Family;

/// What a policy says, whatever its order, comments, white space and syntax.
#[derive(Debug, Clone, Default)]
pub struct Meaning {
    /// What it says about each path, without a slash at its beginning, duplicates joined.
    paths: BTreeMap<String, Rules>,
    /// What it says with keys that are not weighed here, by path, in order and not joined: no one here can say what
    /// joining it means.
    unjoined: BTreeMap<String, Vec<Rules>>,
    duplicates: BTreeSet<String>,
    /// Whether OpenBao is who refuses it, and why. What everyone refuses means nothing.
    refused: Option<(bool, Misread)>,
}

/// How a meaning came about is no part of it.
impl PartialEq for Meaning {
    fn eq(&self, other: &Self) -> bool {
        (&self.paths, &self.unjoined) == (&other.paths, &other.unjoined)
    }
}

impl Eq for Meaning {}

impl Meaning {
    /// Reads a policy's text.
    ///
    /// # Errors
    /// When no supported server takes it.
    pub fn read(text: &str) -> Result<Self, Misread> {
        let misread = |mistake| Misread::new(text, mistake);
        let (items, twice) = Tree::parse(text).map_err(misread)?;
        let openbao = Self::of(&items, Family::OpenBao).map_err(misread);
        // `helper/random` of HashiCorp Vault: an argument that is set twice is a mistake since 1.21.
        let vault = twice.map_or_else(|| Self::of(&items, Family::Vault), Err).map_err(misread);
        let (meaning, refused) = match (openbao, vault) {
            (Ok(meaning), vault) => (meaning, vault.err().map(|why| (false, why))),
            (Err(why), Ok(meaning)) => (meaning, Some((true, why))),
            (Err(why), Err(_)) => return Err(why),
        };
        Ok(Self { refused, ..meaning })
    }

    /// Why servers of this family refuse it, if they do.
    pub fn refusal(&self, family: Family) -> Option<&Misread> {
        self.refused.as_ref().filter(|(by_openbao, _)| *by_openbao == (family == Family::OpenBao)).map(|(_, why)| why)
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

    fn of(items: &[Item], family: Family) -> Result<Self, Mistake> {
        let mut meaning = Self::default();
        for item in items {
            match (item.keys[0].name()?, &item.value.value) {
                ("name", _) => drop(text(item)?),
                // Without a path it is about the path `path`.
                ("path", Value::Object(rules)) => {
                    meaning.path(item.keys.get(1).unwrap_or(&item.keys[0]), rules, family)?
                }
                ("path", _) => {
                    let why = "`path` is followed by a path in quotes and its rules between braces";
                    return Err((item.value.at, why.to_owned()));
                }
                (name, _) => return Err((Some(item.keys[0].at), format!("`path` belongs here, not `{name}`"))),
            }
        }
        Ok(meaning)
    }

    fn path(&mut self, key: &Key, items: &[Item], family: Family) -> Result<(), Mistake> {
        let mistake = |why: &str| Err((Some(key.at), why.to_owned()));
        let rules = Rules::read(items, family)?;
        let path = key.name()?;
        let path = path.strip_prefix('/').unwrap_or(path);
        if !is_balanced(path) {
            return mistake("each `{{` of a path needs its `}}`");
        }
        if path.contains("+*") && !rules.expires() {
            return mistake("`+*` is no wildcard: `+` is one whole segment, `*` stands at the end");
        }
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
}

/// Whether every part of a path behind `{{` has one `}}`, and nothing has more.
fn is_balanced(path: &str) -> bool {
    path.split("{{").enumerate().all(|(position, part)| part.matches("}}").count() == usize::from(position > 0))
}

#[cfg(test)]
mod tests;
