//! How a mount is tuned.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use trustpath_platform::{Ttl, vault::backend::means_the_same};

/// How a mount is tuned: what is left out stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Tune {
    /// How long a token lives whose role does not say; `0` is Vault's own default.
    pub(crate) default_lease_ttl: Option<Ttl>,
    /// How long a token lives at most; `0` is Vault's own default.
    pub(crate) max_lease_ttl: Option<Ttl>,
    /// Whether the mount is listed for those who have not logged in.
    pub(crate) listing_visibility: Option<Visibility>,
    /// The sort of tokens that roles give out.
    pub(crate) token_type: Option<TokenType>,
    /// Keys of requests that audit devices write in the clear.
    pub(crate) audit_non_hmac_request_keys: Option<Vec<String>>,
    /// Keys of answers that audit devices write in the clear.
    pub(crate) audit_non_hmac_response_keys: Option<Vec<String>>,
    /// Headers of requests that the auth method gets to see.
    pub(crate) passthrough_request_headers: Option<Vec<String>>,
    /// Headers of answers that the auth method may set.
    pub(crate) allowed_response_headers: Option<Vec<String>>,
}

/// Whether a mount is listed for those who have not logged in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Visibility {
    /// It is not: Vault's default.
    Hidden,
    /// It is.
    Unauth,
}

/// The sort of tokens that the roles of a mount give out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum TokenType {
    /// Service tokens, unless a role says otherwise: Vault's default.
    DefaultService,
    /// Batch tokens, unless a role says otherwise.
    DefaultBatch,
    /// Service tokens.
    Service,
    /// Batch tokens.
    Batch,
}

impl Tune {
    /// Sets what is said, in Vault's spelling; what is equal in meaning stays. A value that is Vault's default is left out of
    /// a state, unless Vault has it written down.
    pub(crate) fn onto(&self, tune: &mut BTreeMap<String, Value>) {
        let Value::Object(said) = json!(self) else { return };
        for (key, value) in said.into_iter().filter(|(_, value)| !value.is_null()) {
            let default = default_of(&key, &value);
            let there = tune.get(&key).unwrap_or(&default);
            if means_the_same(there, &value) {
                continue;
            }
            if value == default {
                tune.remove(&key);
            } else {
                tune.insert(key, value);
            }
        }
    }
}

fn default_of(key: &str, value: &Value) -> Value {
    match (key, value) {
        ("listing_visibility", _) => json!(Visibility::Hidden),
        ("token_type", _) => json!(TokenType::DefaultService),
        (_, Value::Array(_)) => json!([]),
        _ => json!(0),
    }
}
