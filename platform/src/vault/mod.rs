//! Vault and OpenBao: one connection, raw paths, and errors that say what to do.

mod accessor;
mod answer;
pub mod backend;
mod body;
mod call;
mod capabilities;
mod change;
mod consistency;
mod denied;
mod family;
mod get;
mod headers;
mod health;
mod lock;
mod mount_path;
mod mounts;
mod open;
mod own_address;
mod own_token;
pub mod refusal;
mod reply;
mod request;
mod requests;
pub mod rights;
mod seen_mounts;
mod setting_problem;
mod settings;
mod token;
mod token_source;
pub mod variables;

pub use crate::family::Family;
pub use accessor::{to_ask_by_accessor, to_revoke_by_accessor};
pub use body::{Body, Deferred, Field};
pub use call::Resend;
pub use change::VaultRequest;
pub use family::ServerFamily;
pub use get::Get;
pub use lock::KvRecord;
pub use mount_path::MountPath;
pub use mounts::{Mount, Mounts, OwnMounts, SecretMount};
pub use reply::{LoggedIn, Reply};
pub use settings::{VaultSettings, namespace};

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use async_trait::async_trait;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::OnceCell;
use trustpath_core::{Connection, Demand, Handle, Identity, MissingRights, Result, Right};
use vaultrs::{api::EndpointMiddleware, client::VaultClient};

use crate::{Heard, error::Error, hide::Secrets, lock::Fence, retry::Limits};
use consistency::States;
use health::Health;
use own_token::OwnToken;
use rights::VaultGrant;
use seen_mounts::SeenMounts;

/// A connection to Vault or OpenBao. Cheap to clone.
///
/// Every request goes through one place: it carries the token and the namespace, is bounded in time, is repeated as
/// [`crate::retry`] allows, follows no redirect, and fails with an
/// [`crate::Error`] that names it, where Vault cannot be reached or says no.
#[derive(Clone)]
pub struct Vault {
    client: Arc<VaultClient>,
    server: Arc<VaultSession>,
    /// What the server said of itself when the connection was opened.
    health: Arc<Health>,
}

/// What is the same for every token and namespace.
struct VaultSession {
    limits: Limits,
    fence: Fence,
    /// The `Host` header, where the URL had to be given another host for TLS.
    host: Option<String>,
    states: States,
    seen_mounts: SeenMounts,
    heard: Heard,
    /// How many requests were made with a token: each may be one of its uses.
    asked: AtomicUsize,
    /// What the connection's own token has said of itself, or why it did not.
    own_token: OnceCell<Result<OwnToken, Error>>,
    /// The password of a proxy, and the values of headers; the token is in the client.
    held: Secrets,
}

impl Vault {
    /// The server's version, such as `1.21.4`.
    pub fn version(&self) -> &str {
        &self.health.version
    }

    /// The URL at which this program reaches it; it holds no credentials.
    pub fn address(&self) -> &str {
        &self.client.http.base
    }

    /// Whose server it is.
    pub fn family(&self) -> Family {
        self.health.family()
    }

    /// The namespace that requests are made in; `None` is the root namespace.
    pub fn namespace(&self) -> Option<&str> {
        self.client.middle.namespace.as_deref()
    }

    /// How many requests were made with a token so far.
    fn requests_made(&self) -> usize {
        self.server.asked.load(Ordering::Relaxed)
    }

    /// The credentials that requests are made with.
    fn credentials(&self) -> Secrets {
        self.server.held.clone().and(&self.client.middle.token)
    }

    /// A path from its segments: `Vault::path(["auth", mount, "role", name])`. A segment may hold slashes, as a mount
    /// does; slashes at its ends are dropped. Nothing is percent-encoded yet: that happens once, in the request.
    pub fn path<'a>(segments: impl IntoIterator<Item = &'a str>) -> String {
        let trimmed: Vec<_> = segments.into_iter().map(|segment| segment.trim_matches('/')).collect();
        trimmed.join("/")
    }

    /// The same connection with requests made in another namespace: that of a fact. `None` is the root namespace.
    #[must_use]
    pub fn within(&self, namespace: Option<&str>) -> Self {
        if namespace == self.namespace() {
            return self.clone();
        }
        self.with(EndpointMiddleware { namespace: namespace.map(str::to_owned), ..self.client.middle.clone() })
    }

    /// The same connection with another token, such as that of a fresh [`LoggedIn`].
    #[must_use]
    pub fn with_token(&self, token: &SecretString) -> Self {
        self.with(EndpointMiddleware { token: token.expose_secret().to_owned(), ..self.client.middle.clone() })
    }

    /// `VaultClient` is not `Clone`; the connection pool inside is shared.
    fn with(&self, middle: EndpointMiddleware) -> Self {
        let VaultClient { http, settings, .. } = &*self.client;
        let http = rustify::clients::reqwest::Client::new(&http.base, http.http.clone());
        Self { client: Arc::new(VaultClient { http, middle, settings: settings.clone() }), ..self.clone() }
    }
}

impl Handle for Vault {
    const NAME: &'static str = "vault";
}

#[async_trait]
impl Connection for Vault {
    async fn identity(&self) -> Result<Identity> {
        let cluster = self.health.cluster_id.clone();
        let namespace = self.namespace().map(str::to_owned);
        let entries = [("cluster_id", cluster), ("namespace", namespace)];
        Ok(entries.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect())
    }

    async fn missing_rights(&self, rights: &[Right]) -> Result<MissingRights> {
        Ok(self.lacks(rights).await?)
    }

    async fn prepare(&self) {
        self.own_token().await.ok();
    }

    async fn lasts(&self, demand: &Demand) -> Result<Vec<String>> {
        self.token_lasts(demand).await
    }

    async fn expand(&self, rights: Vec<Right>) -> Result<Vec<Vec<Right>>> {
        let spelled = self.spell_out(&rights).await?;
        Ok(spelled.iter().map(|grants| grants.iter().map(VaultGrant::right).collect()).collect())
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault")
            .field("address", &self.client.http.base)
            .field("namespace", &self.namespace())
            .field("version", &self.version())
            .finish_non_exhaustive()
    }
}
