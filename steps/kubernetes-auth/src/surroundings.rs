//! What else was looked at before something is decided.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use trustpath_platform::{digest::Digest, kubernetes::ApiServer, vault::Family};

use crate::jwt::Claims;

/// What is looked at before the mount is removed.
#[derive(Debug)]
pub(crate) struct Removing {
    /// This cluster, by the uid of its `kube-system`.
    pub(crate) cluster: String,
    /// The names of the mount's roles, or why they may not be listed.
    pub(crate) roles: Result<Vec<String>, String>,
}

/// What is looked at before the mount is made or changed.
#[derive(Debug)]
pub(crate) struct Making {
    /// This cluster, by the uid of its `kube-system`.
    pub(crate) cluster: String,
    /// The time.
    pub(crate) now: Timestamp,
    /// Whose server it is.
    pub(crate) family: Family,
    /// An address of Vault that is not encrypted, if there is one.
    pub(crate) unencrypted: Option<String>,
    /// Where Vault is.
    pub(crate) place: Place,
    /// The API server as the kubeconfig knows it.
    pub(crate) api_server: ApiServer,
    /// The text of the CA file, where the configuration names one.
    pub(crate) ca: Option<String>,
    /// The texts of the public keys, where the configuration names some.
    pub(crate) pem_keys: Option<Vec<Text>>,
    /// The reviewer JWT.
    pub(crate) reviewer: Found,
}

/// A text, and where it is from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Text {
    /// Where it is from, for messages.
    pub(crate) origin: String,
    /// The text.
    pub(crate) text: String,
}

/// Where Vault is, seen from the cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Place {
    /// Nothing depends on it.
    Unasked,
    /// It runs in this cluster.
    Inside,
    /// It does not, as far as can be seen; this is what was seen.
    Outside(String),
}

/// The reviewer JWT, as it was found at its source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Found {
    /// The configuration names no source.
    Nowhere,
    /// This one.
    Jwt {
        /// Its digest.
        digest: Digest,
        /// What it says of itself.
        claims: Claims,
        /// Where it is from, for messages.
        origin: String,
    },
    /// It will be there once the step that makes it is applied.
    NotYet,
}
