//! How a mount is tuned.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
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

impl Tune {
    /// Sets what is said, in Vault's spelling; what is equal in meaning stays.
    pub(crate) fn onto(&self, tune: &mut BTreeMap<String, Value>) {
        let ttls = [("default_lease_ttl", self.default_lease_ttl), ("max_lease_ttl", self.max_lease_ttl)];
        for (key, ttl) in ttls {
            set(tune, key, ttl.map(|ttl| json!(ttl.as_seconds())), &json!(0));
        }
        let visibility = self.listing_visibility.map(|visibility| json!(visibility.as_str()));
        set(tune, "listing_visibility", visibility, &json!(Visibility::Hidden.as_str()));
        let token_type = self.token_type.map(|token_type| json!(token_type.as_str()));
        set(tune, "token_type", token_type, &json!(TokenType::DefaultService.as_str()));
        let lists = [
            ("audit_non_hmac_request_keys", &self.audit_non_hmac_request_keys),
            ("audit_non_hmac_response_keys", &self.audit_non_hmac_response_keys),
            ("passthrough_request_headers", &self.passthrough_request_headers),
            ("allowed_response_headers", &self.allowed_response_headers),
        ];
        for (key, list) in lists {
            let same = |list: &Vec<String>| tune.get(key).is_some_and(|now| same_members(now, list));
            if !list.as_ref().is_some_and(same) {
                set(tune, key, list.as_ref().map(|list| json!(list)), &json!([]));
            }
        }
    }
}

/// A value that is Vault's default is left out of a state, unless Vault has it written down.
fn set(tune: &mut BTreeMap<String, Value>, key: &str, value: Option<Value>, default: &Value) {
    match value {
        Some(value) if value != *default => drop(tune.insert(key.to_owned(), value)),
        Some(_) if tune.get(key).is_some_and(|now| now != default) => drop(tune.remove(key)),
        Some(_) | None => {}
    }
}

fn same_members(now: &Value, list: &[String]) -> bool {
    let members =
        |value: &Value| value.as_array().map(|list| list.iter().map(ToString::to_string).collect::<BTreeSet<_>>());
    members(now) == members(&json!(list))
}
