//! The facts that steps hand on: typed addresses, computed from configuration, never secret.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use trustpath_core::{Class, Fact, Problem, Result};

use crate::{Connections, Environment, hide::userinfo, vault};

/// A ServiceAccount.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ServiceAccountRef {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

impl Fact for ServiceAccountRef {
    const NAME: &'static str = "ServiceAccount";
}

impl fmt::Display for ServiceAccountRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

/// A mounted auth method.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AuthMount {
    /// Its path below `auth/`, without slashes at either end.
    pub path: String,
    /// The Vault namespace that holds it; `None` is the root namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
}

impl Fact for AuthMount {
    const NAME: &'static str = "auth mount";
}

/// A policy.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PolicyName {
    /// Its name.
    pub name: String,
    /// The Vault namespace that holds it; `None` is the root namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
}

impl Fact for PolicyName {
    const NAME: &'static str = "policy";
}

impl PolicyName {
    /// The names alone, as a role holds them.
    pub fn names(policies: &[Self]) -> Vec<&str> {
        policies.iter().map(|policy| policy.name.as_str()).collect()
    }
}

/// How one logs in by a role of an auth method.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Login {
    /// Where it is.
    pub mount: AuthMount,
    /// The name of the role.
    pub role: String,
    /// The audience that a token has to be made for; `None` where the role asks for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
    /// How a store logs in; `None` where it cannot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store: Option<StoreAuth>,
}

impl Login {
    /// By a role of which nothing else is known.
    pub fn new(mount: AuthMount, role: impl Into<String>) -> Self {
        Self { mount, role: role.into(), audience: None, store: None }
    }
}

impl Fact for Login {
    const NAME: &'static str = "role";
}

/// The section of a store's `auth` (`external-secrets.io`, `provider.vault.auth`) by which it logs in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreAuth {
    /// Its name, such as `kubernetes`.
    pub section: String,
    /// Its fields, but for the ServiceAccount.
    pub fields: Map<String, Value>,
    /// Which of the fields names the mount.
    pub mount_field: String,
    /// Where in it the ServiceAccount is named that logs in, field by field; empty where none does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub service_account: Vec<String>,
}

impl StoreAuth {
    /// A ServiceAccount logs in with a token of its own: the section, its field for the mount, and where it names the
    /// ServiceAccount.
    pub fn by_service_account(
        section: &str,
        (mount_field, mount): (&str, &AuthMount),
        role: &str,
        service_account: &[&str],
    ) -> Self {
        let fields = [(mount_field, mount.path.as_str()), ("role", role)];
        Self {
            section: section.to_owned(),
            fields: fields.map(|(name, value)| (name.to_owned(), value.into())).into_iter().collect(),
            mount_field: mount_field.to_owned(),
            service_account: service_account.iter().map(|field| (*field).to_owned()).collect(),
        }
    }
}

/// How the operator logs in by a store: by which role, as whom, and for whom it asks its tokens to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperatorLogin {
    /// Where the role is.
    pub mount: AuthMount,
    /// The name of the role.
    pub role: String,
    /// Whose tokens it asks for.
    pub account: ServiceAccountRef,
    /// Their audiences; the API server's own where there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub audiences: Vec<String>,
}

impl Fact for OperatorLogin {
    const NAME: &'static str = "operator's login";
}

/// An auth mount has no reviewer: each JWT that logs in reviews itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientReviewer {}

impl Fact for ClientReviewer {
    const NAME: &'static str = "client as reviewer";
}

/// The address of a Secret that holds a long-lived ServiceAccount token with the right to review tokens.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ReviewerSecret {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Whose token it holds.
    pub service_account: ServiceAccountRef,
}

impl Fact for ReviewerSecret {
    const NAME: &'static str = "token reviewer";
}

/// Vault, as every step sees it: not handed on by a step, but there from the start.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VaultServer {
    /// The URL at which the *cluster* reaches Vault (`[connections.vault] server`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The Vault namespace that everything is built in; `None` is the root namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
}

impl Fact for VaultServer {
    const NAME: &'static str = "Vault server";
}

impl VaultServer {
    /// What connections and environment say. Pure; needs no Vault address.
    ///
    /// # Errors
    /// When the two name different namespaces, or the URL holds a user or a password.
    pub fn new(environment: &Environment, connections: &Connections) -> Result<Self> {
        let url = connections.vault.server.clone();
        if url.as_deref().and_then(userinfo).is_some() {
            return Err(credentials_in_url().into());
        }
        Ok(Self { url, namespace: vault::namespace(environment, connections)? })
    }
}

/// It would be journaled, and given to everybody who may read the store. The URL itself stays out of the message.
fn credentials_in_url() -> Problem {
    let message = "`server` under [connections.vault] holds a user or a password";
    Problem::new(Class::Config, "trustpath::vault::server", message)
        .help("write the address alone, such as http://vault.vault.svc:8200")
}
