//! `sys/health`: whether there is a Vault that serves, and which one.

use serde::Deserialize;

use crate::{
    error::{Error, ErrorKind, System},
    family::Family,
};

/// The answer of `sys/health`, which every state of the server gives.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Health {
    pub(super) initialized: bool,
    pub(super) sealed: bool,
    #[serde(default)]
    pub(super) version: String,
    pub(super) cluster_id: Option<String>,
    pub(super) replication_dr_mode: Option<String>,
    /// There since Vault 1.16, and not on OpenBao.
    pub(super) enterprise: Option<bool>,
}

impl Health {
    /// Both families have versions 2.x, and OpenBao none below: only what lacks the key and is 2.x is OpenBao.
    pub(super) fn family(&self) -> Family {
        match self.enterprise {
            Some(true) => Family::VaultEnterprise,
            Some(false) => Family::Vault,
            None if self.version.contains("+ent") => Family::VaultEnterprise,
            None if self.version.starts_with("1.") => Family::Vault,
            None => Family::OpenBao,
        }
    }

    /// Why it cannot serve, if so.
    pub(super) fn trouble(&self, namespace: Option<&str>) -> Option<Error> {
        let (kind, message, help) = if !self.initialized {
            let help = "initialize it: `vault operator init`, and keep what it prints in a safe place";
            (ErrorKind::Uninitialized, "Vault is not initialized", help)
        } else if self.sealed {
            return Some(sealed());
        } else if self.replication_dr_mode.as_deref() == Some("secondary") {
            let message = "this Vault is a disaster-recovery secondary, which serves no requests";
            (ErrorKind::Unserved, message, "set VAULT_ADDR to the primary")
        } else if namespace.is_some() && self.enterprise == Some(false) {
            let help = "unset VAULT_NAMESPACE, and leave `namespace` out of [connections.vault]; Vault would ignore it silently";
            (ErrorKind::Unserved, "a Vault namespace is set, and this edition of Vault has none", help)
        } else {
            return None;
        };
        Some(Error::new(System::Vault, kind, message).help(help))
    }
}

pub(super) fn sealed() -> Error {
    Error::new(System::Vault, ErrorKind::Sealed, "Vault is sealed")
        .help("unseal it: `vault operator unseal`, once for each key that it needs")
}
