//! An object as our field manager sees it: what it applied, and what others own at the places that it wants.
//!
//! Applying, adopting, taking fields from others by force, and taking all of that back again are all moves from one
//! [`Owned`] to another. Nothing else of an object is looked at: what others added is theirs.

mod change;
mod fields;
mod give_back;
mod manager;
mod parts;
mod remove;
mod seen;
mod write;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use self::manager::{NO_MANAGER, OtherManagers};
pub use self::{
    change::OwnedRequest,
    fields::{Fields, labelled},
    parts::{OwnedObject, OwnedObjects, OwnedParts, adopting},
    seen::other_managers,
};
use crate::{kubernetes::Address, mark};

/// What our field manager owns of an object, and who owns the other fields that it wants.
///
/// As JSON it reads like the object: our fields in their places, and those of others under `others`, by owner.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Owned {
    /// What our manager applied, with the object's name: applying it again changes nothing. `apiVersion` and `kind`
    /// are left out, as an object may be served in several versions.
    #[serde(flatten)]
    pub applied: Fields,
    /// Fields that we want too, by those who own them.
    #[serde(default, skip_serializing_if = "OtherManagers::is_empty")]
    pub others: OtherManagers,
}

impl Owned {
    /// An object that we make.
    pub fn made(body: Fields) -> Self {
        Self { applied: body, others: OtherManagers::new() }
    }

    /// What an object should be, so that it holds `body`; `now` itself when it does already, whoever owns the fields.
    ///
    /// An object of this graph also loses what was applied before and is no longer wanted.
    pub fn wanting(now: Option<&Self>, mut body: Fields, graph: &str) -> Self {
        match now {
            Some(now) if now.holds(&body) && !(now.is_marked(graph) && now.has_more_than(&body)) => now.clone(),
            Some(now) => {
                set_mark(&mut body, graph);
                now.after_applying(body)
            }
            None => {
                set_mark(&mut body, graph);
                Self::made(body)
            }
        }
    }

    /// The same with the mark of this graph, unless it bears one that another client wrote.
    fn adopted(mut self, graph: &str) -> Self {
        if !self.others.values().any(|theirs| fields::get(theirs, &mark::PATH).is_some()) {
            set_mark(&mut self.applied, graph);
        }
        self
    }

    /// Whether we marked it as this graph's. A mark that another client copied does not count.
    pub fn is_marked(&self, graph: &str) -> bool {
        fields::get(&self.applied, &mark::PATH).is_some_and(|mark| mark == graph)
    }

    /// The value of a field, whoever owns it.
    pub fn value(&self, path: &[&str]) -> Option<&Value> {
        let others = self.others.values().find_map(|fields| fields::get(fields, path));
        fields::get(&self.applied, path).or(others)
    }

    /// The fields of `body` that hold another value or none, each with what it holds.
    pub fn unlike<'a>(&'a self, body: &'a Fields) -> Vec<(String, Option<&'a Value>)> {
        let unlike = fields::leaves(body).into_iter().filter(|(path, value)| self.value(path) != Some(*value));
        unlike.map(|(path, _)| (path.join("."), self.value(&path))).collect()
    }

    /// The object that is applied; with its uid it is this very one.
    fn body(&self, at: &Address, uid: Option<&str>) -> Fields {
        let mut body = self.applied.clone();
        body.insert("apiVersion".to_owned(), at.resource.api_version.clone().into());
        body.insert("kind".to_owned(), at.resource.kind.clone().into());
        if let Some(uid) = uid {
            fields::set(&mut body, &["metadata", "uid"], uid.into());
        }
        body
    }

    fn holds(&self, body: &Fields) -> bool {
        self.unlike(body).is_empty()
    }

    fn has_more_than(&self, body: &Fields) -> bool {
        let more = |path: &fields::FieldPath<'_>| *path != mark::PATH && fields::get(body, path).is_none();
        fields::leaves(&self.applied).iter().any(|(path, _)| more(path))
    }

    /// What applying `body` with force makes of it: others keep the fields that are equal, and lose the rest.
    fn after_applying(&self, body: Fields) -> Self {
        let mut others = self.others.clone();
        for (owner, theirs) in &mut others {
            for (path, value) in fields::leaves(&body) {
                let lost = *owner == NO_MANAGER || fields::get(theirs, &path).is_some_and(|their| their != value);
                if lost {
                    fields::unset(theirs, &path);
                }
            }
        }
        others.retain(|_, theirs| !theirs.is_empty());
        Self { applied: body, others }
    }

    /// What others own in `to` and do not own here: it has to be given back to them on the way there.
    pub fn owed(&self, to: &Self) -> OtherManagers {
        let mut owed = OtherManagers::new();
        for (owner, theirs) in &to.others {
            let has = self.others.get(owner);
            for (path, value) in fields::leaves(theirs) {
                if has.and_then(|has| fields::get(has, &path)) != Some(value) {
                    fields::set(owed.entry(owner.clone()).or_default(), &path, value.clone());
                }
            }
        }
        owed
    }

    /// The states on the way from one to another: first what is ours, then others get back what is theirs.
    ///
    /// What is owed stays ours until it is given back: a field that the object must have is never missing.
    pub fn waypoints(&self, to: &Self) -> Vec<Self> {
        let owed = self.owed(to);
        if owed.is_empty() {
            return vec![to.clone()];
        }
        let mut body = to.applied.clone();
        for (path, _) in owed.values().flat_map(fields::leaves) {
            if let (None, Some(kept)) = (fields::get(&body, &path), fields::get(&self.applied, &path)) {
                let kept = kept.clone();
                fields::set(&mut body, &path, kept);
            }
        }
        let ours = self.after_applying(body);
        if ours == *self { vec![to.clone()] } else { vec![ours, to.clone()] }
    }
}

/// Marks an object as this graph's.
fn set_mark(body: &mut Fields, graph: &str) {
    fields::set(body, &mark::PATH, graph.into());
}

#[cfg(test)]
mod tests;
