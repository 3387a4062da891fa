//! Where a secret is, which is all that is known of it before it is sent.

use std::{fmt, path::PathBuf, time::Duration};

use k8s_openapi::api::core::v1::Secret;
use secrecy::SecretString;
use tokio::time::{Instant, sleep};
use trustpath_core::{Class, Context, Problem, Result, Right};

use crate::{
    Cluster,
    kubernetes::{Address, rights::on},
    text::clean,
    text_source::read_text,
};

/// The type of a Secret that holds a ServiceAccount's token.
const TOKEN: &str = "kubernetes.io/service-account-token";
/// How long a cluster may take to fill such a Secret, once it is there.
const FILLED: Duration = Duration::from_secs(15);
const PAUSE: Duration = Duration::from_millis(100);

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
    /// The token of a ServiceAccount in this Secret of the type `kubernetes.io/service-account-token`, which the cluster fills.
    TokenSecret {
        /// The Secret's namespace.
        namespace: String,
        /// The Secret's name.
        name: String,
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
            Self::SecretKey { namespace, name, .. } | Self::TokenSecret { namespace, name } => {
                on("", "secrets").within(namespace).named(name).may(&["get"])
            }
            Self::File(_) | Self::Minted { .. } => Vec::new(),
        }
    }

    /// Fetches it, from a file or from the cluster.
    ///
    /// # Errors
    /// When it is not there, or is no text.
    pub async fn fetch(&self, cx: &Context) -> Result<SecretString> {
        Ok(self.find(cx).await?.ok_or_else(|| self.missing())?)
    }

    /// As [`Self::fetch`]; `None` where there is no such Secret, or it is minted.
    ///
    /// # Errors
    /// When the file cannot be read, or the Secret is there and does not hold it.
    pub async fn find(&self, cx: &Context) -> Result<Option<SecretString>> {
        let found = match self {
            Self::Minted { .. } => return Ok(None),
            Self::File(file) => read_text(file).await?.into_bytes(),
            Self::SecretKey { namespace, name, key } => {
                let Some(secret) = secret(cx, namespace, name).await? else { return Ok(None) };
                secret.data.and_then(|mut data| data.remove(key)).ok_or_else(|| self.missing())?.0
            }
            Self::TokenSecret { namespace, name } => match self.filled(cx, namespace, name).await? {
                Some(token) => token,
                None => return Ok(None),
            },
        };
        let text = String::from_utf8(found).map_err(|_| self.unreadable())?;
        Ok(Some(SecretString::from(text.trim())))
    }

    /// A Secret that was just made is waited for.
    async fn filled(&self, cx: &Context, namespace: &str, name: &str) -> Result<Option<Vec<u8>>> {
        let deadline = Instant::now() + FILLED;
        loop {
            let Some(secret) = secret(cx, namespace, name).await? else { return Ok(None) };
            if secret.type_.as_deref() != Some(TOKEN) {
                return Err(self.other_type(secret.type_.as_deref().unwrap_or("Opaque")).into());
            }
            let token = secret.data.and_then(|mut data| data.remove("token")).filter(|token| !token.0.is_empty());
            if let Some(token) = token {
                return Ok(Some(token.0));
            }
            if Instant::now() + PAUSE > deadline {
                return Err(self.not_filled().into());
            }
            sleep(PAUSE).await;
        }
    }

    fn unreadable(&self) -> Problem {
        Problem::new(Class::Config, "trustpath::secret::unreadable", format!("{self} cannot be read as a text"))
            .help("it has to hold the secret and nothing else")
    }

    fn missing(&self) -> Problem {
        Problem::new(Class::Missing, "trustpath::secret::missing", format!("{self} is not there"))
            .help("make it, or correct its name in the graph file")
    }

    fn other_type(&self, kind: &str) -> Problem {
        let message = format!("{self} is of the type `{}`, and not of the type `{TOKEN}`", clean(kind));
        Problem::new(Class::Config, "trustpath::secret::other_type", message).help(
            "a token in a Secret of another type is one that no one keeps valid: a `token-reviewer` step makes the right one",
        )
    }

    fn not_filled(&self) -> Problem {
        let message = format!("{self} is there, and the cluster has put no token into it");
        Problem::new(Class::Missing, "trustpath::secret::not_filled", message).help(
            "see whether the ServiceAccount that its annotation `kubernetes.io/service-account.name` names exists",
        )
    }
}

async fn secret(cx: &Context, namespace: &str, name: &str) -> Result<Option<Secret>> {
    Ok(cx.handle::<Cluster>().await?.get(&Address::namespaced::<Secret>(namespace, name)).await?)
}

impl fmt::Display for SecretRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(file) => write!(f, "the file {}", file.display()),
            Self::SecretKey { namespace, name, key } => {
                write!(f, "`{}` of the Secret {}/{}", clean(key), clean(namespace), clean(name))
            }
            Self::TokenSecret { namespace, name } => write!(f, "the Secret {}/{}", clean(namespace), clean(name)),
            Self::Minted { request, .. } => write!(f, "what a write at `{}` makes", clean(request)),
        }
    }
}
