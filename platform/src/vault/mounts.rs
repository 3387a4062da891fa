//! What is mounted, as far as the token may know.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Vault;
use crate::{
    Error, mark,
    mark::{Mark, Owner},
};

/// The mounts below which the token may do anything at all, by their paths with a slash at the end.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Mounts {
    /// Auth methods, without `auth/` in front.
    #[serde(default)]
    pub auth: BTreeMap<String, Mount>,
    /// Secrets engines.
    #[serde(default)]
    pub secret: BTreeMap<String, Mount>,
}

/// One mount.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Mount {
    /// What it is: `kubernetes`, `kv`, ….
    #[serde(rename = "type")]
    pub kind: String,
    /// What its owner noted.
    #[serde(default)]
    pub description: String,
    /// Options of its kind.
    pub options: Option<BTreeMap<String, String>>,
}

impl Mounts {
    /// The auth mount at a path, with or without slashes at its ends.
    pub fn auth_at(&self, path: &str) -> Option<&Mount> {
        self.auth.get(&format!("{}/", path.trim_matches('/')))
    }
}

impl Mounts {
    /// The auth mounts of a type that are this graph's, for this cluster: their paths, without slashes at the ends.
    pub fn auth_of<'a>(&'a self, kind: &'a str, graph: &'a str, cluster: &'a str) -> impl Iterator<Item = &'a str> {
        let is_own = move |mount: &Mount| {
            mount.kind == kind && Owner::of(mount.mark().as_ref(), graph, Some(cluster)) == Owner::Ours
        };
        self.auth.iter().filter(move |(_, mount)| is_own(mount)).map(|(path, _)| path.trim_matches('/'))
    }
}

impl Mount {
    /// Which graph it belongs to.
    pub fn mark(&self) -> Option<Mark> {
        mark::split(&self.description).1
    }

    /// Whether it is a KV secrets engine of version 2.
    pub fn is_kv_v2(&self) -> bool {
        let version = self.options.as_ref().and_then(|options| options.get("version"));
        self.kind == "kv" && version.is_some_and(|version| version == "2")
    }
}

impl Vault {
    /// Reads the mounts that the token has any right below, in one request that asks for no right of its own.
    pub async fn mounts(&self) -> Result<Mounts, Error> {
        Ok(self.read("sys/internal/ui/mounts").await?.unwrap_or_default())
    }
}
