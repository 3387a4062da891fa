//! What Vault answers, taken out of its envelope.

use std::{fmt, time::Duration};

use secrecy::SecretString;
use serde::{Deserialize, Deserializer, de::IgnoredAny};
use serde_json::Value;

/// What came back from a write; null where nothing did. It may be a secret.
#[derive(Default)]
pub struct Reply(pub Value);

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply").finish_non_exhaustive()
    }
}

/// A login that succeeded. Its `Debug` shows no token.
#[derive(Debug, Clone)]
pub struct LoggedIn {
    /// The token.
    pub token: SecretString,
    /// The name by which the token can be looked at and revoked, and nothing else.
    pub accessor: String,
    /// All its policies: those of the token and those of its identity.
    pub policies: Vec<String>,
    /// The policies that the role gave it.
    pub token_policies: Vec<String>,
    /// How long the token lives.
    pub lease: Duration,
}

/// What every answer is wrapped in.
#[derive(Deserialize)]
pub(super) struct VaultEnvelope<T> {
    pub(super) data: Option<T>,
    pub(super) auth: Option<Auth>,
    pub(super) warnings: Option<Vec<String>>,
    wrap_info: Option<IgnoredAny>,
}

impl<T> VaultEnvelope<T> {
    /// What stands in place of a token in the answer to a login that was taken: Vault asks for a second factor, or has put the
    /// token elsewhere.
    pub(super) fn held_back(&self) -> Option<&'static str> {
        let second = self.auth.as_ref().is_some_and(|auth| auth.mfa_requirement.is_some());
        second.then_some("mfa_requirement").or_else(|| self.wrap_info.is_some().then_some("wrap_info"))
    }
}

#[derive(Deserialize)]
pub(super) struct Auth {
    #[serde(deserialize_with = "secret")]
    client_token: SecretString,
    accessor: String,
    policies: Option<Vec<String>>,
    token_policies: Option<Vec<String>>,
    #[serde(default)]
    lease_duration: u64,
    mfa_requirement: Option<IgnoredAny>,
}

fn secret<'de, D: Deserializer<'de>>(from: D) -> Result<SecretString, D::Error> {
    String::deserialize(from).map(SecretString::from)
}

impl Auth {
    pub(super) fn into_login(self) -> LoggedIn {
        LoggedIn {
            token: self.client_token,
            accessor: self.accessor,
            policies: self.policies.unwrap_or_default(),
            token_policies: self.token_policies.unwrap_or_default(),
            lease: Duration::from_secs(self.lease_duration),
        }
    }
}
