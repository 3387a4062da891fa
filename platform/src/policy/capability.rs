use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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

/// What `policy = "…"`, deprecated since Vault 0.5, stands for.
pub(super) fn old(policy: &str) -> Option<&'static [&'static str]> {
    match policy {
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
