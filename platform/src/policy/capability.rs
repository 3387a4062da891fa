use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trustpath_core::nearest;

use crate::family::Family;

/// What a policy can allow on a path. Not every server knows each of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Capability {
    /// Make what is not there.
    Create,
    /// Read.
    Read,
    /// Change what is there.
    Update,
    /// Change a part of it.
    Patch,
    /// Remove.
    Delete,
    /// List names.
    List,
    /// Use paths that only root may use otherwise.
    Sudo,
    /// Nothing, whatever else allows it.
    Deny,
    /// Receive events (HashiCorp Vault Enterprise).
    Subscribe,
    /// Recover from a snapshot (HashiCorp Vault Enterprise).
    Recover,
    /// List recursively (OpenBao).
    Scan,
}

/// The name of every capability.
pub const KNOWN: [&str; 11] =
    ["create", "read", "update", "patch", "delete", "list", "sudo", "deny", "subscribe", "recover", "scan"];

impl Capability {
    /// As policies name it.
    pub fn name(self) -> &'static str {
        KNOWN[self as usize]
    }
}

/// Refuses a capability that servers of this family do not know (OpenBao 2.7, HashiCorp Vault 1.21).
pub(super) fn known(name: &str, family: Family) -> Result<(), String> {
    let (others, whose): (&[&str], _) = match family {
        Family::OpenBao => (&["subscribe", "recover"], "HashiCorp Vault"),
        Family::Vault | Family::VaultEnterprise => (&["scan"], "OpenBao"),
    };
    if others.contains(&name) {
        return Err(format!("`{name}` is a capability of {whose} alone"));
    }
    let hint = || format!("there is no capability `{name}`: {}", nearest::hint(name, &KNOWN));
    if KNOWN.contains(&name) { Ok(()) } else { Err(hint()) }
}

/// What `policy = "…"`, deprecated since Vault 0.5, stands for.
pub(super) fn old(policy: &str) -> Option<&'static [&'static str]> {
    match policy {
        "" => Some(&[]),
        "deny" => Some(&["deny"]),
        "read" => Some(&["read", "list"]),
        "write" => Some(&["create", "read", "update", "delete", "list"]),
        "sudo" => Some(&["create", "read", "update", "delete", "list", "sudo"]),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_capability_is_called_what_it_serializes_to() {
        for name in KNOWN {
            let capability: Capability = serde_json::from_value(json!(name)).unwrap();
            assert_eq!(capability.name(), name);
        }
    }
}
