//! What is mounted, as far as the token may know.

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::json;
use trustpath_core::{About, Answer, Answers, Context, Read, Reads, Result, Right};

use super::{Get, Vault};
use crate::{
    AuthMount, Error, Optional, VaultServer,
    kubernetes::ClusterUid,
    mark::{self, Mark, Owner},
};

/// Where they are read, without a right of their own.
const VISIBLE: &str = "sys/internal/ui/mounts";

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
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Reads them, in one request that asks for no right of its own. Who may not has none.
    pub fn visible(namespace: Option<&str>) -> Get {
        Get::new(namespace, VISIBLE).optional()
    }

    /// The secrets engine at a path or above it, with its path.
    pub fn secret_over(&self, path: &str) -> Option<(&str, &Mount)> {
        let path = format!("{}/", path.trim_matches('/'));
        let over = self.secret.iter().filter(|(mount, _)| path.starts_with(mount.as_str()));
        over.max_by_key(|(mount, _)| mount.len()).map(|(mount, found)| (mount.trim_matches('/'), found))
    }

    /// The auth mount at a path, with or without slashes at its ends.
    pub fn auth_at(&self, path: &str) -> Option<&Mount> {
        self.auth.get(&format!("{}/", path.trim_matches('/')))
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
        Ok(self.read(VISIBLE).await?.unwrap_or_default())
    }
}

/// Reads the secrets engine at a path or above it: its path, and what it is. That there is none is only known to a token that
/// would see it, and to any other may not be seen.
#[derive(Debug, Clone)]
pub struct SecretMount {
    /// The namespace of Vault; `None` is the root namespace.
    pub namespace: Option<String>,
    /// The path.
    pub path: String,
}

#[async_trait]
impl Read for SecretMount {
    fn rights(&self) -> Vec<Right> {
        Vec::new()
    }

    async fn perform(&self, cx: &Context) -> Result<Answer> {
        let visible = cx.read(&Mounts::visible(self.namespace.as_deref())).await?;
        let Answer::Found(mounts) = &*visible else { return Ok(Answer::clone(&visible)) };
        if let Some(found) = Mounts::deserialize(mounts).unwrap_or_default().secret_over(&self.path) {
            return Ok(Answer::Found(json!(found)));
        }
        // Vault shows a mount to a token that may do anything below it.
        let below = ["data/-", "-"].map(|below| Vault::path([&self.path, below]));
        let vault = cx.handle::<Vault>().await?.within(self.namespace.as_deref());
        let held = vault.capabilities(&below.each_ref().map(String::as_str)).await?;
        let may_see = held.values().flatten().any(|capability| capability != "deny");
        Ok(if may_see { Answer::Nothing } else { Answer::Refused("the token may do nothing below it".to_owned()) })
    }
}

/// The auth mounts that are a graph's own, where it is looked for what it has left.
#[derive(Clone, Copy)]
pub struct OwnMounts<'a>(pub &'a About<'a>);

impl<'a> OwnMounts<'a> {
    /// The read of the mounts.
    pub const MOUNTS: &'static str = "mounts";
    /// The read of the cluster's uid.
    pub const CLUSTER: &'static str = "cluster";

    /// The namespace of Vault that the graph works in.
    pub fn namespace(self) -> Option<&'a str> {
        self.0.ambient::<VaultServer>()?.namespace.as_deref()
    }

    /// What tells which they are. Who may not see it has none.
    pub fn reads(self) -> Reads {
        Reads::none().and(Self::MOUNTS, Mounts::visible(self.namespace())).and(Self::CLUSTER, ClusterUid)
    }

    /// The same for what does without the cluster where no mount of the graph names one, or where it may not be seen.
    pub fn reads_if_named(self, so_far: &Answers) -> Reads {
        let mounts = Reads::none().and(Self::MOUNTS, Mounts::visible(self.namespace()));
        // What is no answer about mounts is told where it is looked at.
        let is_named = self.of_other_clusters(so_far).is_ok_and(|others| !others.is_empty());
        if is_named { mounts.and(Self::CLUSTER, Optional(ClusterUid)) } else { mounts }
    }

    /// Those of steps, by their paths, each with its step.
    pub fn in_steps(self) -> BTreeMap<&'a str, &'a str> {
        let here = self.0.given::<AuthMount>().filter(|(_, mount)| mount.namespace.as_deref() == self.namespace());
        here.map(|(step, mount)| (mount.path.as_str(), step)).collect()
    }

    /// The paths of those of a type that bear the mark of the graph, for this cluster.
    ///
    /// # Errors
    /// When an answer is none about mounts or a cluster.
    pub fn marked(self, answers: &Answers, kind: &str) -> Result<Vec<String>> {
        let owned = self.owned(answers)?;
        let own = owned.into_iter().filter(|(_, mount, owner)| mount.kind == kind && *owner == Owner::Ours);
        Ok(own.map(|(path, ..)| path).collect())
    }

    /// The paths of those that bear the mark of the graph, for other clusters; where this one is not known, for any.
    ///
    /// # Errors
    /// As of [`Self::marked`].
    pub fn of_other_clusters(self, answers: &Answers) -> Result<Vec<String>> {
        let owned = self.owned(answers)?;
        let others = owned.into_iter().filter(|(.., owner)| matches!(owner, Owner::OtherCluster(_)));
        Ok(others.map(|(path, ..)| path).collect())
    }

    /// Each auth mount, with its path, and whose it is.
    fn owned(self, answers: &Answers) -> Result<Vec<(String, Mount, Owner)>> {
        let (mounts, cluster) = (answers.get::<Mounts>(Self::MOUNTS)?, answers.get::<String>(Self::CLUSTER)?);
        let cluster = cluster.unwrap_or_default();
        let owned = |(path, mount): (String, Mount)| {
            let owner = Owner::of(mount.mark().as_ref(), self.0.graph, Some(&cluster));
            (path.trim_matches('/').to_owned(), mount, owner)
        };
        Ok(mounts.unwrap_or_default().auth.into_iter().map(owned).collect())
    }
}
