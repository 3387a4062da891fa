//! What the step owns on the server: the mount, and its config.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::description;

/// The type of the auth method, as Vault calls it.
pub(crate) const TYPE: &str = "kubernetes";

/// A mount at the path, and what it was configured with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// The mount.
    pub mount: Mount,
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

/// A mount, without what Vault chooses by itself.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Mount {
    /// Its type: `kubernetes`, unless somebody else has put another auth method there.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its description, without the mark.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// The mark at the end of its description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mark: Option<MountMark>,
    /// How it is tuned, as `sys/auth` has it: what is at Vault's default is not there.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tune: BTreeMap<String, Value>,
    /// What is chosen when a mount is made and cannot be changed later, such as `seal_wrap`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub made_with: BTreeMap<String, Value>,
}

/// What a mark says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MountMark {
    /// The graph that owns the mount.
    pub graph: String,
    /// The cluster that it serves, by the uid of its `kube-system`; earlier versions did not write it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// The reviewer JWT that was written last, or is being written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reviewer: Option<Digest>,
    /// What else the mark holds.
    #[serde(default, flatten)]
    pub notes: BTreeMap<String, String>,
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

/// A JWT that is not kept: its SHA-256, written as `sha256:4bf5…`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Digest(String);

impl Digest {
    /// The digest of a JWT.
    pub fn of(jwt: &str) -> Self {
        Self(format!("sha256:{}", trustpath_platform::digest::sha256(jwt)))
    }

    /// A digest that was written down before.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let hex = text.strip_prefix("sha256:")?;
        (hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit())).then(|| Self(text.to_owned()))
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Enough of it to recognise it.
impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}…", &self.0[..self.0.len().min("sha256:".len() + 12)])
    }
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
            Reviewer::Jwt(digest) => digest.0,
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

    /// The reviewer that is being replaced by the one that the mark names.
    ///
    /// A JWT cannot be read back, and a mark and a JWT cannot be written in one request. So the mark first names both,
    /// and the new one alone once it is written: whoever finds a mark with two names knows that the config may hold
    /// either.
    pub(crate) fn in_doubt(&self) -> Option<&Reviewer> {
        let marked = self.mount.mark.as_ref()?.reviewer.as_ref()?;
        let held = self.reviewer();
        (held.is_some() && held.digest() != Some(marked)).then_some(held)
    }

    /// The description as Vault has it, with the mark.
    pub(crate) fn description(&self) -> String {
        description::join(&self.mount, self.in_doubt())
    }
}
