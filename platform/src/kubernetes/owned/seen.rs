//! From a live object to what our field manager sees of it.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    Owned,
    fields::{self, Fields, Path},
    manager::{Owner, Whose, entries},
};
use crate::{mark, text::clean};

impl Owned {
    /// What there is of `live` at the places that `body` and our mark want, and all that we own of it besides.
    pub fn seen(live: &Value, body: &Fields) -> Self {
        let Some(object) = live.as_object() else { return Self::default() };
        let mut applied = Fields::new();
        for name in ["name", "namespace"] {
            if let Some(value) = live["metadata"].get(name) {
                fields::set(&mut applied, &["metadata", name], value.clone());
            }
        }
        let ours = entries(live).iter().filter(|entry| Whose::entry(entry) == Some(Whose::Ours));
        for (path, value) in ours.map(|entry| fields::project(object, &entry["fieldsV1"])).flat_map(into_leaves) {
            fields::set(&mut applied, &path.iter().map(String::as_str).collect::<Vec<_>>(), value);
        }
        Self { applied, others: others(live, object, body) }
    }
}

/// The managers, other than ours, that own more of an object than how it is cleaned up: when the object goes, what they
/// set goes with it, and making it again brings back only what is ours.
pub fn other_managers(live: &Value) -> Vec<String> {
    let theirs = entries(live).iter().filter(|entry| matches!(Whose::entry(entry), Some(Whose::Other(_))));
    let theirs = theirs.filter(|entry| fields::sets_more_than_cleanup(&entry["fieldsV1"]));
    let mut names: Vec<_> = theirs.filter_map(|entry| entry["manager"].as_str().map(clean)).collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn into_leaves(fields: Fields) -> Vec<(Vec<String>, Value)> {
    let owned = |(path, value): (Path<'_>, &Value)| (path.into_iter().map(str::to_owned).collect(), value.clone());
    fields::leaves(&fields).into_iter().map(owned).collect()
}

fn others(live: &Value, object: &Fields, body: &Fields) -> BTreeMap<Owner, Fields> {
    let mut found: BTreeMap<Owner, Fields> = BTreeMap::new();
    let identity = [vec!["metadata", "name"], vec!["metadata", "namespace"]];
    let wanted = fields::leaves(body).into_iter().map(|(path, _)| path).filter(|path| !identity.contains(path));
    for path in wanted.chain([mark::PATH.to_vec()]) {
        let Some(value) = fields::get(object, &path) else { continue };
        for owner in owners(live, &path) {
            fields::set(found.entry(owner).or_default(), &path, value.clone());
        }
    }
    found
}

/// The owners of a field besides us; nobody only when we do not hold it either.
fn owners(live: &Value, path: &[&str]) -> Vec<Owner> {
    if entries(live).is_empty() {
        return vec![Owner::before_first_apply(live)];
    }
    let owning = entries(live).iter().filter(|entry| fields::owns(&entry["fieldsV1"], path));
    let owning: Vec<_> = owning.filter_map(Whose::entry).collect();
    if owning.is_empty() {
        return vec![Owner::Nobody];
    }
    owning.into_iter().filter_map(|whose| if let Whose::Other(owner) = whose { Some(owner) } else { None }).collect()
}
