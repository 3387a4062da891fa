//! What the step owns on the server: the mount, and its config.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use trustpath_platform::{
    digest::Digest,
    vault::backend::{Content, MountState},
};

/// The type of the auth method, as Vault calls it.
pub(crate) const TYPE: &str = "kubernetes";
/// The key of the API server's URL in a config.
pub(crate) const HOST: &str = "kubernetes_host";
/// The key of the certificates, in PEM. Without it Vault uses its own pod's.
pub(crate) const CA: &str = "kubernetes_ca_cert";

/// A mount at the path, and what it was configured with.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct State {
    /// The mount. Its mark names the reviewer JWT that was written last, or is being written.
    pub(crate) mount: MountState,
    /// Its config; `None` where it was never written, or where the mount is of another type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) config: Option<Config>,
}

/// The config of the auth method (`auth/<mount>/config`).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Config {
    /// The reviewer JWT, which Vault does not give back.
    pub(crate) reviewer: Reviewer,
    /// All else of it.
    #[serde(flatten)]
    pub(crate) held: Content,
}

/// What is known of the reviewer JWT in a config.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Reviewer {
    /// There is none.
    #[default]
    None,
    /// There is one, and no one wrote down which.
    Unknown,
    /// It is not there yet: the step that makes it comes first.
    #[serde(rename = "known after apply")]
    NotYet,
    /// It is the one with this digest.
    #[serde(untagged)]
    Jwt(Digest),
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

impl Config {
    /// A text in it; empty where it is not there.
    pub(crate) fn text(&self, key: &str) -> &str {
        self.held.get(key).and_then(Value::as_str).unwrap_or_default()
    }
}
