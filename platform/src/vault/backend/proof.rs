//! What a login takes, and what it should give: data, from which a probe is made.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use serde_json::Value;
use trustpath_core::{Evidence, Result, Right};

use super::SecretRef;
use crate::{PolicyName, ServiceAccountRef, Vault, error::Error, kubernetes::AccountToken, vault::LoggedIn};

/// What a login takes, and what it should give.
#[derive(Debug, Clone)]
pub struct LoginProof {
    pub(super) path: String,
    pub(super) inputs: Vec<(&'static str, Input)>,
    pub(super) policies: Vec<String>,
    pub(super) check: Option<Arc<dyn LoginCheck>>,
}

#[derive(Debug, Clone)]
pub(super) enum Input {
    /// This.
    Plain(Value),
    /// The value by this name of what is read at this path below the mount.
    Fetched(String),
    /// A token of a ServiceAccount.
    TokenOf(AccountToken),
    /// What this refers to.
    Secret(SecretRef),
}

/// What is looked at once there is a token, in the words of a kind.
#[async_trait]
pub trait LoginCheck: fmt::Debug + Send + Sync {
    /// What is tried, such as `login as team/operator`.
    fn what(&self) -> String;

    /// What looking takes, as far as the token cannot do that by itself.
    fn rights(&self) -> Vec<Right>;

    /// Looks at what the login gave. The token is revoked however that ends.
    async fn look(&self, vault: &Vault, login: &LoggedIn) -> Result<Evidence>;

    /// What it shows that the server turned the login away.
    async fn refused(&self, vault: &Vault, error: &Error) -> Evidence;
}

impl LoginProof {
    /// A login at this path below the mount.
    pub fn at(path: &str) -> Self {
        Self { path: path.to_owned(), inputs: Vec::new(), policies: Vec::new(), check: None }
    }

    /// With a value that is known.
    #[must_use]
    pub fn set(self, name: &'static str, value: impl Into<Value>) -> Self {
        self.with(name, Input::Plain(value.into()))
    }

    /// With what is read at a path below the mount.
    #[must_use]
    pub fn fetch(self, name: &'static str, path: String) -> Self {
        self.with(name, Input::Fetched(path))
    }

    /// With a token that the API server makes for a ServiceAccount.
    #[must_use]
    pub fn token_of(self, name: &'static str, account: ServiceAccountRef, audiences: Vec<String>) -> Self {
        self.with(name, Input::TokenOf(AccountToken { of: account, audiences }))
    }

    /// With a secret. One that is minted for it is the value by this name of what the write answers.
    #[must_use]
    pub fn secret(self, name: &'static str, secret: SecretRef) -> Self {
        self.with(name, Input::Secret(secret))
    }

    /// The token should have these policies.
    #[must_use]
    pub fn expect_policies(mut self, policies: &[PolicyName]) -> Self {
        self.policies.extend(PolicyName::names(policies).into_iter().map(str::to_lowercase));
        self
    }

    /// What it gives is looked at by this, instead of for its policies.
    #[must_use]
    pub fn checked_by(self, check: impl LoginCheck + 'static) -> Self {
        Self { check: Some(Arc::new(check)), ..self }
    }

    fn with(mut self, name: &'static str, input: Input) -> Self {
        self.inputs.push((name, input));
        self
    }
}
