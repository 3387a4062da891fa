//! What the step owns on the server.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use trustpath_platform::kubernetes::owned::Owned;

/// A ClusterSecretStore, in whatever version of the API it is served.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// What is ours of it, and who owns the rest of what we want.
    #[serde(flatten)]
    pub owned: Owned,
    /// All of it, as it was read.
    #[serde(skip)]
    pub live: Value,
}

impl From<Owned> for State {
    fn from(owned: Owned) -> Self {
        Self { owned, live: Value::Null }
    }
}
