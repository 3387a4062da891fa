//! What the step owns on the server: the mount, and its config.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use trustpath_platform::{digest::Digest, vault::backend::MountState};

/// The type of the auth method, as Vault calls it.
pub(crate) const TYPE: &str = "kubernetes";

/// A mount at the path, and what it was configured with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// The mount. Its mark names the reviewer JWT that was written last, or is being written.
    pub mount: MountState,
    /// Its config; `None` where it was never written, or where the mount is of another type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config: Option<Config>,
    /// The digests of the JWTs that can be written again, because their source is given.
    #[serde(skip)]
    pub at_hand: Vec<Digest>,
    /// The roles of a mount that has no config: they are lost when it is made anew.
    #[serde(skip)]
    pub roles: Vec<String>,
}

/// The config of the auth method (`auth/<mount>/config`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Config {
    /// The URL of the API server.
    pub kubernetes_host: String,
    /// Certificates in PEM; empty where Vault uses its own pod's.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub kubernetes_ca_cert: String,
    /// Public keys in PEM.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pem_keys: Vec<String>,
    /// Vault leaves its own pod's token and CA alone.
    #[serde(default)]
    pub disable_local_ca_jwt: bool,
    /// Vault takes tokens of any issuer.
    #[serde(default = "yes")]
    pub disable_iss_validation: bool,
    /// The issuer that tokens must have.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub issuer: String,
    /// Annotations become metadata. Without it on servers that do not know it, which is as good as `false`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub use_annotations_as_alias_metadata: bool,
    /// The reviewer JWT, which Vault does not give back.
    pub reviewer: Reviewer,
    /// What this program does not know and carries along: the write is a full replace.
    #[serde(default, flatten)]
    pub other: BTreeMap<String, Value>,
}

fn yes() -> bool {
    true
}

/// What is known of the reviewer JWT in a config.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Reviewer {
    /// There is none.
    None,
    /// It is the one with this digest.
    Jwt(Digest),
    /// There is one, and nobody wrote down which.
    Unknown,
    /// It is not there yet: the step that makes it comes first.
    NotYet,
}

impl From<String> for Reviewer {
    fn from(text: String) -> Self {
        match text.as_str() {
            "none" => Self::None,
            "known after apply" => Self::NotYet,
            other => Digest::read(other).map_or(Self::Unknown, Self::Jwt),
        }
    }
}

impl From<Reviewer> for String {
    fn from(reviewer: Reviewer) -> Self {
        match reviewer {
            Reviewer::None => "none".to_owned(),
            Reviewer::Jwt(digest) => digest.as_str().to_owned(),
            Reviewer::Unknown => "unknown".to_owned(),
            Reviewer::NotYet => "known after apply".to_owned(),
        }
    }
}

impl Reviewer {
    /// Whether the config holds a JWT, or will.
    pub(crate) fn is_some(&self) -> bool {
        *self != Self::None
    }

    pub(crate) fn digest(&self) -> Option<&Digest> {
        match self {
            Self::Jwt(digest) => Some(digest),
            _ => None,
        }
    }
}

impl State {
    /// Which reviewer the config holds.
    pub(crate) fn reviewer(&self) -> &Reviewer {
        self.config.as_ref().map_or(&Reviewer::None, |config| &config.reviewer)
    }
}
