//! One right at Vault, as plain data.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::policy::Capability;

/// A capability on a path.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VaultGrant {
    /// The namespace; `None` is the root namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The path; `+` in the place of a segment is any one.
    pub path: String,
    /// What is done there.
    pub capability: Capability,
    /// Every parameter that is sent; `None` where that is not known, or nothing is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent: Option<BTreeMap<String, SentValues>>,
    /// Not the path itself, but these below each auth mount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub each_auth_mount: Option<EachAuthMount>,
}

impl VaultGrant {
    /// Whether it is for whatever names, or auth mounts, there are.
    pub(in crate::vault) fn stands_for_many(&self) -> bool {
        self.each_auth_mount.is_some() || self.path.split('/').any(|segment| segment == "+")
    }

    /// The paths as a policy has them: where no one knows which auth mounts there are, those of any.
    pub(super) fn paths(&self) -> BTreeSet<String> {
        match &self.each_auth_mount {
            None => [self.path.clone()].into(),
            Some(each) => each.below.values().flatten().map(|below| format!("auth/+/{below}")).collect(),
        }
    }
}

/// Paths below auth mounts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EachAuthMount {
    /// The paths, by the type of the mount.
    pub below: BTreeMap<String, Vec<String>>,
    /// The mounts that are left out, by their paths below `auth/`.
    pub but: Vec<String>,
}

/// What is sent as the value of a parameter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SentValues {
    /// This, and nothing else.
    This(Value),
    /// Something that a policy cannot be held to, and why not.
    Any(String),
}

impl SentValues {
    /// What a policy can be held to (run on OpenBao 2.7.2 and Vault 1.21.4): texts, lists and flags are compared with
    /// what is sent, numbers and objects never are. Numbers are therefore sent as texts.
    pub(super) fn of(value: &Value) -> Self {
        match value {
            Value::Number(_) | Value::Null => Self::Any("a policy is never equal to a number".into()),
            Value::Object(_) => Self::Any("a policy is never equal to an object".into()),
            Value::String(text) if text.starts_with('*') || text.ends_with('*') => {
                Self::Any("a `*` at its end is a wildcard in a policy".into())
            }
            value => Self::This(value.clone()),
        }
    }
}
