//! Giving fields back to those from whom they were taken: their values first, then the ownership.
//!
//! A value is written as an Update of our own manager, which takes it from everybody. What that manager holds is then
//! handed over in a write that changes `metadata.managedFields` and nothing else; the API server allows just that
//! (apimachinery, `FieldManager.Update`: "necessary to allow directly updating managed fields"). So a field comes back to
//! a manager that applies as well as to one that updates, with nothing else of theirs touched.

use serde_json::{Value, json};

use super::{
    fields::{self, Fields},
    manager::{OtherManagers, Whose, entries, new_entry},
};

/// A merge patch with the values that differ from those in `live`; `None` when all are back.
///
/// Like the other one it holds for this very version of the object: the server answers 409 when it was changed since.
pub(super) fn values_patch(live: &Value, owed: &OtherManagers) -> Option<Value> {
    let object = live.as_object()?;
    let mut patch = Fields::new();
    for (path, value) in owed.values().flat_map(fields::leaves) {
        if fields::get(object, &path) != Some(value) {
            fields::set(&mut patch, &path, value.clone());
        }
    }
    if patch.is_empty() {
        return None;
    }
    fields::set(&mut patch, &["metadata", "resourceVersion"], live["metadata"]["resourceVersion"].clone());
    Some(Value::Object(patch))
}

/// A merge patch that makes the owners own their fields again, and us no longer, but for what we applied as well in
/// `ours`; `None` when all own what they should.
pub(super) fn ownership_patch(live: &Value, owed: &OtherManagers, ours: &Fields) -> Option<Value> {
    let mut managers = entries(live).to_vec();
    let time = passing_time(&managers);
    for (owner, theirs) in owed {
        for (path, _) in fields::leaves(theirs) {
            let stays = |entry: &Value| fields::get(ours, &path).is_some() && Whose::entry(entry) == Some(Whose::Ours);
            let leaving = managers.iter_mut().filter(|entry| is_ours(entry) && !stays(entry));
            leaving.for_each(|entry| with_tree(entry, &path, fields::disown));
            if let Some(entry) = entry_of(&mut managers, owner, time.as_ref()) {
                with_tree(entry, &path, fields::own);
            }
        }
    }
    managers.retain(|entry| entry["fieldsV1"].as_object().is_some_and(|tree| !tree.is_empty()));
    if managers == entries(live) {
        return None;
    }
    if managers.is_empty() {
        // An empty list would mean "as before"; one empty entry means none.
        managers.push(json!({}));
    }
    let version = &live["metadata"]["resourceVersion"];
    Some(json!({"metadata": {"resourceVersion": version, "managedFields": managers}}))
}

fn is_ours(entry: &Value) -> bool {
    matches!(Whose::entry(entry), Some(Whose::Ours | Whose::Passing))
}

/// When the server wrote down what is on its way back.
fn passing_time(managers: &[Value]) -> Option<Value> {
    let passing = managers.iter().find(|entry| Whose::entry(entry) == Some(Whose::Passing))?;
    passing.get("time").cloned()
}

fn entry_of<'a>(managers: &'a mut Vec<Value>, owner: &str, time: Option<&Value>) -> Option<&'a mut Value> {
    let whose = Whose::Other(owner.to_owned());
    let at = managers.iter().position(|entry| Whose::entry(entry).as_ref() == Some(&whose));
    let at = match at {
        Some(at) => at,
        None => {
            managers.push(new_entry(owner, time)?);
            managers.len() - 1
        }
    };
    managers.get_mut(at)
}

fn with_tree(entry: &mut Value, path: &[&str], change: fn(&mut Fields, &[&str])) {
    if let Some(tree) = entry["fieldsV1"].as_object_mut() {
        change(tree, path);
    }
}
