//! How a mount is tuned.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trustpath_platform::Ttl;

/// How a mount is tuned: what is left out stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Tune {
    /// How long a token lives whose role does not say; `0` is Vault's own default.
    pub default_lease_ttl: Option<Ttl>,
    /// How long a token lives at most; `0` is Vault's own default.
    pub max_lease_ttl: Option<Ttl>,
    /// Whether the mount is listed for those who have not logged in.
    pub listing_visibility: Option<Visibility>,
    /// The sort of tokens that roles give out.
    pub token_type: Option<TokenType>,
    /// Keys of requests that audit devices write in the clear.
    pub audit_non_hmac_request_keys: Option<Vec<String>>,
    /// Keys of answers that audit devices write in the clear.
    pub audit_non_hmac_response_keys: Option<Vec<String>>,
    /// Headers of requests that the auth method gets to see.
    pub passthrough_request_headers: Option<Vec<String>>,
    /// Headers of answers that the auth method may set.
    pub allowed_response_headers: Option<Vec<String>>,
}

/// Whether a mount is listed for those who have not logged in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Visibility {
    /// It is not: Vault's default.
    Hidden,
    /// It is.
    Unauth,
}

/// The sort of tokens that the roles of a mount give out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TokenType {
    /// Service tokens, unless a role says otherwise: Vault's default.
    DefaultService,
    /// Batch tokens, unless a role says otherwise.
    DefaultBatch,
    /// Service tokens.
    Service,
    /// Batch tokens.
    Batch,
}

impl Visibility {
    /// As Vault spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hidden => "hidden",
            Self::Unauth => "unauth",
        }
    }
}

impl TokenType {
    /// As Vault spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DefaultService => "default-service",
            Self::DefaultBatch => "default-batch",
            Self::Service => "service",
            Self::Batch => "batch",
        }
    }
}
