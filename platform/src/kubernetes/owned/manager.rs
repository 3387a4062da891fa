//! Who owns fields: the entries of `metadata.managedFields`.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Fields;
use crate::kubernetes::FIELD_MANAGER;

/// Whose a field is that no manager has: a default of the server's, or left over by a manager that is gone.
pub(super) const NO_MANAGER: &str = "nobody";

/// What field managers other than ours own, by manager, operation and the version in which it writes, as in
/// `kubectl-create (Update v1)`; and what [`NO_MANAGER`] does.
pub(super) type OtherManagers = BTreeMap<String, Fields>;

/// Whose an entry is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Whose {
    /// What we applied.
    Ours,
    /// What we hold for a moment, on its way back to its owner.
    Passing,
    /// Another client's.
    Other(String),
}

impl Whose {
    /// Entries for a subresource are nobody's here: a status is never written by this program.
    pub(super) fn entry(entry: &Value) -> Option<Self> {
        if entry["subresource"].as_str().is_some_and(|subresource| !subresource.is_empty()) {
            return None;
        }
        let ours = entry["manager"] == FIELD_MANAGER;
        Some(match entry["operation"].as_str() {
            Some("Apply") if ours => Self::Ours,
            Some("Update") if ours => Self::Passing,
            _ => Self::Other(owner(entry)),
        })
    }
}

fn owner(entry: &Value) -> String {
    let text = |key: &str| entry[key].as_str().unwrap_or_default();
    format!("{} ({} {})", text("manager"), text("operation"), text("apiVersion"))
}

/// To whom the server gives everything in an object that has no managers yet, when somebody first applies to it.
pub(super) fn before_first_apply(live: &Value) -> String {
    owner(&json!({"manager": "before-first-apply", "operation": "Update", "apiVersion": live["apiVersion"]}))
}

/// An entry of an owner that owns nothing yet. No one has none.
pub(super) fn new_entry(owner: &str, time: Option<&Value>) -> Option<Value> {
    let (name, rest) = owner.rsplit_once(" (")?;
    let (operation, version) = rest.strip_suffix(')')?.split_once(' ')?;
    let mut entry = json!({
        "manager": name, "operation": operation, "apiVersion": version, "fieldsType": "FieldsV1", "fieldsV1": {},
    });
    if let Some(time) = time {
        entry["time"] = time.clone();
    }
    Some(entry)
}

pub(super) fn entries(live: &Value) -> &[Value] {
    live["metadata"]["managedFields"].as_array().map(Vec::as_slice).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_survives_being_written_down() {
        for name in ["kubectl-client-side-apply (Update external-secrets.io/v1)", "a (b) (Apply v1)"] {
            assert_eq!(owner(&new_entry(name, None).expect("an entry")), name);
        }
        assert!([NO_MANAGER, "somebody"].iter().all(|name| new_entry(name, None).is_none()));
    }

    #[test]
    fn an_entry_is_ours_by_its_operation_too() {
        let entry = |manager: &str, operation: &str| json!({"manager": manager, "operation": operation});
        assert_eq!(Whose::entry(&entry("trustpath", "Apply")), Some(Whose::Ours));
        assert_eq!(Whose::entry(&entry("trustpath", "Update")), Some(Whose::Passing));
        assert!(matches!(Whose::entry(&entry("other", "Apply")), Some(Whose::Other(_))));
        assert_eq!(Whose::entry(&json!({"manager": "x", "operation": "Update", "subresource": "status"})), None);
    }
}
