//! What else was looked at before something is decided.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use trustpath_platform::{digest::Digest, kubernetes::ApiServer, vault::Family};

use crate::jwt::Claims;

/// What is looked at before the mount is removed.
#[derive(Debug)]
pub struct Removing {
    /// This cluster, by the uid of its `kube-system`.
    pub cluster: String,
    /// The names of the mount's roles, or why they may not be listed.
    pub roles: Result<Vec<String>, String>,
}

/// What is looked at before the mount is made or changed.
#[derive(Debug)]
pub struct Making {
    /// This cluster, by the uid of its `kube-system`.
    pub cluster: String,
    /// The time.
    pub now: Timestamp,
    /// Whose server it is.
    pub family: Family,
    /// An address of Vault that is not encrypted, if there is one.
    pub unencrypted: Option<String>,
    /// Where Vault is.
    pub place: Place,
    /// The API server as the kubeconfig knows it.
    pub api_server: ApiServer,
    /// The text of the CA file, where the configuration names one.
    pub ca: Option<String>,
    /// The texts of the public keys, where the configuration names some.
    pub pem_keys: Option<Vec<Text>>,
    /// The reviewer JWT.
    pub reviewer: Found,
}

/// A text, and where it is from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// Where it is from, for messages.
    pub origin: String,
    /// The text.
    pub text: String,
}

/// Where Vault is, seen from the cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Place {
    /// Nothing depends on it.
    Unasked,
    /// It runs in this cluster.
    Inside,
    /// It does not, as far as can be seen; this is what was seen.
    Outside(String),
}

/// The reviewer JWT, as it was found at its source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
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
