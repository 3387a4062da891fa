//! Where a secret is, which is all that is known of it before it is sent.

use std::{fmt, path::PathBuf};

use k8s_openapi::api::core::v1::Secret;
use secrecy::SecretString;
use trustpath_core::{Class, Context, Problem, Result, Right};

use crate::{
    Cluster,
    kubernetes::{Address, rights::on},
    text::clean,
};

/// A reference to a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretRef {
    /// What this file holds, without spaces at its ends; its path is seen from where the program is started.
    File(PathBuf),
    /// What this key of a Secret of the cluster holds.
    SecretKey {
        /// The Secret's namespace.
        namespace: String,
        /// The Secret's name.
        name: String,
        /// The key.
        key: String,
    },
    /// What a write at Vault makes for one use, and what is given back after it.
    Minted {
        /// The path below the mount where a write makes it.
        request: String,
        /// By which value of the answer it is known, and that is no secret.
        accessor: &'static str,
        /// The path below the mount where posting the accessor takes it back.
        revoke: String,
    },
}

impl SecretRef {
    /// What fetching takes, from a file or from the cluster.
    pub fn rights(&self) -> Vec<Right> {
        match self {
            Self::SecretKey { namespace, name, .. } => on("", "secrets").within(namespace).named(name).may(&["get"]),
            Self::File(_) | Self::Minted { .. } => Vec::new(),
        }
    }

    /// Fetches it, from a file or from the cluster; `None` for what is minted.
    ///
    /// # Errors
    /// When the file cannot be read, the Secret is not there or lacks the key, or that is no text.
    pub async fn fetch(&self, cx: &Context) -> Result<Option<SecretString>> {
        let found = match self {
            Self::Minted { .. } => return Ok(None),
            Self::File(file) => {
                tokio::fs::read_to_string(file).await.map_err(|error| self.unreadable().because(error))?
            }
            Self::SecretKey { namespace, name, key } => {
                let secret = cx.handle::<Cluster>().await?.get(&Address::<Secret>::namespaced(namespace, name)).await?;
                let value = secret.and_then(|secret| secret.data?.remove(key)).ok_or_else(|| self.missing())?;
                String::from_utf8(value.0).map_err(|_| self.unreadable())?
            }
        };
        Ok(Some(SecretString::from(found.trim())))
    }

    fn unreadable(&self) -> Problem {
        Problem::new(Class::Config, "trustpath::secret::unreadable", format!("{self} cannot be read as a text"))
            .help("it has to hold the secret and nothing else")
    }

    fn missing(&self) -> Problem {
        Problem::new(Class::Missing, "trustpath::secret::missing", format!("{self} is not there"))
            .help("make it, or correct its name in the graph file")
    }
}

impl fmt::Display for SecretRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(file) => write!(f, "the file {}", file.display()),
            Self::SecretKey { namespace, name, key } => {
                write!(f, "`{}` of the Secret {}/{}", clean(key), clean(namespace), clean(name))
            }
            Self::Minted { request, .. } => write!(f, "what a write at `{}` makes", clean(request)),
        }
    }
}
