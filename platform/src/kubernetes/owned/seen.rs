//! From a live object to what our field manager sees of it, and whether that is as it is wanted.

use serde_json::Value;
use trustpath_core::{Evidence, graph::word};

use super::{
    Owned,
    fields::{self, Fields},
    manager::{NO_MANAGER, OtherManagers, Whose, before_first_apply, entries},
};
use crate::{
    mark,
    text::{clean, listed},
};

/// What tells an object from others is no one's.
const IDENTITY: [&[&str]; 2] = [&["metadata", "name"], &["metadata", "namespace"]];

impl Owned {
    /// What there is of `live` at the places that `body` and our mark want, and all that we own of it besides.
    pub fn seen(live: &Value, body: &Fields) -> Self {
        let Some(object) = live.as_object() else { return Self::default() };
        let ours: Vec<_> = entries(live).iter().filter(|entry| Whose::entry(entry) == Some(Whose::Ours)).collect();
        let is_ours = |path: &[&str]| ours.iter().any(|entry| fields::owns(&entry["fieldsV1"], path));
        let mut applied = Fields::new();
        for (path, value) in fields::leaves(object) {
            if IDENTITY.contains(&path.as_slice()) || is_ours(&path) {
                fields::set(&mut applied, &path, value.clone());
            }
        }
        Self { applied, others: others(live, object, body) }
    }

    /// Whether it holds `body`; `what` names these fields.
    pub fn compared(&self, what: &str, body: &Fields, step: &str) -> Evidence {
        let unlike = self.unlike(body);
        if unlike.is_empty() {
            return Evidence::new().passed(what, "as the graph file says");
        }
        let each = |(path, value): &(String, Option<&Value>)| match value {
            Some(value) => format!("{path} is {}", clean(&value.to_string())),
            None => format!("{path} is missing"),
        };
        let why = format!("not as the graph file says: {}", listed(&unlike.iter().map(each).collect::<Vec<_>>()));
        Evidence::new().failed(what, why, format!("trustpath apply {}", word(step)))
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

fn others(live: &Value, object: &Fields, body: &Fields) -> OtherManagers {
    let mut found = OtherManagers::new();
    let wanted = fields::leaves(body).into_iter().map(|(path, _)| path);
    let wanted = wanted.filter(|path| !IDENTITY.contains(&path.as_slice()));
    for path in wanted.chain([mark::PATH.to_vec()]) {
        let Some(value) = fields::get(object, &path) else { continue };
        for owner in owners(live, &path) {
            fields::set(found.entry(owner).or_default(), &path, value.clone());
        }
    }
    found
}

/// The owners of a field besides us; no one only when we do not hold it either.
fn owners(live: &Value, path: &[&str]) -> Vec<String> {
    if entries(live).is_empty() {
        return vec![before_first_apply(live)];
    }
    let owning = entries(live).iter().filter(|entry| fields::owns(&entry["fieldsV1"], path));
    let owning: Vec<_> = owning.filter_map(Whose::entry).collect();
    if owning.is_empty() {
        return vec![NO_MANAGER.to_owned()];
    }
    owning.into_iter().filter_map(|whose| if let Whose::Other(owner) = whose { Some(owner) } else { None }).collect()
}
