//! What differs from one auth method to another.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use trustpath_core::Takes;

use super::{Document, LoginProof};
use crate::{AuthMount, facts::StoreAuth, names};

/// An auth method as an author writes it: its configuration is the step. All else is [`Backend`](super::Backend)'s.
pub trait AuthMethod: DeserializeOwned + JsonSchema + Send + Sync + 'static {
    /// Its type, as `sys/auth` names it.
    const TYPE: &'static str;
    /// The collections below the mount in which others may have something. What is in the first of them is a role.
    const COLLECTIONS: &'static [&'static str] = &["role"];
    /// Whether the mount serves one cluster: its mark names that one, and a mount of another cluster is left alone.
    const SERVES_ONE_CLUSTER: bool = false;
    /// The facts that it takes.
    type Takes: Takes;

    /// The mount: the step's own, or one that another step has made.
    fn mount(&self, facts: &Self::Takes) -> Mounted;

    /// What is below the mount, in the order in which it is made.
    fn documents(&self, facts: &Self::Takes) -> Vec<Document>;

    /// The login that shows that it works; `None` where that is for another step to show.
    fn proof(&self, facts: &Self::Takes) -> Option<LoginProof> {
        let _ = facts;
        None
    }

    /// The audience that a token has to be made for; `None` where the role asks for none.
    fn audience(&self) -> Option<&str> {
        None
    }

    /// How a store logs in by the role; `None` where it cannot.
    fn store_auth(&self, facts: &Self::Takes) -> Option<StoreAuth> {
        let _ = facts;
        None
    }
}

/// Whose a mount is to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mounted {
    /// The step's own, at this path below `auth/`.
    Owned(String),
    /// That of another step, taken as a fact.
    Given(AuthMount),
}

impl From<&Segment> for Mounted {
    fn from(path: &Segment) -> Self {
        Self::Owned(path.to_string())
    }
}

impl From<&AuthMount> for Mounted {
    fn from(mount: &AuthMount) -> Self {
        Self::Given(mount.clone())
    }
}

names! {
    /// A part of a path in Vault: the path of a mount, the name of a document. In lower case, as servers keep names.
    #[schemars(extend("pattern" = r"^[^\sA-Z]+$"))]
    pub Segment: "path in Vault", is_path, "it has parts between slashes, without spaces and capitals";
}

fn is_path(text: &str) -> bool {
    let is_letter = |letter: char| !letter.is_whitespace() && !letter.is_control() && !letter.is_uppercase();
    text.split('/').all(|part| !matches!(part, "" | "." | "..")) && text.chars().all(is_letter)
}
