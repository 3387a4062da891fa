//! How a mount is tuned.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use trustpath_platform::{Ttl, vault::backend::Document};

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
    pub(crate) token_type: Option<MountTokenType>,
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
pub(crate) enum MountTokenType {
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
        let document = Document::replaced("tune", [])
            .set_all(self)
            .server_default("listing_visibility", "hidden")
            .server_default("token_type", "default-service");
        let there = std::mem::take(tune).into_iter().collect();
        tune.extend(document.desired(Some(&there)));
    }
}
