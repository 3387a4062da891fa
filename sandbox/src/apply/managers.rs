//! `metadata.managedFields`: who owns which fields.

use serde_json::{Value, json};

use super::{compare::Comparison, field_set::FieldSet};
use crate::object::{self, text};

/// How a manager came by its fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Operation {
    /// By server-side apply.
    Apply,
    /// By any other write.
    Update,
}

/// Who writes, through what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Manager {
    pub(crate) name: String,
    pub(crate) operation: Operation,
    pub(crate) api_version: String,
    /// Empty, or `status`.
    pub(crate) subresource: String,
}

impl Manager {
    /// One who applies is the same one in every version of the API.
    fn is(&self, other: &Self) -> bool {
        self.name == other.name
            && self.operation == other.operation
            && self.subresource == other.subresource
            && (self.operation == Operation::Apply || self.api_version == other.api_version)
    }

    /// As a conflict names it.
    pub(crate) fn describe(&self) -> String {
        let mut words = format!("{:?}", self.name);
        if !self.subresource.is_empty() {
            words += &format!(" with subresource {:?}", self.subresource);
        }
        if self.operation == Operation::Update {
            words += &format!(" using {}", self.api_version);
        }
        words
    }
}

#[derive(Debug, Clone)]
struct Entry {
    manager: Manager,
    time: String,
    fields: FieldSet,
}

/// The entries of one object.
#[derive(Debug, Clone, Default)]
pub(crate) struct Managers(Vec<Entry>);

impl Managers {
    pub(crate) fn of(object: &Value) -> Self {
        let entries = object::array(object, "/metadata/managedFields").iter();
        Self(entries.filter_map(decode).collect())
    }

    pub(crate) fn fields(&self, manager: &Manager) -> FieldSet {
        let entry = self.0.iter().find(|entry| entry.manager.is(manager));
        entry.map(|entry| entry.fields.clone()).unwrap_or_default()
    }

    pub(crate) fn time(&self, manager: &Manager) -> Option<String> {
        self.0.iter().find(|e| e.manager.is(manager)).map(|e| e.time.clone())
    }

    pub(crate) fn set(&mut self, manager: &Manager, fields: FieldSet, time: String) {
        self.0.retain(|entry| !entry.manager.is(manager));
        if !fields.is_empty() {
            self.0.push(Entry { manager: manager.clone(), time, fields });
        }
    }

    /// All fields that anybody owns.
    pub(crate) fn owned(&self) -> FieldSet {
        self.0.iter().fold(FieldSet::default(), |all, entry| all.union(&entry.fields))
    }

    /// The fields of others that a change would set.
    pub(crate) fn conflicts(&self, manager: &Manager, change: &Comparison) -> Vec<(Manager, FieldSet)> {
        let others = self.0.iter().filter(|entry| !entry.manager.is(manager));
        let theirs = others.map(|e| (e.manager.clone(), e.fields.intersection(&change.set)));
        theirs.filter(|(_, fields)| !fields.is_empty()).collect()
    }

    /// Others lose what a change sets or removes.
    pub(crate) fn take(&mut self, manager: &Manager, change: &Comparison) {
        for entry in self.0.iter_mut().filter(|entry| !entry.manager.is(manager)) {
            entry.fields = entry.fields.difference(&change.set).difference(&change.removed);
        }
        self.0.retain(|entry| !entry.fields.is_empty());
    }

    /// Writes the entries into the object; none at all is no field.
    pub(crate) fn write(mut self, object: &mut Value) {
        self.0.sort_by(|a, b| {
            let key = |e: &Entry| (e.manager.operation, e.time.clone(), e.manager.name.clone());
            key(a).cmp(&key(b))
        });
        let metadata = object::child(object, "metadata");
        match self.0.as_slice() {
            [] => _ = metadata.shift_remove("managedFields"),
            entries => _ = metadata.insert("managedFields".to_owned(), entries.iter().map(encode).collect()),
        }
    }
}

fn decode(entry: &Value) -> Option<Entry> {
    let operation = match text(entry, "/operation") {
        "Apply" => Operation::Apply,
        "Update" => Operation::Update,
        _ => return None,
    };
    let manager = Manager {
        name: text(entry, "/manager").to_owned(),
        operation,
        api_version: text(entry, "/apiVersion").to_owned(),
        subresource: text(entry, "/subresource").to_owned(),
    };
    let fields = FieldSet::decode(&entry["fieldsV1"]);
    Some(Entry { manager, time: text(entry, "/time").to_owned(), fields })
}

fn encode(entry: &Entry) -> Value {
    let manager = &entry.manager;
    let mut encoded = json!({
        "manager": manager.name,
        "operation": format!("{:?}", manager.operation),
        "apiVersion": manager.api_version,
        "time": entry.time,
        "fieldsType": "FieldsV1",
        "fieldsV1": entry.fields.encode(),
    });
    if !manager.subresource.is_empty() {
        encoded["subresource"] = manager.subresource.as_str().into();
    }
    encoded
}
