//! Who owns fields: the entries of `metadata.managedFields`.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::kubernetes::FIELD_MANAGER;

/// To whom the server gives everything in an object that has no managers yet, when somebody first applies to it.
const BEFORE_FIRST_APPLY: &str = "before-first-apply";

/// A field manager other than ours, as it is written in a state: `kubectl-create (Update v1)`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Owner {
    /// No manager: a default of the server's, or left over by a manager that is gone.
    Nobody,
    /// A manager, with one operation, in one version of the API.
    Manager {
        /// Its name.
        name: String,
        /// `Apply` or `Update`.
        operation: String,
        /// The version in which it writes.
        api_version: String,
    },
}

impl Owner {
    pub(super) fn of(entry: &Value) -> Self {
        let text = |key: &str| entry[key].as_str().unwrap_or_default().to_owned();
        Self::Manager { name: text("manager"), operation: text("operation"), api_version: text("apiVersion") }
    }

    pub(super) fn before_first_apply(live: &Value) -> Self {
        Self::of(&json!({
            "manager": BEFORE_FIRST_APPLY, "operation": "Update", "apiVersion": live["apiVersion"],
        }))
    }

    /// An entry that owns nothing yet.
    pub(super) fn entry(&self, time: Option<&Value>) -> Option<Value> {
        let Self::Manager { name, operation, api_version } = self else { return None };
        let mut entry = json!({
            "manager": name, "operation": operation, "apiVersion": api_version,
            "fieldsType": "FieldsV1", "fieldsV1": {},
        });
        if let Some(time) = time {
            entry["time"] = time.clone();
        }
        Some(entry)
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nobody => f.write_str("nobody"),
            Self::Manager { name, operation, api_version } => write!(f, "{name} ({operation} {api_version})"),
        }
    }
}

impl From<Owner> for String {
    fn from(owner: Owner) -> Self {
        owner.to_string()
    }
}

impl TryFrom<String> for Owner {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text == "nobody" {
            return Ok(Self::Nobody);
        }
        let manager = text.rsplit_once(" (").and_then(|(name, rest)| {
            let (operation, api_version) = rest.strip_suffix(')')?.split_once(' ')?;
            let [name, operation, api_version] = [name, operation, api_version].map(str::to_owned);
            Some(Self::Manager { name, operation, api_version })
        });
        manager.ok_or_else(|| format!("`{text}` is no field manager: expected `NAME (OPERATION VERSION)`, or `nobody`"))
    }
}

/// Whose an entry is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Whose {
    /// What we applied.
    Ours,
    /// What we hold for a moment, on its way back to its owner.
    Passing,
    /// Somebody else's.
    Other(Owner),
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
            _ => Self::Other(Owner::of(entry)),
        })
    }
}

pub(super) fn entries(live: &Value) -> &[Value] {
    live["metadata"]["managedFields"].as_array().map(Vec::as_slice).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_survives_being_written_down() {
        let names = ["kubectl-client-side-apply (Update external-secrets.io/v1)", "a (b) (Apply v1)", "nobody"];
        for name in names {
            let owner: Owner = name.to_owned().try_into().expect("an owner");
            assert_eq!(owner.to_string(), name);
        }
        assert!(Owner::try_from("somebody".to_owned()).is_err());
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
